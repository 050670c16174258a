//! Turns of a shard: what waits in its queues goes to their sockets, each in one write.
//!
//! Invariants: nothing is waited for; those to whom something came at the same time are a batch, and
//! batches have their turns by rounds, so a large group holds up nobody for longer than a turn; a frame
//! that needs something read first is given to a task of its own subscription, and what comes behind it
//! waits for that; a client that does not read leaves its frames in its queue.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use platform::telemetry::Stage;
use schemas::position::LogTime;
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
/// Bytes after which a socket is written to before more is put together for it.
const OUT_BYTES: usize = 64 * 1024;
/// Subscriptions that are served in one turn, before others and the shard's tasks have theirs.
const SUBSCRIPTIONS: usize = 64;

/// Those that something waits for, by when it came; each batch in the order of its sockets.
pub type Batches = VecDeque<Vec<Rc<Subscription>>>;

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

fn socket(subscription: &Rc<Subscription>) -> *const Connection {
    Rc::as_ptr(&subscription.connection)
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
    pub(super) fn batch(&self) -> Vec<Rc<Subscription>> {
        let mut ids: Vec<SubscriptionId> = vec![];
        self.hub.waiting(&mut ids);
        let subscriptions = self.subscriptions.borrow();
        let mut batch: Vec<_> = ids.iter().filter_map(|id| subscriptions.get(*id)?.upgrade()).collect();
        batch.sort_unstable_by_key(socket);
        batch
    }

    /// One turn of the batch whose turn it is.
    pub(super) fn deliver_some(&self, batches: &mut Batches) {
        let Some(mut batch) = batches.pop_front() else { return };
        let now = Instant::now();
        let served = batch.split_off(batch.len().saturating_sub(SUBSCRIPTIONS));
        for of_one in served.chunk_by(|one, other| socket(one) == socket(other)) {
            self.deliver(&of_one[0].connection, of_one, now);
        }
        if !batch.is_empty() {
            batches.push_back(batch);
            return;
        }
        let (turn, now) = (&mut *self.out.borrow_mut(), self.node.now());
        turn.found.clear();
        turn.times.drain(..).for_each(|time| Stage::Socket.between(time, now));
    }

    /// Delivers what waits for subscriptions of one socket, as far as it has room.
    pub fn deliver(&self, connection: &Connection, subscriptions: &[Rc<Subscription>], now: Instant) {
        let turn = &mut *self.out.borrow_mut();
        for subscription in subscriptions {
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
                if turn.out.len() > OUT_BYTES {
                    connection.outbox.write(&turn.out);
                    turn.out.clear();
                }
                if matches!(taken, Ok(Some(_))) {
                    break;
                }
            }
        }
        metrics::DELIVERIES.inc_by(std::mem::take(&mut turn.delivered));
        if !turn.out.is_empty() {
            connection.outbox.write(&turn.out);
            connection.told(now);
            turn.out.clear();
        }
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
            &self.schema,
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
        out.extend_from_slice(self.next_start.as_bytes());
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(b'"');
                cursor.encode_into(&self.node().cursor_key, &self.viewer.user, out);
                out.push(b'"');
            }
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(NEXT_END.as_bytes());
    }
}
