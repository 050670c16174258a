//! People who are added, removed, leave and return; often by actors who may not do it.

use rand::Rng;
use schemas::creating::ConversationKind;
use schemas::membership::{Former, Member, Role};
use schemas::operations::{AddMembers, RemoveMember, SetRole};
use schemas::people::Profile;
use schemas::tables::CONVERSATIONS_BY_USER;
use schemas::tables::Value;
use schemas::tables::views::MembershipRow;

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::{Clients, profile};
use crate::world::State;

impl Simulated for AddMembers {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (actor, conversation) = (clients.user(state), clients.conversation(state));
        let people = (0..state.random.random_range(1..=2)).map(|_| profile(&clients.user(state))).collect();
        let people: Vec<Profile> = people;
        let requests =
            people.iter().filter(|_| state.chance(0.3)).map(|person| person.user.clone()).collect();
        clients.direct(state, &conversation, AddMembers { actor: profile(&actor), people, requests });
    }

    /// Rows of members, former ones and views are the intervals of the events; a group with members has
    /// one owner.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.stories()
            .try_for_each(|story| people(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

impl Simulated for SetRole {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (actor, conversation) = (clients.user(state), clients.conversation(state));
        let person = clients.user(state);
        let role = [Role::Owner, Role::Moderator, Role::Member][state.random.random_range(0..3)];
        let set = SetRole { actor: profile(&actor), person: profile(&person), role };
        clients.direct(state, &conversation, set);
    }

    /// Of the roles that events give the last one stands.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for (user, person) in &story.history.people {
                let member = story.stored.get::<Member>(user);
                if person.role.is_some() && member.map(|member| member.role) != person.role {
                    return Err(format!("{} of {user}: {member:?}, not {person:?}", story.id));
                }
            }
        }
        Ok(())
    }
}

fn people(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let mut owners = 0;
    for (user, person) in &story.history.people {
        let member = story.stored.get::<Member>(user).ok_or_else(|| format!("{user} has no row"))?;
        let state = member.request.as_ref().map(|request| request.state);
        if member.intervals != person.kept() || state != person.request {
            return Err(format!("{user}: {member:?}, events {:?}", person.intervals));
        }
        owners += usize::from(member.role == Role::Owner);
        let former = story.stored.get::<Former>(user);
        if !person.is_shown() && former.is_none_or(|former| former.intervals != person.kept()) {
            return Err(format!("{user}, who is gone: {former:?}, events {:?}", person.intervals));
        }
        let partition = (CONVERSATIONS_BY_USER.name, MembershipRow::partition(user));
        let rows =
            rest.state.replicas.get(rest.quorum(), &partition, &[vec![Value::text(story.id.as_str())]]);
        let row = rows.first().ok_or_else(|| format!("{user} has no view"))?;
        let view = MembershipRow::from_row(user, &row.key, &row.columns).map_err(|e| e.to_string())?;
        if view.member != *member {
            return Err(format!("{user}: view {:?}, row {member:?}", view.member));
        }
    }
    let rows = story.stored.all::<Member>().count();
    if rows != story.history.people.len() {
        return Err(format!("{rows} members, {} in the events", story.history.people.len()));
    }
    let present = story.history.members();
    let counted = story.stored.state.as_ref().map_or(0, |state| state.members);
    let is_group = story.history.opened.as_ref().is_some_and(|opened| opened.kind == ConversationKind::Group);
    let expected = usize::from(is_group && present > 0);
    if counted != present || owners != expected {
        return Err(format!("{counted} members and {owners} owners, not {present} and {expected}"));
    }
    Ok(())
}

impl Simulated for RemoveMember {
    const WEIGHT: u32 = 4;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (actor, conversation) = (clients.user(state), clients.conversation(state));
        let person = if state.chance(0.3) { actor.clone() } else { clients.user(state) };
        clients.direct(
            state,
            &conversation,
            RemoveMember { actor: profile(&actor), person: profile(&person) },
        );
    }

    /// Nobody's message was accepted outside their intervals.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in
                story.history.messages.iter().filter(|written| written.message.body.note().is_none())
            {
                let message = &written.message;
                let person = story.history.people.get(message.sender_id());
                let is_enclosed = person.is_some_and(|person| {
                    person.intervals.iter().any(|interval| interval.encloses(message.position))
                });
                if !is_enclosed {
                    return Err(format!("{}: message {} of a user who was gone", story.id, message.seq));
                }
            }
        }
        Ok(())
    }
}
