//! Membership of a group: people are added, removed, leave, and change their roles.
//!
//! Invariants: a group with members has one owner; changes are limited, but for leaving, and have a
//! system message unless they follow each other too fast; a user who returns gets an interval of their own;
//! a user's rows as a member end with the membership, and [`Former`] keeps what they had.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::changes::Changes;
use schemas::code::{ErrorCode, Refusal};
use schemas::creating::Opened;
use schemas::membership::{
    AddMembers, Former, Member, MemberIntervals, MemberRole, MembersChanged, MembershipInterval,
    RemoveMember, Role, RolesChanged, SetRole,
};
use schemas::message::{Note, NoteKind};
use schemas::people::Profile;
use schemas::receipts::Receipt;
use schemas::rows::RowKey;
use schemas::tables::views::MembershipRow;
use schemas::verdict::Outcome;

use super::{Conversation, Conversations, Here, changes, check_room, in_group, message_requests, messages};
use crate::access::manages;
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};

impl Operation<Conversations> for AddMembers {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let former = self.people.iter().map(|person| RowKey::of::<Former>(&person.user));
        members(&self.actor, &self.people).chain(former).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (opened, acting) = in_group(context, &self.actor.user)?;
        only_managing(acting)?;
        let mut coming: Vec<&Profile> = vec![];
        for person in &self.people {
            let is_named = coming.iter().any(|other| other.user == person.user);
            if !is_named && present(context.owner, &person.user).is_none() {
                coming.push(person);
            }
        }
        if coming.is_empty() {
            return Err(NoEffect::Nothing);
        }
        let state = context.state();
        let count = i32::try_from(coming.len()).unwrap_or(i32::MAX).saturating_add(state.members);
        check_room(count, &context.policy.limits)?;
        check_limit(context, &self.actor.user)?;
        let joined = MembershipInterval {
            from: context.offset,
            to: None,
            first_seq: state.head + 1,
            first_ordinal: state.countable,
        };
        let mut effect = context.effect();
        effect.state().members = count;
        let mut changed = vec![];
        for person in &coming {
            let former = context.row::<Former>(&person.user);
            let mut intervals = former.map(|former| former.intervals.clone()).unwrap_or_default();
            begin(&mut intervals, joined.clone());
            let marks = former.map(|former| former.marks).unwrap_or_default();
            let request = message_requests::begun(context, &person.user, &self.actor.user, &self.requests);
            let member = Member { role: Role::Member, joined_at: context.at, intervals, marks, request };
            put(context, &mut effect, &person.user, &member);
            changed.push((person.user.clone(), member));
        }
        message_requests::note(context, &mut effect, &asked(&changed));
        let targets = coming.into_iter().cloned().collect();
        let note = counted(context, &mut effect, &self.actor.user, NoteKind::Added, targets);
        finish(context, effect, opened, &self.actor, changed, note.map(|note| (note, 0)))
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let mut named = std::iter::once(&self.actor).chain(&self.people);
        holds(named.all(|person| present(past.owner, &person.user).is_some()))
    }
}

impl Operation<Conversations> for RemoveMember {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let user = &self.person.user;
        let receipt = RowKey::of::<Receipt>(user);
        members(&self.actor, std::slice::from_ref(&self.person)).chain([receipt]).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (opened, acting) = in_group(context, &self.actor.user)?;
        let user = &self.person.user;
        let leaves = *user == self.actor.user;
        if !leaves {
            only_managing(acting)?;
        }
        let going = present(context.owner, user).ok_or(NoEffect::Nothing)?;
        if !leaves {
            if going.role != Role::Member {
                only_owner(acting)?;
            }
            check_limit(context, &self.actor.user)?;
        }
        let mut effect = context.effect();
        let left = go(context, &mut effect, opened, user, going);
        message_requests::settle(context, &mut effect, user, going);
        let note = if leaves {
            Some(Note::new(NoteKind::Left, vec![]))
        } else {
            let targets = vec![self.person.clone()];
            counted(context, &mut effect, &self.actor.user, NoteKind::Removed, targets)
        };
        let note = note.map(|note| (note, 1));
        finish(context, effect, opened, &self.actor, vec![(user.clone(), left)], note)
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        holds(present(past.owner, &self.person.user).is_none())
    }
}

impl Operation<Conversations> for SetRole {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        members(&self.actor, std::slice::from_ref(&self.person)).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (opened, acting) = in_group(context, &self.actor.user)?;
        only_owner(acting)?;
        let (actor, user) = (&self.actor.user, &self.person.user);
        let member = present(context.owner, user).ok_or_else(Refusal::not_found)?;
        if member.role == self.role {
            return Err(NoEffect::Nothing);
        }
        if user == actor {
            return Err(Refusal::bad_input("role", "an owner hands the group over to another member").into());
        }
        check_limit(context, actor)?;
        let mut changed = vec![(user, member, self.role)];
        let mut kind = NoteKind::RoleChanged;
        if self.role == Role::Owner {
            changed.push((actor, acting, Role::Moderator));
            kind = NoteKind::OwnerChanged;
        }
        let mut effect = context.effect();
        give(context, &mut effect, (opened, actor), &changed);
        count(context, &mut effect, actor, &[]);
        let note = Note::valued(kind, vec![self.person.clone()], self.role.as_str());
        messages::append_note(context, &mut effect, &self.actor, note, 0);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        holds(present(past.owner, &self.person.user).is_some_and(|member| member.role == self.role))
    }
}

/// Ends a membership: its rows, and the owner's rights if the owner goes.
fn go(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    opened: &Opened,
    user: &UserId,
    going: &Member,
) -> Member {
    let intervals = ended(going, context);
    let left = Member { role: Role::Member, intervals: intervals.clone(), request: None, ..going.clone() };
    let former = Former { intervals, marks: going.marks(context.row::<Receipt>(user)) };
    effect.state().members -= 1;
    effect.row(user, former).row(user, Receipt { ended: true, ..Receipt::default() });
    put(context, effect, user, &left);
    let heir = (going.role == Role::Owner).then(|| heir(context.owner, user)).flatten();
    if let Some((heir, member)) = heir {
        give(context, effect, (opened, user), &[(&heir, member, Role::Owner)]);
    }
    left
}

/// A member declines the request to them, and is gone: without a system message, as they never came.
pub fn depart(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    opened: &Opened,
    user: &UserId,
    going: &Member,
) {
    let left = go(context, effect, opened, user, going);
    publish(context, effect, opened, user, vec![(user.clone(), left)]);
}

/// One more interval; the oldest go beyond the number that is kept.
pub fn begin(intervals: &mut Vec<MembershipInterval>, joined: MembershipInterval) {
    intervals.push(joined);
    let surplus = intervals.len().saturating_sub(Member::MAX_INTERVALS);
    intervals.drain(..surplus);
}

/// The member's intervals, the last of which ends with this command.
pub fn ended(member: &Member, context: &Here<'_>) -> Vec<MembershipInterval> {
    let mut intervals = member.intervals.clone();
    if let Some(last) = intervals.last_mut() {
        last.to = Some(context.offset);
    }
    intervals
}

/// The users among them whom a request alone may reach.
fn asked(changed: &[(UserId, Member)]) -> Vec<UserId> {
    let asked = changed.iter().filter(|(_, member)| member.request.is_some());
    asked.map(|(user, _)| user.clone()).collect()
}

/// Gives members other roles, and publishes it.
fn give(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    (opened, by): (&Opened, &UserId),
    changed: &[(&UserId, &Member, Role)],
) {
    for (user, member, role) in changed {
        put(context, effect, user, &Member { role: *role, ..(*member).clone() });
    }
    let roles = changed.iter().map(|(user, _, role)| MemberRole { user: (*user).clone(), role: *role });
    let members = roles.collect();
    effect.event(context.id, RolesChanged { about: opened.clone(), by: by.clone(), members });
}

/// The membership of a user, if it lasts.
fn present<'a>(conversation: &'a Conversation, user: &UserId) -> Option<&'a Member> {
    conversation.get::<Member>(user).filter(|member| member.present().is_some())
}

/// Rows of the actor and of the members that a command names.
fn members<'a>(actor: &'a Profile, people: &'a [Profile]) -> impl Iterator<Item = RowKey> + 'a {
    let members = std::iter::once(actor).chain(people).map(|profile| RowKey::of::<Member>(&profile.user));
    members.chain([RowKey::of::<Changes>(&actor.user)])
}

fn check_limit(context: &Here<'_>, actor: &UserId) -> Result<(), Refusal> {
    changes::check(context, actor, "change_members", &context.policy.limits.change_members)
}

/// Counts a change that is noted for these people.
fn count(context: &Here<'_>, effect: &mut Effect<Conversations>, actor: &UserId, noted: &[Profile]) {
    let limit = &context.policy.limits.change_members;
    effect.row(actor, changes::counted(context, actor, limit, noted));
}

/// Counts a change of these people; gives its system message, if one is due.
fn counted(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    actor: &UserId,
    kind: NoteKind,
    people: Vec<Profile>,
) -> Option<Note> {
    let noted = changes::to_note(context, actor, people);
    count(context, effect, actor, &noted);
    (!noted.is_empty()).then(|| Note::new(kind, noted))
}

/// The new owner when the owner goes: of the moderators, or else of the members, the one who has been
/// present longest.
fn heir<'a>(conversation: &'a Conversation, gone: &UserId) -> Option<(UserId, &'a Member)> {
    let present = conversation.all::<Member>().filter(|(_, member)| member.present().is_some());
    let others = present.filter(|(user, _)| user != gone);
    // Who has not accepted the request to them comes last.
    others.min_by_key(|(user, member)| {
        (member.request.is_some(), !manages(member.role), member.joined_at, user.clone())
    })
}

/// Writes a member, and the view of the member's conversations.
pub fn put(context: &Here<'_>, effect: &mut Effect<Conversations>, user: &UserId, member: &Member) {
    let (user, conversation, member) = (user.clone(), context.id.clone(), member.clone());
    effect.row(&user, member.clone()).view(MembershipRow { user, conversation, member });
}

/// Publishes the change of these members, and appends its system message, if there is one.
fn finish(
    context: &Here<'_>,
    mut effect: Effect<Conversations>,
    opened: &Opened,
    actor: &Profile,
    changed: Vec<(UserId, Member)>,
    note: Option<(Note, i32)>,
) -> Result<Decision<Conversations>, NoEffect> {
    publish(context, &mut effect, opened, &actor.user, changed);
    if let Some((note, going)) = note {
        messages::append_note(context, &mut effect, actor, note, going);
    }
    Ok(effect.done())
}

fn publish(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    opened: &Opened,
    by: &UserId,
    changed: Vec<(UserId, Member)>,
) {
    let requests = asked(&changed);
    let intervals = |(user, member): (UserId, Member)| MemberIntervals { user, intervals: member.intervals };
    let members = changed.into_iter().map(intervals).collect();
    effect.event(context.id, MembersChanged { about: opened.clone(), by: by.clone(), members, requests });
}

fn only_owner(acting: &Member) -> Result<(), Refusal> {
    match acting.role {
        Role::Owner => Ok(()),
        Role::Moderator | Role::Member => {
            Err(Refusal::new(ErrorCode::Forbidden, "only the owner may do this"))
        }
    }
}

pub fn only_managing(acting: &Member) -> Result<(), Refusal> {
    if manages(acting.role) {
        Ok(())
    } else {
        Err(Refusal::new(ErrorCode::Forbidden, "only the owner and moderators may do this"))
    }
}
