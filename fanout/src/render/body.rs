//! A payload as it goes to those who are at the same: the bytes of a frame that they share.
//!
//! Invariant: a subscription's own parts (start of the message, user tag) are inserted for each frame, so no
//! subscription gets another's.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Payload;
use crate::cursor::{Cursor, CursorKey, UserTag};
use crate::protocol::NEXT_END;
use crate::socket::frames;

/// All of a frame but its header, how its message begins, and the tags of its user.
pub struct Body {
    bytes: Vec<u8>,
    /// Where the tags go.
    tags: SmallVec<[usize; 1]>,
}

impl Body {
    pub fn new(payload: &Payload, cursor: &Cursor, key: &CursorKey) -> Self {
        let mut body = Self { bytes: vec![], tags: SmallVec::new() };
        body.make(payload, cursor, key);
        body
    }

    /// Makes it anew.
    fn make(&mut self, payload: &Payload, cursor: &Cursor, key: &CursorKey) {
        let Self { bytes, tags } = self;
        bytes.clear();
        tags.clear();
        for (index, part) in payload.parts().iter().enumerate() {
            if index > 0 {
                bytes.push(b'"');
                cursor.encode_into(key, bytes);
                tags.push(bytes.len());
                bytes.push(b'"');
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(NEXT_END.as_bytes());
    }

    /// Appends the frame of a subscription, whose messages begin with `start`.
    pub fn put(&self, start: &[u8], tag: &UserTag, out: &mut Vec<u8>) {
        let tag = tag.as_bytes();
        frames::text_header(start.len() + self.bytes.len() + self.tags.len() * tag.len(), out);
        out.extend_from_slice(start);
        let mut begin = 0;
        for at in &self.tags {
            out.extend_from_slice(&self.bytes[begin..*at]);
            out.extend_from_slice(tag);
            begin = *at;
        }
        out.extend_from_slice(&self.bytes[begin..]);
    }
}

/// A payload that is shared, with the body that was last made of it: most members of a group are at the
/// same.
pub struct Shared {
    payload: Arc<Payload>,
    last: Option<(Cursor, Body)>,
}

impl Shared {
    pub fn new(payload: Arc<Payload>) -> Self {
        Self { payload, last: None }
    }

    pub fn body(&mut self, cursor: &Cursor, key: &CursorKey) -> &Body {
        let Self { payload, last } = self;
        let (at, body) = last.get_or_insert_with(|| (cursor.clone(), Body::new(payload, cursor, key)));
        if at != cursor && !body.tags.is_empty() {
            at.clone_from(cursor);
            body.make(payload, cursor, key);
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Lane;
    use crate::snapshot::SnapshotId;

    #[test]
    fn each_gets_their_own_cursor_and_mark_whoever_came_before() {
        let key = CursorKey::new([7; 32]);
        let tags = ["ann", "bob"].map(|user| key.tag(&user.parse().unwrap()));
        let cursors = [3, 4].map(|offset| {
            let mut cursor = Cursor::at(SnapshotId::new(1_700_000_000_000, 7));
            cursor.pass(Lane(3), offset);
            cursor
        });
        for parts in [&["{}"][..], &["[", "]"], &["[", ",", "]"]] {
            let payload = Arc::new(Payload(parts.iter().map(|part| Box::from(*part)).collect()));
            let mut shared = Shared::new(payload.clone());
            for at in [0, 0, 1, 0, 1, 1] {
                for (tag, start) in tags.iter().zip(["1", "22"]) {
                    let (cursor, mut out) = (&cursors[at], vec![]);
                    shared.body(cursor, &key).put(start.as_bytes(), tag, &mut out);
                    let cursor = format!("\"{}\"", cursor.encode(&key, tag));
                    let text = format!("{start}{}{NEXT_END}", payload.parts().join(&cursor));
                    assert_eq!(out, frames::text(&text));
                }
            }
        }
    }
}
