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
}

/// What stands between a viewer and the user they look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// The two are one user.
    pub is_own: bool,
    /// The viewer follows the user.
    pub follows: bool,
    /// A block of either stands, or the viewer's request is open.
    pub is_hidden: bool,
}

/// To whom a user shows a sign, before each viewer's relation to the user is asked.
pub fn audience(sign: Sign, of: &Privacy) -> Audience {
    match sign {
        Sign::Presence if of.appear_offline => Audience::NoOne,
        Sign::Presence => of.show_online_status,
        Sign::Typing if of.show_typing_indicator => Audience::Everyone,
        Sign::Typing => Audience::NoOne,
    }
}

/// Whether the viewer sees what is shown to an audience. Users see their own signs as they are.
pub fn reaches(audience: Audience, relation: Relation) -> bool {
    relation.is_own || !relation.is_hidden && includes(audience, relation.follows)
}

/// Whether others learn how far a user has read.
pub fn sends_reads(of: &Privacy) -> bool {
    of.show_read_receipts
}

/// Whether a user learns how far others have read: off is reciprocal.
pub fn sees_reads(viewer: &Privacy) -> bool {
    viewer.show_read_receipts
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
