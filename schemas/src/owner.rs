//! Keys of the rows in an owner's partition, and the forms that stand under them.
//!
//! Invariant: kinds sort: what is loaded whole with an owner comes before what is read by key.

use crate::ids::{ClientId, UserId};
use crate::position::Offset;
use crate::rows::BatchKey;

/// (kind, key) of a row in its owner's partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub kind: i32,
    pub key: Vec<u8>,
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
        Self { kind: STATE, key: Vec::new() }
    }

    pub fn last_batch() -> Self {
        Self { kind: LAST_BATCH, key: Vec::new() }
    }

    pub fn client_request(id: &ClientId) -> Self {
        Self { kind: CLIENT_REQUEST, key: id.uuid().into_bytes().to_vec() }
    }

    /// Sorts by offset.
    pub fn ledger(offset: Offset) -> Self {
        Self { kind: LEDGER, key: offset.to_be_bytes().to_vec() }
    }

    pub fn once(key: &str) -> Self {
        Self { kind: ONCE, key: key.as_bytes().to_vec() }
    }

    pub fn member(user: &UserId) -> Self {
        Self { kind: MEMBER, key: user.as_str().as_bytes().to_vec() }
    }

    pub fn receipt(user: &UserId) -> Self {
        Self { kind: RECEIPT, key: user.as_str().as_bytes().to_vec() }
    }

    pub fn blocks(user: &UserId) -> Self {
        Self { kind: BLOCKS, key: user.as_str().as_bytes().to_vec() }
    }

    pub fn sent(sender: &UserId, id: &ClientId) -> Self {
        let mut key = sender.as_str().as_bytes().to_vec();
        key.push(0);
        key.extend_from_slice(id.uuid().as_bytes());
        Self { kind: SENT, key }
    }

    /// Sorts by number.
    pub fn message(seq: i64) -> Self {
        Self { kind: MESSAGE, key: seq.to_be_bytes().to_vec() }
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
