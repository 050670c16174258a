//! A conversation as its events tell it, in order: the naive model that rows are compared with.
//!
//! Invariant: it is folded from the events alone, and says of each one whether it may follow those before
//! it. It shares no code with the rules.

mod pinning;
mod polling;
mod previewing;
mod reacting;
mod reporting;

use std::collections::BTreeMap;

use schemas::blocking::{Blocks, PairBlocks};
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembersChanged, MembershipInterval, Role, RolesChanged};
use schemas::message::{Message, NoteKind};
use schemas::message_requests::{RequestChanged, RequestState};
use schemas::pinning::Pinned;
use schemas::position::{LogTime, Offset};
use schemas::previewing::Previews;
use schemas::receipts::{DeliveryAdvanced, MarkedUnread, ReceiptAdvanced};
use schemas::reporting::ModerationAction;
use schemas::{ConversationFact, UserId};

/// A user who is or was a member.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// All of them, oldest first.
    pub intervals: Vec<MembershipInterval>,
    /// Number up to which the user has read.
    pub mark: i64,
    /// Number up to which messages have reached the user; reading implies it.
    pub delivered: i64,
    /// Number up to which the user has said to have read, with read receipts on.
    pub shown: i64,
    /// The role that a fact gave to the user, since they have been there.
    pub role: Option<Role>,
    /// The request to the user, if they have not accepted it.
    pub request: Option<RequestState>,
    /// Whether the user has marked the conversation as unread since.
    pub marked_unread: bool,
}

/// A message, when it was removed, and since when it is hidden.
#[derive(Debug, Clone)]
pub struct Written {
    pub message: Message,
    pub removed_at: Option<LogTime>,
    pub hidden_at: Option<LogTime>,
}

impl Written {
    /// Whether the content can be read.
    pub fn is_there(&self) -> bool {
        self.removed_at.is_none() && self.hidden_at.is_none()
    }
}

#[derive(Debug, Clone, Default)]
pub struct History {
    pub opened: Option<Opened>,
    pub people: BTreeMap<UserId, Person>,
    /// By number, from 1.
    pub messages: Vec<Written>,
    pub blocks: BTreeMap<UserId, Blocks>,
    /// By number, of messages that have some.
    pub reactions: BTreeMap<i64, reacting::Groups>,
    /// Pinned messages, in the order in which they were pinned.
    pub pins: Vec<(i64, Pinned)>,
    /// By number, of polls that have had votes or were closed.
    pub votes: BTreeMap<i64, polling::Votes>,
    /// By number, of messages that have previews.
    pub previews: BTreeMap<i64, Previews>,
    /// By number and reporter: what was decided about each report, oldest first.
    pub reports: BTreeMap<(i64, UserId), Vec<ModerationAction>>,
    /// Changes of members, removals, and changes of blocks.
    pub changes: u64,
}

impl Person {
    pub fn is_present(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.to.is_none())
    }

    /// Who has declined a request of a pair stays in it for the other.
    pub fn is_shown(&self) -> bool {
        self.is_present() || self.request.is_some()
    }

    /// The intervals that rows and facts keep.
    pub fn kept(&self) -> &[MembershipInterval] {
        &self.intervals[self.intervals.len().saturating_sub(Member::MAX_INTERVALS)..]
    }
}

impl History {
    /// Whether it is the conversation of two.
    pub fn is_pair(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.kind == ConversationKind::Direct)
    }

    /// Members, as others see them.
    pub fn members(&self) -> i32 {
        self.people.values().filter(|person| person.is_shown()).count() as i32
    }

    /// Messages up to a number that are no system messages.
    pub fn texts_up_to(&self, seq: i64) -> i64 {
        let texts = self.messages.iter().take_while(|written| written.message.seq <= seq);
        texts.filter(|written| written.message.body.note().is_none()).count() as i64
    }

    /// Takes in the fact of the command at an offset; says why it may not follow.
    pub fn follow(&mut self, offset: Offset, fact: ConversationFact) -> Result<(), String> {
        match fact {
            ConversationFact::ConversationOpened(opened) => {
                if self.opened.is_some() {
                    return Err("opened twice".to_owned());
                }
                for user in opened.members {
                    let person = self.people.entry(user.clone()).or_default();
                    person.request = opened.requests.contains(&user).then_some(RequestState::Open);
                    person.intervals.push(MembershipInterval {
                        from: offset,
                        to: None,
                        first_seq: 1,
                        first_ordinal: 0,
                    });
                }
                self.opened = Some(opened.about);
                Ok(())
            }
            ConversationFact::ConversationUpdated(updated) => {
                if self.opened.as_ref().is_none_or(|opened| *opened == updated.about) {
                    return Err(format!("{updated:?} changes nothing"));
                }
                self.opened = Some(updated.about);
                Ok(())
            }
            ConversationFact::MembersChanged(changed) => self.members_changed(offset, &changed),
            ConversationFact::RequestChanged(changed) => self.request_changed(offset, &changed),
            ConversationFact::RolesChanged(changed) => self.roles_changed(&changed),
            ConversationFact::MessageCreated(created) => self.created(offset, created.message),
            ConversationFact::MessageDeleted(deleted) => self.deleted(deleted.message),
            ConversationFact::MessageEdited(edited) => self.edited(edited.message),
            ConversationFact::MessageHidden(hidden) => self.hidden(&hidden.message),
            ConversationFact::MessageShown(shown) => self.shown(&shown.message),
            ConversationFact::ReportFiled(filed) => self.filed(filed),
            ConversationFact::ReportResolved(resolved) => self.resolved(&resolved),
            ConversationFact::ReceiptAdvanced(receipt) => self.advanced(&receipt),
            ConversationFact::DeliveryAdvanced(delivery) => self.reached(&delivery),
            ConversationFact::MarkedUnread(marked) => self.marked(&marked),
            ConversationFact::ReactionAdded(added) => self.reacted(offset, added.reaction),
            ConversationFact::ReactionRemoved(removed) => self.unreacted(&removed.reaction),
            ConversationFact::MessagePinned(pinned) => self.pinned(&pinned.message, pinned.pin),
            ConversationFact::MessageUnpinned(unpinned) => self.unpinned(&unpinned.message, &unpinned.by),
            ConversationFact::PollChanged(changed) => self.poll_changed(changed),
            ConversationFact::PreviewAttached(attached) => self.previewed(attached),
            ConversationFact::BlocksChanged(changed) => {
                self.changes += 1;
                let of_other = self.blocks.get(&changed.other).cloned().unwrap_or_default();
                if changed.blocks.by_other != of_other {
                    return Err(format!(
                        "blocks of {} change beside those of {}",
                        changed.other, changed.user
                    ));
                }
                self.blocks.insert(changed.user, changed.blocks.by_user);
                Ok(())
            }
        }
    }

    fn members_changed(&mut self, offset: Offset, changed: &MembersChanged) -> Result<(), String> {
        self.changes += 1;
        let joined = MembershipInterval {
            from: offset,
            to: None,
            first_seq: self.messages.len() as i64 + 1,
            first_ordinal: self.texts_up_to(i64::MAX),
        };
        for member in &changed.members {
            let person = self.people.entry(member.user.clone()).or_default();
            match person.intervals.last_mut().filter(|last| last.to.is_none()) {
                Some(last) => {
                    last.to = Some(offset);
                    (person.marked_unread, person.role, person.request) = (false, None, None);
                }
                None => {
                    person.intervals.push(joined.clone());
                    person.request = changed.requests.contains(&member.user).then_some(RequestState::Open);
                }
            }
            if person.kept() != member.intervals {
                return Err(format!("{}: {:?}, not {:?}", member.user, member.intervals, person.kept()));
            }
        }
        Ok(())
    }

    fn request_changed(&mut self, offset: Offset, changed: &RequestChanged) -> Result<(), String> {
        self.changes += 1;
        let asked = changed.request.as_ref().map(|request| request.state);
        let person = self.people.entry(changed.user.clone()).or_default();
        match (person.request, asked) {
            (Some(RequestState::Open), Some(RequestState::Open) | None) => {}
            (Some(RequestState::Open), Some(RequestState::Declined)) => {
                person.intervals.iter_mut().for_each(|interval| interval.to = interval.to.or(Some(offset)));
            }
            (Some(RequestState::Declined), None) => {
                person.intervals.push(MembershipInterval::from_opening(offset));
            }
            (before, after) => {
                return Err(format!("a request to {}: {before:?}, then {after:?}", changed.user));
            }
        }
        person.request = asked;
        if person.kept() != changed.intervals {
            return Err(format!("{}: {:?}, not {:?}", changed.user, changed.intervals, person.kept()));
        }
        if let Some(pair) = &changed.pair {
            let of = |user: &UserId| self.blocks.get(user).cloned().unwrap_or_default();
            let blocks = (of(&changed.user), of(&pair.other), false, asked.is_some());
            let PairBlocks { by_user, by_other, user_awaits, other_awaits } = pair.blocks.clone();
            if blocks != (by_user, by_other, user_awaits, other_awaits) {
                return Err(format!("{:?} stands between a pair, not {blocks:?}", pair.blocks));
            }
        }
        Ok(())
    }

    fn created(&mut self, offset: Offset, message: Message) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("message {} {what}: {message:?}", message.seq));
        if message.seq != self.messages.len() as i64 + 1 || message.position != offset {
            return wrong("is not the next one");
        }
        let others = match message.body.note().map(|note| note.kind) {
            None
            | Some(
                NoteKind::Added
                | NoteKind::Renamed
                | NoteKind::RoleChanged
                | NoteKind::OwnerChanged
                | NoteKind::SettingsChanged
                | NoteKind::Pinned,
            ) => self.members() - 1,
            // One who goes receives the message that says so.
            Some(NoteKind::Left | NoteKind::Removed) => self.members(),
        };
        if message.recipients != others {
            return wrong(&format!("has not {others} recipients"));
        }
        if message.body.note().is_none() {
            if self.is_pair() && self.blocks.values().any(Blocks::stands) {
                return wrong("was accepted while a block stood");
            }
            let mut others = self.people.iter().filter(|(user, _)| *user != message.sender_id());
            let is_spent = self.texts_up_to(i64::MAX) > 0;
            if self.is_pair() && is_spent && others.any(|(_, person)| person.request.is_some()) {
                return wrong("was accepted beyond what a request has room for");
            }
            let quoted = message.reply_to.as_ref().map(|stub| (stub.seq, stub.content.is_some()));
            let parent = |seq: i64| self.messages.iter().find(|written| written.message.seq == seq);
            if let Some((seq, has_content)) = quoted
                && parent(seq).is_none_or(|parent| has_content && !parent.is_there())
            {
                return wrong("quotes what is not there");
            }
            match self.people.get_mut(message.sender_id()).filter(|person| person.is_present()) {
                Some(person) => {
                    (person.mark, person.delivered) = (message.seq, message.seq);
                    person.marked_unread = false;
                }
                None => return wrong("is of a user who is no member"),
            }
        }
        self.messages.push(Written { message, removed_at: None, hidden_at: None });
        Ok(())
    }

    fn deleted(&mut self, tombstone: Message) -> Result<(), String> {
        self.changes += 1;
        let seq = tombstone.seq;
        let written = self.messages.iter_mut().find(|written| written.message.seq == seq);
        let written = written.ok_or_else(|| format!("{seq} was removed, and never was"))?;
        let at = tombstone.body.removed_at().ok_or("a removal without a time")?;
        if written.removed_at.is_some() || tombstone != written.message.clone().removed(at) {
            return Err(format!("{seq} was removed twice, or is another's: {tombstone:?}"));
        }
        (written.removed_at, written.hidden_at) = (Some(at), None);
        self.reactions.remove(&seq);
        self.votes.remove(&seq);
        self.previews.remove(&seq);
        self.pins.retain(|(pinned, _)| *pinned != seq);
        Ok(())
    }

    fn edited(&mut self, message: Message) -> Result<(), String> {
        let seq = message.seq;
        let written = self.messages.iter_mut().find(|written| written.message.seq == seq);
        let written = written.ok_or_else(|| format!("{seq} was edited, and never was"))?;
        let before = written.message.body.edited().map_or(0, |edited| edited.count);
        let now = message.body.edited().ok_or("an edit without a count")?;
        let core = |message: &Message| {
            (message.position, message.sent_at, message.sender.clone(), message.client_id.clone())
        };
        let is_next = now.count == before + 1 && core(&message) == core(&written.message);
        if !written.is_there() || !is_next || written.message.body.content() == message.body.content() {
            return Err(format!("{seq} was edited to {message:?} from {:?}", written.message));
        }
        written.message = message;
        self.previews.remove(&seq);
        Ok(())
    }

    fn roles_changed(&mut self, changed: &RolesChanged) -> Result<(), String> {
        for member in &changed.members {
            // One who leaves hands over before the fact of leaving.
            let person = self.people.get_mut(&member.user).filter(|person| person.is_present());
            let person = person.ok_or_else(|| format!("{} gets a role, and is no member", member.user))?;
            person.role = Some(member.role);
        }
        Ok(())
    }

    fn reached(&mut self, delivery: &DeliveryAdvanced) -> Result<(), String> {
        let newest = self.messages.len() as i64;
        let person = self.people.get_mut(&delivery.user).filter(|person| person.is_present());
        let person = person.ok_or_else(|| format!("{} has messages, and is no member", delivery.user))?;
        if delivery.delivered_up_to <= person.delivered || delivery.delivered_up_to > newest {
            return Err(format!("{delivery:?} after {}, of {newest}", person.delivered));
        }
        if delivery.is_shown == person.request.is_some() {
            return Err(format!("{delivery:?} of a member with the request {:?}", person.request));
        }
        person.delivered = delivery.delivered_up_to;
        Ok(())
    }

    fn marked(&mut self, marked: &MarkedUnread) -> Result<(), String> {
        let person = self.people.get_mut(&marked.user).filter(|person| person.is_present());
        let person = person.ok_or_else(|| format!("{} marks, and is no member", marked.user))?;
        if person.marked_unread == marked.marked {
            return Err(format!("{marked:?} changes nothing"));
        }
        person.marked_unread = marked.marked;
        Ok(())
    }

    fn advanced(&mut self, receipt: &ReceiptAdvanced) -> Result<(), String> {
        let newest = self.messages.len() as i64;
        let person = self.people.get_mut(&receipt.user).filter(|person| person.is_present());
        let person = person.ok_or_else(|| format!("{} reads, and is no member", receipt.user))?;
        let first = person.intervals.last().map_or(0, |last| last.first_seq);
        let up_to = receipt.read_up_to;
        if up_to <= person.mark || up_to > newest || up_to < first || up_to > person.delivered {
            return Err(format!("{receipt:?} after {}, of {newest}, from {first} on", person.mark));
        }
        if receipt.is_shown && person.request.is_some() {
            return Err(format!("{receipt:?} of a member who has accepted nothing"));
        }
        person.mark = up_to;
        if receipt.is_shown {
            person.shown = up_to;
        }
        Ok(())
    }
}
