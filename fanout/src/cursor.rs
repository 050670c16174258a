//! Cursors: where a client's inbox goes on, on any node.
//!
//! A cursor is a stored snapshot, plus the next offset in the few lanes in which this user has had
//! events since. It is bound to its user and epoch by a MAC: what a client sends back is what a node
//! has given, or nothing. One is made for each frame, so making one is cheap.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemas::UserId;
use schemas::position::{EPOCH, LogTime, Offset};
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;
use siphasher::sip128;
use smallvec::SmallVec;

use crate::lanes::Lane;
use crate::snapshot::{Snapshot, SnapshotId};

/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// Bytes of the MAC: who does not have the key can only guess, and ask a node for each guess.
const MAC_BYTES: usize = 8;
/// Bytes of the snapshot's id.
const HEAD_BYTES: usize = 12;
/// Bytes that each lane takes.
const LANE_BYTES: usize = 10;
/// The longest cursor that is looked at.
const MAX_CHARACTERS: usize = 8 * 1024;

/// Key that cursors are bound with in this epoch; the same on every node.
///
/// The MAC is SipHash-2-4: one is made for each frame.
#[derive(Clone)]
pub struct CursorKey(sip128::SipHasher24);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(key).chain_update(EPOCH.to_be_bytes()).finalize();
        let mut short = [0; KEY_BYTES];
        short.copy_from_slice(&digest[..KEY_BYTES]);
        Self(sip128::SipHasher24::new_with_key(&short))
    }

    /// For the cursors of one user alone.
    pub fn of_user(&self, user: &UserId) -> UserKey {
        UserKey(self.0.hash(user.as_str().as_bytes()).as_bytes())
    }
}

/// Key that one user's cursors are bound with; small, as there is one for each subscription.
pub struct UserKey([u8; KEY_BYTES]);

impl UserKey {
    fn mac(&self, bytes: &[u8]) -> [u8; MAC_BYTES] {
        SipHasher24::new_with_key(&self.0).hash(bytes).to_be_bytes()
    }
}

/// Bytes of a cursor that needs no memory of its own while it is made: one of a few lanes.
const SHORT: usize = 64;

/// Where an inbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub snapshot: SnapshotId,
    pub beyond: Beyond,
}

/// Next offsets, by lane, in the lanes where they are beyond the snapshot.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Beyond(SmallVec<[(Lane, Offset); 2]>);

/// Copied as a whole: whatever is taken from a queue begins at one.
impl Clone for Beyond {
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }
}

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

    /// Opaque text for whose key it is.
    pub fn encode(&self, key: &UserKey) -> String {
        let mut out = vec![];
        self.encode_into(key, &mut out);
        out.into_iter().map(char::from).collect()
    }

    /// Appends the opaque text: what the cursor says, and the MAC.
    pub fn encode_into(&self, key: &UserKey, out: &mut Vec<u8>) {
        let mut bytes = SmallVec::from_buf([0; SHORT]);
        bytes.resize(self.bytes(), 0);
        let (said, mac) = bytes.split_at_mut(self.bytes() - MAC_BYTES);
        said[..8].copy_from_slice(&self.snapshot.taken_at().to_be_bytes());
        said[8..HEAD_BYTES].copy_from_slice(&self.snapshot.random().to_be_bytes());
        let lanes = said[HEAD_BYTES..].chunks_exact_mut(LANE_BYTES);
        for (bytes, (lane, next)) in lanes.zip(self.beyond.as_slice()) {
            bytes[..2].copy_from_slice(&lane.0.to_be_bytes());
            bytes[2..].copy_from_slice(&next.to_be_bytes());
        }
        mac.copy_from_slice(&key.mac(said));
        let start = out.len();
        out.resize(start + self.characters(), 0);
        // As long as it says.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[start..]);
    }

    /// Characters of its text.
    pub fn characters(&self) -> usize {
        (4 * self.bytes()).div_ceil(3)
    }

    fn bytes(&self) -> usize {
        HEAD_BYTES + LANE_BYTES * self.beyond.as_slice().len() + MAC_BYTES
    }

    /// The cursor in `text`, if a node gave it to whose key it is, in this epoch.
    pub fn decode(text: &str, key: &UserKey) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, given) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        let wanted = key.mac(body);
        let differs = given.iter().zip(wanted).fold(0, |acc, (a, b)| acc | (a ^ b));
        if differs != 0 {
            return None;
        }
        let (head, lanes) = body.split_at_checked(HEAD_BYTES)?;
        let (taken_at, random) = head.split_first_chunk()?;
        if lanes.len() % LANE_BYTES != 0 {
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
        let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let [key, bobs] = [&ann, &bob].map(|user| CursorKey::new([7; 32]).of_user(user));
        let text = cursor().encode(&key);
        let mut appended = b"here: ".to_vec();
        cursor().encode_into(&key, &mut appended);
        assert_eq!(appended, format!("here: {text}").as_bytes());
        assert_eq!(text.len(), cursor().characters());
        let back = Cursor::decode(&text, &key).unwrap();
        assert_eq!(back, cursor());
        assert!(Cursor::decode(&text, &bobs).is_none());
        assert!(Cursor::decode(&text, &CursorKey::new([8; 32]).of_user(&ann)).is_none());
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert!(Cursor::decode(std::str::from_utf8(&bent).unwrap(), &key).is_none(), "{at}");
            assert!(Cursor::decode(&text[..at], &key).is_none(), "cut at {at}");
        }
        assert!(Cursor::decode("é", &key).is_none());
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
