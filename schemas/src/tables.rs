//! Tables as data: keys, typed columns, time to live; and the rows of those that are views.
//!
//! Invariant: a row is written whole with one version; there is one query per table.

use std::time::Duration;

pub mod audits;
pub mod policies;
pub mod previews;
pub mod private_users;
pub mod reports;
pub mod stickers;
pub mod timers;
pub mod values;
pub mod views;

pub use values::{FromValues, MalformedRow, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Blob,
    Int,
    BigInt,
    Boolean,
    /// Milliseconds since 1970.
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    /// What a row is, in words.
    pub purpose: &'static str,
    /// Rows that agree in these live together.
    pub partition: &'static [Column],
    /// Order of rows in a partition, ascending.
    pub clustering: &'static [Column],
    pub columns: &'static [Column],
    /// Cleans up what is long out of use; never decides what is visible.
    pub time_to_live: Option<Duration>,
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Text }
}
const fn blob(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Blob }
}
const fn int(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Int }
}
const fn bigint(name: &'static str) -> Column {
    Column { name, kind: ColumnType::BigInt }
}
const fn boolean(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Boolean }
}
const fn timestamp(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Timestamp }
}

pub static ACCOUNTS: Table = Table {
    name: "accounts",
    purpose: "state and rows of an account, as its machine keeps them; body is framed Avro",
    partition: &[text("user_id")],
    clustering: &[int("kind"), blob("key")],
    columns: &[blob("body")],
    time_to_live: None,
};

pub static CONVERSATIONS: Table = Table {
    name: "conversations",
    purpose: "state and rows of a conversation, as its machine keeps them; body is framed Avro",
    partition: &[text("conversation_id")],
    clustering: &[int("kind"), blob("key")],
    columns: &[blob("body")],
    time_to_live: None,
};

pub static MESSAGES: Table = Table {
    name: "messages",
    purpose: "messages, in buckets of 1,000 numbers, one row a message and kind: its core, and its aspects; body is framed Avro",
    partition: &[text("conversation_id"), bigint("bucket")],
    clustering: &[bigint("seq"), text("kind")],
    columns: &[timestamp("at"), text("sender_id"), text("content"), blob("body")],
    time_to_live: None,
};

pub static CONVERSATIONS_BY_USER: Table = Table {
    name: "conversations_by_user",
    purpose: "which conversations a user is or was in; body is the member, framed Avro",
    partition: &[text("user_id")],
    clustering: &[text("conversation_id")],
    columns: &[blob("body")],
    time_to_live: None,
};

pub static BLOCKS: Table = Table {
    name: "blocks",
    purpose: "what stands between a user and each other one; body is framed Avro",
    partition: &[text("user_id")],
    clustering: &[text("other_id")],
    columns: &[blob("body")],
    time_to_live: None,
};

pub static USERS: Table = Table {
    name: "users",
    purpose: "what the platform says of a user; null once it has erased them",
    partition: &[text("user_id")],
    clustering: &[],
    columns: &[text("username"), text("display_name"), text("avatar_url")],
    time_to_live: None,
};

/// Apart from what others see, so that no answer can have it by mistake.
pub static PRIVATE_USERS: Table = Table {
    name: "private_users",
    purpose: "what the platform says of a user to nobody else; null once it has erased them",
    partition: &[text("user_id")],
    clustering: &[],
    columns: &[text("email"), text("locale"), text("tier")],
    time_to_live: None,
};

/// A user's partition has a row for each user whom they follow or followed; the platform bounds these.
pub static FOLLOWS: Table = Table {
    name: "follows",
    purpose: "whom a user follows, or once followed, as the platform says",
    partition: &[text("user_id")],
    clustering: &[text("followed_id")],
    columns: &[boolean("follows")],
    time_to_live: None,
};

/// A partition has the reports of 30 days that have one status; limits bound those of a user.
pub static REPORTS: Table = Table {
    name: "reports",
    purpose: "the queue of reports, by status and 30 days: which report is there, or was",
    partition: &[text("status"), bigint("bucket")],
    clustering: &[bigint("reported_at"), text("conversation_id"), bigint("seq"), text("reporter_id")],
    columns: &[boolean("is_listed")],
    time_to_live: None,
};

/// A partition has 1,000 entries of a conversation.
pub static AUDIT: Table = Table {
    name: "audit",
    purpose: "the audit log of moderation, a chain for each conversation, in buckets of 1,000 entries; body is framed Avro",
    partition: &[text("conversation_id"), bigint("bucket")],
    clustering: &[bigint("number")],
    columns: &[timestamp("at"), blob("body")],
    time_to_live: None,
};

/// A partition has the timers of a day and a quarter of the users; limits bound those of a user.
pub static TIMERS: Table = Table {
    name: "timers",
    purpose: "what is due when, by day: whose it is, and whether it waits still",
    partition: &[int("shard"), bigint("day")],
    clustering: &[bigint("due"), text("kind"), text("user_id"), text("id")],
    columns: &[boolean("is_set")],
    time_to_live: None,
};

/// A partition has one row.
pub static PREVIEWS: Table = Table {
    name: "previews",
    purpose: "what was found behind a link; body is framed Avro, null where nothing was",
    partition: &[text("link")],
    clustering: &[],
    columns: &[timestamp("at"), blob("body")],
    time_to_live: Some(Duration::from_secs(7 * 24 * 60 * 60)),
};

/// A partition has one row, of at most 60 KB.
pub static STICKER_PACKS: Table = Table {
    name: "sticker_packs",
    purpose: "packs of stickers, by id; body is framed Avro",
    partition: &[text("pack_id")],
    clustering: &[],
    columns: &[blob("body")],
    time_to_live: None,
};

/// A shelf has the official packs, the other public ones of 30 days, or those with a word that begins by the same
/// two characters. Limits bound what a user makes; a row has some 150 bytes.
pub static PUBLIC_STICKER_PACKS: Table = Table {
    name: "public_sticker_packs",
    purpose: "where public packs of stickers are listed and found: which pack stands there, or stood",
    partition: &[text("shelf")],
    clustering: &[text("place"), text("pack_id")],
    columns: &[boolean("is_listed")],
    time_to_live: None,
};

pub static CHECKPOINTS: Table = Table {
    name: "checkpoints",
    purpose: "where a machine's partition goes on: the next offset, with everything that held there",
    partition: &[text("machine"), int("partition")],
    clustering: &[],
    columns: &[bigint("next_offset"), blob("watermarks"), blob("policy"), int("rules")],
    time_to_live: None,
};

pub static CONSUMERS: Table = Table {
    name: "consumers",
    purpose: "where a consumer with effects goes on in a partition: the next offset, with the number of the last cause before it, or -1",
    partition: &[text("consumer"), int("partition")],
    clustering: &[],
    columns: &[bigint("next_offset"), bigint("cause_offset"), int("cause_index")],
    time_to_live: None,
};

pub static SNAPSHOTS: Table = Table {
    name: "snapshots",
    purpose: "positions of a fan-out node in every partition, with the numbers it had seen there",
    partition: &[text("bucket")],
    clustering: &[text("snapshot_id")],
    columns: &[blob("positions"), timestamp("taken_at")],
    time_to_live: Some(Duration::from_secs(25 * 60 * 60)),
};

pub static POLICIES: Table = Table {
    name: "policies",
    purpose: "the policy that was last put in force; body is framed Avro",
    partition: &[text("name")],
    clustering: &[],
    columns: &[blob("body")],
    time_to_live: None,
};

/// Every table of the system.
pub static ALL: [&Table; 18] = [
    &ACCOUNTS,
    &CONVERSATIONS,
    &MESSAGES,
    &CONVERSATIONS_BY_USER,
    &BLOCKS,
    &USERS,
    &PRIVATE_USERS,
    &FOLLOWS,
    &REPORTS,
    &AUDIT,
    &TIMERS,
    &PREVIEWS,
    &STICKER_PACKS,
    &PUBLIC_STICKER_PACKS,
    &CHECKPOINTS,
    &CONSUMERS,
    &SNAPSHOTS,
    &POLICIES,
];
