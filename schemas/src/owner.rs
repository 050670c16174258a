//! Keys of the rows in an owner's partition, and the forms that stand under them.
//!
//! Invariant: kinds sort: what is loaded whole with an owner comes before what is read by key.

use smallvec::SmallVec;

use crate::ids::{ClientId, UserId};
use crate::position::Offset;
use crate::rows::BatchKey;

/// Client ids and numbers are shorter: such keys need no memory of their own, so the thousands of them
/// that an owner may have in memory are hashed and compared where they stand.
const SHORT: usize = 24;

/// The bytes of a key.
pub type KeyBytes = SmallVec<[u8; SHORT]>;

/// (kind, key) of a row in its owner's partition.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub kind: i32,
    pub key: KeyBytes,
}

/// The bytes are copied together; a derived copy takes them one by one.
impl Clone for RowKey {
    fn clone(&self) -> Self {
        Self { kind: self.kind, key: KeyBytes::from_slice(&self.key) }
    }
}

/// The owner's state; one row.
pub const STATE: i32 = 0;
/// Keys of the last batch; one row.
pub const LAST_BATCH: i32 = 1;
/// Accounts: client ids. Loaded with the owner, newest 4,096.
pub const CLIENT_REQUEST: i32 = 2;
/// Accounts: ledger entries, by the offset of the command.
pub const LEDGER: i32 = 10;
/// Conversations: members. Loaded with the owner.
pub const MEMBER: i32 = 2;
/// Conversations: receipts by user. Loaded with the owner.
pub const RECEIPT: i32 = 3;
/// Conversations: blocks of a pair, by who blocks. Loaded with the owner.
pub const BLOCKS: i32 = 4;
/// Conversations: (sender, client id) of sends.
pub const SENT: i32 = 10;
/// Conversations: message heads by number.
pub const MESSAGE: i32 = 11;
/// Keys of what may happen once, ever.
pub const ONCE: i32 = 12;

impl RowKey {
    pub fn state() -> Self {
        Self { kind: STATE, key: KeyBytes::new() }
    }

    pub fn last_batch() -> Self {
        Self { kind: LAST_BATCH, key: KeyBytes::new() }
    }

    pub fn client_request(id: &ClientId) -> Self {
        Self { kind: CLIENT_REQUEST, key: KeyBytes::from_slice(id.uuid().as_bytes()) }
    }

    /// Sorts by offset.
    pub fn ledger(offset: Offset) -> Self {
        Self { kind: LEDGER, key: KeyBytes::from_slice(&offset.to_be_bytes()) }
    }

    pub fn once(key: &str) -> Self {
        Self { kind: ONCE, key: KeyBytes::from_slice(key.as_bytes()) }
    }

    pub fn member(user: &UserId) -> Self {
        Self { kind: MEMBER, key: KeyBytes::from_slice(user.as_str().as_bytes()) }
    }

    pub fn receipt(user: &UserId) -> Self {
        Self { kind: RECEIPT, key: KeyBytes::from_slice(user.as_str().as_bytes()) }
    }

    pub fn blocks(user: &UserId) -> Self {
        Self { kind: BLOCKS, key: KeyBytes::from_slice(user.as_str().as_bytes()) }
    }

    pub fn sent(sender: &UserId, id: &ClientId) -> Self {
        let mut key = KeyBytes::from_slice(sender.as_str().as_bytes());
        key.push(0);
        key.extend_from_slice(id.uuid().as_bytes());
        Self { kind: SENT, key }
    }

    /// Sorts by number.
    pub fn message(seq: i64) -> Self {
        Self { kind: MESSAGE, key: KeyBytes::from_slice(&seq.to_be_bytes()) }
    }

    /// The user that the key of a member, a receipt or blocks names.
    pub fn user(&self) -> Option<UserId> {
        std::str::from_utf8(&self.key).ok()?.parse().ok()
    }

    /// The number that a message's or a ledger entry's key names.
    pub fn number(&self) -> Option<i64> {
        Some(i64::from_be_bytes(self.key.as_slice().try_into().ok()?))
    }
}

impl RowKey {
    /// The form in which a last batch names the key.
    pub fn to_batch(&self) -> BatchKey {
        let key = self.key.iter().map(|byte| format!("{byte:02x}")).collect();
        BatchKey { kind: self.kind, key }
    }

    pub fn from_batch(named: &BatchKey) -> Option<Self> {
        let pairs = named.key.as_bytes().chunks(2);
        let key = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        Some(Self { kind: named.kind, key: key.collect::<Option<_>>()? })
    }
}
