//! Logs: JSON when nobody reads them at a terminal. Never a body, a token, an endpoint.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Without more said: the store's own steps are of no interest unless something is wrong with them.
const DEFAULT: &str = "info,fjall=warn,lsm_tree=warn";

/// Starts logging to standard error, filtered by `MM_LOG` (default: `info` and above).
pub fn start() {
    let filter = EnvFilter::try_from_env("MM_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests, changes nothing.
    let _ = if std::io::stderr().is_terminal() { logs.try_init() } else { logs.json().try_init() };
}
