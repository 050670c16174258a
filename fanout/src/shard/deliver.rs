//! Turns of a shard: what waits in its queues goes to their sockets, in one write to each.
//!
//! Invariants: nothing is waited for; those to whom something came at the same time are a batch, and
//! batches have their turns by rounds, so a large group holds up nobody for longer than a turn; a frame
//! that needs something read first is given to a task of its own subscription, and what comes behind it
//! waits for that; a client that does not read leaves its frames in its queue.

use std::collections::{HashMap, VecDeque};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;

use platform::telemetry::Stage;
use schemas::position::LogTime;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::Shard;
use crate::cursor::Cursor;
use crate::hub::{Frame, SubscriptionId};
use crate::metrics;
use crate::protocol::{CloseCode, NEXT_END};
use crate::render::{Failed, Key, Payload};
use crate::socket::connection::Connection;
use crate::socket::frames;
use crate::subscription::Subscription;

/// Frames that are looked at together.
const FRAMES: usize = 32;
/// Bytes after which what was put together is written before more is.
const OUT_BYTES: usize = 64 * 1024;
/// Subscriptions that are served in one turn, before others and the shard's tasks have theirs.
const SUBSCRIPTIONS: usize = 64;

/// Those that something waits for, by when it came; each batch in the order of its sockets.
pub type Batches = VecDeque<Vec<SubscriptionId>>;

/// Looked into for every delivery; its keys are the node's own.
type Found = HashMap<Key, Option<Arc<Payload>>, foldhash::fast::RandomState>;

/// What a turn works with; kept, so that it asks for no memory.
#[derive(Default)]
pub struct Turn {
    out: Vec<u8>,
    frames: Vec<Frame>,
    /// Frames that were put together.
    delivered: u64,
    /// What this turn has found of renderings: a payload that is shared, or that something has to be
    /// read for it.
    found: Found,
    /// When the events that this turn has rendered were appended.
    times: Vec<LogTime>,
}

/// Sockets for which something was put together, in order, with where theirs ends.
type Unwritten<'a> = SmallVec<[(&'a Connection, usize); SUBSCRIPTIONS]>;

impl Turn {
    fn write(&mut self, unwritten: &mut Unwritten<'_>, now: Instant) {
        let mut begin = 0;
        for (connection, end) in unwritten.drain(..) {
            connection.tell(&self.out[begin..end], now);
            begin = end;
        }
        self.out.clear();
        metrics::DELIVERIES.inc_by(std::mem::take(&mut self.delivered));
    }
}

fn socket(subscription: &Rc<Subscription>) -> *const Connection {
    Rc::as_ptr(&subscription.connection)
}

/// Looks at what a delivery needs of each. No look depends on another, so the core asks its far caches for
/// all at once; deliveries one by one would wait for each in turn.
fn fetch(subscriptions: &[Rc<Subscription>]) {
    let looked = subscriptions.iter().filter(|subscription| {
        let outbox = &subscription.connection.outbox;
        outbox.stream.as_raw_fd() >= 0 && outbox.has_room() && subscription.next_start.starts_with(b"{")
    });
    std::hint::black_box(looked.count());
}

/// What became of a frame.
enum Rendered {
    Payload(Arc<Payload>),
    /// It delivers nothing.
    Nothing,
    Later,
}

impl Shard {
    /// Those that something has begun to wait for.
    pub(super) fn batch(&self) -> Vec<SubscriptionId> {
        let mut batch = vec![];
        self.hub.waiting(&mut batch);
        let subscriptions = self.subscriptions.borrow();
        batch.sort_unstable_by_key(|id| subscriptions.get(*id)?.as_ref().map(|kept| kept.socket));
        batch
    }

    /// One turn of the batch whose turn it is.
    pub(super) fn deliver_some(&self, batches: &mut Batches) {
        let Some(mut batch) = batches.pop_front() else { return };
        let served = batch.split_off(batch.len().saturating_sub(SUBSCRIPTIONS));
        let served = self.still_open(&served);
        fetch(&served);
        self.deliver(&served, Instant::now());
        if !batch.is_empty() {
            batches.push_back(batch);
            return;
        }
        let (turn, now) = (&mut *self.turn.borrow_mut(), self.node.now());
        turn.found.clear();
        turn.times.drain(..).for_each(|time| Stage::Socket.between(time, now));
    }

    fn still_open(&self, ids: &[SubscriptionId]) -> SmallVec<[Rc<Subscription>; SUBSCRIPTIONS]> {
        let subscriptions = self.subscriptions.borrow();
        ids.iter().filter_map(|id| subscriptions.get(*id)?.as_ref()?.subscription.upgrade()).collect()
    }

    /// Delivers what waits for subscriptions, those of each socket together, as far as it has room.
    ///
    /// What goes to several sockets is put together before any of them is written to: in turns, the two
    /// would push each other's code and data out of the core's nearest caches.
    pub fn deliver(&self, subscriptions: &[Rc<Subscription>], now: Instant) {
        let turn = &mut *self.turn.borrow_mut();
        // One that panicked may have left something.
        turn.out.clear();
        let mut unwritten = Unwritten::new();
        for of_one in subscriptions.chunk_by(|one, other| socket(one) == socket(other)) {
            loop {
                let is_done = self.gather(turn, of_one);
                unwritten.push((&of_one[0].connection, turn.out.len()));
                if turn.out.len() > OUT_BYTES {
                    turn.write(&mut unwritten, now);
                }
                if is_done {
                    break;
                }
            }
        }
        turn.write(&mut unwritten, now);
    }

    /// Puts together what waits for subscriptions of one socket, as far as it has room; says whether that
    /// was all, or has to be written first.
    fn gather(&self, turn: &mut Turn, of_one: &[Rc<Subscription>]) -> bool {
        for subscription in of_one {
            let connection = &subscription.connection;
            let waits = !connection.outbox.has_room() || subscription.is_busy.get();
            if waits && self.hub.has_overflowed(subscription.id) {
                connection.end(CloseCode::TooSlow);
            }
            while connection.outbox.has_room() && !subscription.is_busy.get() {
                let taken = self.hub.take(subscription.id, FRAMES, &mut turn.frames);
                let goes_on = match taken {
                    Ok(_) => self.put(turn, subscription),
                    Err(_) => Err(CloseCode::TooSlow),
                };
                if let Err(code) = goes_on {
                    connection.end(code);
                    break;
                }
                if matches!(taken, Ok(true)) {
                    break;
                }
                if turn.out.len() > OUT_BYTES {
                    return false;
                }
            }
        }
        true
    }

    /// Puts the frames that were taken together; from the first that needs something read on, they are
    /// the subscription's own task's.
    fn put(&self, turn: &mut Turn, subscription: &Rc<Subscription>) -> Result<(), CloseCode> {
        let mut taken = turn.frames.drain(..);
        while let Some(frame) = taken.next() {
            match self.render((&mut turn.found, &mut turn.times), subscription, &frame) {
                Ok(Rendered::Payload(payload)) => {
                    subscription.put(&payload, &frame.cursor, &mut turn.out);
                    turn.delivered += 1;
                }
                Ok(Rendered::Nothing) => {}
                Ok(Rendered::Later) => {
                    let rest = std::iter::once(frame).chain(taken).collect();
                    subscription.go_on_later(rest);
                    return Ok(());
                }
                // The client resumes at its last cursor, and gets the event then.
                Err(error) => {
                    tracing::warn!(%error, "subscription ended");
                    return Err(CloseCode::Restart);
                }
            }
        }
        Ok(())
    }

    fn render(
        &self,
        (found, times): (&mut Found, &mut Vec<LogTime>),
        subscription: &Subscription,
        frame: &Frame,
    ) -> Result<Rendered, Failed> {
        let Some(live) = frame.event.live() else { return Ok(Rendered::Nothing) };
        if subscription.misses_quote(&frame.event) {
            return Ok(Rendered::Later);
        }
        let key = subscription.selected.key_of(&frame.event);
        if let Some(found) = found.get(&key) {
            return Ok(found.clone().map_or(Rendered::Later, Rendered::Payload));
        }
        let renderings = &self.node.renderings;
        let rendered = subscription.selected.render_event_now(
            &self.rendering,
            &subscription.viewer,
            (&frame.event, live),
            renderings,
        );
        let Some(rendered) = rendered else {
            found.insert(key, None);
            return Ok(Rendered::Later);
        };
        let rendered = rendered?;
        times.push(frame.event.time());
        if rendered.is_shared {
            found.insert(key, Some(rendered.payload.clone()));
        }
        Ok(Rendered::Payload(rendered.payload))
    }
}

impl Subscription {
    /// Appends a payload as this subscription's socket gets it: one frame, with the cursor where the
    /// payload has a place for it.
    pub fn put(&self, payload: &Payload, cursor: &Cursor, out: &mut Vec<u8>) {
        let parts = payload.parts();
        let parts_bytes: usize = parts.iter().map(|part| part.len()).sum();
        let cursors_bytes = (cursor.characters() + 2) * (parts.len() - 1);
        let bytes = self.next_start.len() + parts_bytes + cursors_bytes + NEXT_END.len();
        frames::text_header(bytes, out);
        out.extend_from_slice(&self.next_start);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(b'"');
                cursor.encode_into(&self.cursor_key, out);
                out.push(b'"');
            }
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(NEXT_END.as_bytes());
    }
}
