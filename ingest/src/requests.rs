//! Requests that wait for their verdicts.
//!
//! Invariants: a send is answered when money and message are both decided; verdicts may come in
//! either order, and again. What nobody waits for any more is dropped at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemas::code::ErrorCode;
use schemas::position::Partition;
use schemas::verdict::{Decider, Outcome, Reply, Verdict};
use schemas::{Refusal, UserId};
use tokio::sync::oneshot;

use crate::metrics;

/// What was asked, which says whose verdicts answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Send,
    Create,
    /// Of one machine alone.
    Direct,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    Stored(i64),
    Effected,
}

type Answer = Result<Done, Refusal>;

/// What is known of a request so far.
#[derive(Debug, Default)]
struct Heard {
    accepted: bool,
    done: Option<Done>,
}

struct Pending {
    user: UserId,
    asked: Asked,
    heard: Heard,
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Table {
    pending: HashMap<i64, Pending>,
    by_user: HashMap<UserId, usize>,
}

impl Table {
    fn remove(&mut self, request: i64) -> Option<Pending> {
        let pending = self.pending.remove(&request)?;
        if let Some(count) = self.by_user.get_mut(&pending.user) {
            *count -= 1;
            if *count == 0 {
                self.by_user.remove(&pending.user);
            }
        }
        Some(pending)
    }
}

#[derive(Clone)]
pub struct Requests {
    table: Arc<Mutex<Table>>,
    next: Arc<AtomicI64>,
    slot: Partition,
    most: usize,
    most_per_user: usize,
}

/// A request that waits; it is forgotten when this is dropped.
pub struct Waiting {
    requests: Requests,
    request: i64,
    asked: Asked,
    answer: oneshot::Receiver<Answer>,
}

/// The outcome is not known in time.
pub fn pending(asked: Asked) -> Refusal {
    let detail = match asked {
        Asked::Send => "the outcome follows on the inbox; sending again is safe",
        Asked::Create | Asked::Direct => "the outcome is not known yet; asking again is safe",
    };
    Refusal::new(ErrorCode::OutcomePending, detail)
}

impl Requests {
    pub fn new(slot: Partition, most: usize, most_per_user: usize) -> Self {
        // A verdict for an earlier process in this slot must not answer a request of this one.
        let first = i64::from(rand::random::<u32>() >> 1) << 32;
        let next = Arc::new(AtomicI64::new(first));
        Self { table: Arc::default(), next, slot, most, most_per_user }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, if there is room.
    pub fn open(&self, user: &UserId, asked: Asked) -> Result<Waiting, Refusal> {
        let mut table = self.table();
        if table.pending.len() >= self.most {
            return Err(Refusal::unavailable("too many requests are on their way"));
        }
        let own = table.by_user.entry(user.clone()).or_default();
        if *own >= self.most_per_user {
            return Err(Refusal {
                limit: Some("requests_in_flight".to_owned()),
                window_seconds: Some(1),
                retry_after_ms: Some(1_000),
                ..Refusal::new(ErrorCode::RateLimited, "too many requests at once")
            });
        }
        *own += 1;
        let request = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, receive) = oneshot::channel();
        let pending = Pending { user: user.clone(), asked, heard: Heard::default(), answer };
        table.pending.insert(request, pending);
        metrics::WAITING.set(table.pending.len() as i64);
        Ok(Waiting { requests: self.clone(), request, asked, answer: receive })
    }

    /// Takes in a verdict; answers the request that it completes.
    pub fn hear(&self, verdict: Verdict) {
        let mut table = self.table();
        let Some(pending) = table.pending.get_mut(&verdict.request) else { return };
        if let Some(answer) = add(pending.asked, &mut pending.heard, verdict.by, verdict.outcome)
            && let Some(pending) = table.remove(verdict.request)
        {
            // Whoever asked may be gone.
            let _ = pending.answer.send(answer);
        }
    }
}

/// Adds a verdict to what was heard; gives the answer once it is there.
fn add(asked: Asked, heard: &mut Heard, by: Decider, outcome: Outcome) -> Option<Answer> {
    match (by, outcome) {
        // From the conversation a refusal answers a look-up or a direct command: nothing follows.
        (_, Outcome::Refused(refused)) => return Some(Err(refused.refusal)),
        (Decider::Accounts, Outcome::Accepted(_)) => heard.accepted = true,
        // The charge came back because there was nothing to do: what was asked for exists.
        (Decider::Accounts, Outcome::Done(_)) => return Some(Ok(Done::Effected)),
        (_, Outcome::Stored(stored)) => heard.done = Some(Done::Stored(stored.seq)),
        (Decider::Conversations, Outcome::Done(_)) => heard.done = Some(Done::Effected),
        (Decider::Conversations, Outcome::Accepted(_)) => {}
    }
    let complete = heard.accepted || asked == Asked::Direct;
    heard.done.take_if(|_| complete).map(Ok)
}

impl Waiting {
    pub fn reply(&self) -> Reply {
        Reply { slot: self.requests.slot, request: self.request }
    }

    /// The answer, or OUTCOME_PENDING when it takes too long.
    pub async fn answer(mut self, within: Duration) -> Answer {
        match tokio::time::timeout(within, &mut self.answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(pending(self.asked)),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut table = self.requests.table();
        table.remove(self.request);
        metrics::WAITING.set(table.pending.len() as i64);
    }
}

#[cfg(test)]
mod tests {
    use schemas::verdict::{Accepted, Stored};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn requests() -> Requests {
        Requests::new(3, 4, 2)
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn accepted() -> (Decider, Outcome) {
        (Decider::Accounts, Outcome::Accepted(Accepted { repeated: false }))
    }

    fn stored() -> (Decider, Outcome) {
        (Decider::Conversations, Outcome::Stored(Stored { seq: 7 }))
    }

    fn refused(by: Decider) -> (Decider, Outcome) {
        (by, Outcome::refused(Refusal::not_found()))
    }

    fn done(by: Decider) -> (Decider, Outcome) {
        (by, Outcome::Done(schemas::verdict::Done { changed: false }))
    }

    async fn answer(asked: Asked, verdicts: &[(Decider, Outcome)]) -> Answer {
        let requests = requests();
        let waiting = requests.open(&user("ann"), asked).unwrap();
        let request = waiting.reply().request;
        for (by, outcome) in verdicts {
            requests.hear(Verdict { request, by: *by, outcome: outcome.clone() });
        }
        waiting.answer(Duration::from_millis(1)).await
    }

    #[tokio::test]
    async fn a_send_is_answered_by_both_machines_in_either_order() {
        assert_eq!(answer(Asked::Send, &[accepted(), stored()]).await, Ok(Done::Stored(7)));
        assert_eq!(answer(Asked::Send, &[stored(), stored(), accepted()]).await, Ok(Done::Stored(7)));
        assert_eq!(answer(Asked::Send, &[accepted()]).await, Err(pending(Asked::Send)));
        assert_eq!(answer(Asked::Send, &[stored()]).await, Err(pending(Asked::Send)));
        let given_back = [accepted(), refused(Decider::Accounts)];
        assert_eq!(answer(Asked::Send, &given_back).await, Err(Refusal::not_found()));
        let looked_up = [refused(Decider::Conversations)];
        assert_eq!(answer(Asked::Send, &looked_up).await, Err(Refusal::not_found()));
    }

    #[tokio::test]
    async fn a_creation_is_done_also_when_there_was_nothing_to_do() {
        let conversations = Decider::Conversations;
        assert_eq!(answer(Asked::Create, &[accepted(), done(conversations)]).await, Ok(Done::Effected));
        assert_eq!(answer(Asked::Create, &[accepted(), done(Decider::Accounts)]).await, Ok(Done::Effected));
        assert_eq!(answer(Asked::Direct, &[done(conversations)]).await, Ok(Done::Effected));
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_of_all_and_of_one() {
        let requests = requests();
        let ann: Vec<Waiting> = (0..2).map(|_| requests.open(&user("ann"), Asked::Send).unwrap()).collect();
        let refusal = requests.open(&user("ann"), Asked::Send).err().unwrap();
        assert_eq!(refusal.code, ErrorCode::RateLimited);
        let _bob: Vec<Waiting> = (0..2).map(|_| requests.open(&user("bob"), Asked::Send).unwrap()).collect();
        let refusal = requests.open(&user("carl"), Asked::Send).err().unwrap();
        assert_eq!(refusal.code, ErrorCode::Unavailable);
        drop(ann);
        let again = requests.open(&user("ann"), Asked::Send).unwrap();
        assert_eq!(again.answer(SECOND / 1_000).await, Err(pending(Asked::Send)));
    }
}
