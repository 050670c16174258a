//! What the headers of a command say.
//!
//! Invariant: a header that is present and malformed makes the whole record poison; it is never taken
//! for absent.

use crate::avro::{self, DecodeError};
use crate::charging::Charge;
use crate::flags::Tier;
use crate::moderation::ServiceRole;
use crate::position::{Cause, MalformedCause};
use crate::verdict::Reply;

use super::headers::{
    CHARGE_HEADER, ID_HEADER, ONCE_HEADER, REPLY_HEADER, ROLES_HEADER, RecordId, TIER_HEADER, TRACE_HEADER,
};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Absent in records from outside the machines.
    pub cause: Option<Cause>,
    pub reply: Option<Reply>,
    pub charge: Option<Charge>,
    /// Under this key the command has its effect once.
    pub once: Option<String>,
    pub traceparent: Option<String>,
    /// Of the user who asks.
    pub tier: Option<Tier>,
    /// Of the user who asks.
    pub roles: Vec<ServiceRole>,
}

#[derive(Debug, thiserror::Error)]
pub enum MalformedHeader {
    #[error(transparent)]
    Cause(#[from] MalformedCause),
    #[error("malformed {0} header")]
    Other(&'static str),
    #[error("malformed charge header: {0}")]
    Charge(#[from] DecodeError),
}

/// Bytes of a once key: it is a row for ever.
const MAX_ONCE_BYTES: usize = 200;
/// Bytes of a `traceparent` of version 00.
const TRACE_BYTES: usize = 55;

impl Envelope {
    /// Reads the headers that it knows, and ignores others.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, MalformedHeader> {
        let mut envelope = Self::default();
        for (name, value) in headers {
            let text = || std::str::from_utf8(value).ok();
            match name {
                ID_HEADER => {
                    envelope.cause = text().ok_or(MalformedCause)?.parse::<RecordId>()?.cause().copied();
                }
                REPLY_HEADER => {
                    let reply = text().and_then(read_reply);
                    envelope.reply = Some(reply.ok_or(MalformedHeader::Other(REPLY_HEADER))?);
                }
                CHARGE_HEADER => envelope.charge = Some(avro::decode(value)?),
                ONCE_HEADER => {
                    let once = text().filter(|key| (1..=MAX_ONCE_BYTES).contains(&key.len()));
                    envelope.once = Some(once.ok_or(MalformedHeader::Other(ONCE_HEADER))?.to_owned());
                }
                TIER_HEADER => {
                    let tier = text().and_then(|tier| tier.parse().ok());
                    envelope.tier = Some(tier.ok_or(MalformedHeader::Other(TIER_HEADER))?);
                }
                ROLES_HEADER => {
                    let named = |roles: &str| roles.split(',').map(|role| role.parse().ok()).collect();
                    let roles: Option<Vec<ServiceRole>> = text().and_then(named);
                    envelope.roles = roles.ok_or(MalformedHeader::Other(ROLES_HEADER))?;
                }
                TRACE_HEADER => {
                    let trace = text().filter(|trace| trace.len() == TRACE_BYTES && trace.is_ascii());
                    envelope.traceparent =
                        Some(trace.ok_or(MalformedHeader::Other(TRACE_HEADER))?.to_owned());
                }
                _ => {}
            }
        }
        Ok(envelope)
    }
}

fn read_reply(text: &str) -> Option<Reply> {
    let (slot, request) = text.split_once('.')?;
    Some(Reply { slot: slot.parse().ok()?, request: request.parse().ok()? })
}
