//! Who is in a group: people are added, removed, and leave.
//!
//! Invariants: a group that has members has one owner; each change is told by a note among the
//! messages; who comes back has a stay of their own.

use schemas::UserId;
use schemas::code::{ErrorCode, Refusal};
use schemas::conversation::{
    AddMembers, ConversationFact, MemberStays, MembersChanged, NoteKind, RemoveMember, Role,
};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::{self, RowKey};
use schemas::people::Profile;
use schemas::rows::{ConversationState, Member, Opened, Stay};
use schemas::tables::views::{MembershipRow, View};
use schemas::verdict::{Done, Outcome};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect, in_group, member, post};

/// Rows of everyone whom a command names.
pub fn named(actor: &Profile, people: &[Profile]) -> Vec<RowKey> {
    std::iter::once(actor).chain(people).map(|profile| RowKey::member(&profile.user)).collect()
}

pub fn add(context: &Context<'_>, add: &AddMembers) -> Result<Decision<Conversations>, NoEffect> {
    let (opened, acting) = in_group(context, &add.actor.user)?;
    only_owner(acting)?;
    let mut coming: Vec<&Profile> = vec![];
    for person in &add.people {
        let is_known = coming.iter().any(|other| other.user == person.user);
        if !is_known && !is_present(context.conversation, &person.user) {
            coming.push(person);
        }
    }
    if coming.is_empty() {
        return Err(NoEffect(None));
    }
    let state = &context.conversation.state;
    let count = i32::try_from(coming.len()).unwrap_or(i32::MAX).saturating_add(state.members);
    if count > context.in_force.policy.limits.group_members {
        return Err(Refusal::new(ErrorCode::GroupFull, "the group has no room for so many").into());
    }
    let stay = Stay { from: context.offset, to: None, first_seq: state.head + 1 };
    let changed = coming.iter().map(|person| {
        let stays = member(context.conversation, &person.user).map(|known| known.stays.clone());
        let mut stays = stays.unwrap_or_default();
        stays.push(stay.clone());
        let surplus = stays.len().saturating_sub(Member::MAX_STAYS);
        stays.drain(..surplus);
        (person.user.clone(), Member { role: Role::Member, joined_at: context.at, stays })
    });
    let changed = changed.collect();
    let note = (NoteKind::Added, coming.into_iter().cloned().collect());
    Ok(change(context, opened, &add.actor, changed, vec![], count, note))
}

pub fn remove(context: &Context<'_>, remove: &RemoveMember) -> Result<Decision<Conversations>, NoEffect> {
    let (opened, acting) = in_group(context, &remove.actor.user)?;
    let gone = &remove.person.user;
    let leaves = *gone == remove.actor.user;
    if !leaves {
        only_owner(acting)?;
    }
    let Some(going) = member(context.conversation, gone).filter(|member| member.present().is_some()) else {
        return Err(NoEffect(None));
    };
    let mut stays = going.stays.clone();
    if let Some(last) = stays.last_mut() {
        last.to = Some(context.offset);
    }
    let left = Member { role: Role::Member, stays, ..going.clone() };
    let heir = (going.role == Role::Owner).then(|| heir(context.conversation, gone)).flatten();
    let promoted = heir.map(|(user, heir)| (user, Member { role: Role::Owner, ..heir.clone() }));
    let note =
        if leaves { (NoteKind::Left, vec![]) } else { (NoteKind::Removed, vec![remove.person.clone()]) };
    let count = context.conversation.state.members - 1;
    let promoted = promoted.into_iter().collect();
    Ok(change(context, opened, &remove.actor, vec![(gone.clone(), left)], promoted, count, note))
}

/// Who owns a group when its owner goes: the member who has been there longest.
fn heir<'a>(conversation: &'a Conversation, gone: &UserId) -> Option<(UserId, &'a Member)> {
    let members = conversation.of_kind(owner::MEMBER).filter_map(|(key, row)| match row {
        ConversationRow::Member(member) if member.present().is_some() => Some((key.user()?, member)),
        _ => None,
    });
    members.filter(|(user, _)| user != gone).min_by_key(|(user, member)| (member.joined_at, user.clone()))
}

/// Writes members whose stays have changed and those with another role, and tells of it by a note.
fn change(
    context: &Context<'_>,
    opened: &Opened,
    actor: &Profile,
    changed: Vec<(UserId, Member)>,
    promoted: Vec<(UserId, Member)>,
    count: i32,
    (kind, targets): (NoteKind, Vec<Profile>),
) -> Decision<Conversations> {
    let mut state = ConversationState::clone(&context.conversation.state);
    state.members = count;
    let members_changed = MembersChanged {
        kind: opened.kind,
        title: opened.title.clone(),
        created_by: opened.by.clone(),
        created_at: opened.at,
        by: actor.user.clone(),
        members: changed
            .iter()
            .map(|(user, member)| MemberStays { user: user.clone(), stays: member.stays.clone() })
            .collect(),
    };
    let mut decision = Decision {
        state,
        rows: vec![],
        views: vec![],
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::MembersChanged(members_changed),
        }],
        verdict: Some(Outcome::Done(Done { changed: true })),
    };
    for (user, member) in changed.into_iter().chain(promoted) {
        let row = ConversationRow::Member(member.clone());
        decision.rows.push((RowKey::member(&user), row));
        let view = MembershipRow { user, conversation: context.id.clone(), member };
        decision.views.push(View::Membership(view));
    }
    post::note(context, &mut decision, actor, kind, targets);
    decision
}

fn only_owner(acting: &Member) -> Result<(), Refusal> {
    match acting.role {
        Role::Owner => Ok(()),
        Role::Member => Err(Refusal::new(ErrorCode::Forbidden, "only the owner may do this")),
    }
}

fn is_present(conversation: &Conversation, user: &UserId) -> bool {
    member(conversation, user).is_some_and(|member| member.present().is_some())
}

pub fn all_present(conversation: &Conversation, add: &AddMembers) -> bool {
    is_present(conversation, &add.actor.user)
        && add.people.iter().all(|person| is_present(conversation, &person.user))
}

pub fn is_gone(conversation: &Conversation, remove: &RemoveMember) -> bool {
    !is_present(conversation, &remove.person.user)
}
