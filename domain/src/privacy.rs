//! What a user's settings show to others, and who may write to the user.
//!
//! Invariant: privacy settings are looked at here alone; every match over settings is full.

use schemas::code::{ErrorCode, Refusal};
use schemas::privacy::{Audience, Privacy};

/// What a user lets others know of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Whether they are online, and when they last were.
    Presence,
    Typing,
    /// How far they have read.
    ReadReceipts,
}

/// What stands between a viewer and the user they look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// The two are one user.
    pub is_own: bool,
    /// The viewer follows the user.
    pub follows: bool,
    /// A block of either stands.
    pub is_blocked: bool,
    /// The viewer has asked the user, and the user has not accepted.
    pub awaits: bool,
}

/// Whether the viewer sees a sign of the user: by the settings of the user and, for read receipts, of the
/// viewer. Users see their own signs as they are.
pub fn shows(sign: Sign, of: &Privacy, viewer: &Privacy, relation: Relation) -> bool {
    if relation.is_own {
        return true;
    }
    if relation.is_blocked || relation.awaits {
        return false;
    }
    match sign {
        Sign::Presence => !of.appear_offline && includes(of.show_online_status, relation.follows),
        Sign::Typing => of.show_typing_indicator,
        Sign::ReadReceipts => sends_reads(of) && sees_reads(viewer),
    }
}

/// Whether others learn how far a user has read.
pub fn sends_reads(of: &Privacy) -> bool {
    of.show_read_receipts
}

/// Whether a user learns how far others have read: off is reciprocal.
pub fn sees_reads(viewer: &Privacy) -> bool {
    viewer.show_read_receipts
}

/// Whether anyone who is neither blocked nor waits for an acceptance may see that a user types: what is published
/// to all nodes, which then look at each viewer.
pub fn publishes_typing(of: &Privacy) -> bool {
    let relation = Relation { is_own: false, follows: true, is_blocked: false, awaits: false };
    shows(Sign::Typing, of, &Privacy::default(), relation)
}

/// How a user may be written to by another who is not in a conversation with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Open,
    /// By a request, which the user accepts or declines.
    Request,
}

/// How a user may be written to. Blocks are checked by [`crate::access::reachable`].
pub fn reach(of: &Privacy, follows: bool) -> Result<Reach, Refusal> {
    match (includes(of.who_can_message_me, follows), of.allow_message_requests) {
        (true, _) => Ok(Reach::Open),
        (false, true) => Ok(Reach::Request),
        (false, false) => {
            Err(Refusal::new(ErrorCode::RecipientUnavailable, "the recipient cannot be reached"))
        }
    }
}

fn includes(audience: Audience, follows: bool) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::Followers => follows,
        Audience::NoOne => false,
    }
}
