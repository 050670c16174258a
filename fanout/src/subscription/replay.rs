//! Resuming at a cursor: from the snapshot on, the log first, then the rings, then live.
//!
//! Invariant: a lane turns live in the turn in which its ring is read to the end, so nothing falls
//! between replay and live.

use std::collections::BTreeMap;
use std::sync::Arc;

use graphql::live::Live;
use platform::ports::{LogError, TablesError};
use schemas::position::Offset;
use schemas::tables::MESSAGES;
use schemas::tables::views::MessageRow;

use super::{Ended, Open, Subscription};
use crate::cursor::Cursor;
use crate::event::Event;
use crate::lanes::{Lane, Position};
use crate::snapshot::Snapshot;

/// Why a cursor cannot be gone on from.
enum Gap {
    /// Not a cursor that a node gave to this user in this epoch.
    Unknown,
    /// Its snapshot, or what came after it, is not kept any more.
    TooOld,
    Ended(Ended),
}

impl<E: Into<Ended>> From<E> for Gap {
    fn from(error: E) -> Self {
        Self::Ended(error.into())
    }
}

impl Subscription {
    /// Sends what was missed since the cursor, then `Drained`; or says that it cannot.
    pub(super) async fn resume(&self, open: &Open, text: &str) -> Result<(), Ended> {
        let (replayed, cursor) = match self.replay(open, text).await {
            Ok(replayed) => replayed,
            Err(Gap::Ended(ended)) => return Err(ended),
            Err(gap @ (Gap::Unknown | Gap::TooOld)) => {
                let reason = if matches!(gap, Gap::Unknown) { "unknown cursor" } else { "cursor too old" };
                let cursor = self.start_fresh(open).await?;
                let live = Live::ResumeGap { reason: reason.to_owned() };
                self.send(&Arc::new(live), Some(&cursor)).await?;
                (0, cursor)
            }
        };
        self.send(&Arc::new(Live::Drained { replayed }), Some(&cursor)).await
    }

    async fn replay(&self, open: &Open, text: &str) -> Result<(i32, Cursor), Gap> {
        let node = &self.node;
        let cursor = Cursor::decode(text, &node.cursor_key, &self.viewer.user).ok_or(Gap::Unknown)?;
        let snapshot = match node.hub.remembers(&cursor.snapshot) {
            Some(snapshot) => snapshot,
            None => Arc::new(Snapshot::load(&*node.tables, &cursor.snapshot).await?.ok_or(Gap::TooOld)?),
        };
        if snapshot.positions.len() != node.hub.lanes.count() {
            return Err(Gap::Unknown);
        }
        self.check_length(&snapshot).await?;
        node.hub.set_cursor(open.id, cursor.clone());
        let mut replayed = 0;
        let mut next: BTreeMap<Lane, Offset> = BTreeMap::new();
        for (lane, start) in node.hub.lanes.all().zip(&snapshot.positions) {
            let send_from = cursor.beyond.get(&lane).copied().unwrap_or(start.next);
            let read_to = self.replay_log(open, lane, *start, send_from, &mut replayed).await?;
            next.insert(lane, read_to.max(send_from));
        }
        loop {
            match node.hub.catch_up(open.id, &mut next, (node.options.queue / 2).max(1)) {
                Ok(live) => {
                    let (frames, cursor) = node.hub.take(open.id).ok_or(Ended::TooSlow)?;
                    for frame in frames {
                        replayed += i32::from(self.replay_event(&frame.event, &frame.cursor).await?);
                    }
                    if live {
                        return Ok((replayed, cursor));
                    }
                }
                // The ring has moved on while this client read slowly.
                Err(_) => return Err(Gap::TooOld),
            }
        }
    }

    /// A resume that would have to read too much starts afresh instead.
    async fn check_length(&self, snapshot: &Snapshot) -> Result<(), Gap> {
        let node = &self.node;
        let mut records = 0;
        for (lane, start) in node.hub.lanes.all().zip(&snapshot.positions) {
            records += (node.hub.ring_start(lane) - start.next).max(0);
        }
        if records > node.options.replay_records { Err(Gap::TooOld) } else { Ok(()) }
    }

    /// Sends what lies in the log before the ring; gives the offset that the ring is to go on from.
    ///
    /// Reads from the snapshot on, because only from there its numbers tell repeats.
    async fn replay_log(
        &self,
        open: &Open,
        lane: Lane,
        start: Position,
        send_from: Offset,
        replayed: &mut i32,
    ) -> Result<Offset, Gap> {
        let node = &self.node;
        let mut position = start;
        if position.next >= node.hub.ring_start(lane) {
            return Ok(position.next);
        }
        let (topic, partition) = (node.hub.lanes.topic(lane), node.hub.lanes.partition(lane));
        let mut reader = node.log.read(topic, partition, position.next).await.map_err(log_gap)?;
        while position.next < node.hub.ring_start(lane) {
            for record in reader.next().await.map_err(log_gap)? {
                if record.offset >= node.hub.ring_start(lane) {
                    return Ok(record.offset.max(position.next));
                }
                let offset = record.offset;
                let Ok(event) = Event::read(topic, lane, record) else {
                    position.next = offset + 1;
                    continue;
                };
                let counts = position.pass(offset, event.number);
                if counts
                    && offset >= send_from
                    && node.hub.concerns(&self.viewer.user, &event)
                    && let Some(cursor) = node.hub.pass(open.id, &event)
                {
                    *replayed += i32::from(self.replay_event(&event, &cursor).await?);
                }
            }
        }
        Ok(position.next)
    }
}

impl Subscription {
    /// Sends an event that the client has missed, as it stands today: what was taken back since is
    /// not told any more. Says whether there was anything to send.
    async fn replay_event(&self, event: &Event, cursor: &Cursor) -> Result<bool, Ended> {
        let Some(live) = event.live() else { return Ok(false) };
        let Live::Message { conversation, message } = &**live else {
            return self.send_event(event, cursor).await.map(|()| true);
        };
        let partition = MessageRow::partition(conversation, message.seq);
        let rows = self.node.tables.get(&MESSAGES, &partition, &[MessageRow::key(message.seq)]).await?;
        let row = rows.first().filter(|row| {
            // A reply's event carries what it answers, which has a row of its own.
            let written_by = row.version.offset();
            written_by > event.number.offset
                || (written_by == event.number.offset && message.reply_to.is_some())
        });
        match row {
            None => self.send_event(event, cursor).await?,
            Some(row) => {
                let row = MessageRow::from_row(conversation, &row.columns)
                    .map_err(|error| TablesError::Refused(error.to_string()))?;
                let live = Live::Message { conversation: row.conversation, message: row.message };
                self.send(&Arc::new(live), Some(cursor)).await?;
            }
        }
        Ok(true)
    }
}

fn log_gap(error: LogError) -> Gap {
    match error {
        LogError::OutOfRange { .. } => Gap::TooOld,
        other => Gap::Ended(Ended::Tables(TablesError::Unavailable(other.to_string()))),
    }
}
