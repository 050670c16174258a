//! The scheduler: asks the accounts for what is due.
//!
//! Invariants: a timer is read again until its account says that it waits no more, so nothing is forgotten by a
//! process that ends, and nothing has to be remembered; of several schedulers that ask, the account hears one.
//! Timers that were written late, up to a week after their time, are found by sweeps.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use graphql::Standings;
use schemas::position::LogTime;
use schemas::scheduling::{FireSchedule, FiringDenied, FiringFacts, Found};
use schemas::tables::timers::{DAY_MS, Due, SHARDS, Timer};
use schemas::{ClientId, ErrorCode, Refusal, UserId};
use tokio_util::sync::CancellationToken;

use crate::facts::SendFacts;
use crate::metrics::{self, Fired};
use crate::requests::Completed;
use crate::{Asked, Ingest};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A look sees what was due so long ago, in milliseconds.
const LOOKED_MS: LogTime = 30_000;
/// Between two sweeps, in milliseconds.
const SWEEP_EVERY_MS: LogTime = 20_000;
/// A sweep sees what was due so long ago: commands are kept for a week.
const SWEPT_MS: LogTime = 8 * DAY_MS;
/// Until an account is asked again for a timer that waits still, in milliseconds.
const AGAIN_MS: LogTime = 2_000;
/// Accounts that are asked at the same time.
const AT_ONCE: usize = 256;

/// Timers for which accounts were asked lately.
#[derive(Default)]
struct Asking {
    since: HashMap<Timer, LogTime>,
    swept_at: Option<LogTime>,
}

impl Asking {
    /// From when on the next look sees timers.
    fn from(&mut self, now: LogTime) -> LogTime {
        if self.swept_at.is_none_or(|at| now - at >= SWEEP_EVERY_MS) {
            self.swept_at = Some(now);
            return now - SWEPT_MS;
        }
        now - LOOKED_MS
    }

    /// Those of some timers for which accounts are to be asked now, at most `most`; the others come again.
    fn next(&mut self, timers: Vec<Timer>, now: LogTime, most: usize) -> Vec<Timer> {
        self.since.retain(|_, since| now - *since < AGAIN_MS);
        let mut next: Vec<Timer> =
            timers.into_iter().filter(|timer| !self.since.contains_key(timer)).take(most).collect();
        next.sort();
        self.since.extend(next.iter().map(|timer| (timer.clone(), now)));
        next
    }
}

impl Ingest {
    /// Asks for what is due, until `stop`. Users who are not served send nothing.
    pub async fn run_scheduler(
        self: Arc<Self>,
        standings: Arc<Standings>,
        stop: CancellationToken,
    ) -> Result<(), Infallible> {
        let (mut asking, mut asked) = (Asking::default(), FuturesUnordered::new());
        let mut pause = self.clock.sleep(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(()) = asked.next() => continue,
                () = &mut pause => pause = self.clock.sleep(LOOK_EVERY),
            }
            let now = self.clock.now();
            let from = asking.from(now);
            for shard in 0..SHARDS {
                match self.rows.timers(shard, from, now).await {
                    Ok(timers) => {
                        let room = AT_ONCE.saturating_sub(asked.len());
                        let next = asking.next(timers, now, room);
                        asked.extend(next.into_iter().map(|timer| self.fire(timer, &standings)));
                    }
                    Err(refusal) => {
                        metrics::fired(Fired::Unread, None);
                        tracing::debug!(detail = refusal.detail, shard, "timers not read");
                        asking.swept_at = None;
                    }
                }
            }
        }
    }

    async fn fire(&self, timer: Timer, standings: &Standings) {
        let Timer { due, user, what: Due::Schedule(id) } = &timer;
        let late_ms = || Some(self.clock.now() - due);
        match self.fire_schedule(user, id, *due, standings).await {
            Ok(Some(Completed::Stored(_))) => metrics::fired(Fired::Sent, late_ms()),
            Ok(Some(Completed::Done) | None) => metrics::fired(Fired::Before, None),
            Err(refusal) if passes(&refusal) => {
                tracing::debug!(%user, detail = refusal.detail, "a schedule is fired again");
                metrics::fired(Fired::Again, None);
            }
            Err(_) => metrics::fired(Fired::Failed, None),
        }
    }

    /// Asks the account of a user to send a scheduled message; `None` if it waits no more.
    async fn fire_schedule(
        &self,
        user: &UserId,
        id: &ClientId,
        due: LogTime,
        standings: &Standings,
    ) -> Result<Option<Completed>, Refusal> {
        let schedule = self.rows.schedule(user, id).await?;
        let schedule = schedule.filter(|schedule| schedule.progress.is_waiting() && schedule.due == due);
        let Some(schedule) = schedule else { return Ok(None) };
        let facts = if standings.is_served(user, self.clock.now()) {
            self.facts.of_send(user, &schedule.conversation, None, &schedule.content).await
        } else {
            Err(Refusal::new(ErrorCode::Forbidden, "the user is not served"))
        };
        let found = match facts {
            Ok(SendFacts { sender, recipients, reply_to: _, mentions }) => {
                Found::Facts(Box::new(FiringFacts { recipients, sender, mentions }))
            }
            Err(refusal) if passes(&refusal) => return Err(refusal),
            Err(refusal) => Found::Denied(FiringDenied { refusal }),
        };
        let fire = FireSchedule { id: id.clone(), revision: schedule.revision, found };
        self.run_on_account(Asked::direct(user), fire.into()).await.map(Some)
    }
}

/// Whether a refusal is not the account's last word.
fn passes(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        ErrorCode::Unavailable
            | ErrorCode::OutcomePending
            | ErrorCode::RateLimited
            | ErrorCode::InternalServerError
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(due: LogTime, user: &str) -> Timer {
        Timer { due, user: user.parse().unwrap(), what: Due::Schedule(ClientId::from_bytes([1; 16])) }
    }

    #[test]
    fn an_account_is_asked_again_when_its_timer_waits_still() {
        let mut asking = Asking::default();
        let (ann, bob) = (timer(10, "ann"), timer(5, "bob"));
        let both = vec![ann.clone(), bob.clone()];
        assert_eq!(asking.next(both.clone(), 20, 10), [bob.clone(), ann.clone()]);
        assert_eq!(asking.next(both.clone(), 20 + AGAIN_MS - 1, 10), []);
        assert_eq!(asking.next(both.clone(), 20 + AGAIN_MS, 1).len(), 1, "as many as there is room for");
        assert_eq!(asking.next(both, 20 + AGAIN_MS, 10).len(), 1, "the other one");
    }

    #[test]
    fn a_sweep_looks_further_back_now_and_then() {
        let (mut asking, start) = (Asking::default(), 100 * DAY_MS);
        assert_eq!(asking.from(start), start - SWEPT_MS, "the first look is one");
        assert_eq!(asking.from(start + 250), start + 250 - LOOKED_MS);
        let next = start + SWEEP_EVERY_MS;
        assert_eq!(asking.from(next), next - SWEPT_MS);
        // What a sweep has just missed is seen by looks.
        const { assert!(LOOKED_MS > SWEEP_EVERY_MS) };
    }
}
