//! Users who keep on sending, whatever happens to the server, and remember what they were told.
//!
//! Invariant: a client id stands for one text; it is asked for again until the answer is definite,
//! unless its sender gives it up, and then nothing is claimed of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Client;
use crate::client::code;
use crate::process::PATIENCE;

/// Between two sends of one user.
const PACE: Duration = Duration::from_millis(200);
/// Before the same is asked again.
const BACKOFF: Duration = Duration::from_millis(20);

/// What a sender was told in the end.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Stored, as this message.
    Acknowledged(Value),
    /// Refused for good, with this code.
    Refused(String),
    /// Nothing that counts.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Attempt {
    pub id: Uuid,
    pub text: String,
    pub outcome: Outcome,
    /// How often it was answered by nothing that counts.
    pub uncertain: usize,
    /// Until the last answer.
    pub took: Duration,
}

/// Counts what has been acknowledged so far, for whoever waits for it.
#[derive(Clone, Default)]
pub struct Acknowledged(Arc<AtomicUsize>);

impl Acknowledged {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until so many more have been acknowledged.
    pub async fn more(&self, more: usize) {
        let (wanted, deadline) = (self.count() + more, Instant::now() + PATIENCE);
        while self.count() < wanted {
            assert!(Instant::now() < deadline, "{} of {wanted} acknowledged in time", self.count());
            sleep(BACKOFF).await;
        }
    }
}

/// Sends until `stop` becomes true or so many have been tried. Each fifth is given up at the first
/// answer that is not definite.
pub async fn send(
    client: Client,
    conversation: String,
    most: usize,
    acknowledged: Acknowledged,
    stop: watch::Receiver<bool>,
) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while attempts.len() < most && !*stop.borrow() {
        let begun = Instant::now();
        let number = attempts.len();
        let (id, text) = (Uuid::new_v4(), format!("{} says {number} to {conversation}", client.user));
        let (outcome, uncertain) =
            ask_until_definite(&client, &conversation, id, &text, number % 5 == 4).await;
        if matches!(outcome, Outcome::Acknowledged(_)) {
            acknowledged.0.fetch_add(1, Ordering::Relaxed);
        }
        attempts.push(Attempt { id, text, outcome, uncertain, took: begun.elapsed() });
        tokio::time::sleep_until(begun + PACE).await;
    }
    attempts
}

async fn ask_until_definite(
    client: &Client,
    conversation: &str,
    id: Uuid,
    text: &str,
    gives_up: bool,
) -> (Outcome, usize) {
    let (deadline, mut uncertain) = (Instant::now() + PATIENCE, 0);
    loop {
        if let Ok(mut answer) = client.try_send(conversation, id, text).await {
            match code(&answer) {
                None => return (Outcome::Acknowledged(answer["data"]["sendMessage"].take()), uncertain),
                // It says that nothing has happened, which counts if nobody asks again.
                Some(code @ "UNAVAILABLE") if gives_up => {
                    return (Outcome::Refused(code.to_owned()), uncertain + 1);
                }
                Some("UNAVAILABLE" | "OUTCOME_PENDING") => {}
                Some(refused) => return (Outcome::Refused(refused.to_owned()), uncertain),
            }
        }
        uncertain += 1;
        if gives_up {
            return (Outcome::Unknown, uncertain);
        }
        assert!(Instant::now() < deadline, "no definite answer to {id} in time");
        sleep(BACKOFF).await;
    }
}
