//! One subscription: from its start (fresh, or at a cursor) to live, then frame by frame.
//!
//! Invariants: what was missed since the cursor is sent before `Drained`; each frame's cursor says that
//! everything up to it was sent before it, so a frame that cannot be sent ends the socket. What happened before
//! a subscription was live is sent as it stands when it is sent. A live subscription rests: its shard delivers,
//! and a task runs only while a frame needs a read or an execution of its own.

mod replay;
mod rows;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use domain::delivery::Answers;
use futures::future::try_join_all;
use graphql::Viewer;
use graphql::live::{Delivery, Filter};
use platform::ports::TablesError;
use schemas::Refusal;
use schemas::position::Offset;
use smallvec::SmallVec;

use crate::cursor::{Cursor, UserTag};
use crate::event::{Completed, Event};
use crate::hub::{Hub, MAX_SELECTIONS, MAX_WATCHED, NotOpened, Overflowed, Step, SubscriptionId};
use crate::lanes::Lane;
use crate::protocol::{self, CloseCode};
use crate::render::{Body, Failed, Payload, Selected, Target};
use crate::shard::Shard;
use crate::socket::connection::{Connection, OperationNumber};
use crate::socket::outbox::Closed;
use crate::unknown::checkpoint;
use crate::{Node, metrics};

/// Steps that a task takes from the queue at once.
const STEPS: usize = 32;
/// Bytes of frames that a task puts together before it sends them.
const UNSENT_BYTES: usize = 16 * 1024;

/// Why a subscription has ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    TooSlow(#[from] Overflowed),
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// An event that is due could not be rendered.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// The user has as many other selections as a node renders for one user.
    #[error("too many selections")]
    TooManySelections,
    /// The user watches as many others as one may watch.
    #[error("too many users watched")]
    TooManyWatched,
}

impl Ended {
    /// The code that its socket is closed with.
    fn code(&self) -> Option<CloseCode> {
        match self {
            Self::Closed(_) | Self::TooManySelections | Self::TooManyWatched => None,
            Self::TooSlow(_) => Some(CloseCode::TooSlow),
            // The client resumes at its last cursor, and gets the event then.
            Self::Failed(_) => Some(CloseCode::Restart),
            Self::Tables(_) => Some(CloseCode::Overloaded),
        }
    }
}

/// Stands beside what else a delivery needs, if the operation's name is no longer than most.
type NextStart = SmallVec<[u8; 56]>;

/// An admitted subscription; its queue in the hub is open for as long as it is. The fields that every delivery
/// reads come first.
#[repr(C)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub connection: Rc<Connection>,
    pub selected: Arc<Selected>,
    pub tag: UserTag,
    /// Whether a task of its own delivers: it starts, or a frame needs a read or an execution of its own.
    pub is_busy: Cell<bool>,
    is_inbox: bool,
    number: OperationNumber,
    /// How each of its `next` messages begins.
    pub next_start: NextStart,
    pub viewer: Viewer,
    /// Frames that its task has put together; empty when it rests.
    unsent: RefCell<Vec<u8>>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let shard = self.shard();
        shard.forget(self.id);
        shard.hub.close(self.id);
        metrics::SUBSCRIPTIONS.dec();
    }
}

/// Starts a subscription for an operation of a socket, until it is live; closes the socket if it cannot.
/// A refusal leaves the socket open.
pub async fn start(
    connection: Rc<Connection>,
    viewer: Viewer,
    (number, name): (OperationNumber, String),
    filter: Filter,
    selected: Arc<Selected>,
) -> Result<(), Refusal> {
    let started = async {
        let id = open(&connection.shard, &viewer, (selected.key, &filter)).await?;
        metrics::SUBSCRIPTIONS.inc();
        let subscription = Rc::new(Subscription {
            id,
            selected,
            tag: connection.shard.node.cursor_key.tag(&viewer.user),
            viewer,
            next_start: protocol::next_start(&name).into_bytes().into(),
            is_busy: Cell::new(true),
            number,
            is_inbox: matches!(filter, Filter::Inbox { .. }),
            unsent: RefCell::default(),
            connection: connection.clone(),
        });
        connection.shard.keep(id, &subscription);
        match filter {
            Filter::Inbox { after: Some(text) } => subscription.resume(&text).await?,
            Filter::Inbox { after: None } => {
                let (cursor, next) = subscription.start_fresh().await?;
                subscription.send_drained(0, &cursor).await?;
                subscription.go_live(next).await?;
            }
            Filter::TypingIndicator { .. } | Filter::UserPresence { .. } => connection.shard.hub.go_live(id),
            Filter::MessageReceived { .. }
            | Filter::MessageUpdated { .. }
            | Filter::MessageDelivered { .. }
            | Filter::MessageRead { .. }
            | Filter::ReactionAdded { .. }
            | Filter::ReactionRemoved { .. }
            | Filter::MessagePinned { .. }
            | Filter::ConversationUpdated => {
                let (_, next) = subscription.start_fresh().await?;
                subscription.go_live(next).await?;
            }
        }
        connection.keep(number, &subscription);
        subscription.deliver().await
    };
    match started.await {
        Ok(()) => Ok(()),
        Err(Ended::TooManySelections) => Err(Refusal::limit_reached(
            "selections",
            format!("a user's subscriptions have at most {MAX_SELECTIONS} different selections"),
        )),
        Err(Ended::TooManyWatched) => {
            Err(Refusal::limit_reached("watched", format!("a user watches at most {MAX_WATCHED} others")))
        }
        Err(ended) => {
            end(&connection, &ended);
            Ok(())
        }
    }
}

/// A queue in the hub, for a user with the rows that they have now.
async fn open(
    shard: &Shard,
    viewer: &Viewer,
    (selection, filter): (u128, &Filter),
) -> Result<SubscriptionId, Ended> {
    let (node, hub) = (&shard.node, &shard.hub);
    loop {
        let reach = hub.reach();
        let rows = rows::of_user(&node.tables, &viewer.user).await?;
        let cursor = Cursor::at(hub.settled().id);
        match hub.open(&viewer.user, (selection, filter), cursor, rows, &reach) {
            Ok(id) => return Ok(id),
            Err(NotOpened::Moved) => {}
            Err(NotOpened::TooManySelections) => return Err(Ended::TooManySelections),
            Err(NotOpened::TooManyWatched) => return Err(Ended::TooManyWatched),
        }
    }
}

/// How events of a subscription are sent.
#[derive(Clone, Copy)]
enum Tense {
    /// As they happened.
    Live,
    /// As they stand now.
    Replay,
}

fn end(connection: &Connection, ended: &Ended) {
    if let Some(code) = ended.code() {
        tracing::warn!(error = %ended, code = code.code(), "subscription ended");
        connection.end(code);
    }
}

impl Subscription {
    fn shard(&self) -> &Rc<Shard> {
        &self.connection.shard
    }

    pub fn node(&self) -> &Node {
        &self.shard().node
    }

    fn hub(&self) -> &Hub {
        &self.shard().hub
    }

    /// Delivers all that waits; then rests.
    async fn deliver(&self) -> Result<(), Ended> {
        let mut steps = vec![];
        loop {
            self.flush().await?;
            // Nothing is waited for from here on, so what comes next finds it at rest.
            let taken = self.hub().take(self.id, STEPS, &mut steps)?;
            if taken.is_all && steps.is_empty() {
                self.is_busy.set(false);
                return Ok(());
            }
            self.send_steps(taken.cursor, &mut steps, Tense::Live).await?;
        }
    }

    /// Sends steps from a cursor on; returns how many events the viewer received.
    async fn send_steps(
        &self,
        mut cursor: Cursor,
        steps: &mut Vec<Step>,
        tense: Tense,
    ) -> Result<i32, Ended> {
        let mut sent = 0;
        for step in steps.drain(..) {
            if let Some((event, answers)) = step.take(&mut cursor) {
                sent += i32::from(match tense {
                    Tense::Live => self.send_event(event, answers, &cursor).await?,
                    Tense::Replay => self.replay_event(event, answers, &cursor).await?,
                });
            } else if let Step::Beside(notice) = &step {
                self.send_target(Target::notice(notice), &cursor).await?;
            }
        }
        Ok(sent)
    }

    /// Leaves steps from a cursor on, and what comes behind them, to a task.
    pub fn go_on_later(self: &Rc<Self>, cursor: Cursor, mut steps: Vec<Step>) {
        self.is_busy.set(true);
        let subscription = self.clone();
        self.connection.spawn(self.number, async move {
            let delivered = async {
                subscription.send_steps(cursor, &mut steps, Tense::Live).await?;
                subscription.deliver().await
            };
            if let Err(ended) = delivered.await {
                end(&subscription.connection, &ended);
            }
        });
    }

    /// Starts at the newest settled snapshot. What was in the rows when this began is not sent: the client reads
    /// it. Gives the offsets from which the subscription is to go live.
    async fn start_fresh(&self) -> Result<(Cursor, BTreeMap<Lane, Offset>), Ended> {
        let hub = self.hub();
        loop {
            let settled = hub.settled();
            let recent = hub.since_settled(&self.viewer.user);
            let lanes: BTreeSet<Lane> = recent.iter().map(|event| event.lane).collect();
            let passed = lanes.into_iter().map(async |lane| {
                let passed = checkpoint(&*self.node().tables, hub.lanes, lane).await?.next;
                Ok::<_, TablesError>((lane, passed))
            });
            let passed: BTreeMap<Lane, Offset> = try_join_all(passed).await?.into_iter().collect();
            let is_readable =
                |event: &Arc<Event>| passed.get(&event.lane).is_some_and(|next| *next > event.number.offset);
            // Within a lane all that is readable comes before all that is not.
            let readable: Vec<_> = recent.into_iter().filter(is_readable).collect();
            if let Some(started) = hub.start_fresh(self.id, &settled, &readable) {
                return Ok(started);
            }
        }
    }

    /// Sends what is not in the rows yet as the rows have it meanwhile, and turns live.
    async fn go_live(&self, next: BTreeMap<Lane, Offset>) -> Result<(), Ended> {
        // What is put together so far waits for no read.
        self.flush().await?;
        match self.catch_up(next).await? {
            Some(_) => Ok(()),
            // The rings have moved on while this client read slowly.
            None => Err(Overflowed.into()),
        }
    }

    /// Sends an event; returns whether the viewer received it. One that entered without its rows is completed
    /// first, if they can be read now.
    async fn send_event(&self, event: &Event, answers: Answers, cursor: &Cursor) -> Result<bool, Ended> {
        let late = self.node().completions.late(event, self.node().now()).await.unwrap_or_default();
        if let Some(late) = late {
            return self.send_completed(event, &late, cursor).await;
        }
        let Some(completed) = event.completed() else { return Ok(false) };
        self.send_target(Target::event(event, completed, answers), cursor).await?;
        Ok(true)
    }

    /// Sends an event as it was completed after it entered; says whether the viewer gets it.
    async fn send_completed(&self, event: &Event, late: &Completed, cursor: &Cursor) -> Result<bool, Ended> {
        let Some(answers) = self.hub().answers(&self.viewer.user, event, late) else { return Ok(false) };
        self.send_target(Target::event(event, late, answers), cursor).await?;
        Ok(true)
    }

    async fn send_target(&self, target: Target<'_>, cursor: &Cursor) -> Result<(), Ended> {
        let by = (&self.shard().rendering, &*self.selected);
        let rendered = self.node().renderings.render(by, &self.viewer, target).await?;
        self.send_payload(&rendered.payload, cursor).await
    }

    /// Sends something that no event carries.
    async fn send_alone(&self, delivery: Delivery, cursor: &Cursor) -> Result<(), Ended> {
        let payload = self.selected.render_alone(&self.shard().rendering, &self.viewer, delivery).await?;
        self.send_payload(&payload, cursor).await
    }

    /// Says that what was missed has been sent.
    async fn send_drained(&self, replayed: i32, cursor: &Cursor) -> Result<(), Ended> {
        let schema = &self.shard().rendering;
        let payload = self.selected.render_drained(schema, &self.viewer, replayed).await?;
        self.send_payload(&payload, cursor).await
    }

    /// What is put together goes out in one write, at the latest before the subscription rests. Nothing is put
    /// together for a socket without room.
    async fn send_payload(&self, payload: &Payload, cursor: &Cursor) -> Result<(), Ended> {
        self.connection.outbox.room().await?;
        let body = Body::new(payload, cursor, &self.node().cursor_key);
        let bytes = {
            let unsent = &mut *self.unsent.borrow_mut();
            body.put(&self.next_start, &self.tag, unsent);
            unsent.len()
        };
        metrics::delivered();
        if bytes > UNSENT_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&self) -> Result<(), Ended> {
        let unsent = self.unsent.take();
        if unsent.is_empty() {
            return Ok(());
        }
        Ok(self.connection.send(&unsent).await?)
    }

    /// Where an inbox stands that nothing waits for.
    pub fn quiet_cursor(&self) -> Option<String> {
        let rests = self.is_inbox && !self.is_busy.get();
        let cursor = if rests { self.hub().quiet(self.id) } else { None };
        cursor.map(|cursor| cursor.encode(&self.node().cursor_key, &self.tag))
    }
}

#[cfg(test)]
pub(crate) mod tests;
