//! Limits of what users and addresses may ask of one process: attempts, bytes for the log, the cost of a
//! document, executions at once, bytes of answers that are not sent.
//!
//! Invariants: what is over a limit has not begun; every count is in memory and bounded. These limits protect
//! a process; the effects of a user over all processes are counted by the machines.

mod allowance;
mod executions;
mod metrics;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, ServerError};
use axum::http::Extensions;
use platform::connections::network;
use schemas::{Refusal, UserId};
use tokio::time::Instant;

use crate::admission::{Admission, Admitted, Cost};
use crate::error::server_error;
use allowance::Allowance;
pub use executions::Execution;
use executions::Executions;

/// The time over which attempts and bytes for the log are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Bounds of one process.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Requests that one user may make in a minute; each field at the root of an operation is one.
    pub attempts_per_user: u32,
    /// The same of one address, which many users may share.
    pub attempts_per_address: u32,
    /// Bytes of commands that one user may append to the log in a minute.
    pub log_bytes_per_user: u32,
    /// Fields of an answer, by the sizes of the lists around them.
    pub cost: usize,
    /// Bytes of one answer.
    pub answer_bytes: usize,
    /// Executions whose answers are not sent.
    pub executions: usize,
    pub executions_per_user: usize,
    /// Bytes of answers that are not sent.
    pub unsent_bytes: usize,
    pub unsent_bytes_per_user: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            attempts_per_user: 300,
            attempts_per_address: 6_000,
            log_bytes_per_user: 2 * 1024 * 1024,
            cost: 20_000,
            answer_bytes: 4 * 1024 * 1024,
            executions: 4_096,
            executions_per_user: 64,
            unsent_bytes: 256 * 1024 * 1024,
            unsent_bytes_per_user: 16 * 1024 * 1024,
        }
    }
}

/// The address that a request comes from: an extension of the request, put there by the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}

/// Whose attempts count.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub user: Option<&'a UserId>,
    pub peer: Option<Peer>,
}

pub struct Limits {
    options: Options,
    by_user: Allowance<UserId>,
    by_address: Allowance<IpAddr>,
    log_bytes: Allowance<UserId>,
    executions: Executions,
}

impl Limits {
    pub fn new(options: Options) -> Arc<Self> {
        metrics::announce();
        Arc::new(Self {
            options,
            by_user: Allowance::new(options.attempts_per_user, WINDOW),
            by_address: Allowance::new(options.attempts_per_address, WINDOW),
            log_bytes: Allowance::new(options.log_bytes_per_user, WINDOW),
            executions: Executions::default(),
        })
    }

    /// Counts attempts, before anything is done for them.
    pub fn attempt(&self, asker: Asker<'_>, count: usize) -> Result<(), Refusal> {
        let (count, now) = (count as u64, Instant::now());
        if let Some(peer) = asker.peer {
            let taken = self.by_address.take(&network(peer.0), count, now);
            taken
                .map_err(|wait| attempts("attempts_per_address", wait, self.options.attempts_per_address))?;
        }
        if let Some(user) = asker.user {
            let taken = self.by_user.take(user, count, now);
            taken.map_err(|wait| attempts("attempts_per_user", wait, self.options.attempts_per_user))?;
        }
        Ok(())
    }

    /// Admits a document one of whose root fields has been counted: counts the others, and holds its cost to
    /// the limit.
    pub fn admit(
        &self,
        admission: &Admission,
        request: &mut Request,
        asker: Asker<'_>,
    ) -> Result<Admitted, Vec<ServerError>> {
        let admitted = admission.admit(request)?;
        let Cost { fields, roots } = admitted.cost;
        if fields > self.options.cost && !admitted.about_schema {
            metrics::refused("cost");
            return Err(vec![self.too_costly(fields)]);
        }
        self.attempt(asker, roots.saturating_sub(1)).map_err(|refusal| vec![server_error(refusal)])?;
        request.data.insert(admitted.cost);
        Ok(admitted)
    }

    fn too_costly(&self, fields: usize) -> ServerError {
        let most = self.options.cost;
        let detail = format!("a cost above {most}: fields, multiplied by the sizes of the lists around them");
        let mut error = server_error(Refusal::bad_input("query", detail));
        error.extensions.get_or_insert_default().set("cost", fields);
        error
    }

    /// Counts bytes that a user is about to append to the log.
    pub fn append(&self, user: &UserId, bytes: usize) -> Result<(), Refusal> {
        let taken = self.log_bytes.take(user, bytes as u64, Instant::now());
        taken.map_err(|wait| too_often("log_bytes_per_user", wait))
    }

    /// Begins an execution, which lasts until its answer is sent.
    pub fn begin(self: &Arc<Self>, user: Option<&UserId>) -> Result<Arc<Execution>, Refusal> {
        Execution::begin(self, user)
    }
}

fn attempts(limit: &'static str, wait: Duration, quota: u32) -> Refusal {
    Refusal { quota: Some(quota.into()), ..too_often(limit, wait) }
}

fn too_often(limit: &'static str, wait: Duration) -> Refusal {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).saturating_add(1);
    limited(limit, "too many requests in too short a time", WINDOW, wait)
}

fn limited(limit: &'static str, detail: &str, window: Duration, retry_after_ms: i64) -> Refusal {
    metrics::refused(limit);
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    Refusal::rate_limited(limit, detail, window, retry_after_ms)
}

/// A limit of what is there at once: it is over as soon as something of it ends.
fn crowded(limit: &'static str, detail: &str) -> Refusal {
    limited(limit, detail, Duration::from_secs(1), 1_000)
}
