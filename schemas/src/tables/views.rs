//! Rows of the views: what the machines write and only readers read.

use super::values::{FromValues, MalformedRow, Value};
use super::{CONVERSATIONS_BY_USER, MESSAGES, Table};
use crate::avro;
use crate::conversation::Content;
use crate::ids::{ClientId, ConversationId, UserId};
use crate::people::Profile;
use crate::position::LogTime;
use crate::rows::Member;

/// A row to write, without its version.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRow {
    pub table: &'static Table,
    pub partition: Vec<Value>,
    pub key: Vec<Value>,
    pub columns: Vec<Value>,
}

/// How many numbers one partition of `messages` holds.
pub const MESSAGES_PER_BUCKET: i64 = 1_000;

/// The kind of row that says what a message was when it was posted.
pub const CREATED: &str = "created";

/// A message as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    pub conversation: ConversationId,
    pub seq: i64,
    pub at: LogTime,
    pub sender: Profile,
    pub client_id: ClientId,
    pub content: Content,
    pub reply_to: Option<i64>,
    pub recipients: i32,
}

impl MessageRow {
    /// Key of the partition that holds message `seq`.
    pub fn partition(conversation: &ConversationId, seq: i64) -> Vec<Value> {
        vec![Value::text(conversation.as_str()), Value::BigInt(seq / MESSAGES_PER_BUCKET)]
    }

    pub fn key(seq: i64) -> Vec<Value> {
        vec![Value::BigInt(seq), Value::text(CREATED)]
    }

    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &MESSAGES,
            partition: Self::partition(&self.conversation, self.seq),
            key: Self::key(self.seq),
            columns: vec![
                Value::Timestamp(self.at),
                Value::text(self.sender.user.as_str()),
                Value::text(&self.sender.username),
                Value::text(&self.sender.display_name),
                Value::text_or_null(self.sender.avatar_url.as_deref()),
                Value::text(self.client_id.as_str()),
                Value::text(&self.content.text),
                Value::text_or_null(self.content.key_id.as_deref()),
                self.reply_to.map_or(Value::Null, Value::BigInt),
                Value::Int(self.recipients),
            ],
        }
    }

    pub fn from_row(
        conversation: &ConversationId,
        key: &[Value],
        columns: &[Value],
    ) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: MESSAGES.name, column };
        let seq = FromValues::new(MESSAGES.name, key).bigint()?;
        let mut values = FromValues::new(MESSAGES.name, columns);
        Ok(Self {
            conversation: conversation.clone(),
            seq,
            at: values.timestamp()?,
            sender: Profile {
                user: values.text()?.parse().map_err(|_| malformed(1))?,
                username: values.text()?.to_owned(),
                display_name: values.text()?.to_owned(),
                avatar_url: values.text_or_null()?.map(str::to_owned),
            },
            client_id: values.text()?.parse().map_err(|_| malformed(5))?,
            content: Content {
                text: values.text()?.to_owned(),
                key_id: values.text_or_null()?.map(str::to_owned),
            },
            reply_to: values.bigint_or_null()?,
            recipients: values.int()?,
        })
    }
}

/// One user's membership of one conversation.
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

    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &CONVERSATIONS_BY_USER,
            partition: Self::partition(&self.user),
            key: vec![Value::text(self.conversation.as_str())],
            columns: vec![Value::blob(&avro::encode(&self.member))],
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
