//! Resuming at a cursor: from the snapshot on, the past first, then the rings, then live.
//!
//! Invariant: a lane turns live in the turn in which its ring is read to the end, so nothing falls
//! between replay and live.

use std::collections::BTreeMap;

use domain::delivery::Answers;
use graphql::live::{Delivery, Payloads};
use platform::ports::TablesError;
use schemas::position::Offset;

use super::{Ended, STEPS, Subscription, Tense};
use crate::cursor::Cursor;
use crate::event::Event;
use crate::lanes::{Lane, Position};
use crate::metrics::{self, Resumed};
use crate::past::Unread;
use crate::snapshot::Snapshot;

/// Why a cursor cannot be gone on from.
enum Gap {
    /// Not a cursor that a node gave to this user in this epoch.
    Unknown,
    /// Its snapshot, or what came after it, is not kept any more.
    TooOld,
    Ended(Ended),
}

impl From<Ended> for Gap {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl Subscription {
    /// Sends what was missed since the cursor, then `Drained`; or says that it cannot.
    pub(super) async fn resume(&self, text: &str) -> Result<(), Ended> {
        let reason = match self.replay(text).await {
            Ok((replayed, cursor)) => {
                metrics::resumes(Resumed::Drained).inc();
                return self.send_drained(replayed, &cursor).await;
            }
            Err(Gap::Ended(ended)) => return Err(ended),
            Err(Gap::Unknown) => "unknown cursor",
            Err(Gap::TooOld) => "cursor too old",
        };
        metrics::resumes(Resumed::Gap).inc();
        let (cursor, next) = self.start_fresh().await?;
        self.send_alone(Delivery::ResumeGap { reason: reason.to_owned() }, &cursor).await?;
        self.send_drained(0, &cursor).await?;
        self.go_live(next).await
    }

    async fn replay(&self, text: &str) -> Result<(i32, Cursor), Gap> {
        let (node, hub) = (self.node(), self.hub());
        let cursor = Cursor::decode(text, &node.cursor_key, &self.tag).ok_or(Gap::Unknown)?;
        let snapshot = match hub.remembers(cursor.snapshot) {
            Some(snapshot) => snapshot,
            None => node.past.snapshot(cursor.snapshot).await?.ok_or(Gap::TooOld)?,
        };
        if snapshot.positions.len() != node.lanes.count() {
            return Err(Gap::Unknown);
        }
        self.check_length(&snapshot)?;
        hub.set_cursor(self.id, cursor.clone());
        let mut replayed = 0;
        let mut next: BTreeMap<Lane, Offset> = BTreeMap::new();
        for (lane, start) in node.lanes.all().zip(&snapshot.positions) {
            let send_from = cursor.beyond.get(lane).unwrap_or(start.next);
            let read_to = self.replay_past(lane, *start, send_from, &mut replayed).await?;
            next.insert(lane, read_to.max(send_from));
        }
        let (caught_up, cursor) = self.catch_up(next).await?.ok_or(Gap::TooOld)?;
        Ok((replayed + caught_up, cursor))
    }

    /// Sends the user's events in the rings from these offsets on, each as it stands now, until the queue is live.
    /// Gives how many were sent, and the cursor behind them; `None` if a ring does not reach back that far, as
    /// it may move on while this client reads slowly.
    pub(super) async fn catch_up(
        &self,
        mut next: BTreeMap<Lane, Offset>,
    ) -> Result<Option<(i32, Cursor)>, Ended> {
        let hub = self.hub();
        let (mut steps, mut sent) = (vec![], 0);
        loop {
            if hub.catch_up(self.id, &mut next, STEPS).is_err() {
                return Ok(None);
            }
            let cursor = hub.take(self.id, usize::MAX, &mut steps)?.cursor;
            // There once the queue is live, with the last that it has caught up with taken.
            let quiet = hub.quiet(self.id);
            sent += self.send_steps(cursor, &mut steps, Tense::Replay).await?;
            if let Some(cursor) = quiet {
                return Ok(Some((sent, cursor)));
            }
        }
    }

    /// A resume that would have to read too much starts afresh instead.
    fn check_length(&self, snapshot: &Snapshot) -> Result<(), Gap> {
        let lanes = self.node().lanes.all().zip(&snapshot.positions);
        let records: i64 = lanes.map(|(lane, start)| (self.hub().ring_start(lane) - start.next).max(0)).sum();
        if records > self.node().options.replay_records { Err(Gap::TooOld) } else { Ok(()) }
    }

    /// Sends what lies in the log before the ring; gives the offset that the ring is to go on from.
    ///
    /// Reads from the snapshot on, because only from there its numbers show repeats.
    async fn replay_past(
        &self,
        lane: Lane,
        start: Position,
        send_from: Offset,
        replayed: &mut i32,
    ) -> Result<Offset, Gap> {
        let (node, hub) = (self.node(), self.hub());
        let mut position = start;
        while position.next < hub.ring_start(lane) {
            let block = node.past.read(lane, position.next, hub.ring_start(lane)).await?;
            for entry in block.since(position.next) {
                let Some(event) = &entry.event else { continue };
                let counts = position.pass(entry.offset, event.number);
                if counts
                    && entry.offset >= send_from
                    && event.payloads().has(Payloads::INBOX)
                    && let Some(completed) = event.completed()
                    && let Some(answers) = hub.answers(&self.viewer.user, event, completed)
                    && let Some(cursor) = hub.pass(self.id, event)
                {
                    *replayed += i32::from(self.replay_event(event, answers, &cursor).await?);
                }
            }
            position.next = block.end;
        }
        Ok(position.next)
    }
}

impl Subscription {
    /// Sends an event from before the subscription was live, as it stands today: a message that was deleted since
    /// is sent without its content. Says whether the viewer gets it.
    pub(super) async fn replay_event(
        &self,
        event: &Event,
        answers: Answers,
        cursor: &Cursor,
    ) -> Result<bool, Ended> {
        let (node, now) = (self.node(), self.node().now());
        match node.completions.replayed(event, now).await? {
            Some(replayed) => self.send_completed(event, &replayed, cursor).await,
            None => self.send_event(event, answers, cursor).await,
        }
    }
}

impl From<Unread> for Gap {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Gone => Self::TooOld,
            Unread::Unavailable(reason) => Self::Ended(Ended::Tables(TablesError::Unavailable(reason))),
        }
    }
}
