//! Polls: a message that asks, a row for what each user chose, and an aspect for what all chose.
//!
//! Invariant: of an anonymous poll, commands and the rows of users alone say who chose what; no fact does.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, ConversationId, UserId};
use crate::message::{Content, Message};
use crate::people::Profile;
use crate::position::{LogTime, Offset};
use crate::rows::TOMBSTONE_SECONDS;

/// Body of a message: a question with options, fixed when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Poll {
    pub question: Content,
    pub options: Vec<Content>,
    /// Whether a user may choose several options.
    pub multiple: bool,
    /// Whether nobody learns who chose what.
    pub anonymous: bool,
    /// When it ends by itself.
    pub closes_at: Option<LogTime>,
}

/// Request to an account: send a poll. `recipients` is a fact of ingest, and sets the price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreatePoll {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    pub poll: Poll,
    /// Participants other than the sender when ingest accepted the request.
    pub recipients: i32,
    pub sender: Profile,
}

/// Request to a conversation: a poll that its account has charged. The charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PostPoll {
    pub client_id: ClientId,
    pub sender: Profile,
    pub poll: Poll,
    /// Whether the sender sends read receipts: sending reads up to one's own message.
    pub shows_reads: bool,
}

/// Request to a conversation: choose options of a poll, in place of those that the user chose before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct VotePoll {
    pub user: UserId,
    /// The message as ingest read it; the core never changes.
    pub message: Box<Message>,
    /// Places of options from 0, ascending, each once; none takes a vote back.
    pub options: Vec<i32>,
}

/// Request to a conversation: end a poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ClosePoll {
    pub actor: UserId,
    /// The message as ingest read it; the core never changes.
    pub message: Box<Message>,
}

/// Fact of a conversation: the votes of a poll have changed, or it was closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PollChanged {
    /// The message as it stands.
    pub message: Message,
    pub tally: Tally,
    /// Absent of an anonymous poll, and where it was closed.
    pub vote: Option<ToldVote>,
}

/// A vote, as facts tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ToldVote {
    pub user: UserId,
    /// Places of options; none of a vote that was taken back.
    pub options: Vec<i32>,
    pub at: LogTime,
    /// When the user had voted before; of a first vote its own time.
    pub before: LogTime,
}

/// Row of a conversation by number: what all have chosen. The aspect of the message says the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Tally {
    /// Users by option; empty before the first vote, and once the message is deleted.
    pub votes: Vec<i32>,
    /// Votes, votes taken back and the closing so far: of two tallies the one with more is newer.
    pub changes: i64,
    /// Absent while it was not closed by hand.
    pub closed: Option<PollClosed>,
}

/// The end of a poll before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PollClosed {
    pub at: LogTime,
    /// Offset of the command that closed it, by which that command knows its own when it comes again.
    pub position: Offset,
}

impl Tally {
    /// The row of a poll that was deleted is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        (*self == Self::default()).then_some(TOMBSTONE_SECONDS)
    }
}

/// Row of a conversation by (number, user): what a user has chosen in a poll.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Voted {
    /// Places of options, ascending; none after a vote that was taken back.
    pub options: Vec<i32>,
    pub at: LogTime,
}

impl Voted {
    pub fn has(&self, place: usize) -> bool {
        i32::try_from(place).is_ok_and(|place| self.options.contains(&place))
    }

    /// The row of a vote that was taken back is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.options.is_empty().then_some(TOMBSTONE_SECONDS)
    }
}
