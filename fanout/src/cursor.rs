//! Cursors: where a client's inbox goes on, on any node.
//!
//! A cursor is a stored snapshot, plus the next offset in the few lanes in which this user has had
//! events since. It is bound to its user and epoch by a MAC: what a client sends back is what a node
//! has given, or nothing. One is made for each frame, so making one is cheap.

use std::hash::Hasher;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemas::UserId;
use schemas::position::{EPOCH, LogTime, Offset};
use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher24};
use smallvec::SmallVec;

use crate::lanes::Lane;
use crate::snapshot::{Snapshot, SnapshotId};

/// Bytes of the MAC.
const MAC_BYTES: usize = 16;
/// Bytes of the epoch and the snapshot's id.
const HEAD_BYTES: usize = 20;
/// Bytes that each lane takes.
const LANE_BYTES: usize = 10;
/// The longest cursor that is looked at.
const MAX_CHARACTERS: usize = 8 * 1024;

/// Key that cursors are bound with; the same on every node.
///
/// The MAC is SipHash-2-4 of 128 bits: one is made for each frame.
#[derive(Clone)]
pub struct CursorKey(SipHasher24);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&Sha256::digest(key)[..MAC_BYTES]);
        Self(SipHasher24::new_with_key(&short))
    }

    fn mac(&self, user: &UserId, body: &[u8]) -> [u8; MAC_BYTES] {
        let mut mac = self.0;
        mac.write(user.as_str().as_bytes());
        mac.write(&[0]);
        mac.write(body);
        mac.finish128().as_bytes()
    }
}

/// Where an inbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub snapshot: SnapshotId,
    pub beyond: Beyond,
}

/// Next offsets, by lane, in the lanes where they are beyond the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beyond(SmallVec<[(Lane, Offset); 2]>);

impl Beyond {
    pub fn get(&self, lane: Lane) -> Option<Offset> {
        self.0.iter().find(|(other, _)| *other == lane).map(|(_, next)| *next)
    }

    fn set(&mut self, lane: Lane, next: Offset) {
        match self.0.binary_search_by_key(&lane, |(lane, _)| *lane) {
            Ok(at) => self.0[at].1 = next,
            Err(at) => self.0.insert(at, (lane, next)),
        }
    }

    pub fn as_slice(&self) -> &[(Lane, Offset)] {
        &self.0
    }
}

impl Cursor {
    pub fn at(snapshot: SnapshotId) -> Self {
        Self { snapshot, beyond: Beyond::default() }
    }

    /// Everything up to `offset` in the lane is queued or known.
    pub fn pass(&mut self, lane: Lane, offset: Offset) {
        self.beyond.set(lane, offset + 1);
    }

    /// Whether the event at `offset` is known to be passed; what lies before the snapshot is not asked.
    pub fn is_past(&self, lane: Lane, offset: Offset) -> bool {
        self.beyond.get(lane).is_some_and(|next| offset < next)
    }

    /// Moves on to a newer snapshot, everything up to which is queued.
    pub fn adopt(&mut self, snapshot: &Snapshot) {
        self.beyond.0.retain(|(lane, next)| *next > snapshot.next(*lane));
        self.snapshot = snapshot.id;
    }

    /// Opaque text for `user`.
    pub fn encode(&self, key: &CursorKey, user: &UserId) -> String {
        URL_SAFE_NO_PAD.encode(self.to_bytes(key, user))
    }

    /// Appends the opaque text for `user`.
    pub fn encode_into<const N: usize>(&self, key: &CursorKey, user: &UserId, out: &mut SmallVec<[u8; N]>)
    where
        [u8; N]: smallvec::Array<Item = u8>,
    {
        let bytes = self.to_bytes(key, user);
        let start = out.len();
        out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        // There is room for all of it, and for the padding that is left out.
        let written = URL_SAFE_NO_PAD.encode_slice(&bytes, &mut out[start..]).unwrap_or_default();
        out.truncate(start + written);
    }

    /// The MAC, the epoch, the snapshot's id, and the lanes beyond.
    fn to_bytes(&self, key: &CursorKey, user: &UserId) -> SmallVec<[u8; 128]> {
        let mut bytes: SmallVec<[u8; 128]> = SmallVec::from_slice(&[0; MAC_BYTES]);
        bytes.extend_from_slice(&EPOCH.to_be_bytes());
        bytes.extend_from_slice(&self.snapshot.taken_at().to_be_bytes());
        bytes.extend_from_slice(&self.snapshot.random().to_be_bytes());
        for (lane, next) in self.beyond.as_slice() {
            bytes.extend_from_slice(&lane.0.to_be_bytes());
            bytes.extend_from_slice(&next.to_be_bytes());
        }
        let mac = key.mac(user, &bytes[MAC_BYTES..]);
        bytes[..MAC_BYTES].copy_from_slice(&mac);
        bytes
    }

    /// The cursor in `text`, if a node gave it to `user` in this epoch.
    pub fn decode(text: &str, key: &CursorKey, user: &UserId) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (given, body) = bytes.split_at_checked(MAC_BYTES)?;
        let wanted = key.mac(user, body);
        let differs = given.iter().zip(wanted).fold(0, |acc, (a, b)| acc | (a ^ b));
        if differs != 0 {
            return None;
        }
        let (head, lanes) = body.split_at_checked(HEAD_BYTES)?;
        let (epoch, head) = head.split_first_chunk()?;
        let (taken_at, random) = head.split_first_chunk()?;
        if i64::from_be_bytes(*epoch) != EPOCH || lanes.len() % LANE_BYTES != 0 {
            return None;
        }
        let random = u32::from_be_bytes(random.try_into().ok()?);
        let mut cursor = Self::at(SnapshotId::new(LogTime::from_be_bytes(*taken_at), random));
        for lane in lanes.chunks_exact(LANE_BYTES) {
            let (lane, next) = lane.split_first_chunk()?;
            cursor.beyond.set(Lane(u16::from_be_bytes(*lane)), Offset::from_be_bytes(next.try_into().ok()?));
        }
        Some(cursor)
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
        let mut appended: SmallVec<[u8; 16]> = SmallVec::from_slice(b"here: ");
        cursor().encode_into(&key, &ann, &mut appended);
        assert_eq!(appended.as_slice(), format!("here: {text}").as_bytes());
        let back = Cursor::decode(&text, &key, &ann).unwrap();
        assert_eq!(back, cursor());
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
        assert_eq!(cursor.beyond.as_slice(), [(Lane(12), 5)]);
    }
}
