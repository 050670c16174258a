//! Rows of the two machines' owners: their kinds, keys and residence.
//!
//! Invariant: a row is written whole, under its owner's version. A kind is stored, so its number never
//! changes. Resident kinds (up to [`LAST_RESIDENT`]) are loaded with their owner, the others by key.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::avro::{self, DecodeError};
use crate::ids::{AttachmentId, ClientId, ConversationId, PackId, TemplateId, UserId};
use crate::position::{LogTime, Offset};
use crate::tables::{FromValues, MalformedRow, Value};

pub use crate::attaching::Carried;
pub use crate::auditing::AuditHead;
pub use crate::blocking::Blocks;
pub use crate::changes::Changes;
pub use crate::charging::ClientRequest;
pub use crate::credits::LedgerEntry;
pub use crate::editing::{Edits, Replaced};
pub use crate::limits::Usage;
pub use crate::membership::{Former, Member};
pub use crate::message_requests::OpenRequests;
pub use crate::organizing::{Draft, Labels, Organized};
pub use crate::pinning::PinAspect;
pub use crate::polling::{Tally, Voted};
pub use crate::preferences::Preferences;
pub use crate::push::PushSubscriptions;
pub use crate::reacting::{Reacted, Reactions};
pub use crate::receipts::Receipt;
pub use crate::reporting::{Hidden, Report};
pub use crate::scheduling::{Schedule, Schedules};
pub use crate::sending::{MessageHead, Sent};
pub use crate::stickers::{StickerPack, StickerPacks};
pub use crate::templating::{Template, Templates};
pub use crate::uploading::Attachment;

/// The owner's state; one row.
pub const STATE: i32 = 0;
/// Keys of the last batch; one row.
pub const LAST_BATCH: i32 = 1;
/// Kinds up to this one are loaded with the owner.
pub const LAST_RESIDENT: i32 = 9;
/// Seconds until the table may clean up a row that says that something has ended: two days.
pub const TOMBSTONE_SECONDS: u64 = 2 * 24 * 60 * 60;

/// Length up to which a key needs no memory of its own: client ids and numbers.
const SHORT: usize = 24;
/// The bytes of a key.
pub type KeyBytes = SmallVec<[u8; SHORT]>;

/// (kind, key) of a row in its owner's partition.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub kind: i32,
    pub key: KeyBytes,
}

/// Copies the bytes as one slice; the derived implementation copies them one by one.
impl Clone for RowKey {
    fn clone(&self) -> Self {
        Self { kind: self.kind, key: KeyBytes::from_slice(&self.key) }
    }
}

impl RowKey {
    /// The key of a row of type `T`.
    pub fn of<T: Keyed>(key: &T::Key) -> Self {
        let mut bytes = KeyBytes::new();
        key.write(&mut bytes);
        Self { kind: T::KIND, key: bytes }
    }

    pub fn state() -> Self {
        Self { kind: STATE, key: KeyBytes::new() }
    }

    pub fn last_batch() -> Self {
        Self { kind: LAST_BATCH, key: KeyBytes::new() }
    }

    /// The clustering key of the row.
    pub fn to_values(&self) -> Vec<Value> {
        vec![Value::Int(self.kind), Value::blob(&self.key)]
    }

    /// Key and body of an owner's row, as the table `table` has it.
    pub fn of_row<'a>(
        table: &'static str,
        key: &[Value],
        columns: &'a [Value],
    ) -> Result<(Self, &'a [u8]), MalformedRow> {
        let (mut key, mut columns) = (FromValues::new(table, key), FromValues::new(table, columns));
        let key = Self { kind: key.int()?, key: KeyBytes::from_slice(key.blob()?) };
        Ok((key, columns.blob()?))
    }

    /// What the key names, if this is a row of type `T`.
    pub fn names<T: Keyed>(&self) -> Option<T::Key> {
        if self.kind == T::KIND { T::Key::read(&self.key) } else { None }
    }

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

/// A type of row: its kind, and what its keys name.
pub trait Keyed: Sized {
    const KIND: i32;
    type Key: KeyForm;
}

/// A type of row of a machine whose rows are `R`.
pub trait Variant<R>: Keyed {
    fn into_row(self) -> R;
    fn of(row: &R) -> Option<&Self>;
}

/// Bytes of a key. Numbers sort by value.
pub trait KeyForm: Sized {
    fn write(&self, bytes: &mut KeyBytes);
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! text_keys {
    ($($id:ident)*) => {
        $(impl KeyForm for $id {
            fn write(&self, bytes: &mut KeyBytes) {
                bytes.extend_from_slice(self.as_str().as_bytes());
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                std::str::from_utf8(bytes).ok()?.parse().ok()
            }
        })*
    };
}

text_keys! { UserId ConversationId AttachmentId TemplateId PackId }

/// Of a row that its owner has once.
impl KeyForm for () {
    fn write(&self, _: &mut KeyBytes) {}

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }
}

impl KeyForm for ClientId {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.extend_from_slice(self.uuid().as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

/// Non-negative numbers of messages, and offsets.
impl KeyForm for i64 {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.extend_from_slice(&self.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl KeyForm for String {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// A message's number, and the number of one of its versions.
impl KeyForm for (i64, i64) {
    fn write(&self, bytes: &mut KeyBytes) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some((i64::read(bytes.get(..8)?)?, i64::read(bytes.get(8..)?)?))
    }
}

/// A message's number, and a user: what users did to one message stands together.
impl KeyForm for (i64, UserId) {
    fn write(&self, bytes: &mut KeyBytes) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some((i64::read(bytes.get(..8)?)?, UserId::read(bytes.get(8..)?)?))
    }
}

/// A user id holds no NUL, so the two cannot run into each other.
impl<T: KeyForm> KeyForm for (UserId, T) {
    fn write(&self, bytes: &mut KeyBytes) {
        self.0.write(bytes);
        bytes.push(0);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        Some((UserId::read(&bytes[..end])?, T::read(&bytes[end + 1..])?))
    }
}

/// Where rows of a kind are, when a command is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residence {
    /// Loaded with the owner.
    Resident,
    /// Read by key.
    Keyed,
    /// Never read by a decision, and not kept in memory: for readers alone.
    Unread,
}

macro_rules! residence {
    (resident) => {
        Residence::Resident
    };
    (keyed) => {
        Residence::Keyed
    };
    (unread) => {
        Residence::Unread
    };
}

macro_rules! seconds_to_live {
    ($row:ident expiring) => {
        $row.expires_after_seconds()
    };
    ($row:ident) => {{
        let _ = $row;
        None
    }};
}

macro_rules! rows {
    (
        $(#[$doc:meta])* $rows:ident, $released:ident:
        $($kind:literal $row:ident($key:ty) $residence:ident $($expiring:ident)?, schema $schema:literal;)*
        shared: $($shared_kind:literal $shared:ident $shared_residence:ident;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $rows {
            $($row($row),)*
            $($shared($shared),)*
        }

        $(impl Keyed for $row {
            const KIND: i32 = $kind;
            type Key = $key;
        })*

        rows! { variants $rows: $($row,)* $($shared,)* }

        impl $rows {
            /// Where rows of a kind are; `None` for a kind that the machine does not have.
            pub fn residence(kind: i32) -> Option<Residence> {
                match kind {
                    $($kind => Some(residence!($residence)),)*
                    $($shared_kind => Some(residence!($shared_residence)),)*
                    _ => None,
                }
            }

            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$row(row) => avro::encode(row),)*
                    $(Self::$shared(row) => avro::encode(row),)*
                }
            }

            pub fn decode(kind: i32, bytes: &[u8]) -> Result<Self, DecodeError> {
                match kind {
                    $($kind => avro::decode(bytes).map(Self::$row),)*
                    $($shared_kind => avro::decode(bytes).map(Self::$shared),)*
                    _ => Err(DecodeError::Malformed(format!("no row is of kind {kind}"))),
                }
            }

            /// Seconds until the table may clean the row up, if ever.
            pub fn seconds_to_live(&self) -> Option<u64> {
                match self {
                    $(Self::$row(row) => seconds_to_live!(row $($expiring)?),)*
                    $(Self::$shared(_) => None,)*
                }
            }
        }

        $(const _: () = assert!(
            ($kind > LAST_BATCH) && (matches!(residence!($residence), Residence::Resident) == ($kind <= LAST_RESIDENT))
        );)*

        avro::release! { $released: $($schema $row,)* }
    };
    (variants $rows:ident: $($row:ident,)*) => {
        $(impl Variant<$rows> for $row {
            fn into_row(self) -> $rows {
                $rows::$row(self)
            }

            fn of(row: &$rows) -> Option<&Self> {
                match row {
                    $rows::$row(row) => Some(row),
                    _ => None,
                }
            }
        })*
    };
}

rows! {
    /// A row of an account.
    AccountRow, ACCOUNT_ROWS:
    2 ClientRequest(ClientId) resident expiring, schema 21;
    10 LedgerEntry(Offset) unread, schema 22;
    13 Organized(ConversationId) keyed, schema 36;
    14 Labels(()) keyed, schema 37;
    15 Draft(ConversationId) keyed expiring, schema 38;
    16 Preferences(()) keyed, schema 39;
    50 OpenRequests(()) keyed, schema 301;
    70 Usage(String) keyed, schema 320;
    80 Attachment(AttachmentId) keyed, schema 330;
    90 PushSubscriptions(()) keyed, schema 340;
    100 Schedule(ClientId) keyed expiring, schema 406;
    101 Schedules(()) keyed, schema 407;
    110 Templates(()) keyed, schema 372;
    111 Template(TemplateId) keyed expiring, schema 373;
    120 StickerPack(PackId) keyed expiring, schema 388;
    121 StickerPacks(()) keyed, schema 389;
    shared: 12 Once keyed;
}

rows! {
    /// A row of a conversation.
    ConversationRow, CONVERSATION_ROWS:
    2 Member(UserId) resident expiring, schema 25;
    3 Receipt(UserId) resident expiring, schema 26;
    4 Blocks(UserId) resident, schema 30;
    10 Sent((UserId, ClientId)) keyed, schema 27;
    11 MessageHead(i64) keyed, schema 28;
    13 Former(UserId) keyed, schema 32;
    14 Edits(i64) keyed, schema 34;
    15 Replaced((i64, i64)) unread expiring, schema 35;
    40 Changes(UserId) keyed, schema 280;
    60 Reacted((i64, UserId)) keyed expiring, schema 310;
    61 Reactions(i64) keyed expiring, schema 311;
    63 Voted((i64, UserId)) keyed expiring, schema 313;
    64 Tally(i64) keyed expiring, schema 314;
    82 Carried(i64) keyed, schema 332;
    93 Report((i64, UserId)) keyed, schema 346;
    94 Hidden(i64) keyed expiring, schema 347;
    95 AuditHead(()) keyed, schema 348;
    shared: 12 Once keyed;
}

/// An effect that may happen once, ever; by a key that whoever asks for it chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Once {
    pub at: LogTime,
}

impl Keyed for Once {
    const KIND: i32 = 12;
    type Key = String;
}

/// Keys of the rows in an owner's last batch, which a new owner writes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct LastBatch {
    pub keys: Vec<BatchKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct BatchKey {
    pub kind: i32,
    /// Hexadecimal.
    pub key: String,
}

avro::release! { SHARED_ROWS: 23 Once, 29 LastBatch, }
avro::release! { ASPECTS: 312 PinAspect, }

#[cfg(test)]
mod tests;
