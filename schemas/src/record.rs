//! Records as they go into the log: topic, place, key, headers, value.
//!
//! Invariant: the same output under the same cause is the same bytes, because repeats are compared byte
//! for byte. Of a command, everything that a refund needs stands in headers, readable whatever its body
//! is.

mod envelope;
mod headers;

use crate::avro;
use crate::charging::{Charge, Refund};
use crate::code::Refusal;
use crate::facts::{AccountFact, ConversationFact};
use crate::flags::Tier;
use crate::ids::{ConversationId, UserId};
use crate::moderation::ServiceRole;
use crate::operations::{AccountRequest, ConversationRequest};
use crate::position::{LogTime, Partition};
use crate::topics::{self, Topic};
use crate::verdict::{Reply, Verdict};

pub use envelope::{Envelope, MalformedHeader};
pub use headers::{
    CHARGE_HEADER, Headers, ID_HEADER, ONCE_HEADER, Origin, REPLY_HEADER, ROLES_HEADER, RecordId,
    SOURCE_HEADER, TIER_HEADER, TRACE_HEADER, USERS_HEADER, event_time,
};

/// The partition that a record goes to.
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

    /// The answer to `reply`.
    pub fn verdict(reply: Reply, verdict: &Verdict, origin: &Origin<'_>) -> Self {
        Self {
            topic: &topics::VERDICTS,
            place: Place::Partition(reply.slot),
            key: None,
            headers: origin.headers("Verdict"),
            value: avro::encode(verdict),
        }
    }
}

/// What a decision sends on, or an ingest asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    ToAccount {
        user: UserId,
        request: AccountRequest,
        reply: Option<Reply>,
    },
    ToConversation {
        conversation: ConversationId,
        request: ConversationRequest,
        reply: Option<Reply>,
        charge: Option<Charge>,
    },
    ConversationEvent {
        conversation: ConversationId,
        fact: ConversationFact,
        /// Users whose memberships or blocks the fact changes.
        names: Vec<UserId>,
    },
    AccountEvent {
        user: UserId,
        fact: AccountFact,
    },
}

impl Output {
    /// Gives a charge back to its account.
    pub fn refund(charge: Charge, refusal: Option<Refusal>, reply: Option<Reply>) -> Self {
        let (user, refusal) = (charge.user.clone(), refusal.map(Box::new));
        Self::ToAccount { user, request: Refund { charge, refusal }.into(), reply }
    }

    /// The record to produce. Events go to the partition that their cause stands in.
    pub fn record(self, origin: &Origin<'_>) -> Outgoing {
        let own = match origin.id {
            RecordId::Cause(cause) => Place::Partition(cause.partition),
            RecordId::Client(_) => Place::Key,
        };
        match self {
            Self::ToAccount { user, request, reply } => {
                let mut headers = origin.headers(request.name());
                headers::push_reply(&mut headers, reply);
                Outgoing {
                    topic: &topics::ACCOUNT_COMMANDS,
                    place: Place::Key,
                    key: Some(user.as_str().into()),
                    headers,
                    value: request.encode(),
                }
            }
            Self::ToConversation { conversation, request, reply, charge } => {
                let mut headers = origin.headers(request.name());
                headers::push_reply(&mut headers, reply);
                headers.extend(charge.map(|charge| (CHARGE_HEADER, avro::encode(&charge))));
                Outgoing {
                    topic: &topics::CONVERSATION_COMMANDS,
                    place: Place::Key,
                    key: Some(conversation.as_str().into()),
                    headers,
                    value: request.encode(),
                }
            }
            Self::ConversationEvent { conversation, fact, names } => {
                let mut headers = origin.headers(fact.name());
                if !names.is_empty() {
                    let names: Vec<&str> = names.iter().map(UserId::as_str).collect();
                    headers.push((USERS_HEADER, names.join(",").into_bytes()));
                }
                Outgoing {
                    topic: &topics::EVENTS,
                    place: own,
                    key: Some(conversation.as_str().into()),
                    headers,
                    value: fact.encode(),
                }
            }
            Self::AccountEvent { user, fact } => Outgoing {
                topic: &topics::ACCOUNT_EVENTS,
                place: own,
                key: Some(user.as_str().into()),
                headers: origin.headers(fact.name()),
                value: fact.encode(),
            },
        }
    }

    /// The record of a command that a client of a tier and of roles asks for, at the ingest's time.
    pub fn from_client(
        self,
        at: LogTime,
        tier: Option<&Tier>,
        roles: &[ServiceRole],
        traceparent: Option<&str>,
    ) -> Outgoing {
        let mut record = self.record(&Origin::client(at, traceparent));
        record.headers.extend(tier.map(|tier| (TIER_HEADER, tier.as_str().into())));
        if !roles.is_empty() {
            let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            record.headers.push((ROLES_HEADER, names.join(",").into_bytes()));
        }
        record
    }
}
