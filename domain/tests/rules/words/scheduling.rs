//! Scheduled messages and their timers, in words.

use schemas::rows::Schedule;
use schemas::scheduling::ScheduleProgress;
use schemas::tables::timers::{Due, TimerRow};
use schemas::tables::views::ViewRow;

use super::{client, conversation, refusal};

/// Text, place, time and progress.
pub fn scheduled(schedule: &Schedule) -> String {
    let Schedule { content, due, zone, revision, .. } = schedule;
    let changes = if *revision > 0 { format!(", {revision} changes") } else { String::new() };
    let progress = match &schedule.progress {
        ScheduleProgress::Waiting(waiting) => format!("waits since {}", waiting.since),
        ScheduleProgress::Firing(firing) => format!("charged at #{}", firing.charge),
        ScheduleProgress::Sent(sent) => format!("sent as {} at {}", sent.seq, sent.at),
        ScheduleProgress::Cancelled(cancelled) => format!("cancelled at {}", cancelled.at),
        ScheduleProgress::Failed(failed) => format!("failed at {}: {}", failed.at, refusal(&failed.refusal)),
    };
    let to = conversation(&schedule.conversation);
    format!("{content:?} to {to} at {due} {zone}{changes}, {progress}")
}

pub fn timer(row: &ViewRow) -> String {
    let TimerRow { timer, is_set } = TimerRow::from_row(&row.key, &row.columns).unwrap();
    let Due::Schedule(id) = &timer.what;
    let state = if is_set { "set" } else { "over" };
    format!("timer {} of {} at {} {state}", client(id), timer.user, timer.due)
}
