//! Scheduled messages: few seconds ahead, changed and cancelled around their time, fired by many schedulers.

use std::collections::BTreeSet;

use rand::Rng;
use schemas::code::Refusal;
use schemas::message::Mentions;
use schemas::operations::{
    AccountRequest, CancelSchedule, ChangeSchedule, FireSchedule, ScheduleMessage, SettleSchedule,
};
use schemas::position::LogTime;
use schemas::rows::{Schedule, Schedules};
use schemas::scheduling::{FiringDenied, FiringFacts, Found, ScheduleProgress};
use schemas::tables::TIMERS;
use schemas::tables::timers::{Due, Timer, TimerRow};
use schemas::{ClientId, UserId};

use super::Simulated;
use crate::check::{self, Rest};
use crate::clients::{Clients, client_id, profile};
use crate::tables::QUORUMS;
use crate::world::State;

/// Until a message is due, in milliseconds, at most.
const AHEAD: LogTime = 4_000;

fn due(state: &mut State) -> LogTime {
    state.now + state.random.random_range(-100..AHEAD)
}

/// A schedule of some user, as a scheduler or a device reads it.
fn drawn(clients: &Clients, state: &mut State) -> Option<(UserId, ClientId, Schedule)> {
    let user = clients.user(state);
    let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
    let stored = check::account(state, &user, quorum).ok()?;
    // Now and then one that waits no more.
    let any = state.chance(0.1);
    let wanted = stored.all::<Schedule>().filter(|(_, row)| any || row.progress.is_waiting());
    let all: Vec<(ClientId, Schedule)> = wanted.map(|(id, row)| (id, row.clone())).collect();
    let nth = state.random.random_range(0..all.len().max(1));
    let (id, schedule) = all.get(nth)?.clone();
    Some((user, id, schedule))
}

impl Simulated for ScheduleMessage {
    const WEIGHT: u32 = 5;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let (content, id, due) = (clients.text(state), client_id(state), due(state));
        let schedule = Self { id, conversation, content, due, zone: "UTC".to_owned() };
        let again = state.chance(0.2);
        clients.own(state, &user, schedule.clone());
        if again {
            clients.own(state, &user, schedule);
        }
    }

    /// The list of a user has each schedule once; a timer waits exactly as long as its schedule.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let mut waiting = BTreeSet::new();
        for (user, account) in &rest.accounts {
            let Schedules { open, settled } = account.stored.get(&()).cloned().unwrap_or_default();
            let (mut still, mut over) = (BTreeSet::new(), BTreeSet::new());
            for (id, schedule) in account.stored.all::<Schedule>() {
                if schedule.progress.is_waiting() {
                    let what = Due::Schedule(id.clone());
                    waiting.insert(Timer { due: schedule.due, user: user.clone(), what });
                }
                if schedule.progress.is_settled() {
                    over.insert(id)
                } else {
                    still.insert(id)
                };
            }
            let listed = |ids: Vec<ClientId>| (ids.len(), ids.into_iter().collect::<BTreeSet<ClientId>>());
            if listed(open.clone()) != (still.len(), still) || listed(settled.clone()) != (over.len(), over) {
                return Err(format!("{user} lists {open:?} and {settled:?}"));
            }
        }
        let set = timers(rest)?;
        if set != waiting {
            return Err(format!("timers wait for {set:?}, schedules for {waiting:?}"));
        }
        Ok(())
    }
}

/// The timers that wait.
fn timers(rest: &Rest<'_>) -> Result<BTreeSet<Timer>, String> {
    let mut set = BTreeSet::new();
    for partition in rest.state.replicas.partitions(&TIMERS) {
        for (key, (_, columns)) in rest.state.replicas.merged(rest.quorum(), &partition) {
            let row = TimerRow::from_row(&key, &columns).map_err(|e| e.to_string())?;
            set.extend(row.is_set.then_some(row.timer));
        }
    }
    Ok(set)
}

impl Simulated for ChangeSchedule {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, id, _)) = drawn(clients, state) else { return };
        let content = state.chance(0.5).then(|| clients.text(state));
        let due = state.chance(0.5).then(|| due(state));
        clients.own(state, &user, Self { id, content, due });
    }

    /// Text and time are some that the user gave, and so many changes were asked for.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let asked = rest.asked(user);
            for (id, schedule) in account.stored.all::<Schedule>() {
                let (mut texts, mut times, mut changes) = (vec![], vec![], 0);
                for request in &asked {
                    match request {
                        AccountRequest::ScheduleMessage(made) if made.id == id => {
                            texts.push(&made.content);
                            times.push(made.due);
                        }
                        AccountRequest::ChangeSchedule(change) if change.id == id => {
                            texts.extend(&change.content);
                            times.extend(change.due);
                            changes += 1;
                        }
                        _ => {}
                    }
                }
                let is_said = texts.contains(&&schedule.content) && times.contains(&schedule.due);
                if !is_said || schedule.revision > changes {
                    return Err(format!("{user} did not ask for {schedule:?}"));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for CancelSchedule {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, id, _)) = drawn(clients, state) else { return };
        clients.own(state, &user, Self { id });
    }

    /// What is cancelled was asked to be, and sent nothing.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let asked = rest.asked(user);
            for (id, schedule) in account.stored.all::<Schedule>() {
                if !matches!(schedule.progress, ScheduleProgress::Cancelled(_)) {
                    continue;
                }
                let is_asked = |request: &AccountRequest| match request {
                    AccountRequest::CancelSchedule(cancel) => cancel.id == id,
                    _ => false,
                };
                if !asked.iter().any(is_asked) {
                    return Err(format!("nobody cancelled {id} of {user}"));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for FireSchedule {
    const WEIGHT: u32 = 9;

    /// As of what a scheduler has read: now and then of an earlier text, or too early.
    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, id, schedule)) = drawn(clients, state) else { return };
        let found = if state.chance(0.1) {
            Found::Denied(FiringDenied { refusal: Refusal::not_found() })
        } else {
            let recipients = clients.recipients(&schedule.conversation);
            let (sender, mentions) = (profile(&user), Mentions::default());
            Found::Facts(Box::new(FiringFacts { recipients, sender, mentions }))
        };
        let revision = schedule.revision - i32::from(state.chance(0.1));
        let fire = Self { id, revision, found };
        let twice = state.chance(0.5);
        clients.own(state, &user, fire.clone());
        if twice {
            clients.own(state, &user, fire);
        }
    }

    /// A schedule that is sent is one message, with its text; any other is none.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            for (id, schedule) in account.stored.all::<Schedule>() {
                let mut found = vec![];
                for story in rest.stories() {
                    let own = story.sent.iter().filter(|(_, (sender, (of, _)))| sender == user && *of == id);
                    found.extend(own.map(|(seq, _)| (story.id.clone(), *seq)));
                }
                let wanted = match &schedule.progress {
                    ScheduleProgress::Sent(sent) => vec![(schedule.conversation.clone(), sent.seq)],
                    ScheduleProgress::Waiting(_)
                    | ScheduleProgress::Cancelled(_)
                    | ScheduleProgress::Failed(_) => {
                        vec![]
                    }
                    ScheduleProgress::Firing(_) => return Err(format!("{id} of {user} is on its way still")),
                };
                if found != wanted {
                    return Err(format!("{id} of {user} is {found:?}, not {wanted:?}: {schedule:?}"));
                }
                for (conversation, seq) in wanted {
                    let story = rest.story(&conversation).ok_or("a message without a conversation")?;
                    let mut sent = story.history.messages.iter().filter(|written| written.message.seq == seq);
                    let text = |body: &schemas::message::Body| body.content().map(|text| text.text.clone());
                    let is_its = |written: &check::Written| {
                        written.message.body.edited().is_some()
                            || text(&written.message.body).is_none_or(|text| text == schedule.content)
                    };
                    if !sent.all(is_its) {
                        return Err(format!("{seq} of {conversation} has not the text of {schedule:?}"));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Simulated for SettleSchedule {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// Checked with what fires.
    fn holds(_: &Rest<'_>) -> Result<(), String> {
        Ok(())
    }
}
