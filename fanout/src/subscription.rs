//! One subscription: from its start (fresh, or at a cursor) to live, then frame by frame.
//!
//! Invariants: what was missed since the cursor is sent before `Drained`; each frame's cursor says
//! that everything up to it was sent before it, so what cannot be sent ends the socket. Once it is live
//! it rests: its shard delivers what comes, and a task runs only while something has to be read first.

mod replay;
mod rows;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use futures::future::try_join_all;
use graphql::Viewer;
use graphql::live::{Live, Topic};
use graphql::reads::whole::Unread;
use platform::ports::TablesError;
use schemas::conversation::Message;
use schemas::position::Offset;
use smallvec::SmallVec;

use crate::cursor::{Cursor, Mark};
use crate::event::Event;
use crate::hub::{Hub, Interest, Overflowed, Step, SubscriptionId};
use crate::lanes::Lane;
use crate::protocol::{self, CloseCode};
use crate::render::{Body, Failed, Payload, Selected};
use crate::shard::Shard;
use crate::socket::connection::{Connection, OperationNumber};
use crate::socket::outbox::Closed;
use crate::{Node, metrics, snapshot};

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
    /// The user has more memberships or blocks than a node takes in.
    #[error("too many rows in {0}")]
    TooMany(&'static str),
}

impl Ended {
    /// What its socket is closed with.
    fn code(&self) -> Option<CloseCode> {
        match self {
            Self::Closed(_) => None,
            Self::TooSlow(_) => Some(CloseCode::TooSlow),
            // The client resumes at its last cursor, and gets the event then.
            Self::Failed(_) => Some(CloseCode::Restart),
            Self::Tables(_) | Self::TooMany(_) => Some(CloseCode::Overloaded),
        }
    }
}

impl From<Unread> for Ended {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Tables(error) => Self::Tables(error),
            Unread::TooMany { table } => Self::TooMany(table),
        }
    }
}

/// Stands beside what else a delivery needs, if the operation's name is no longer than most.
type NextStart = SmallVec<[u8; 56]>;

/// A subscription that was let in; its queue in the hub is open for as long as it is. What every delivery
/// looks at comes first.
#[repr(C)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub connection: Rc<Connection>,
    pub selected: Arc<Selected>,
    pub mark: Mark,
    /// Whether a task of its own delivers: it starts, or something has to be read first.
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
pub async fn start(
    connection: Rc<Connection>,
    viewer: Viewer,
    (number, name): (OperationNumber, String),
    topic: Topic,
    selected: Arc<Selected>,
) {
    let started = async {
        let id = open(&connection.shard, &viewer, &topic).await?;
        metrics::SUBSCRIPTIONS.inc();
        let subscription = Rc::new(Subscription {
            id,
            selected,
            mark: connection.shard.node.cursor_key.mark(&viewer.user),
            viewer,
            next_start: protocol::next_start(&name).into_bytes().into(),
            is_busy: Cell::new(true),
            number,
            is_inbox: matches!(topic, Topic::Inbox { .. }),
            unsent: RefCell::default(),
            connection: connection.clone(),
        });
        connection.shard.keep(id, &subscription);
        match topic {
            Topic::Inbox { after: Some(text) } => subscription.resume(&text).await?,
            Topic::Inbox { after: None } => {
                let cursor = subscription.start_fresh().await?;
                subscription.send_drained(0, &cursor).await?;
            }
            _ => {
                subscription.start_fresh().await?;
            }
        }
        connection.keep(number, &subscription);
        subscription.deliver().await
    };
    if let Err(ended) = started.await {
        end(&connection, &ended);
    }
}

/// A queue in the hub, for a user who is as their rows say.
async fn open(shard: &Shard, viewer: &Viewer, topic: &Topic) -> Result<SubscriptionId, Ended> {
    let (node, hub) = (&shard.node, &shard.hub);
    loop {
        let reach = hub.reach();
        let rows = rows::of_user(&*node.tables, &viewer.user).await?;
        let cursor = Cursor::at(hub.settled().id);
        if let Some(id) = hub.open(&viewer.user, Interest::of(topic), cursor, rows, &reach) {
            return Ok(id);
        }
    }
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
            self.send_steps(taken.cursor, &mut steps).await?;
        }
    }

    async fn send_steps(&self, mut cursor: Cursor, steps: &mut Vec<Step>) -> Result<(), Ended> {
        for step in steps.drain(..) {
            if let Some(event) = step.take(&mut cursor) {
                self.send_event(event, &cursor).await?;
            }
        }
        Ok(())
    }

    /// Steps from a cursor on, of which the first needs something read, and what comes behind them, are a
    /// task's.
    pub fn go_on_later(self: &Rc<Self>, cursor: Cursor, mut steps: Vec<Step>) {
        self.is_busy.set(true);
        let subscription = self.clone();
        self.connection.spawn(self.number, async move {
            let delivered = async {
                subscription.send_steps(cursor, &mut steps).await?;
                subscription.deliver().await
            };
            if let Err(ended) = delivered.await {
                end(&subscription.connection, &ended);
            }
        });
    }

    /// Starts at the newest settled snapshot. What was in the rows when this began is not sent: the
    /// client reads it. What was not yet is sent as live.
    async fn start_fresh(&self) -> Result<Cursor, Ended> {
        let hub = self.hub();
        loop {
            let settled = hub.settled();
            let recent = hub.since_settled(&self.viewer.user);
            let lanes: BTreeSet<Lane> = recent.iter().map(|event| event.lane).collect();
            let passed = lanes.into_iter().map(async |lane| {
                let passed = snapshot::checkpointed(&*self.node().tables, hub.lanes, lane).await?;
                Ok::<_, TablesError>((lane, passed))
            });
            let passed: BTreeMap<Lane, Offset> = try_join_all(passed).await?.into_iter().collect();
            let is_readable =
                |event: &Event| passed.get(&event.lane).is_some_and(|next| *next > event.number.offset);
            if let Some(cursor) = hub.go_live_fresh(self.id, &settled, is_readable) {
                return Ok(cursor);
            }
        }
    }

    /// Sends an event, if it delivers anything.
    async fn send_event(&self, event: &Event, cursor: &Cursor) -> Result<(), Ended> {
        let Some(live) = event.live() else { return Ok(()) };
        if self.misses_quote(event) {
            return self.send(&Arc::new(without_quote(live)), cursor).await;
        }
        let (schema, renderings) = (&self.shard().rendering, &self.node().renderings);
        let rendered = self.selected.render_event(schema, &self.viewer, (event, live), renderings).await?;
        self.send_payload(&rendered.payload, cursor).await
    }

    /// Sends something for this subscription alone.
    async fn send(&self, live: &Arc<Live>, cursor: &Cursor) -> Result<(), Ended> {
        let payload = self.selected.render(&self.shard().rendering, &self.viewer, live).await?;
        self.send_payload(&payload, cursor).await
    }

    /// Says that what was missed has been sent.
    async fn send_drained(&self, replayed: i32, cursor: &Cursor) -> Result<(), Ended> {
        let schema = &self.shard().rendering;
        let payload = self.selected.render_drained(schema, &self.viewer, replayed).await?;
        self.send_payload(&payload, cursor).await
    }

    /// What is put together goes out in one write, at the latest before the subscription rests.
    async fn send_payload(&self, payload: &Payload, cursor: &Cursor) -> Result<(), Ended> {
        let body = Body::new(payload, cursor, &self.node().cursor_key);
        let bytes = {
            let unsent = &mut *self.unsent.borrow_mut();
            body.put(&self.next_start, &self.mark, unsent);
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

    /// Whether an event answers what its viewer does not see.
    pub fn misses_quote(&self, event: &Event) -> bool {
        event.answers() && self.hub().misses_quote(&self.viewer.user, event)
    }

    /// Where an inbox stands that nothing waits for.
    pub fn quiet_cursor(&self) -> Option<String> {
        let rests = self.is_inbox && !self.is_busy.get();
        let cursor = if rests { self.hub().quiet(self.id) } else { None };
        cursor.map(|cursor| cursor.encode(&self.node().cursor_key, &self.mark))
    }
}

/// A message as someone sees it who does not see what it answers.
fn without_quote(live: &Live) -> Live {
    match live {
        Live::Message { conversation, message } => Live::Message {
            conversation: conversation.clone(),
            message: Message { reply_to: None, ..message.clone() },
        },
        other => other.clone(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
