//! Cursors: where a client's inbox goes on, on any node.
//!
//! A cursor is a stored snapshot, plus the next offset in the few lanes in which this user has had
//! events since. It is bound to its user and epoch by a MAC: what a client sends back is what a node
//! has given, or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use schemas::UserId;
use schemas::position::{EPOCH, Offset};
use sha2::Sha256;

use crate::lanes::Lane;
use crate::snapshot::{Snapshot, SnapshotId};

/// Bytes of the MAC that are kept.
const MAC_BYTES: usize = 16;
/// The longest cursor that is looked at.
const MAX_CHARACTERS: usize = 8 * 1024;

/// Key that cursors are bound with; the same on every node.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, user: &UserId, body: &str) -> Option<[u8; MAC_BYTES]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(user.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(body.as_bytes());
        let full = mac.finalize().into_bytes();
        full[..MAC_BYTES].try_into().ok()
    }
}

/// Where an inbox stands.
#[derive(Debug, Clone)]
pub struct Cursor {
    pub snapshot: SnapshotId,
    /// Next offsets, in lanes where they are beyond the snapshot.
    pub beyond: Arc<BTreeMap<Lane, Offset>>,
}

impl Cursor {
    pub fn at(snapshot: SnapshotId) -> Self {
        Self { snapshot, beyond: Arc::default() }
    }

    /// Everything up to `offset` in the lane is queued or known.
    pub fn pass(&mut self, lane: Lane, offset: Offset) {
        Arc::make_mut(&mut self.beyond).insert(lane, offset + 1);
    }

    /// Whether the event at `offset` is known to be passed; what lies before the snapshot is not asked.
    pub fn is_past(&self, lane: Lane, offset: Offset) -> bool {
        self.beyond.get(&lane).is_some_and(|next| offset < *next)
    }

    /// Moves on to a newer snapshot, everything up to which is queued.
    pub fn adopt(&mut self, snapshot: &Snapshot) {
        let beyond = self.beyond.iter().filter(|(lane, next)| **next > snapshot.next(**lane));
        self.beyond = Arc::new(beyond.map(|(lane, next)| (*lane, *next)).collect());
        self.snapshot = snapshot.id.clone();
    }

    /// Opaque text for `user`.
    pub fn encode(&self, key: &CursorKey, user: &UserId) -> String {
        let mut body = format!("{EPOCH}.{}", self.snapshot.as_str());
        for (lane, next) in self.beyond.iter() {
            body.push_str(&format!(".{:x}:{next:x}", lane.0));
        }
        let mac = key.mac(user, &body).unwrap_or_default();
        format!("{}{}", URL_SAFE_NO_PAD.encode(mac), URL_SAFE_NO_PAD.encode(body))
    }

    /// The cursor in `text`, if a node gave it to `user` in this epoch.
    pub fn decode(text: &str, key: &CursorKey, user: &UserId) -> Option<Self> {
        const MAC_CHARACTERS: usize = (MAC_BYTES * 4).div_ceil(3);
        if text.len() > MAX_CHARACTERS || !text.is_ascii() || text.len() < MAC_CHARACTERS {
            return None;
        }
        let (given, body) = text.split_at(MAC_CHARACTERS);
        let given = URL_SAFE_NO_PAD.decode(given).ok()?;
        let body = String::from_utf8(URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        let wanted = key.mac(user, &body)?;
        let differs =
            given.iter().zip(wanted).fold(given.len() ^ MAC_BYTES, |acc, (a, b)| acc | usize::from(a ^ b));
        if differs != 0 {
            return None;
        }
        let mut parts = body.split('.');
        if parts.next()?.parse::<i64>().ok()? != EPOCH {
            return None;
        }
        let snapshot = parts.next()?.parse().ok()?;
        let mut beyond = BTreeMap::new();
        for part in parts {
            let (lane, next) = part.split_once(':')?;
            beyond.insert(Lane(u16::from_str_radix(lane, 16).ok()?), Offset::from_str_radix(next, 16).ok()?);
        }
        Some(Self { snapshot, beyond: Arc::new(beyond) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Position;

    fn cursor() -> Cursor {
        let mut cursor = Cursor::at(SnapshotId::new(1_700_000_000_000, 7));
        cursor.pass(Lane(3), 99);
        cursor.pass(Lane(12), 4);
        cursor
    }

    #[test]
    fn a_cursor_is_its_users_alone() {
        let key = CursorKey::new([7; 32]);
        let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let text = cursor().encode(&key, &ann);
        let back = Cursor::decode(&text, &key, &ann).unwrap();
        assert_eq!((back.snapshot, back.beyond), (cursor().snapshot, cursor().beyond));
        assert!(Cursor::decode(&text, &key, &bob).is_none());
        assert!(Cursor::decode(&text, &CursorKey::new([8; 32]), &ann).is_none());
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert!(Cursor::decode(std::str::from_utf8(&bent).unwrap(), &key, &ann).is_none(), "{at}");
            assert!(Cursor::decode(&text[..at], &key, &ann).is_none(), "cut at {at}");
        }
        assert!(Cursor::decode("é", &key, &ann).is_none());
    }

    #[test]
    fn a_newer_snapshot_replaces_the_lanes_that_it_covers() {
        let mut positions = vec![Position::default(); 16];
        positions[3].next = 100;
        let snapshot = Snapshot { id: SnapshotId::new(1_700_000_010_000, 8), positions };
        let mut cursor = cursor();
        cursor.adopt(&snapshot);
        assert_eq!(cursor.snapshot, snapshot.id);
        assert_eq!(*cursor.beyond, BTreeMap::from([(Lane(12), 5)]));
    }
}
