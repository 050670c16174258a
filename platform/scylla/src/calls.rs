//! Calls: their turn, their deadline, their repetitions.
//!
//! Invariants: a call ends by its deadline, or when its attempts are used up; at most
//! [`Config::in_flight`] requests are with the cluster. Every request may be repeated: writes carry
//! their version.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use platform::ports::TablesError;
use platform::retry::BackOff;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::config::Config;
use crate::error::Failure;
use crate::metrics::{Metrics, Operation};
use crate::session::{Connection, Sessions};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

pub(crate) trait Request: Sync {
    type Answer: Send;

    fn table(&self) -> &'static str;

    fn operation(&self) -> Operation;

    /// It has its turn, and goes to the cluster now.
    fn leaves(&self) {}

    fn send(&self, connection: &Connection) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

pub(crate) struct Calls {
    sessions: Sessions,
    metrics: Metrics,
    turns: Semaphore,
    timeout: Duration,
    attempts: u32,
}

impl Calls {
    /// The configuration is checked.
    pub(crate) fn new(config: Config, metrics: Metrics, connection: Connection) -> Self {
        Self {
            turns: Semaphore::new(config.in_flight),
            timeout: config.call_timeout,
            attempts: config.attempts,
            sessions: Sessions::new(config, metrics.clone(), connection),
            metrics,
        }
    }

    /// Of a call that begins now.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    pub(crate) async fn answer<R: Request>(
        &self,
        request: &R,
        deadline: Instant,
    ) -> Result<R::Answer, TablesError> {
        let mut last = None;
        let mut back_off = BackOff::new(FIRST_PAUSE, LONGEST_PAUSE);
        for attempt in 0..self.attempts {
            if attempt > 0 {
                sleep_until(deadline.min(Instant::now() + back_off.pause())).await;
            }
            if Instant::now() >= deadline {
                break;
            }
            if attempt > 0 {
                self.metrics.retried(request.table(), request.operation());
            }
            match timeout_at(deadline, self.attempt(request)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Failure::Refused(reason))) => return Err(TablesError::Refused(reason)),
                Ok(Err(failure)) => {
                    tracing::debug!(table = request.table(), attempt, ?failure, "request failed");
                    last = Some(failure);
                }
                Err(_) => break,
            }
        }
        let reason = format!("{}: not answered in time", request.table());
        Err(last.map_or(TablesError::Unavailable(reason), TablesError::from))
    }

    async fn attempt<R: Request>(&self, request: &R) -> Result<R::Answer, Failure> {
        let connection = self.sessions.current();
        let result = self.send(request, &connection).await;
        match &result {
            Ok(_) | Err(Failure::Refused(_)) => self.sessions.connected(),
            Err(Failure::Unavailable(_)) => {}
            // Without its turn, so that others can find out too.
            Err(Failure::Disconnected(_)) => self.sessions.disconnected(&connection).await,
        }
        result
    }

    async fn send<R: Request>(
        &self,
        request: &R,
        connection: &Arc<Connection>,
    ) -> Result<R::Answer, Failure> {
        let turn = self.turns.acquire().await;
        let _turn = turn.map_err(|closed| Failure::Unavailable(closed.to_string()))?;
        let _flying = self.metrics.flying();
        request.leaves();
        request.send(connection).await
    }
}
