//! Opening a conversation with its first members.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::creating::{ConversationKind, ConversationOpened, OpenConversation, Opened};
use schemas::membership::{Member, MembershipInterval, Role};
use schemas::position::Offset;
use schemas::receipts::Watermarks;
use schemas::rows::RowKey;
use schemas::verdict::{Done, Outcome};

use super::{Conversation, Conversations, Here, blocking, check_room, membership, message_requests};
use crate::operation::{NoEffect, Operation, Past};

impl Operation<Conversations> for OpenConversation {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        if context.state().opened.is_some() {
            return Err(NoEffect::Nothing);
        }
        let members: Vec<&UserId> = std::iter::once(&self.creator).chain(&self.participants).collect();
        let count = i32::try_from(members.len()).unwrap_or(i32::MAX);
        if self.kind == ConversationKind::Group {
            check_room(count, &context.policy.limits)?;
        }
        let about = Opened {
            kind: self.kind,
            title: self.title.clone(),
            description: None,
            announcements_only: false,
            avatar: None,
            by: self.creator.clone(),
            at: context.at,
            charge: context.envelope.charge.as_ref().map_or(context.offset, |charge| charge.position),
        };
        if self.kind == ConversationKind::Direct {
            blocking::check_sender(context.owner, &self.creator)?;
        }
        let mut effect = context.effect();
        let state = effect.state();
        (state.members, state.head_at, state.opened) = (count, context.at, Some(about.clone()));
        let mut asked = None;
        for user in &members {
            let member = Member {
                role: role(self, user),
                joined_at: context.at,
                intervals: vec![MembershipInterval::from_opening(context.offset)],
                marks: Watermarks::default(),
                request: message_requests::begun(context, user, &self.creator, &self.requests),
            };
            if self.kind == ConversationKind::Direct && member.request.is_some() {
                asked = Some(member);
            } else {
                membership::put(context, &mut effect, user, &member);
            }
        }
        let requests = self.requests.clone();
        let members = members.into_iter().cloned().collect();
        effect.event(context.id, ConversationOpened { about: about.clone(), members, requests });
        if let Some((member, user)) = asked.as_ref().zip(self.participants.first()) {
            message_requests::put(context, &mut effect, &about, (user, member), Some(&self.creator));
        }
        message_requests::note(context, &mut effect, &self.requests);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        opened_by(past.owner, &self.creator, past.charge?)
    }
}

/// A DIRECT conversation has no owner.
fn role(open: &OpenConversation, user: &UserId) -> Role {
    match open.kind {
        ConversationKind::Group if *user == open.creator => Role::Owner,
        ConversationKind::Group | ConversationKind::Direct => Role::Member,
    }
}

/// The verdict on an opening, if it was the charge's own; else the account answers, which refunds.
///
/// A charge is named by its user and position: two accounts may have charged at one offset.
pub fn opened_by(conversation: &Conversation, creator: &UserId, charge: Offset) -> Option<Outcome> {
    let opened = conversation.state.opened.as_ref()?;
    (opened.by == *creator && opened.charge == charge).then_some(Outcome::Done(Done { changed: true }))
}
