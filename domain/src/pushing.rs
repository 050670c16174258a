//! Who is notified by push, and of what.
//!
//! Invariants: full matches only, so a new fact or a new kind of body does not compile until it has an answer here.
//! Pure: rows, settings and the time are given. A push that is withheld has one reason.

mod quiet_hours;
mod texts;

use schemas::blocking::PairBlocks;
use schemas::membership::Member;
use schemas::message::{Body, Message};
use schemas::notifications::Notifications;
use schemas::organizing::{NotificationLevel, Organized};
use schemas::position::LogTime;
use schemas::receipts::Watermarks;
use schemas::sending::MessageCreated;
use schemas::{ConversationFact, UserId};

use crate::access::{Blocking, Seen, Sight, When};

pub use quiet_hours::is_quiet;
pub use texts::{Language, Notification, Shown, notification, without_content};

/// How long a device has to acknowledge a message before its user is notified of it, in milliseconds.
pub const HOLD_MS: i64 = 2_000;
/// The age from which a message causes no push, in milliseconds.
pub const LATE_MS: i64 = 60 * 60 * 1_000;
/// The time in which a user gets at most one push for a conversation, in milliseconds.
pub const WINDOW_MS: i64 = 10_000;

/// The message that a fact notifies of.
pub fn notifies(fact: &ConversationFact) -> Option<&Message> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message }) => {
            is_notified(&message.body).then_some(message)
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}

/// Who has read what was pushed to them, and up to which number, if the fact says so.
pub fn withdraws(fact: &ConversationFact) -> Option<(&UserId, i64)> {
    match fact {
        ConversationFact::ReceiptAdvanced(read) => Some((&read.user, read.read_up_to)),
        ConversationFact::MessageCreated(_)
        | ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}

/// Whether a message causes pushes: system messages do not, as they do not count as unread.
fn is_notified(body: &Body) -> bool {
    match body {
        Body::Text(_) | Body::Poll(_) => true,
        Body::Note(_) | Body::Removed(_) => false,
    }
}

/// What is known of a user when a push to them is decided.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    pub user: &'a UserId,
    pub member: &'a Member,
    pub marks: Watermarks,
    /// What stands between them and the sender.
    pub blocks: &'a PairBlocks,
    /// Neither banned nor erased.
    pub is_served: bool,
    /// The message is the first that they may see of the conversation.
    pub is_first: bool,
    pub notifications: &'a Notifications,
    pub organized: &'a Organized,
}

/// Why a user is not notified of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    Own,
    /// Not a member when it was sent, or not any more.
    Absent,
    Blocked,
    /// Banned or erased.
    NotServed,
    /// The message was deleted, or is a system message.
    NoContent,
    Acknowledged,
    Late,
    Off,
    Muted,
    Level,
    /// A request, and not its first message.
    Request,
    QuietHours,
}

impl Withheld {
    pub const ALL: [Self; 12] = [
        Self::Own,
        Self::Absent,
        Self::Blocked,
        Self::NotServed,
        Self::NoContent,
        Self::Acknowledged,
        Self::Late,
        Self::Off,
        Self::Muted,
        Self::Level,
        Self::Request,
        Self::QuietHours,
    ];

    /// As metrics have it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Absent => "absent",
            Self::Blocked => "blocked",
            Self::NotServed => "not_served",
            Self::NoContent => "no_content",
            Self::Acknowledged => "acknowledged",
            Self::Late => "late",
            Self::Off => "off",
            Self::Muted => "muted",
            Self::Level => "level",
            Self::Request => "request",
            Self::QuietHours => "quiet_hours",
        }
    }
}

/// The blocks between one user and the sender.
struct WithSender<'a>(&'a PairBlocks);

impl Blocking for WithSender<'_> {
    fn pair(&self, _: &UserId) -> Option<&PairBlocks> {
        Some(self.0)
    }
}

/// Whether a user is notified of a message now, the message as it stands.
pub fn decide(message: &Message, recipient: &Recipient<'_>, now: LogTime) -> Result<(), Withheld> {
    let Recipient { user, member, marks, blocks, is_served, is_first, notifications, organized } = *recipient;
    let refuse = |is_so: bool, reason: Withheld| if is_so { Err(reason) } else { Ok(()) };
    let when = When::At(message.position);
    let sight = Sight { intervals: &member.intervals, when, blocks: WithSender(blocks) };
    let is_present = member.present().is_some() && sight.reaches(message.seq);
    refuse(user == message.sender_id(), Withheld::Own)?;
    refuse(!is_present, Withheld::Absent)?;
    refuse(blocks.stand() || !sight.sees(Seen::message(message)), Withheld::Blocked)?;
    refuse(!is_served, Withheld::NotServed)?;
    refuse(!is_notified(&message.body), Withheld::NoContent)?;
    refuse(marks.delivered.up_to.max(marks.read.up_to) >= message.seq, Withheld::Acknowledged)?;
    refuse(now - message.sent_at > LATE_MS, Withheld::Late)?;
    refuse(!notifications.messaging_enabled, Withheld::Off)?;
    refuse(organized.muted_until > now, Withheld::Muted)?;
    let is_wanted = match organized.level {
        NotificationLevel::All => true,
        NotificationLevel::Mentions => message.mentions.reach(user),
        NotificationLevel::None => false,
    };
    refuse(!is_wanted, Withheld::Level)?;
    refuse(member.request.is_some() && !is_first, Withheld::Request)?;
    refuse(is_quiet(notifications, now), Withheld::QuietHours)
}
