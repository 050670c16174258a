//! A payload as it goes to those who are at the same: the bytes of a frame that they share.
//!
//! Invariant: what is a subscription's own is put in between for each, so nobody gets another's.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Payload;
use crate::cursor::{Cursor, CursorKey, Mark};
use crate::protocol::NEXT_END;
use crate::socket::frames;

/// All of a frame but its header, how its message begins, and the marks of its user.
pub struct Body {
    bytes: Vec<u8>,
    /// Where the marks go.
    marks: SmallVec<[usize; 1]>,
}

impl Body {
    pub fn new(payload: &Payload, cursor: &Cursor, key: &CursorKey) -> Self {
        let mut body = Self { bytes: vec![], marks: SmallVec::new() };
        let [first, behind @ ..] = payload.parts() else { return body };
        body.bytes.extend_from_slice(first.as_bytes());
        if !behind.is_empty() {
            let text = cursor.text(key);
            for part in behind {
                body.bytes.push(b'"');
                body.bytes.extend_from_slice(text.as_bytes());
                body.marks.push(body.bytes.len());
                body.bytes.push(b'"');
                body.bytes.extend_from_slice(part.as_bytes());
            }
        }
        body.bytes.extend_from_slice(NEXT_END.as_bytes());
        body
    }

    /// Appends the frame of a subscription, whose messages begin with `start`.
    pub fn put(&self, start: &[u8], mark: &Mark, out: &mut Vec<u8>) {
        let mark = mark.as_bytes();
        frames::text_header(start.len() + self.bytes.len() + self.marks.len() * mark.len(), out);
        out.extend_from_slice(start);
        let mut begin = 0;
        for at in &self.marks {
            out.extend_from_slice(&self.bytes[begin..*at]);
            out.extend_from_slice(mark);
            begin = *at;
        }
        out.extend_from_slice(&self.bytes[begin..]);
    }
}

/// The body that was last made: most members of a group are at the same.
#[derive(Default)]
pub struct LastBody(Option<Made>);

struct Made {
    /// Kept, so that no other stands where it does.
    payload: Arc<Payload>,
    cursor: Cursor,
    body: Body,
}

impl LastBody {
    pub fn of(&mut self, payload: &Arc<Payload>, cursor: &Cursor, key: &CursorKey) -> &Body {
        let made = match self.0.take() {
            Some(last) if last.is(payload, cursor) => self.0.insert(last),
            _ => self.0.insert(Made {
                payload: payload.clone(),
                cursor: cursor.clone(),
                body: Body::new(payload, cursor, key),
            }),
        };
        &made.body
    }
}

impl Made {
    fn is(&self, payload: &Arc<Payload>, cursor: &Cursor) -> bool {
        Arc::ptr_eq(&self.payload, payload) && (self.body.marks.is_empty() || self.cursor == *cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Lane;
    use crate::snapshot::SnapshotId;

    fn payload(parts: &[&str]) -> Arc<Payload> {
        Arc::new(Payload(parts.iter().map(|part| Box::from(*part)).collect()))
    }

    #[test]
    fn each_gets_their_own_cursor_and_mark_whoever_came_before() {
        let key = CursorKey::new([7; 32]);
        let marks = ["ann", "bob"].map(|user| key.mark(&user.parse().unwrap()));
        let cursors = [3, 4].map(|offset| {
            let mut cursor = Cursor::at(SnapshotId::new(1_700_000_000_000, 7));
            cursor.pass(Lane(3), offset);
            cursor
        });
        let payloads = [&["{}"][..], &["[", "]"], &["[", ",", "]"], &["(", ")"]].map(payload);
        let mut last = LastBody::default();
        // Each after each other.
        let all = payloads.iter().flat_map(|payload| {
            cursors.iter().flat_map(move |cursor| ["1", "2"].map(|start| (payload, cursor, start)))
        });
        let all: Vec<_> = all.collect();
        for (before, this) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            for (payload, cursor, start) in [before, this] {
                for mark in &marks {
                    let mut out = vec![];
                    last.of(payload, cursor, &key).put(start.as_bytes(), mark, &mut out);
                    let cursor = format!("\"{}\"", cursor.encode(&key, mark));
                    let text = format!("{start}{}{NEXT_END}", payload.parts().join(&cursor));
                    assert_eq!(out, frames::text(&text));
                }
            }
        }
    }
}
