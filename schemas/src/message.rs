//! Records as they go into the log: topic, place, key, headers, value.
//!
//! Invariant: the same output under the same cause is the same bytes. Of a command, everything that
//! is needed to give its charge back stands in headers, readable whatever its body is.

use crate::account::{AccountCommand, AccountEvent, AccountFact, AccountRequest, Charge, ReturnCharge};
use crate::avro::{self, DecodeError};
use crate::code::Refusal;
use crate::conversation::{ConversationCommand, ConversationEvent, ConversationFact, ConversationRequest};
use crate::ids::{ConversationId, UserId};
use crate::position::{Cause, LogTime, MalformedCause, Partition};
use crate::topics::{self, Topic};
use crate::verdict::{Reply, Verdict};

/// Header: `slot.request` of the ingest that waits for a verdict.
pub const REPLY_HEADER: &str = "mm-reply";
/// Header: the charge that a command carries, framed Avro.
pub const CHARGE_HEADER: &str = "mm-charge";
/// Header of a replayed command: a key under which it has its effect at most once, ever.
pub const ONCE_HEADER: &str = "mm-once";
/// Header of events that change memberships or blocks: the users they name, by commas.
pub const USERS_HEADER: &str = "mm-users";

/// Headers in order; names may repeat only where their reader says so.
pub type Headers = Vec<(&'static str, Vec<u8>)>;

/// Which partition a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By its key.
    Key,
    Partition(Partition),
}

/// A record that is ready to be produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub topic: &'static Topic,
    pub place: Place,
    pub key: Option<Vec<u8>>,
    pub headers: Headers,
    pub value: Vec<u8>,
}

impl Outgoing {
    /// Bytes that count against the limit of a record.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.value.len() + self.key.as_ref().map_or(0, Vec::len) + headers
    }

    /// The partition among `count`.
    pub fn partition(&self, count: Partition) -> Partition {
        match self.place {
            Place::Partition(partition) => partition,
            Place::Key => topics::partition_of(self.key.as_deref().unwrap_or_default(), count),
        }
    }

    /// A command from outside the machines.
    pub fn account_command(user: &UserId, body: AccountRequest, reply: Option<Reply>) -> Self {
        Output::ToAccount { user: user.clone(), body, reply }.record(None)
    }

    /// A command from outside the machines.
    pub fn conversation_command(
        conversation: &ConversationId,
        body: ConversationRequest,
        reply: Option<Reply>,
    ) -> Self {
        Output::ToConversation { conversation: conversation.clone(), body, reply, charge: None }.record(None)
    }

    /// The answer to `reply`.
    pub fn verdict(reply: Reply, verdict: &Verdict) -> Self {
        Self {
            topic: &topics::VERDICTS,
            place: Place::Partition(reply.slot),
            key: None,
            headers: Vec::new(),
            value: avro::encode(verdict),
        }
    }
}

/// What a decision sends on.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    ToAccount {
        user: UserId,
        body: AccountRequest,
        reply: Option<Reply>,
    },
    ToConversation {
        conversation: ConversationId,
        body: ConversationRequest,
        reply: Option<Reply>,
        charge: Option<Charge>,
    },
    Event {
        conversation: ConversationId,
        at: LogTime,
        body: ConversationFact,
    },
    AccountEvent {
        user: UserId,
        at: LogTime,
        body: AccountFact,
    },
}

impl Output {
    /// Hands a charge back to its account.
    pub fn give_back(charge: Charge, refusal: Option<Refusal>, reply: Option<Reply>) -> Self {
        Self::ToAccount {
            user: charge.user.clone(),
            body: AccountRequest::ReturnCharge(ReturnCharge { charge, refusal }),
            reply,
        }
    }

    /// The record to produce. Events go to the partition that their cause stands in.
    pub fn record(self, cause: Option<Cause>) -> Outgoing {
        let mut headers = Headers::new();
        if let Some(cause) = cause {
            headers.push((Cause::HEADER, cause.to_header().into_bytes()));
        }
        let own = cause.map_or(Place::Key, |cause| Place::Partition(cause.partition));
        match self {
            Self::ToAccount { user, body, reply } => {
                push_reply(&mut headers, reply);
                Outgoing {
                    topic: &topics::ACCOUNT_COMMANDS,
                    place: Place::Key,
                    key: Some(user.as_str().into()),
                    headers,
                    value: avro::encode(&AccountCommand { body }),
                }
            }
            Self::ToConversation { conversation, body, reply, charge } => {
                push_reply(&mut headers, reply);
                if let Some(charge) = charge {
                    headers.push((CHARGE_HEADER, avro::encode(&charge)));
                }
                Outgoing {
                    topic: &topics::CONVERSATION_COMMANDS,
                    place: Place::Key,
                    key: Some(conversation.as_str().into()),
                    headers,
                    value: avro::encode(&ConversationCommand { body }),
                }
            }
            Self::Event { conversation, at, body } => {
                let users = concerned(&body);
                if !users.is_empty() {
                    headers.push((USERS_HEADER, users.join(",").into_bytes()));
                }
                Outgoing {
                    topic: &topics::EVENTS,
                    place: own,
                    key: Some(conversation.as_str().into()),
                    headers,
                    value: avro::encode(&ConversationEvent { conversation, at, body }),
                }
            }
            Self::AccountEvent { user, at, body } => Outgoing {
                topic: &topics::ACCOUNT_EVENTS,
                place: own,
                key: Some(user.as_str().into()),
                headers,
                value: avro::encode(&AccountEvent { user, at, body }),
            },
        }
    }
}

/// Users of whom a reader that follows them must learn, whatever conversations it follows.
fn concerned(fact: &ConversationFact) -> Vec<&str> {
    match fact {
        ConversationFact::ConversationOpened(opened) => opened.members.iter().map(UserId::as_str).collect(),
        ConversationFact::MembersChanged(changed) => {
            changed.members.iter().map(|member| member.user.as_str()).collect()
        }
        ConversationFact::BlocksChanged(changed) => vec![changed.user.as_str(), changed.other.as_str()],
        _ => vec![],
    }
}

fn push_reply(headers: &mut Headers, reply: Option<Reply>) {
    if let Some(reply) = reply {
        headers.push((REPLY_HEADER, format!("{}.{}", reply.slot, reply.request).into_bytes()));
    }
}

/// What the headers of a command say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Absent on what comes from outside the machines.
    pub cause: Option<Cause>,
    pub reply: Option<Reply>,
    pub charge: Option<Charge>,
    /// Under this key the command has its effect once.
    pub once: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum MalformedHeader {
    #[error(transparent)]
    Cause(#[from] MalformedCause),
    #[error("malformed reply header")]
    Reply,
    #[error("malformed charge header: {0}")]
    Charge(#[from] DecodeError),
    #[error("malformed once header")]
    Once,
}

impl Envelope {
    /// Reads the headers it knows; others are none of its business.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, MalformedHeader> {
        let mut envelope = Self::default();
        for (name, value) in headers {
            match name {
                Cause::HEADER => envelope.cause = Some(Cause::from_header(value)?),
                REPLY_HEADER => envelope.reply = Some(read_reply(value).ok_or(MalformedHeader::Reply)?),
                CHARGE_HEADER => envelope.charge = Some(avro::decode(value)?),
                ONCE_HEADER => envelope.once = Some(read_once(value).ok_or(MalformedHeader::Once)?),
                _ => {}
            }
        }
        Ok(envelope)
    }
}

/// Keys are short: they are rows for ever.
fn read_once(value: &[u8]) -> Option<String> {
    let key = std::str::from_utf8(value).ok()?;
    (1..=200).contains(&key.len()).then(|| key.to_owned())
}

fn read_reply(value: &[u8]) -> Option<Reply> {
    let (slot, request) = std::str::from_utf8(value).ok()?.split_once('.')?;
    Some(Reply { slot: slot.parse().ok()?, request: request.parse().ok()? })
}
