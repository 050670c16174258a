//! Membership: roles, intervals, and their changes.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::creating::Opened;
use crate::ids::UserId;
use crate::message_requests::MessageRequest;
use crate::people::Profile;
use crate::position::{LogTime, Offset};
use crate::receipts::{Receipt, Watermarks};
use crate::rows::TOMBSTONE_SECONDS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum Role {
    Owner,
    Moderator,
    Member,
}

impl Role {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Moderator => "MODERATOR",
            Self::Member => "MEMBER",
        }
    }
}

/// Request to a conversation: add people to a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AddMembers {
    pub actor: Profile,
    /// Each once.
    pub people: Vec<Profile>,
    /// Of these, the ones whom a request alone may reach, as ingest found it.
    pub requests: Vec<UserId>,
}

/// Request to a conversation: remove a member of a group. An actor who removes themselves leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemoveMember {
    pub actor: Profile,
    pub person: Profile,
}

/// Request to a conversation: give a member of a group another role. An owner who makes another one the
/// owner hands the group over, and is a moderator then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SetRole {
    pub actor: Profile,
    pub person: Profile,
    pub role: Role,
}

/// Fact of a conversation: members have other roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RolesChanged {
    pub about: Opened,
    pub by: UserId,
    pub members: Vec<MemberRole>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MemberRole {
    pub user: UserId,
    pub role: Role,
}

/// Fact of a conversation: memberships have begun or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MembersChanged {
    pub about: Opened,
    pub by: UserId,
    /// The users whose intervals it changes.
    pub members: Vec<MemberIntervals>,
    /// Of these, the ones who are asked by a request.
    pub requests: Vec<UserId>,
}

impl MembersChanged {
    /// The users who are members no more.
    pub fn gone(&self) -> impl Iterator<Item = &UserId> {
        let is_over = |last: &MembershipInterval| last.to.is_some();
        let gone = self.members.iter().filter(move |member| member.intervals.last().is_none_or(is_over));
        gone.map(|member| &member.user)
    }
}

/// A user's intervals after a change: all that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MemberIntervals {
    pub user: UserId,
    pub intervals: Vec<MembershipInterval>,
}

/// A membership, from the command that began it to the one that ended it, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MembershipInterval {
    pub from: Offset,
    /// Absent while it lasts.
    pub to: Option<Offset>,
    /// Number of the first message that the member may see.
    pub first_seq: i64,
    /// Countable messages before that one.
    pub first_ordinal: i64,
}

impl MembershipInterval {
    /// The interval of a member who is there from the opening on.
    pub fn from_opening(from: Offset) -> Self {
        Self { from, to: None, first_seq: 1, first_ordinal: 0 }
    }

    pub fn encloses(&self, offset: Offset) -> bool {
        self.from <= offset && self.to.is_none_or(|to| offset <= to)
    }
}

/// A membership with its role. Row of a conversation (present members), and of a user's conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Member {
    pub role: Role,
    pub joined_at: LogTime,
    /// Oldest first, the last eight; the last one decides what history shows.
    pub intervals: Vec<MembershipInterval>,
    /// The marks with which the member returned.
    pub marks: Watermarks,
    /// The request to the member; absent once they have accepted, or where they were not asked.
    pub request: Option<MessageRequest>,
}

impl Member {
    /// The number of intervals that are kept of a member.
    pub const MAX_INTERVALS: usize = 8;

    /// The interval that lasts, if the member is present.
    pub fn present(&self) -> Option<&MembershipInterval> {
        self.intervals.last().filter(|last| last.to.is_none())
    }

    /// Whether others see the member as one: who has declined a request of a pair stays in it for the other.
    pub fn is_shown(&self) -> bool {
        self.present().is_some() || self.request.is_some()
    }

    /// The member's marks, beside their receipt if they have one.
    pub fn marks(&self, receipt: Option<&Receipt>) -> Watermarks {
        receipt.filter(|receipt| !receipt.ended).map_or(self.marks, |receipt| receipt.marks.max(self.marks))
    }

    /// The row of a membership that has ended is a tombstone; [`Former`] keeps what it said.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        (!self.is_shown()).then_some(TOMBSTONE_SECONDS)
    }
}

/// Row of a conversation: a user whose membership has ended, with what they had read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Former {
    pub intervals: Vec<MembershipInterval>,
    pub marks: Watermarks,
}
