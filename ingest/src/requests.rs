//! Requests that wait for their verdicts.
//!
//! Invariants: a send is answered when money and message are both decided; verdicts may come in
//! either order, and again. An entry goes when its [`PendingRequest`] is dropped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use platform::lock::locked;
use schemas::code::ErrorCode;
use schemas::position::Partition;
use schemas::verdict::{Decider, Outcome, Reply, Verdict};
use schemas::{Refusal, UserId};
use tokio::sync::oneshot;

use crate::metrics;

/// The kind of a request, which says whose verdicts complete it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Send,
    /// Of an account, which counts it, and then of a conversation.
    Counted,
    /// Of one machine alone.
    Direct,
}

/// The outcome of a request that had an effect, or whose effect was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completed {
    /// The message has this number.
    Stored(i64),
    Done,
}

type Answer = Result<Completed, Refusal>;

/// The verdicts on a request so far.
#[derive(Debug, Default)]
struct Progress {
    accepted: bool,
    completed: Option<Completed>,
}

struct Entry {
    user: UserId,
    kind: RequestKind,
    progress: Progress,
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<i64, Entry>,
    by_user: HashMap<UserId, usize>,
}

impl Table {
    fn remove(&mut self, request: i64) -> Option<Entry> {
        let entry = self.entries.remove(&request)?;
        if let Some(count) = self.by_user.get_mut(&entry.user) {
            *count -= 1;
            if *count == 0 {
                self.by_user.remove(&entry.user);
            }
        }
        Some(entry)
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

/// A request that waits for its verdicts. Dropping it removes its entry.
pub struct PendingRequest {
    requests: Requests,
    request: i64,
    kind: RequestKind,
    answer: oneshot::Receiver<Answer>,
}

/// The outcome is not known in time.
pub fn pending(kind: RequestKind) -> Refusal {
    let detail = match kind {
        RequestKind::Send => "the outcome follows on the inbox; sending again is safe",
        RequestKind::Counted | RequestKind::Direct => "the outcome is not known yet; asking again is safe",
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
        locked(&self.table)
    }

    /// Enters a request, if there is room.
    pub fn open(&self, user: &UserId, kind: RequestKind) -> Result<PendingRequest, Refusal> {
        let mut table = self.table();
        if table.entries.len() >= self.most {
            return Err(Refusal::unavailable("too many requests wait for verdicts"));
        }
        let own = table.by_user.entry(user.clone()).or_default();
        if *own >= self.most_per_user {
            return Err(Refusal::rate_limited("requests_in_flight", "too many requests at once", 1, 1_000));
        }
        *own += 1;
        let request = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, receive) = oneshot::channel();
        let entry = Entry { user: user.clone(), kind, progress: Progress::default(), answer };
        table.entries.insert(request, entry);
        metrics::WAITING.set(table.entries.len() as i64);
        Ok(PendingRequest { requests: self.clone(), request, kind, answer: receive })
    }

    /// Adds a verdict, and answers the request that it completes.
    pub fn on_verdict(&self, verdict: Verdict) {
        let mut table = self.table();
        let Some(entry) = table.entries.get_mut(&verdict.request) else { return };
        if let Some(answer) = add(entry.kind, &mut entry.progress, verdict.by, verdict.outcome)
            && let Some(entry) = table.remove(verdict.request)
        {
            // The client may have gone.
            let _ = entry.answer.send(answer);
        }
    }
}

/// Adds a verdict to the progress of a request; gives the answer once it is complete.
fn add(kind: RequestKind, progress: &mut Progress, by: Decider, outcome: Outcome) -> Option<Answer> {
    match (by, outcome) {
        // From the conversation a refusal answers a look-up or a direct command: nothing follows.
        (_, Outcome::Refused(refused)) => return Some(Err(refused.refusal)),
        (Decider::Accounts, Outcome::Accepted(_)) => progress.accepted = true,
        // The charge was refunded because the effect was there already.
        (Decider::Accounts, Outcome::Done(_)) => return Some(Ok(Completed::Done)),
        (_, Outcome::Stored(stored)) => progress.completed = Some(Completed::Stored(stored.seq)),
        (Decider::Conversations, Outcome::Done(_)) => progress.completed = Some(Completed::Done),
        (Decider::Conversations, Outcome::Accepted(_)) => {}
    }
    let is_complete = progress.accepted || kind == RequestKind::Direct;
    progress.completed.take_if(|_| is_complete).map(Ok)
}

impl PendingRequest {
    pub fn reply(&self) -> Reply {
        Reply { slot: self.requests.slot, request: self.request }
    }

    /// The answer, or OUTCOME_PENDING when it takes too long.
    pub async fn answer(mut self, within: Duration) -> Answer {
        match tokio::time::timeout(within, &mut self.answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(pending(self.kind)),
        }
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        let mut table = self.requests.table();
        table.remove(self.request);
        metrics::WAITING.set(table.entries.len() as i64);
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

    async fn answer(kind: RequestKind, verdicts: &[(Decider, Outcome)]) -> Answer {
        let requests = requests();
        let waiting = requests.open(&user("ann"), kind).unwrap();
        let request = waiting.reply().request;
        for (by, outcome) in verdicts {
            requests.on_verdict(Verdict { request, by: *by, outcome: outcome.clone() });
        }
        waiting.answer(Duration::from_millis(1)).await
    }

    #[tokio::test]
    async fn a_send_is_answered_by_both_machines_in_either_order() {
        assert_eq!(answer(RequestKind::Send, &[accepted(), stored()]).await, Ok(Completed::Stored(7)));
        assert_eq!(
            answer(RequestKind::Send, &[stored(), stored(), accepted()]).await,
            Ok(Completed::Stored(7))
        );
        assert_eq!(answer(RequestKind::Send, &[accepted()]).await, Err(pending(RequestKind::Send)));
        assert_eq!(answer(RequestKind::Send, &[stored()]).await, Err(pending(RequestKind::Send)));
        let given_back = [accepted(), refused(Decider::Accounts)];
        assert_eq!(answer(RequestKind::Send, &given_back).await, Err(Refusal::not_found()));
        let looked_up = [refused(Decider::Conversations)];
        assert_eq!(answer(RequestKind::Send, &looked_up).await, Err(Refusal::not_found()));
    }

    #[tokio::test]
    async fn a_creation_is_done_also_when_there_was_nothing_to_do() {
        let conversations = Decider::Conversations;
        assert_eq!(
            answer(RequestKind::Counted, &[accepted(), done(conversations)]).await,
            Ok(Completed::Done)
        );
        assert_eq!(
            answer(RequestKind::Counted, &[accepted(), done(Decider::Accounts)]).await,
            Ok(Completed::Done)
        );
        assert_eq!(answer(RequestKind::Direct, &[done(conversations)]).await, Ok(Completed::Done));
    }

    #[tokio::test]
    async fn requests_are_bounded_in_all_and_for_each_user() {
        let requests = requests();
        let ann: Vec<PendingRequest> =
            (0..2).map(|_| requests.open(&user("ann"), RequestKind::Send).unwrap()).collect();
        let refusal = requests.open(&user("ann"), RequestKind::Send).err().unwrap();
        assert_eq!(refusal.code, ErrorCode::RateLimited);
        let _bob: Vec<PendingRequest> =
            (0..2).map(|_| requests.open(&user("bob"), RequestKind::Send).unwrap()).collect();
        let refusal = requests.open(&user("carl"), RequestKind::Send).err().unwrap();
        assert_eq!(refusal.code, ErrorCode::Unavailable);
        drop(ann);
        let again = requests.open(&user("ann"), RequestKind::Send).unwrap();
        assert_eq!(again.answer(SECOND / 1_000).await, Err(pending(RequestKind::Send)));
    }
}
