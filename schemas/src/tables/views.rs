//! Rows of the views: what the machines write and only readers read.
//!
//! Invariant: a view is a row of one table, encoded when it is written, as an owner's rows are.

use std::time::Duration;

use super::audits::AuditRow;
use super::reports::ReportRow;
use super::stickers::{PackPlaceRow, StickerPackRow};
use super::timers::TimerRow;
use super::values::{FromValues, MalformedRow, Value};
use super::{BLOCKS, CONVERSATIONS_BY_USER, MESSAGES, Table, USERS};
use crate::aspects::Aspect;
use crate::avro;
use crate::blocking::PairBlocks;
use crate::ids::{ConversationId, UserId};
use crate::membership::Member;
use crate::message::Message;
use crate::people::Profile;
use crate::pinning::PinAspect;
use crate::polling::Tally;
use crate::position::LogTime;
use crate::previewing::Previews;
use crate::reacting::Reactions;

/// A row to write, without its version.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRow {
    pub table: &'static Table,
    pub partition: Vec<Value>,
    pub key: Vec<Value>,
    pub columns: Vec<Value>,
    /// Until the row may be cleaned up, if ever.
    pub time_to_live: Option<Duration>,
}

/// What a decision writes for readers alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    Message(MessageRow),
    Aspect(AspectRow),
    Membership(MembershipRow),
    Blocks(BlocksRow),
    Report(ReportRow),
    Audit(AuditRow),
    Timer(TimerRow),
    StickerPack(StickerPackRow),
    PackPlace(PackPlaceRow),
}

macro_rules! from {
    ($($variant:ident($row:ty))*) => {
        $(impl From<$row> for View {
            fn from(row: $row) -> Self {
                Self::$variant(row)
            }
        })*
    };
}

from! {
    Message(MessageRow) Aspect(AspectRow) Membership(MembershipRow) Blocks(BlocksRow) Report(ReportRow)
    Audit(AuditRow) Timer(TimerRow) StickerPack(StickerPackRow) PackPlace(PackPlaceRow)
}

impl View {
    pub fn to_row(&self) -> ViewRow {
        match self {
            Self::Message(row) => row.to_row(),
            Self::Aspect(row) => row.to_row(),
            Self::Membership(row) => row.to_row(),
            Self::Blocks(row) => row.to_row(),
            Self::Report(row) => row.to_row(),
            Self::Audit(row) => row.to_row(),
            Self::Timer(row) => row.to_row(),
            Self::StickerPack(row) => row.to_row(),
            Self::PackPlace(row) => row.to_row(),
        }
    }
}

/// How many numbers one partition of `messages` holds.
pub const MESSAGES_PER_BUCKET: i64 = 1_000;

/// The kind of row that says what a message is.
pub const CREATED: &str = "created";

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    pub conversation: ConversationId,
    pub message: Message,
}

impl MessageRow {
    /// Key of the partition that holds message `seq`.
    pub fn partition(conversation: &ConversationId, seq: i64) -> Vec<Value> {
        vec![Value::text(conversation.as_str()), Value::BigInt(seq / MESSAGES_PER_BUCKET)]
    }

    pub fn key(seq: i64) -> Vec<Value> {
        vec![Value::BigInt(seq), Value::text(CREATED)]
    }

    /// Time, sender and text stand beside the whole for readers that want no more.
    pub fn to_row(&self) -> ViewRow {
        let Self { conversation, message } = self;
        let text = message.body.content().map(|content| content.text.as_str());
        ViewRow {
            table: &MESSAGES,
            partition: Self::partition(conversation, message.seq),
            key: Self::key(message.seq),
            columns: vec![
                Value::Timestamp(message.sent_at),
                Value::text(message.sender.user.as_str()),
                Value::text_or_null(text),
                Value::blob(&avro::encode(message)),
            ],
            time_to_live: None,
        }
    }

    pub fn from_row(conversation: &ConversationId, columns: &[Value]) -> Result<Self, MalformedRow> {
        const BODY: usize = 3;
        let malformed = || MalformedRow { table: MESSAGES.name, column: BODY };
        let body = columns.get(BODY..).ok_or_else(malformed)?;
        let body = FromValues::new(MESSAGES.name, body).blob()?;
        let message = avro::decode(body).map_err(|_| malformed())?;
        Ok(Self { conversation: conversation.clone(), message })
    }
}

/// An aspect of a message, beside its own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AspectRow {
    pub conversation: ConversationId,
    pub seq: i64,
    /// When the message got it, or lost it.
    pub at: LogTime,
    pub body: AspectBody,
}

/// What an aspect says; one that says nothing is a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AspectBody {
    Reactions(Reactions),
    Pin(PinAspect),
    Poll(Tally),
    Previews(Previews),
}

impl AspectBody {
    pub fn aspect(&self) -> Aspect {
        match self {
            Self::Reactions(_) => Aspect::Reactions,
            Self::Pin(_) => Aspect::Pin,
            Self::Poll(_) => Aspect::Poll,
            Self::Previews(_) => Aspect::Previews,
        }
    }

    /// The tombstone of an aspect.
    pub fn gone(aspect: Aspect) -> Self {
        match aspect {
            Aspect::Reactions => Self::Reactions(Reactions::default()),
            Aspect::Pin => Self::Pin(PinAspect::default()),
            Aspect::Poll => Self::Poll(Tally::default()),
            Aspect::Previews => Self::Previews(Previews::default()),
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Reactions(reactions) => avro::encode(reactions),
            Self::Pin(pin) => avro::encode(pin),
            Self::Poll(tally) => avro::encode(tally),
            Self::Previews(previews) => avro::encode(previews),
        }
    }

    fn decode(aspect: Aspect, bytes: &[u8]) -> Result<Self, avro::DecodeError> {
        match aspect {
            Aspect::Reactions => avro::decode(bytes).map(Self::Reactions),
            Aspect::Pin => avro::decode(bytes).map(Self::Pin),
            Aspect::Poll => avro::decode(bytes).map(Self::Poll),
            Aspect::Previews => avro::decode(bytes).map(Self::Previews),
        }
    }

    fn expires_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Reactions(reactions) => reactions.expires_after_seconds(),
            Self::Pin(pin) => pin.expires_after_seconds(),
            Self::Poll(tally) => tally.expires_after_seconds(),
            Self::Previews(previews) => previews.expires_after_seconds(),
        }
    }
}

impl AspectRow {
    pub fn key(seq: i64, aspect: Aspect) -> Vec<Value> {
        vec![Value::BigInt(seq), Value::text(aspect.kind())]
    }

    /// Sender and text are columns of the message's own row.
    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &MESSAGES,
            partition: MessageRow::partition(&self.conversation, self.seq),
            key: Self::key(self.seq, self.body.aspect()),
            columns: vec![
                Value::Timestamp(self.at),
                Value::Null,
                Value::Null,
                Value::blob(&self.body.encode()),
            ],
            time_to_live: self.body.expires_after_seconds().map(Duration::from_secs),
        }
    }
}

/// A row of the messages table, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfMessage {
    Core(Box<Message>),
    Aspect(AspectBody),
}

impl OfMessage {
    /// How many rows a message may have.
    pub const ROWS: usize = 1 + Aspect::ALL.len();

    /// The keys of all rows that a message may have.
    pub fn keys(seq: i64) -> Vec<Vec<Value>> {
        let aspects = Aspect::ALL.map(|aspect| AspectRow::key(seq, aspect));
        std::iter::once(MessageRow::key(seq)).chain(aspects).collect()
    }

    /// The number and what the row says.
    pub fn from_row(key: &[Value], columns: &[Value]) -> Result<(i64, Self), MalformedRow> {
        const BODY: usize = 3;
        let malformed = || MalformedRow { table: MESSAGES.name, column: BODY };
        let mut key = FromValues::new(MESSAGES.name, key);
        let (seq, kind) = (key.bigint()?, key.text()?);
        let body = columns.get(BODY..).ok_or_else(malformed)?;
        let body = FromValues::new(MESSAGES.name, body).blob()?;
        let decoded = match Aspect::of_kind(kind) {
            Some(aspect) => AspectBody::decode(aspect, body).map(Self::Aspect),
            None if kind == CREATED => avro::decode(body).map(|core| Self::Core(Box::new(core))),
            None => return Err(malformed()),
        };
        Ok((seq, decoded.map_err(|_| malformed())?))
    }
}

/// What stands between a user and another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlocksRow {
    pub user: UserId,
    pub other: UserId,
    pub blocks: PairBlocks,
}

impl BlocksRow {
    pub fn partition(user: &UserId) -> Vec<Value> {
        vec![Value::text(user.as_str())]
    }

    pub fn key(other: &UserId) -> Vec<Value> {
        vec![Value::text(other.as_str())]
    }

    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &BLOCKS,
            partition: Self::partition(&self.user),
            key: Self::key(&self.other),
            columns: vec![Value::blob(&avro::encode(&self.blocks))],
            time_to_live: None,
        }
    }

    pub fn from_row(user: &UserId, key: &[Value], columns: &[Value]) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: BLOCKS.name, column };
        let mut key = FromValues::new(BLOCKS.name, key);
        let mut columns = FromValues::new(BLOCKS.name, columns);
        Ok(Self {
            user: user.clone(),
            other: key.text()?.parse().map_err(|_| malformed(0))?,
            blocks: avro::decode(columns.blob()?).map_err(|_| malformed(0))?,
        })
    }
}

/// One user's membership of one conversation. That of a membership which has ended is cleaned up once no cursor
/// is old enough to resume before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipRow {
    pub user: UserId,
    pub conversation: ConversationId,
    pub member: Member,
}

impl MembershipRow {
    pub fn partition(user: &UserId) -> Vec<Value> {
        vec![Value::text(user.as_str())]
    }

    pub fn key(conversation: &ConversationId) -> Vec<Value> {
        vec![Value::text(conversation.as_str())]
    }

    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &CONVERSATIONS_BY_USER,
            partition: Self::partition(&self.user),
            key: Self::key(&self.conversation),
            columns: vec![Value::blob(&avro::encode(&self.member))],
            time_to_live: self.member.expires_after_seconds().map(Duration::from_secs),
        }
    }

    pub fn from_row(user: &UserId, key: &[Value], columns: &[Value]) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: CONVERSATIONS_BY_USER.name, column };
        let mut key = FromValues::new(CONVERSATIONS_BY_USER.name, key);
        let mut columns = FromValues::new(CONVERSATIONS_BY_USER.name, columns);
        Ok(Self {
            user: user.clone(),
            conversation: key.text()?.parse().map_err(|_| malformed(0))?,
            member: avro::decode(columns.blob()?).map_err(|_| malformed(0))?,
        })
    }
}

/// What others see of a user, as the platform has published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    pub user: UserId,
    /// Absent once the user is erased.
    pub profile: Option<Profile>,
}

impl ProfileRow {
    pub fn partition(user: &UserId) -> Vec<Value> {
        vec![Value::text(user.as_str())]
    }

    pub fn to_row(&self) -> ViewRow {
        let columns = self.profile.as_ref().map_or([None; 3], |profile| {
            [Some(&*profile.username), Some(&*profile.display_name), profile.avatar_url.as_deref()]
        });
        ViewRow {
            table: &USERS,
            partition: Self::partition(&self.user),
            key: vec![],
            columns: columns.map(Value::text_or_null).to_vec(),
            time_to_live: None,
        }
    }

    pub fn from_row(user: &UserId, columns: &[Value]) -> Result<Self, MalformedRow> {
        let mut columns = FromValues::new(USERS.name, columns);
        let profile = match columns.text_or_null()? {
            Some(username) => Some(Profile {
                user: user.clone(),
                username: username.to_owned(),
                display_name: columns.text()?.to_owned(),
                avatar_url: columns.text_or_null()?.map(str::to_owned),
            }),
            None => None,
        };
        Ok(Self { user: user.clone(), profile })
    }
}
