//! What a process says of itself: logs, and metrics for Prometheus. Never a body, a token, an endpoint.
//!
//! Invariant: a metric's labels have values from a closed set; a series is there before its first event.

pub mod consumers;
pub mod effects;
pub mod stages;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

pub use stages::Stage;

/// Without more said: the store's own steps are of no interest unless something is wrong with them.
const DEFAULT: &str = "info,fjall=warn,lsm_tree=warn";

/// Starts logging to standard error, in JSON when nobody reads it at a terminal, filtered by `MM_LOG`
/// (default: `info` and above).
pub fn start() {
    let filter = EnvFilter::try_from_env("MM_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests, changes nothing.
    let _ = if std::io::stderr().is_terminal() { logs.try_init() } else { logs.json().try_init() };
}

/// A metric that was made or registered: that fails only for a name that is malformed or taken, which is
/// a mistake in the code.
pub fn made<T>(metric: prometheus::Result<T>) -> T {
    metric.unwrap_or_else(|error| panic!("metric: {error}"))
}
