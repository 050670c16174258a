//! Cursors: where a client's inbox goes on, on any node.
//!
//! A cursor is a stored snapshot, plus the next offset in the few lanes in which this user has had
//! events since. A MAC binds it to its epoch, and a tag to its user: a cursor that a client sends back is one
//! that a node gave to that user, or is refused. The text before the tag is equal for all users at the same
//! place, as most members of a group are, and is encoded once for them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemas::UserId;
use schemas::position::{EPOCH, LogTime, Offset};
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;
use smallvec::SmallVec;

use crate::lanes::Lane;
use crate::snapshot::{Snapshot, SnapshotId};

/// Bytes of the MAC: without the key one can only guess, and needs a node for each guess.
const MAC_BYTES: usize = 8;
/// Bytes of a user's tag, which keeps one user's cursor from being taken for another's by mistake.
const TAG_BYTES: usize = 6;
const TAG_CHARACTERS: usize = TAG_BYTES / 3 * 4;
/// Bytes of the snapshot's id.
const HEAD_BYTES: usize = 12;
/// Bytes that each lane takes.
const LANE_BYTES: usize = 10;
/// The longest cursor that is looked at.
const MAX_CHARACTERS: usize = 8 * 1024;

/// Keys that cursors are bound with in this epoch; the same on every node.
#[derive(Clone)]
pub struct CursorKey {
    macs: SipHasher24,
    tags: SipHasher24,
}

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(key).chain_update(EPOCH.to_be_bytes()).finalize();
        let [macs, tags] = [0, 16].map(|at| {
            let mut half = [0; 16];
            half.copy_from_slice(&digest[at..at + 16]);
            SipHasher24::new_with_key(&half)
        });
        Self { macs, tags }
    }

    pub fn tag(&self, user: &UserId) -> UserTag {
        let hash = self.tags.hash(user.as_str().as_bytes()).to_be_bytes();
        let mut tag = [0; TAG_CHARACTERS];
        // As long as it says.
        let _ = URL_SAFE_NO_PAD.encode_slice(&hash[..TAG_BYTES], &mut tag);
        UserTag(tag)
    }

    fn mac(&self, said: &[u8]) -> [u8; MAC_BYTES] {
        self.macs.hash(said).to_be_bytes()
    }
}

/// What the texts of a user's cursors end with.
pub struct UserTag([u8; TAG_CHARACTERS]);

impl UserTag {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
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
        self.beyond.set(lane, offset.saturating_add(1));
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

    /// Opaque text for a user.
    pub fn encode(&self, key: &CursorKey, tag: &UserTag) -> String {
        let mut out = vec![];
        self.encode_into(key, &mut out);
        out.into_iter().chain(tag.0).map(char::from).collect()
    }

    /// Appends what the cursor says, and the MAC: its text, but for the user's tag.
    pub fn encode_into(&self, key: &CursorKey, out: &mut Vec<u8>) {
        let mut bytes = SmallVec::<[u8; SHORT]>::new();
        bytes.extend_from_slice(&self.snapshot.taken_at().to_be_bytes());
        bytes.extend_from_slice(&self.snapshot.random().to_be_bytes());
        for (lane, next) in self.beyond.as_slice() {
            bytes.extend_from_slice(&lane.0.to_be_bytes());
            bytes.extend_from_slice(&next.to_be_bytes());
        }
        bytes.extend_from_slice(&key.mac(&bytes));
        let start = out.len();
        out.resize(start + (4 * bytes.len()).div_ceil(3), 0);
        // As long as it says.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[start..]);
    }

    /// The cursor in `text`, if a node gave it to the user of the tag, in this epoch.
    pub fn decode(text: &str, key: &CursorKey, tag: &UserTag) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes().strip_suffix(&tag.0)?).ok()?;
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
        let taken_at = LogTime::from_be_bytes(*taken_at);
        let mut cursor = Self::at(SnapshotId::new(taken_at, random));
        for lane in lanes.chunks_exact(LANE_BYTES) {
            let (lane, next) = lane.split_first_chunk()?;
            let (lane, next) = (u16::from_be_bytes(*lane), Offset::from_be_bytes(next.try_into().ok()?));
            // Behind an event: a key that has leaked still makes no number that arithmetic ends at.
            if next < 1 || next == Offset::MAX {
                return None;
            }
            cursor.beyond.set(Lane(lane), next);
        }
        (taken_at >= 0).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lanes::Position;

    fn cursor() -> Cursor {
        let mut cursor = Cursor::at(SnapshotId::new(1_700_000_000_000, 7));
        cursor.pass(Lane(3), 99);
        cursor.pass(Lane(12), 4);
        cursor
    }

    fn tags(key: &CursorKey) -> [UserTag; 2] {
        ["ann", "bob"].map(|user| key.tag(&user.parse().unwrap()))
    }

    #[test]
    fn a_cursor_is_its_users_alone() {
        let key = CursorKey::new([7; 32]);
        let [anns, bobs] = tags(&key);
        let text = cursor().encode(&key, &anns);
        let back = |text: &str| Cursor::decode(text, &key, &anns);
        assert_eq!(back(&text), Some(cursor()));
        assert!(Cursor::decode(&text, &key, &bobs).is_none());
        let other = CursorKey::new([8; 32]);
        assert!(tags(&other).iter().all(|tag| Cursor::decode(&text, &other, tag).is_none()));
        // With the right tag, but not the right MAC.
        assert!(back(&cursor().encode(&other, &anns)).is_none());
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert!(back(std::str::from_utf8(&bent).unwrap()).is_none(), "{at}");
            assert!(back(&text[..at]).is_none(), "cut at {at}");
        }
        assert!(back("é").is_none());
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

    fn offset() -> impl Strategy<Value = Offset> {
        let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
        prop_oneof![prop::sample::select(ends.to_vec()), any::<Offset>()]
    }

    proptest! {
        #[test]
        fn what_is_decoded_has_numbers_that_a_log_can_have(
            taken_at in offset(),
            random in any::<u32>(),
            lanes in prop::collection::btree_map(any::<u16>(), offset(), 0..5),
        ) {
            let key = CursorKey::new([7; 32]);
            let [tag, _] = tags(&key);
            let mut cursor = Cursor::at(SnapshotId::new(taken_at, random));
            for (lane, next) in &lanes {
                cursor.beyond.set(Lane(*lane), *next);
            }
            let is_sound = taken_at >= 0 && lanes.values().all(|next| (1..i64::MAX).contains(next));
            let decoded = Cursor::decode(&cursor.encode(&key, &tag), &key, &tag);
            prop_assert_eq!(decoded, is_sound.then_some(cursor));
        }

        #[test]
        fn any_text_is_a_cursor_or_none(text in "\\PC{0,80}|[A-Za-z0-9_-]{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let key = CursorKey::new([7; 32]);
            let [tag, _] = tags(&key);
            let ending = std::str::from_utf8(tag.as_bytes()).unwrap();
            for text in [text.clone(), format!("{text}{ending}"), format!("{}{ending}", URL_SAFE_NO_PAD.encode(&bytes))] {
                prop_assert_eq!(Cursor::decode(&text, &key, &tag), None);
            }
        }
    }
}
