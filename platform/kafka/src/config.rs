//! What a deployment says about its Kafka, and what every client of it is made with.
//!
//! Invariant: each setting that librdkafka has wrong for us by default stands here, with its reason.

use std::path::PathBuf;
use std::time::Duration;

use platform::config::Secret;
use rdkafka::ClientConfig;
use schemas::topics::MAX_RECORD_BYTES;

use crate::error::ConnectError;
use crate::names::Names;
use crate::reader::Haste;

/// Largest batch of records, in bytes; topics take it, and readers fetch at least as much.
pub(crate) const MAX_BATCH_BYTES: usize = 2 * MAX_RECORD_BYTES;
/// A producer counts a little less than the broker does.
const BATCH_MARGIN_BYTES: usize = 16 * 1024;
/// What a queued record weighs at least, whatever its size.
pub(crate) const RECORD_OVERHEAD_BYTES: usize = 512;

/// How a broker is known, and who this process is to it.
#[derive(Debug, Clone)]
pub struct Security {
    /// Connections over TLS.
    pub tls: bool,
    /// Certificates of the authorities that brokers are known by, in PEM; empty: those of the machine.
    pub ca: PathBuf,
    /// Empty: this process is nobody.
    pub user: String,
    pub password: Secret,
    /// SCRAM-SHA-256 or SCRAM-SHA-512.
    pub mechanism: String,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            tls: false,
            ca: PathBuf::new(),
            user: String::new(),
            password: Secret::of(""),
            mechanism: "SCRAM-SHA-512".to_owned(),
        }
    }
}

/// How to reach and use a Kafka cluster.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port`, several by commas.
    pub bootstrap_servers: String,
    pub security: Security,
    /// Stands before the names of all topics and groups, so that several systems can share a cluster.
    /// Letters, digits, `.`, `_`, `-`.
    pub prefix: String,
    /// How this process is named in the brokers' logs and quotas.
    pub client_id: String,
    /// Longest wait for an answer: metadata, marks, positions, committed offsets.
    pub request_timeout: Duration,
    /// After this the outcome of a record that was not acknowledged is unknown, and the producer
    /// closes. Longer than a broker's restart.
    pub delivery_timeout: Duration,
    /// How long records wait for company: 0 below some 2,000 records/s, 1 ms above.
    pub linger: Duration,
    /// Bytes of records that are queued and not acknowledged; each counts for at least 512.
    pub queue_bytes: usize,
    /// How long a broker holds a request for records that has nothing to answer. Where readers
    /// share a connection, a new one may have to wait as long for its first records.
    pub fetch_wait: Duration,
    /// Bytes that are fetched ahead for each reader; the last batch may exceed it by 1 MiB.
    pub read_ahead_bytes: usize,
    /// A reader that gets nothing for so long asks whether there is something, and is assigned a new slot if
    /// that is still not fetched when it asks again.
    pub stalled_after: Duration,
    /// A member that says nothing for so long has lost its partitions: how long those of a killed
    /// process stand still. Longer than a broker's restart, else a restart costs every member its
    /// partitions for 16 s and more.
    pub session_timeout: Duration,
    pub heartbeat_interval: Duration,
    /// How long a member may hold revoked partitions; then it has lost them.
    pub release_timeout: Duration,
    /// How often librdkafka's own figures are brought up to date.
    pub statistics_interval: Duration,
}

impl Config {
    /// Everything but the addresses by default.
    pub fn new(bootstrap_servers: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            security: Security::default(),
            prefix: String::new(),
            client_id: client_id.into(),
            request_timeout: Duration::from_secs(10),
            delivery_timeout: Duration::from_secs(30),
            linger: Duration::ZERO,
            queue_bytes: 32 * 1024 * 1024,
            fetch_wait: Duration::from_millis(100),
            read_ahead_bytes: 1024 * 1024,
            stalled_after: Duration::from_secs(10),
            session_timeout: Duration::from_secs(8),
            heartbeat_interval: Duration::from_millis(500),
            release_timeout: Duration::from_secs(10),
            statistics_interval: Duration::from_secs(10),
        }
    }

    pub(crate) fn names(&self) -> Names {
        Names::new(&self.prefix)
    }

    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        let Security { tls, user, password, mechanism, .. } = &self.security;
        let rules = [
            (!tls || cfg!(feature = "tls"), "tls needs a build with the feature tls"),
            (*tls || user.is_empty(), "a user needs tls"),
            (user.is_empty() == password.expose().is_none(), "user and password belong together"),
            (["SCRAM-SHA-256", "SCRAM-SHA-512"].contains(&mechanism.as_str()), "mechanism is no SCRAM"),
            (!self.bootstrap_servers.trim().is_empty(), "bootstrap_servers is empty"),
            (!self.client_id.trim().is_empty(), "client_id is empty"),
            (is_prefix(&self.prefix), "prefix is not of letters, digits, '.', '_', '-', or above 64"),
            (!self.request_timeout.is_zero(), "request_timeout is 0"),
            (self.delivery_timeout > self.linger, "delivery_timeout is not longer than linger"),
            (self.queue_bytes >= MAX_BATCH_BYTES, "queue_bytes does not hold a batch of 1 MiB"),
            (self.queue_bytes <= u32::MAX as usize, "queue_bytes is above 4 GiB"),
            (self.fetch_wait < self.request_timeout, "fetch_wait is not below request_timeout"),
            (self.read_ahead_bytes >= 1024, "read_ahead_bytes is below 1 KiB"),
            (self.stalled_after > self.fetch_wait, "stalled_after is not longer than fetch_wait"),
            (
                self.session_timeout >= self.heartbeat_interval * 3,
                "session_timeout is below three heartbeats",
            ),
        ];
        match rules.iter().find(|(kept, _)| !kept) {
            Some((_, broken)) => Err(ConnectError::Config(broken)),
            None => Ok(()),
        }
    }

    /// What all clients have in common.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", &self.client_id)
            .set("socket.timeout.ms", millis(self.request_timeout))
            .set("socket.connection.setup.timeout.ms", millis(self.request_timeout))
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "50")
            // 10 s by default: a broker that is back would be found late.
            .set("reconnect.backoff.max.ms", "500")
            // The broker closes idle connections, which is no news.
            .set("log.connection.close", "false")
            .set("statistics.interval.ms", millis(self.statistics_interval));
        let Security { tls, ca, user, password, mechanism } = &self.security;
        if *tls {
            config.set("security.protocol", if user.is_empty() { "ssl" } else { "sasl_ssl" });
            // The name or address that is connected to must be the certificate's.
            config.set("ssl.endpoint.identification.algorithm", "https");
        }
        if !ca.as_os_str().is_empty() {
            config.set("ssl.ca.location", ca.to_string_lossy());
        }
        if let Some(password) = password.expose() {
            config.set("sasl.mechanism", mechanism).set("sasl.username", user).set("sasl.password", password);
        }
        config
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("max.in.flight.requests.per.connection", "5")
            // Partitions are always given; this is for whoever reads the configuration.
            .set("partitioner", "murmur2_random")
            .set("linger.ms", millis(self.linger))
            .set("message.timeout.ms", millis(self.delivery_timeout))
            .set("message.max.bytes", (MAX_BATCH_BYTES - BATCH_MARGIN_BYTES).to_string())
            // The queue before librdkafka's own is the one that fills up: it can be waited for.
            .set("queue.buffering.max.messages", (self.queue_bytes / RECORD_OVERHEAD_BYTES + 1).to_string())
            .set("queue.buffering.max.kbytes", (2 * self.queue_bytes / 1024).to_string());
        config
    }

    /// For marks and positions; reads nothing.
    pub(crate) fn queries(&self) -> ClientConfig {
        let mut config = self.client();
        config.set("enable.auto.commit", "false").set("allow.auto.create.topics", "false");
        config
    }

    /// For readers by explicit partition. The group is a formality: nothing joins or commits to it.
    pub(crate) fn reader(&self, haste: Haste) -> ClientConfig {
        let mut config = self.queries();
        // With as much to wait for as may come at once, a broker waits as long as it may.
        let least = if haste == Haste::Lazily { MAX_BATCH_BYTES } else { 1 };
        config
            .set("group.id", format!("{}-readers", self.client_id))
            .set("enable.auto.offset.store", "false")
            // Anything else replays or skips in silence when an offset is gone.
            .set("auto.offset.reset", "error")
            .set("check.crcs", "true")
            .set("fetch.min.bytes", least.to_string())
            .set("fetch.wait.max.ms", millis(self.fetch_wait))
            .set("fetch.message.max.bytes", MAX_BATCH_BYTES.to_string())
            // A partition that is far enough ahead is asked for again after this, by default 1 s.
            .set("fetch.queue.backoff.ms", "5")
            .set("queued.min.messages", (self.read_ahead_bytes / 256).max(1).to_string())
            .set("queued.max.messages.kbytes", (self.read_ahead_bytes / 1024).max(1).to_string());
        config
    }

    pub(crate) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.queries();
        // Between two polls lies one tick of a thread; this is mostly how long a rebalance waits
        // for members that still release partitions of the one before.
        let rebalance = self.session_timeout.max(self.release_timeout) + Duration::from_secs(30);
        config
            .set("group.id", format!("{}{group}", self.prefix))
            // Only what moves is revoked; the rest goes on.
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", millis(self.session_timeout))
            .set("heartbeat.interval.ms", millis(self.heartbeat_interval))
            .set("max.poll.interval.ms", millis(rebalance))
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error");
        config
    }
}

/// Kafka's topic names are of 249 characters at most.
fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= 64 && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        let good = Config::new("127.0.0.1:9092", "test");
        assert!(good.check().is_ok());
        let bad = [
            Config { bootstrap_servers: " ".into(), ..good.clone() },
            Config { client_id: String::new(), ..good.clone() },
            Config { prefix: "a b".into(), ..good.clone() },
            Config { session_timeout: Duration::from_secs(1), ..good.clone() },
            Config { queue_bytes: 1024, ..good.clone() },
            Config { fetch_wait: Duration::from_secs(60), ..good.clone() },
            Config { stalled_after: Duration::ZERO, ..good.clone() },
            #[cfg(not(feature = "tls"))]
            secure(|security| security.tls = true),
            secure(|security| security.mechanism = "PLAIN".to_owned()),
            secure(|security| {
                security.user = "messaging".to_owned();
                security.password = Secret::of("hush");
            }),
            secure(|security| security.password = Secret::of("hush")),
        ];
        for config in bad {
            assert!(matches!(config.check(), Err(ConnectError::Config(_))), "{config:?}");
        }
    }

    fn secure(change: impl FnOnce(&mut Security)) -> Config {
        let mut config = Config::new("127.0.0.1:9092", "test");
        change(&mut config.security);
        config
    }

    #[test]
    fn a_password_is_not_shown() {
        let config = secure(|security| security.password = Secret::of("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn librdkafka_knows_tls_and_scram() {
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let config = secure(|security| {
                security.tls = true;
                security.user = "messaging".to_owned();
                security.password = Secret::of("hush");
                security.mechanism = mechanism.to_owned();
            });
            config.check().expect("a configuration");
            config.producer().create_native_config().expect("known settings");
            let rdkafka = config.producer().create::<rdkafka::producer::BaseProducer>();
            rdkafka.expect("a client with TLS and SCRAM");
        }
    }

    #[test]
    fn librdkafka_knows_every_setting() {
        let config = Config::new("127.0.0.1:9092", "test");
        let readers = [Haste::AtOnce, Haste::Lazily].map(|haste| config.reader(haste));
        for client in [config.producer(), config.queries(), config.member("group")].into_iter().chain(readers)
        {
            client.create_native_config().expect("known settings");
        }
    }
}
