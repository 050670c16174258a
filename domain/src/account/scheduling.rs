//! Scheduled messages: kept here until their time, then sent as any other.
//!
//! Invariants: a schedule is charged at most once, in the decision that ends its waiting; a timer waits exactly as long
//! as its schedule does; the list of a user has every schedule that is not settled.

use fold::{Decision, Purpose};
use schemas::charging::{Charge, ChargeKind, ClientRequest};
use schemas::code::{ErrorCode, Refusal};
use schemas::message::Content;
use schemas::operations::{CancelSchedule, ChangeSchedule, FireSchedule, ScheduleMessage, SettleSchedule};
use schemas::position::LogTime;
use schemas::rows::{RowKey, Schedule, Schedules};
use schemas::scheduling::{
    Firing, FiringFacts, Found, ScheduleCancelled, ScheduleChanged, ScheduleFailed, ScheduleProgress,
    ScheduleSent, Waiting,
};
use schemas::sending::PostMessage;
use schemas::tables::timers::{Due, Timer, TimerRow};
use schemas::verdict::Outcome;
use schemas::{ClientId, UserId};

use super::sending::{self, Sending};
use super::{Account, Accounts, accepted, idempotency, refused_before, suspending};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past, holds};
use crate::{moderation, privacy, text};

/// How far ahead a time may be, in milliseconds: a year, whichever it is.
const AHEAD_MS: LogTime = 366 * 24 * 60 * 60 * 1_000;
/// How long a send that comes too often is tried again, in milliseconds: an hour.
const PATIENCE_MS: LogTime = 60 * 60 * 1_000;
/// Bytes of the longest name of a time zone.
const ZONE_BYTES: usize = 64;

fn rows(id: &ClientId) -> Vec<RowKey> {
    vec![RowKey::of::<Schedule>(id), RowKey::of::<Schedules>(&())]
}

impl Operation<Accounts> for ScheduleMessage {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        rows(&self.id)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let request_hash = request_hash(self);
        match context.row::<Schedule>(&self.id) {
            Some(first) if first.request_hash == request_hash => return Err(NoEffect::Nothing),
            Some(_) => return Err(used().into()),
            None => {}
        }
        check_text(context, &self.content)?;
        check_due(self.due, context.at)?;
        check_zone(&self.zone)?;
        let mut all = all(context);
        if all.open.len() >= Schedules::MOST {
            return Err(Refusal::limit_reached("scheduled_messages", "too many scheduled messages").into());
        }
        all.open.push(self.id.clone());
        let new = Schedule {
            conversation: self.conversation.clone(),
            content: self.content.clone(),
            due: self.due,
            zone: self.zone.clone(),
            created_at: context.at,
            request_hash,
            revision: 0,
            progress: ScheduleProgress::Waiting(Waiting { since: context.at }),
        };
        let mut effect = context.effect();
        effect.row(&(), all);
        wait(context, &mut effect, &self.id, new.due, true);
        put(context, &mut effect, &self.id, new);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Schedule>(&self.id);
        holds(stands.is_some_and(|stands| stands.request_hash == request_hash(self)))
    }
}

impl Operation<Accounts> for ChangeSchedule {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Schedule>(&self.id)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = waiting(context, &self.id)?;
        let content = self.content.as_ref().unwrap_or(&before.content);
        let due = self.due.unwrap_or(before.due);
        if (content, due) == (&before.content, before.due) {
            return Err(NoEffect::Nothing);
        }
        if self.content.is_some() {
            check_text(context, content)?;
        }
        if due != before.due {
            check_due(due, context.at)?;
        }
        let after = Schedule {
            content: content.clone(),
            due,
            revision: before.revision + 1,
            progress: ScheduleProgress::Waiting(Waiting { since: context.at }),
            ..before.clone()
        };
        let mut effect = context.effect();
        if due != before.due {
            wait(context, &mut effect, &self.id, before.due, false);
            wait(context, &mut effect, &self.id, due, true);
        }
        put(context, &mut effect, &self.id, after);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Schedule>(&self.id);
        holds(stands.is_some_and(|stands| {
            self.content.as_ref().is_none_or(|content| *content == stands.content)
                && self.due.is_none_or(|due| due == stands.due)
        }))
    }
}

impl Operation<Accounts> for CancelSchedule {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        rows(&self.id)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if is_cancelled(context.row::<Schedule>(&self.id)) {
            return Err(NoEffect::Nothing);
        }
        let before = waiting(context, &self.id)?;
        let mut effect = context.effect();
        wait(context, &mut effect, &self.id, before.due, false);
        let cancelled = ScheduleProgress::Cancelled(ScheduleCancelled { at: context.at });
        settle(context, &mut effect, &self.id, before, cancelled);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(is_cancelled(past.owner.get::<Schedule>(&self.id)))
    }
}

impl Operation<Accounts> for FireSchedule {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Repeat => vec![RowKey::of::<Schedule>(&self.id)],
            Purpose::Decide => {
                let used = RowKey::of::<ClientRequest>(&self.id);
                rows(&self.id).into_iter().chain([used]).collect()
            }
        }
    }

    /// Of many that fire a schedule one finds it waiting. One that knows another text, or comes too early, does
    /// nothing: the timer is there, and is asked again.
    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = context.row::<Schedule>(&self.id).filter(|before| before.progress.is_waiting());
        let before = before.filter(|before| before.revision == self.revision && before.due <= context.at);
        let Some(before) = before else { return Err(NoEffect::Nothing) };
        match send(self, context, before) {
            Ok(mut effect) => {
                wait(context, &mut effect, &self.id, before.due, false);
                let progress = ScheduleProgress::Firing(Firing { charge: context.offset });
                put(context, &mut effect, &self.id, Schedule { progress, ..before.clone() });
                Ok(effect.answered(accepted(false)))
            }
            Err(refusal) if passes(&refusal) && context.at - before.due < PATIENCE_MS => Err(refusal.into()),
            Err(refusal) => {
                let mut effect = context.effect();
                wait(context, &mut effect, &self.id, before.due, false);
                let failed =
                    ScheduleProgress::Failed(ScheduleFailed { at: context.at, refusal: refusal.clone() });
                settle(context, &mut effect, &self.id, before, failed);
                Ok(effect.answered(Outcome::refused(refusal)))
            }
        }
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Schedule>(&self.id);
        let fired = stands.is_some_and(|stands| charged_at(&stands.progress, past.offset));
        Some(if fired { accepted(false) } else { refused_before() })
    }
}

impl Operation<Accounts> for SettleSchedule {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        rows(&self.id)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = fired(context.owner, &self.id, self.charge).ok_or(NoEffect::Nothing)?;
        let mut effect = context.effect();
        let sent = ScheduleProgress::Sent(ScheduleSent { at: context.at, seq: self.seq });
        settle(context, &mut effect, &self.id, before, sent);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Schedule>(&self.id);
        holds(stands.is_some_and(|stands| stands.progress.is_settled()))
    }
}

/// The row of the schedule whose send a charge has paid for.
pub fn of_charge(charge: &Charge) -> Vec<RowKey> {
    match (charge.kind, &charge.client_id) {
        (ChargeKind::Scheduled, Some(id)) => rows(id),
        (ChargeKind::Scheduled, None)
        | (
            ChargeKind::Send | ChargeKind::Create | ChargeKind::Edit | ChargeKind::React | ChargeKind::Report,
            _,
        ) => {
            vec![]
        }
    }
}

/// A schedule whose send its conversation has refused has failed.
pub fn fail(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    charge: &Charge,
    refusal: Option<&Refusal>,
) {
    let id = charge.client_id.as_ref().filter(|_| charge.kind == ChargeKind::Scheduled);
    let Some((id, before)) = id.and_then(|id| Some((id, fired(context.owner, id, charge.position)?))) else {
        return;
    };
    let refusal = refusal.cloned().unwrap_or_else(|| Refusal::unavailable("the message had no effect"));
    let failed = ScheduleProgress::Failed(ScheduleFailed { at: context.at, refusal });
    settle(context, effect, id, before, failed);
}

/// Charges the send of a schedule, and passes it on.
fn send(
    fire: &FireSchedule,
    context: &Context<'_, Accounts>,
    schedule: &Schedule,
) -> Result<Effect<Accounts>, Refusal> {
    let FiringFacts { recipients, sender, mentions } = match &fire.found {
        Found::Facts(facts) => &**facts,
        Found::Denied(denied) => return Err(denied.refusal.clone()),
    };
    if idempotency::first(context, &fire.id, schedule.request_hash)?.is_some() {
        return Err(used());
    }
    suspending::check(context)?;
    let text = &schedule.content;
    sending::check_content("content", text, false, &context.policy.limits)?;
    moderation::check(context, "content", text, mentions.people.len())?;
    let sending = Sending {
        conversation: &schedule.conversation,
        client_id: &fire.id,
        text,
        attachments: &[],
        template: None,
        recipients: *recipients,
        kind: ChargeKind::Scheduled,
        hash: schedule.request_hash,
    };
    let post = PostMessage {
        client_id: fire.id.clone(),
        sender: sender.clone(),
        content: Content::plain(text.clone()),
        reply_to: None,
        mentions: mentions.clone(),
        attachments: vec![],
        sticker: None,
        gif: None,
        forwarded: None,
        shows_reads: privacy::sends_reads(&context.state().privacy),
    };
    sending::charge(context, &sending, post)
}

/// Whether a refusal may be none a little later.
fn passes(refusal: &Refusal) -> bool {
    matches!(refusal.code, ErrorCode::RateLimited | ErrorCode::Unavailable)
}

fn used() -> Refusal {
    Refusal::new(ErrorCode::IdempotencyConflict, "this id was used for another request")
}

/// A schedule that may be changed and cancelled; CONFLICT for one that may not any more.
fn waiting<'a>(context: &Context<'a, Accounts>, id: &ClientId) -> Result<&'a Schedule, Refusal> {
    let schedule = context.row::<Schedule>(id).ok_or_else(Refusal::not_found)?;
    if schedule.progress.is_waiting() {
        return Ok(schedule);
    }
    Err(Refusal::new(ErrorCode::Conflict, "the scheduled message waits no more"))
}

/// A schedule on its way to its conversation, charged at `charge`.
fn fired<'a>(account: &'a Account, id: &ClientId, charge: i64) -> Option<&'a Schedule> {
    account.get::<Schedule>(id).filter(|schedule| charged_at(&schedule.progress, charge))
}

fn charged_at(progress: &ScheduleProgress, position: i64) -> bool {
    match progress {
        ScheduleProgress::Firing(firing) => firing.charge == position,
        ScheduleProgress::Waiting(_)
        | ScheduleProgress::Sent(_)
        | ScheduleProgress::Cancelled(_)
        | ScheduleProgress::Failed(_) => false,
    }
}

fn is_cancelled(schedule: Option<&Schedule>) -> bool {
    schedule.is_some_and(|schedule| match schedule.progress {
        ScheduleProgress::Cancelled(_) => true,
        ScheduleProgress::Waiting(_)
        | ScheduleProgress::Firing(_)
        | ScheduleProgress::Sent(_)
        | ScheduleProgress::Failed(_) => false,
    })
}

fn all(context: &Context<'_, Accounts>) -> Schedules {
    context.row::<Schedules>(&()).cloned().unwrap_or_default()
}

/// Writes a schedule, and tells its user's devices.
fn put(context: &Context<'_, Accounts>, effect: &mut Effect<Accounts>, id: &ClientId, now: Schedule) {
    effect.row(id, now.clone()).account_event(context.id, ScheduleChanged { id: id.clone(), now });
}

/// Writes how a schedule has ended, and moves it in the list of its user.
fn settle(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    id: &ClientId,
    before: &Schedule,
    progress: ScheduleProgress,
) {
    let mut all = all(context);
    all.open.retain(|other| other != id);
    all.settled.push(id.clone());
    all.settled.drain(..all.settled.len().saturating_sub(Schedules::MOST));
    effect.row(&(), all);
    put(context, effect, id, Schedule { progress, ..before.clone() });
}

/// Sets the timer of a schedule, or says that it waits no more.
fn wait(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    id: &ClientId,
    due: LogTime,
    is_set: bool,
) {
    let user: UserId = context.id.clone();
    effect.view(TimerRow { timer: Timer { due, user, what: Due::Schedule(id.clone()) }, is_set });
}

fn check_text(context: &Context<'_, Accounts>, content: &str) -> Result<(), Refusal> {
    sending::check_content("content", content, false, &context.policy.limits)?;
    moderation::check(context, "content", content, 0)
}

/// Refuses a time that is past, and one that is more than a year ahead.
pub fn check_due(due: LogTime, now: LogTime) -> Result<(), Refusal> {
    if due <= now {
        return Err(Refusal::bad_input("scheduledFor", "the time is past"));
    }
    if due > now.saturating_add(AHEAD_MS) {
        return Err(Refusal::bad_input("scheduledFor", "more than a year ahead"));
    }
    Ok(())
}

/// Which zones there are is known to builds, and looked up before the log.
fn check_zone(zone: &str) -> Result<(), Refusal> {
    let is_name = (1..=ZONE_BYTES).contains(&zone.len()) && zone.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { Ok(()) } else { Err(Refusal::bad_input("timeZone", "not the name of a time zone")) }
}

/// Hash of what the client said.
fn request_hash(schedule: &ScheduleMessage) -> i64 {
    let ScheduleMessage { id: _, conversation, content, due, zone } = schedule;
    text::hash(format!("schedule\0{conversation}\0{due}\0{zone}\0{content}").as_bytes())
}
