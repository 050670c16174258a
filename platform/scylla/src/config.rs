//! What a deployment says about its ScyllaDB.
//!
//! Invariant: every wait, every repetition and every crowd has its bound here.

use std::path::PathBuf;
use std::time::Duration;

use platform::config::Secret;

use crate::error::ConnectError;

/// Longest name of a keyspace.
const MAX_KEYSPACE: usize = 48;

/// How to reach and use a cluster.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port`, several by commas. The others of the cluster are found through them.
    pub nodes: String,
    /// Connections over TLS. A node's certificate must be for its address.
    pub tls: bool,
    /// Certificates of the authorities that nodes are known by, in PEM; empty: those of the machine.
    pub ca: PathBuf,
    /// Empty: this process is nobody to the cluster.
    pub user: String,
    pub password: Secret,
    /// Lower-case letters, digits and `_`, at most 48.
    pub keyspace: String,
    /// The one that is local to this process; needed where a cluster has several.
    pub datacenter: Option<String>,
    /// Longest wait for a session with all its tables, and for one connection a fifth of it.
    pub connect_timeout: Duration,
    /// Longest wait for one answer of the cluster.
    pub request_timeout: Duration,
    /// Longest wait for the answer to a call, with all repetitions and pauses.
    pub call_timeout: Duration,
    /// How often a call is tried, at least 1.
    pub attempts: u32,
    /// Requests that are not answered, at most; further calls wait for their turn.
    pub in_flight: usize,
    /// After so long without any connection a new session is made: the driver's own attempts get as
    /// rare as one in 10 s.
    pub rebuild_after: Duration,
}

impl Config {
    /// Everything but the addresses by default.
    pub fn new(nodes: impl Into<String>) -> Self {
        Self {
            nodes: nodes.into(),
            tls: false,
            ca: PathBuf::new(),
            user: String::new(),
            password: Secret::of(""),
            keyspace: "musclemap".into(),
            datacenter: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(2),
            call_timeout: Duration::from_secs(5),
            attempts: 12,
            in_flight: 512,
            rebuild_after: Duration::from_secs(3),
        }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.split(',').map(str::trim).filter(|node| !node.is_empty())
    }

    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        let rules = [
            (self.nodes().next().is_some(), "nodes is empty"),
            (!self.tls || cfg!(feature = "tls"), "tls needs a build with the feature tls"),
            (self.tls || self.user.is_empty(), "a user needs tls"),
            (self.user.is_empty() == self.password.expose().is_none(), "user and password belong together"),
            (is_keyspace(&self.keyspace), "keyspace is not of a-z, 0-9 and _, or longer than 48"),
            (self.datacenter.as_deref() != Some(""), "datacenter is empty"),
            (!self.connect_timeout.is_zero(), "connect_timeout is 0"),
            (!self.request_timeout.is_zero(), "request_timeout is 0"),
            (self.call_timeout >= self.request_timeout, "call_timeout is below request_timeout"),
            (self.attempts > 0, "attempts is 0"),
            (self.in_flight > 0, "in_flight is 0"),
            (self.in_flight <= tokio::sync::Semaphore::MAX_PERMITS, "in_flight is too large"),
        ];
        match rules.iter().find(|(kept, _)| !kept) {
            Some((_, broken)) => Err(ConnectError::Config(broken)),
            None => Ok(()),
        }
    }
}

/// Names go into statements as they are, so nothing else is let through.
fn is_keyspace(name: &str) -> bool {
    name.len() <= MAX_KEYSPACE
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        let good = Config::new("127.0.0.1:9042, 127.0.0.2:9042");
        assert!(good.check().is_ok());
        assert_eq!(good.nodes().collect::<Vec<_>>(), ["127.0.0.1:9042", "127.0.0.2:9042"]);
        let bad = [
            Config { nodes: " ,".into(), ..good.clone() },
            Config { keyspace: "a\"b".into(), ..good.clone() },
            Config { keyspace: "Upper".into(), ..good.clone() },
            Config { keyspace: "k".repeat(49), ..good.clone() },
            Config { call_timeout: Duration::from_secs(1), ..good.clone() },
            Config { attempts: 0, ..good.clone() },
            Config { in_flight: 0, ..good.clone() },
            #[cfg(not(feature = "tls"))]
            Config { tls: true, ..good.clone() },
            Config { user: "messaging".into(), password: Secret::of("hush"), ..good.clone() },
            Config { password: Secret::of("hush"), ..good.clone() },
        ];
        for config in bad {
            assert!(matches!(config.check(), Err(ConnectError::Config(_))), "{config:?}");
        }
    }
}
