//! Turns of a shard: steps of its queues go to their sockets, in one write to each.
//!
//! Invariants: a turn waits for nothing; subscriptions that get steps at the same time are a batch, and
//! batches take turns, so a large group holds up the others for one turn at most; a frame that needs a read,
//! or an execution for its viewer alone, is given to a task of its subscription, and later steps wait for
//! it; a client that does not read leaves its frames in its queue.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use platform::telemetry::Stage;
use schemas::position::LogTime;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::Shard;
use crate::cursor::Cursor;
use crate::hub::{Overflowed, Step, SubscriptionId, Taken};
use crate::metrics;
use crate::protocol::CloseCode;
use crate::render::{Body, Failed, Key, Payload, Shared, Target};
use crate::socket::connection::Connection;
use crate::subscription::Subscription;

/// Steps that are taken from the queues of one socket at once.
const STEPS: usize = 32;
/// Bytes after which what was put together is written before more is.
const OUT_BYTES: usize = 64 * 1024;
/// Bytes of one subscription after which the rest is its task's, which waits until its client reads.
const SHARE_BYTES: usize = 256 * 1024;
/// Sockets that are served in one turn, before others and the shard's tasks have theirs.
const SOCKETS: usize = 128;

/// Subscriptions that something waits for, by when it came, and in a batch by their sockets.
pub type Batches = VecDeque<Vec<OfOne>>;

/// Subscriptions of one socket, which most often has one.
type OfOne = SmallVec<[SubscriptionId; 2]>;

/// Looked into for every delivery; its keys are the node's own.
type Found = HashMap<Key, Option<Shared>, foldhash::fast::RandomState>;

/// What a turn works with; kept, so that it asks for no memory.
#[derive(Default)]
pub struct Turn {
    /// What was taken from queues: first all of the first share, then of the next.
    steps: Vec<Step>,
    shares: Vec<Share>,
    out: Vec<u8>,
    /// Where each socket stands in the batch that is made.
    places: HashMap<*const Connection, usize, foldhash::fast::RandomState>,
    renderings: TurnsRenderings,
}

/// What of a turn's steps is a subscription's.
struct Share {
    /// Which of those that are served it is.
    of: usize,
    /// Where the first of them goes on from.
    cursor: Cursor,
    steps: usize,
    /// Whether more waits, for which its socket may have room.
    goes_on: bool,
}

/// What a turn has found of renderings.
#[derive(Default)]
struct TurnsRenderings {
    /// A payload that is shared; `None` for one that a task renders.
    found: Found,
    /// When the events that were rendered were appended.
    times: Vec<LogTime>,
}

/// Sockets for which something was put together, in order, with where theirs ends.
type Unwritten<'a> = SmallVec<[(&'a Connection, usize); SOCKETS]>;

fn write(out: &mut Vec<u8>, unwritten: &mut Unwritten<'_>, now: Instant) {
    let mut begin = 0;
    for (connection, end) in unwritten.drain(..) {
        connection.tell(&out[begin..end], now);
        begin = end;
    }
    out.clear();
}

fn socket(subscription: &Rc<Subscription>) -> *const Connection {
    Rc::as_ptr(&subscription.connection)
}

/// Looks at what a delivery needs of each. No look depends on another, so the core asks its far caches for
/// all at once; deliveries one by one would wait for each in turn.
fn fetch(subscriptions: &[Rc<Subscription>]) {
    let looked = subscriptions.iter().filter(|subscription| {
        let connection = &subscription.connection;
        // Counts stand where the connection does.
        Rc::strong_count(connection) > 0
            && connection.outbox.has_room()
            && subscription.next_start.starts_with(b"{")
    });
    std::hint::black_box(looked.count());
}

/// What became of an event.
enum Rendered<'a> {
    Shared(&'a mut Shared),
    Own(Arc<Payload>),
    /// It delivers nothing.
    Nothing,
    Later,
}

impl Shard {
    /// Those that something has begun to wait for.
    pub(super) fn batch(&self) -> Vec<OfOne> {
        let (mut waiting, mut batch) = (vec![], Vec::<OfOne>::new());
        self.hub.waiting(&mut waiting);
        let (places, subscriptions) = (&mut self.turn.borrow_mut().places, self.subscriptions.borrow());
        places.clear();
        for id in waiting {
            let Some(Some(kept)) = subscriptions.get(id) else { continue };
            let place = *places.entry(kept.socket).or_insert(batch.len());
            match batch.get_mut(place) {
                Some(of_one) => of_one.push(id),
                None => batch.push(OfOne::from_slice(&[id])),
            }
        }
        batch
    }

    /// One turn of the batch whose turn it is.
    pub(super) fn deliver_some(&self, batches: &mut Batches) {
        let Some(mut batch) = batches.pop_front() else { return };
        let served = batch.split_off(batch.len().saturating_sub(SOCKETS));
        let served = self.still_open(&served);
        fetch(&served);
        self.deliver(&served, Instant::now());
        if !batch.is_empty() {
            batches.push_back(batch);
            return;
        }
        let (turn, now) = (&mut *self.turn.borrow_mut(), self.node.now());
        turn.renderings.found.clear();
        turn.renderings.times.drain(..).for_each(|time| Stage::Socket.between(time, now));
    }

    fn still_open(&self, batch: &[OfOne]) -> SmallVec<[Rc<Subscription>; SOCKETS]> {
        let subscriptions = self.subscriptions.borrow();
        batch
            .iter()
            .flatten()
            .filter_map(|id| subscriptions.get(*id)?.as_ref()?.subscription.upgrade())
            .collect()
    }

    /// Delivers what waits for subscriptions, those of each socket side by side, as far as it has room.
    ///
    /// What goes to several sockets is put together before any of them is written to: in turns, the two
    /// would push each other's code and data out of the core's nearest caches.
    pub fn deliver(&self, subscriptions: &[Rc<Subscription>], now: Instant) {
        let turn = &mut *self.turn.borrow_mut();
        let mut waiting: SmallVec<[&Rc<Subscription>; SOCKETS]> = subscriptions.iter().collect();
        while !waiting.is_empty() {
            self.take(turn, &waiting);
            self.put(turn, &waiting, now);
            waiting =
                turn.shares.iter().filter(|share| share.goes_on).map(|share| waiting[share.of]).collect();
        }
    }

    /// Takes of what waits for each; of what a socket has no room for, nothing.
    fn take(&self, turn: &mut Turn, waiting: &[&Rc<Subscription>]) {
        turn.steps.clear();
        turn.shares.clear();
        let (mut queues, mut of) = (self.hub.taking(), 0);
        for of_one in waiting.chunk_by(|one, other| socket(one) == socket(other)) {
            let connection = &of_one[0].connection;
            let has_room = connection.outbox.has_room();
            for subscription in of_one {
                let is_ready = has_room && !subscription.is_busy.get();
                let most = if is_ready { (STEPS / of_one.len()).max(1) } else { 0 };
                let before = turn.steps.len();
                match queues.take(subscription.id, most, &mut turn.steps) {
                    Ok(Taken { cursor, is_all }) => {
                        let (steps, goes_on) = (turn.steps.len() - before, is_ready && !is_all);
                        turn.shares.push(Share { of, cursor, steps, goes_on });
                    }
                    Err(Overflowed) => connection.end(CloseCode::TooSlow),
                }
                of += 1;
            }
        }
    }

    /// Puts what was taken together for each socket, and writes it.
    fn put(&self, turn: &mut Turn, waiting: &[&Rc<Subscription>], now: Instant) {
        let Turn { steps, shares, out, renderings, .. } = turn;
        // One that panicked may have left something.
        out.clear();
        let (mut steps, mut unwritten) = (steps.drain(..), Unwritten::new());
        for share in shares {
            let (subscription, mut taken) = (waiting[share.of], steps.by_ref().take(share.steps));
            if let Err(code) = self.put_share(renderings, subscription, (&mut share.cursor, &mut taken), out)
            {
                subscription.connection.end(code);
                taken.for_each(drop);
                share.goes_on = false;
            }
            match unwritten.last_mut() {
                Some((last, end)) if std::ptr::eq(*last, socket(subscription)) => *end = out.len(),
                _ => unwritten.push((&subscription.connection, out.len())),
            }
            if out.len() > OUT_BYTES {
                write(out, &mut unwritten, now);
            }
        }
        write(out, &mut unwritten, now);
    }

    /// Appends what was taken for one subscription; from the first that needs something read, or that its
    /// socket has no room for any more, it is the subscription's own task's.
    fn put_share(
        &self,
        renderings: &mut TurnsRenderings,
        subscription: &Rc<Subscription>,
        (cursor, taken): (&mut Cursor, &mut impl Iterator<Item = Step>),
        out: &mut Vec<u8>,
    ) -> Result<(), CloseCode> {
        let begin = out.len();
        while let Some(step) = taken.next() {
            let has_room = out.len() - begin < SHARE_BYTES && subscription.connection.outbox.has_room();
            let rendered = match &step {
                Step::Over(..) if !has_room => Ok(Rendered::Later),
                Step::Over(event, answers) => match event.completed() {
                    Some(completed) => {
                        let target = Target::event(event, completed, *answers);
                        self.render(renderings, subscription, target, Some(event.time()))
                    }
                    None => Ok(Rendered::Nothing),
                },
                Step::Beside(notice) if !has_room => {
                    metrics::dropped(notice.kind.dropped()).inc();
                    Ok(Rendered::Nothing)
                }
                Step::Beside(notice) => self.render(renderings, subscription, Target::notice(notice), None),
                Step::To(_) => Ok(Rendered::Nothing),
            };
            // The client resumes at its last cursor, and gets the event then.
            let rendered = rendered.map_err(|error| {
                tracing::warn!(%error, "subscription ended");
                CloseCode::Restart
            })?;
            if let Rendered::Later = rendered {
                let rest = std::iter::once(step).chain(taken).collect();
                subscription.go_on_later(cursor.clone(), rest);
                return Ok(());
            }
            step.take(cursor);
            let (key, own) = (&self.node.cursor_key, &mut None);
            let body = match rendered {
                Rendered::Shared(shared) => shared.body(cursor, key),
                Rendered::Own(payload) => own.insert(Body::new(&payload, cursor, key)),
                Rendered::Nothing | Rendered::Later => continue,
            };
            body.put(&subscription.next_start, &subscription.tag, out);
            metrics::delivered();
        }
        Ok(())
    }

    fn render<'a>(
        &self,
        renderings: &'a mut TurnsRenderings,
        subscription: &Subscription,
        target: Target<'_>,
        appended_at: Option<LogTime>,
    ) -> Result<Rendered<'a>, Failed> {
        let by = (&self.rendering, &*subscription.selected);
        let found = match renderings.found.entry(target.key(by.0, by.1)) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(new) => {
                let rendered = self.node.renderings.render_now(by, &subscription.viewer, target);
                match rendered.transpose()? {
                    Some(rendered) => {
                        renderings.times.extend(appended_at);
                        if !rendered.is_shared {
                            return Ok(Rendered::Own(rendered.payload));
                        }
                        new.insert(Some(Shared::new(rendered.payload)))
                    }
                    None => new.insert(None),
                }
            }
        };
        Ok(found.as_mut().map_or(Rendered::Later, Rendered::Shared))
    }
}
