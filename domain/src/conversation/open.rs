//! Opening a conversation with its first members.

use schemas::UserId;
use schemas::code::{ErrorCode, Refusal};
use schemas::conversation::{ConversationFact, ConversationKind, ConversationOpened, OpenConversation, Role};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::position::Offset;
use schemas::rows::{ConversationState, Member, Opened, Stay};
use schemas::tables::views::{MembershipRow, View};
use schemas::verdict::{Done, Outcome};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect};

pub fn decide(context: &Context<'_>, open: &OpenConversation) -> Result<Decision<Conversations>, NoEffect> {
    if context.conversation.state.opened.is_some() {
        return Err(NoEffect(None));
    }
    let members: Vec<&UserId> = std::iter::once(&open.creator).chain(&open.participants).collect();
    let count = i32::try_from(members.len()).unwrap_or(i32::MAX);
    let room = context.in_force.policy.limits.group_members;
    if open.kind == ConversationKind::Group && count > room {
        return Err(Refusal::new(ErrorCode::GroupFull, "the group has no room for so many").into());
    }
    let mut state = ConversationState::clone(&context.conversation.state);
    state.members = count;
    state.head_at = context.at;
    state.opened = Some(Opened {
        kind: open.kind,
        title: open.title.clone(),
        by: open.creator.clone(),
        at: context.at,
        charge: context.charge.map_or(context.offset, |charge| charge.position),
    });
    let joined = |user: &UserId| Member {
        role: role(open, user),
        joined_at: context.at,
        stays: vec![Stay { from: context.offset, to: None, first_seq: 1 }],
    };
    let view = |user: &&UserId| MembershipRow {
        user: (*user).clone(),
        conversation: context.id.clone(),
        member: joined(user),
    };
    let opened = ConversationOpened {
        kind: open.kind,
        title: open.title.clone(),
        created_by: open.creator.clone(),
        members: members.iter().map(|user| (*user).clone()).collect(),
    };
    Ok(Decision {
        state,
        rows: members
            .iter()
            .map(|user| (RowKey::member(user), ConversationRow::Member(joined(user))))
            .collect(),
        views: members.iter().map(|user| View::Membership(view(user))).collect(),
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::ConversationOpened(opened),
        }],
        verdict: Some(Outcome::Done(Done { changed: true })),
    })
}

/// In a DIRECT conversation nobody is above the other.
fn role(open: &OpenConversation, user: &UserId) -> Role {
    match open.kind {
        ConversationKind::Group if *user == open.creator => Role::Owner,
        _ => Role::Member,
    }
}

/// The verdict on an opening, if it was the charge's own; else what gave the charge back answers.
///
/// A charge is named by who was charged, and where: two accounts may have charged at one offset.
pub fn opened_by(conversation: &Conversation, creator: &UserId, charge: Offset) -> Option<Outcome> {
    let opened = conversation.state.opened.as_ref()?;
    (opened.by == *creator && opened.charge == charge).then_some(Outcome::Done(Done { changed: true }))
}
