//! The connection that commands share, and the next one after it was lost.
//!
//! Invariant: one connection is made at a time; callers that wait for a failed attempt start no other, and none
//! starts within [`RETRY_EVERY`].

use std::sync::Mutex;
use std::time::Duration;

use platform::ports::EphemeralError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::time::Instant;

use crate::locked;
use crate::metrics::Metrics;

/// How long a connection may take to be made. With an answer's time it is less than a call may take.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_millis(800);
/// From an attempt that failed to the next.
const RETRY_EVERY: Duration = Duration::from_millis(250);

pub(crate) struct Connections {
    pub(crate) client: Client,
    pub(crate) metrics: Metrics,
    state: Mutex<State>,
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    current: Option<Connection>,
    /// Counts connections.
    number: u64,
    failed_at: Option<Instant>,
}

/// A connection and its number.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) commands: MultiplexedConnection,
    number: u64,
}

impl Connections {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            metrics: Metrics::new(),
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// The connection that there is, or a new one.
    pub(crate) async fn get(&self) -> Result<Connection, EphemeralError> {
        if let Some(current) = &locked(&self.state).current {
            return Ok(current.clone());
        }
        let away = || EphemeralError::Unavailable("no connection".to_owned());
        let _alone = self.connecting.lock().await;
        let number = {
            let state = &mut *locked(&self.state);
            if let Some(current) = &state.current {
                return Ok(current.clone());
            }
            if state.failed_at.is_some_and(|at| Instant::now() < at + RETRY_EVERY) {
                return Err(away());
            }
            state.number += 1;
            state.number
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        self.metrics.connected(connected.is_ok());
        let state = &mut *locked(&self.state);
        match connected {
            Ok(commands) => Ok(state.current.insert(Connection { commands, number }).clone()),
            Err(error) => {
                state.failed_at = Some(Instant::now());
                Err(unavailable(error))
            }
        }
    }

    /// What a failure of a call means. A connection that was lost, or does not answer, is used no more.
    pub(crate) fn failed(&self, connection: &Connection, error: RedisError) -> EphemeralError {
        self.metrics.failed();
        if error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error() {
            let state = &mut *locked(&self.state);
            state.current.take_if(|current| current.number == connection.number);
        }
        unavailable(error)
    }
}

pub(crate) fn unavailable(error: RedisError) -> EphemeralError {
    EphemeralError::Unavailable(error.to_string())
}
