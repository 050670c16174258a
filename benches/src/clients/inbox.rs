//! What one client has heard: numbers in order, and the cursor to come back with.
//!
//! Invariant: numbers go up by one from each message to the next, over all connections of a client.

use ::tests::frames::{Frame, client_pong, client_text};

use super::heard::Batch;
use super::said::{self, Said};
use crate::clock;

/// What a client has heard, and where it goes on.
#[derive(Default)]
pub struct Inbox {
    last: i64,
    pub cursor: Option<String>,
    pub batch: Batch,
}

/// What a client has to do after a read.
#[derive(Default)]
pub struct Due {
    pub pongs: Vec<Vec<u8>>,
    pub acknowledged: bool,
    pub drained: bool,
    pub closed: Option<u16>,
}

impl Inbox {
    /// Takes in a frame; adds to what is due.
    pub fn take_in(&mut self, frame: &Frame<'_>, due: &mut Due) {
        match frame {
            Frame::Ping(payload) => due.pongs.push(client_pong(payload)),
            Frame::Close(code) => due.closed = Some(code.unwrap_or(0)),
            Frame::Text(text) => match said::read(text) {
                Said::Acknowledged => due.acknowledged = true,
                Said::Drained { cursor } => {
                    due.drained = true;
                    self.keep(cursor);
                }
                Said::Ping { cursor } => {
                    due.pongs.push(client_text(r#"{"type":"pong"}"#));
                    self.keep(cursor);
                }
                Said::Message { seq, due, cursor } => {
                    self.keep(cursor);
                    self.count(seq, due, text.len());
                }
                Said::Unexpected => self.batch.unexpected += 1,
            },
        }
    }

    fn keep(&mut self, cursor: Option<&str>) {
        let Some(cursor) = cursor else { return };
        let kept = self.cursor.get_or_insert_default();
        kept.clear();
        kept.push_str(cursor);
    }

    fn count(&mut self, seq: i64, due: u64, bytes: usize) {
        if seq <= self.last {
            self.batch.repeats += 1;
            return;
        }
        self.batch.missed += (seq - self.last - 1) as u64;
        self.last = seq;
        self.batch.deliveries += 1;
        self.batch.bytes += bytes as u64;
        self.batch.micros.push(clock::monotonic().saturating_sub(due) / 1_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_once_and_holes_are_missed() {
        let mut inbox = Inbox::default();
        for seq in [1, 2, 2, 5, 1] {
            inbox.count(seq, 0, 10);
        }
        let Batch { deliveries, repeats, missed, bytes, .. } = inbox.batch;
        assert_eq!((deliveries, repeats, missed, bytes), (3, 2, 2, 30));
    }

    #[test]
    fn a_cursor_is_kept_until_another_comes() {
        let (mut inbox, mut due) = (Inbox::default(), Due::default());
        inbox.take_in(&Frame::Text(br#"{"cursor":"one","event":{"replayed":0}}"#), &mut due);
        inbox.take_in(&Frame::Text(br#"{"type":"ping"}"#), &mut due);
        assert!(due.drained && due.pongs.len() == 1 && due.closed.is_none());
        assert_eq!(inbox.cursor.as_deref(), Some("one"));
        inbox.take_in(&Frame::Text(br#"{"seq":1,"content":"1 ","cursor":"two"}"#), &mut due);
        assert_eq!(inbox.cursor.as_deref(), Some("two"));
    }
}
