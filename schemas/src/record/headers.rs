//! Headers of records: CloudEvents in binary mode, and our own under `mm-`.
//!
//! Source: CloudEvents 1.0, Kafka protocol binding; W3C Trace Context for `traceparent`.
//!
//! Invariant: headers are functions of the record: of its cause, its time and its type.

use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::position::{Cause, LogTime, MalformedCause};
use crate::verdict::Reply;

/// Header: the cause of a derived record, else a UUID.
pub const ID_HEADER: &str = "ce_id";
const TYPE_HEADER: &str = "ce_type";
const TIME_HEADER: &str = "ce_time";
/// Header: who has written a record.
pub const SOURCE_HEADER: &str = "ce_source";
const VERSION_HEADER: &str = "ce_specversion";
const CONTENT_TYPE_HEADER: &str = "content-type";
/// Header: the trace that a record belongs to, copied from its command.
pub const TRACE_HEADER: &str = "traceparent";
/// Header: `slot.request` of the ingest that waits for a verdict.
pub const REPLY_HEADER: &str = "mm-reply";
/// Header: the charge that a command carries, framed Avro.
pub const CHARGE_HEADER: &str = "mm-charge";
/// Header: the tier of the user who asks, as their token says.
pub const TIER_HEADER: &str = "mm-tier";
/// Header: roles of the service that the user who asks has, as their token says, separated by commas.
pub const ROLES_HEADER: &str = "mm-roles";
/// Header of a replayed command: a key under which it has its effect at most once, ever.
pub const ONCE_HEADER: &str = "mm-once";
/// Header of events that change memberships or blocks: the users they name, separated by commas.
pub const USERS_HEADER: &str = "mm-users";

/// Headers in order; names may repeat only where their reader says so.
pub type Headers = Vec<(&'static str, Vec<u8>)>;

/// What identifies a record among those of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordId {
    /// Derived: its command, and its index among that command's outputs.
    Cause(Cause),
    /// From outside the machines.
    Client(Uuid),
}

impl RecordId {
    /// The cause, of a derived record.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Cause(cause) => Some(cause),
            Self::Client(_) => None,
        }
    }
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cause(cause) => f.write_str(&cause.to_header()),
            Self::Client(id) => id.hyphenated().fmt(f),
        }
    }
}

impl FromStr for RecordId {
    type Err = MalformedCause;

    fn from_str(text: &str) -> Result<Self, MalformedCause> {
        match Uuid::try_parse(text) {
            Ok(id) => Ok(Self::Client(id)),
            Err(_) => Cause::from_header(text.as_bytes()).map(Self::Cause),
        }
    }
}

/// Where a record comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub id: RecordId,
    /// A URI reference: the machine, or the API.
    pub source: &'static str,
    pub at: LogTime,
    pub traceparent: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// A request of a client.
    pub fn client(at: LogTime, traceparent: Option<&'a str>) -> Self {
        Self { id: RecordId::Client(Uuid::new_v4()), source: "/musclemap/api", at, traceparent }
    }

    /// The headers that every record has; `name` is that of its schema.
    pub fn headers(&self, name: &str) -> Headers {
        let time = Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::UNIX_EPOCH);
        // With room for a reply, and a charge or names.
        let mut headers = Headers::with_capacity(9);
        headers.extend([
            (ID_HEADER, self.id.to_string().into_bytes()),
            (TYPE_HEADER, name.as_bytes().to_vec()),
            (TIME_HEADER, format!("{time:.3}").into_bytes()),
            (SOURCE_HEADER, self.source.as_bytes().to_vec()),
            (VERSION_HEADER, b"1.0".to_vec()),
            (CONTENT_TYPE_HEADER, b"application/avro".to_vec()),
        ]);
        headers.extend(self.traceparent.map(|trace| (TRACE_HEADER, trace.as_bytes().to_vec())));
        headers
    }
}

pub(super) fn push_reply(headers: &mut Headers, reply: Option<Reply>) {
    if let Some(reply) = reply {
        headers.push((REPLY_HEADER, format!("{}.{}", reply.slot, reply.request).into_bytes()));
    }
}

/// The time that an event's headers give: log time of the command that caused it.
pub fn event_time<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Option<LogTime> {
    let (_, time) = headers.into_iter().find(|(name, _)| *name == TIME_HEADER)?;
    let time: Timestamp = std::str::from_utf8(time).ok()?.parse().ok()?;
    Some(time.as_millisecond())
}
