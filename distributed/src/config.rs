//! What a process of one role is told. `default.toml` documents every key.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use fanout::cursor::CursorKey;
use graphql::auth::{Authenticator, Expected, Keys};
use graphql::{Origins, TrustedProxies};
use ingest::http::connections::Serving;
use ingest::http::tls::Tls;
use platform::config::{self, Secret};
use platform::runner;
use roles::Access;
use serde::{Deserialize, Serialize};

const DEFAULTS: &str = include_str!("../default.toml");

/// What an operator says on the command line.
#[derive(Debug, Parser)]
#[command(version = roles::release::FULL)]
pub struct Flags {
    /// Settings that differ from the defaults.
    #[arg(long, value_name = "FILE", env = "MM_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where clients connect.
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,

    /// Where operators look.
    #[arg(long, value_name = "ADDR:PORT")]
    pub admin: Option<SocketAddr>,

    /// Print what is in force, without secrets, and end.
    #[arg(long)]
    pub print_config: bool,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub kafka: KafkaSection,
    pub tables: TablesSection,
    pub http: HttpSection,
    pub tls: TlsSection,
    pub admin: Listen,
    pub auth: Auth,
    pub cursors: Cursors,
    pub runner: RunnerSection,
    pub ingest: IngestSection,
    pub fanout: FanoutSection,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSection {
    bootstrap: String,
    prefix: String,
    session_timeout_ms: u64,
    delivery_timeout_ms: u64,
    linger_ms: u64,
    tls: bool,
    ca: PathBuf,
    user: String,
    password: Secret,
    mechanism: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TablesSection {
    nodes: String,
    keyspace: String,
    tls: bool,
    ca: PathBuf,
    user: String,
    password: Secret,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSection {
    pub listen: SocketAddr,
    trusted_proxies: String,
    connections_per_second: NonZeroU32,
    origins: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    pub listen: SocketAddr,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    issuer: String,
    audience: String,
    keys: String,
    development_secret: Secret,
    dev_login: bool,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cursors {
    key: Secret,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerSection {
    in_flight: usize,
    owners: usize,
    checkpoint_every_ms: u64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSection {
    verdict_within_ms: u64,
    queue_within_ms: u64,
    waiting: usize,
    waiting_per_user: usize,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FanoutSection {
    snapshot_every_ms: u64,
    ring_bytes: usize,
    queue: usize,
    replay_records: i64,
    ping_every_ms: u64,
    init_within_ms: u64,
    drain_over_ms: u64,
    operations_per_socket: usize,
    sockets: usize,
    shards: usize,
}

impl Config {
    /// What the defaults, the file, the environment and the flags say together.
    pub fn load(flags: &Flags) -> Result<Self> {
        let given = [("http.listen", flags.listen), ("admin.listen", flags.admin)];
        let given: Vec<(&str, String)> =
            given.into_iter().filter_map(|(key, address)| Some((key, address?.to_string()))).collect();
        Ok(config::load(DEFAULTS, flags.config.as_deref(), std::env::vars(), &given)?)
    }

    pub fn kafka(&self, client_id: &str) -> kafka::Config {
        let KafkaSection { tls, ca, user, password, mechanism, .. } = self.kafka.clone();
        kafka::Config {
            security: kafka::Security { tls, ca, user, password, mechanism },
            prefix: self.kafka.prefix.clone(),
            session_timeout: Duration::from_millis(self.kafka.session_timeout_ms),
            delivery_timeout: Duration::from_millis(self.kafka.delivery_timeout_ms),
            linger: Duration::from_millis(self.kafka.linger_ms),
            ..kafka::Config::new(&self.kafka.bootstrap, client_id)
        }
    }

    pub fn tables(&self) -> scylla_tables::Config {
        let TablesSection { nodes, keyspace, tls, ca, user, password } = self.tables.clone();
        scylla_tables::Config { keyspace, tls, ca, user, password, ..scylla_tables::Config::new(nodes) }
    }

    pub fn runner(&self) -> runner::Options {
        let RunnerSection { in_flight, owners, checkpoint_every_ms } = self.runner;
        let checkpoint_every = Duration::from_millis(checkpoint_every_ms);
        runner::Options { in_flight, owners, checkpoint_every, ..runner::Options::default() }
    }

    pub fn ingest(&self) -> ingest::Options {
        ingest::Options {
            verdict_within: Duration::from_millis(self.ingest.verdict_within_ms),
            queue_within: Duration::from_millis(self.ingest.queue_within_ms),
            waiting: self.ingest.waiting,
            waiting_per_user: self.ingest.waiting_per_user,
            ..ingest::Options::default()
        }
    }

    pub fn fanout(&self) -> fanout::Options {
        let fanout = &self.fanout;
        fanout::Options {
            snapshot_every: Duration::from_millis(fanout.snapshot_every_ms),
            ring_bytes: fanout.ring_bytes,
            queue: fanout.queue,
            replay_records: fanout.replay_records,
            ping_every: Duration::from_millis(fanout.ping_every_ms),
            init_within: Duration::from_millis(fanout.init_within_ms),
            drain_over: Duration::from_millis(fanout.drain_over_ms),
            operations_per_socket: fanout.operations_per_socket,
            sockets: fanout.sockets,
            shards: fanout.shards,
        }
    }

    /// Who signs in: by the platform's keys, or in development by ours.
    pub fn access(&self) -> Result<Access> {
        let development = self.auth.development_secret.expose();
        let authenticator = match (self.key_file(), development) {
            (Some(_), Some(_)) => bail!("auth: give keys or a development_secret, not both"),
            (Some(_), None) if self.auth.dev_login => {
                bail!("auth: dev_login is for development, where a development_secret stands in for keys")
            }
            (None, None) => bail!("auth: give keys, or in development a development_secret"),
            (None, Some(_)) if !self.http.listen.ip().is_loopback() => {
                bail!("auth: a development_secret is for a server on loopback alone")
            }
            (None, Some(secret)) => {
                Authenticator::development(&key(secret).context("auth.development_secret")?)
            }
            (Some(file), None) => {
                let expected =
                    Expected { issuer: self.auth.issuer.clone(), audience: self.auth.audience.clone() };
                Authenticator::new(expected, read_keys(file)?)
            }
        };
        let dev_login = self.auth.dev_login;
        let origins = self.http.origins.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins = Origins::new(origins.map(str::to_owned).collect(), dev_login);
        Ok(Access { authenticator: Arc::new(authenticator), dev_login, origins })
    }

    /// How clients are served.
    pub fn serving(&self) -> Result<Serving> {
        let proxies = TrustedProxies::parse(&self.http.trusted_proxies).context("http.trusted_proxies")?;
        let TlsSection { certificate, key } = &self.tls;
        let tls = match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
            (true, true) => None,
            (false, false) => Some(Tls::load(certificate, key).context("tls")?),
            (true, false) | (false, true) => bail!("tls: give a certificate and its key, or neither"),
        };
        Ok(Serving { per_second: self.http.connections_per_second, proxies, tls })
    }

    /// The platform's keys, where they are given.
    pub fn key_file(&self) -> Option<&Path> {
        Some(Path::new(&self.auth.keys)).filter(|file| !file.as_os_str().is_empty())
    }

    pub fn cursor_key(&self) -> Result<CursorKey> {
        let hex = self.cursors.key.expose().context("cursors.key is not given")?;
        Ok(CursorKey::new(key(hex).context("cursors.key")?))
    }
}

/// Keys in a file, as they stand now.
pub fn read_keys(file: &Path) -> Result<Keys> {
    let json = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Keys::from_jwks(&json).with_context(|| format!("{}", file.display()))
}

fn key(hex: &str) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        bail!("a key is 64 hexadecimal digits");
    }
    for (byte, digits) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits)?, 16)?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(config::load(DEFAULTS, None, variables, &[])?)
    }

    #[test]
    fn the_documented_defaults_are_those_of_the_code() {
        let config = with(&[]).unwrap();
        assert_eq!(format!("{:?}", config.runner()), format!("{:?}", runner::Options::default()));
        assert_eq!(format!("{:?}", config.ingest()), format!("{:?}", ingest::Options::default()));
        assert_eq!(format!("{:?}", config.fanout()), format!("{:?}", fanout::Options::default()));
        let (serving, of_the_code) = (config.serving().unwrap(), Serving::default());
        assert_eq!((serving.per_second, serving.proxies), (of_the_code.per_second, of_the_code.proxies));
        assert!(serving.tls.is_none() && config.admin.listen.ip().is_loopback());
        let kafka = kafka::Config::new("127.0.0.1:9092", "x");
        assert_eq!(format!("{:?}", config.kafka("x")), format!("{kafka:?}"));
        let tables = scylla_tables::Config::new("127.0.0.1:9042");
        assert_eq!(format!("{:?}", config.tables()), format!("{tables:?}"));
    }

    #[test]
    fn passwords_of_servers_are_used_and_not_shown() {
        let given = [("MM_KAFKA__PASSWORD", "hush-1"), ("MM_TABLES__PASSWORD", "hush-2")];
        let config = with(&given).unwrap();
        assert_eq!(config.kafka("x").security.password.expose(), Some("hush-1"));
        assert_eq!(config.tables().password.expose(), Some("hush-2"));
        let shown = [toml::to_string(&config).unwrap(), format!("{config:?}")];
        assert!(shown.iter().all(|shown| !shown.contains("hush")), "{shown:?}");
    }

    #[test]
    fn nobody_signs_in_without_keys_and_anybody_only_on_loopback() {
        let secret = "ab".repeat(32);
        let access = |variables: &[(&str, &str)]| with(variables).unwrap().access().is_ok();
        assert!(!access(&[]));
        assert!(access(&[("MM_AUTH__DEVELOPMENT_SECRET", &secret)]));
        assert!(!access(&[("MM_AUTH__DEVELOPMENT_SECRET", "ab")]));
        assert!(!access(&[("MM_AUTH__DEVELOPMENT_SECRET", &secret), ("MM_HTTP__LISTEN", "0.0.0.0:80")]));
        assert!(!access(&[("MM_AUTH__KEYS", "/nowhere/at/all")]));
    }

    #[test]
    fn log_in_without_a_password_is_off_unless_told() {
        let secret = "ab".repeat(32);
        let given = [("MM_AUTH__DEVELOPMENT_SECRET", secret.as_str()), ("MM_AUTH__DEV_LOGIN", "true")];
        assert!(!with(&given[..1]).unwrap().access().unwrap().dev_login);
        assert!(with(&given).unwrap().access().unwrap().dev_login);
        assert!(with(&given[1..]).unwrap().access().is_err());
        let keys = [("MM_AUTH__KEYS", "keys.json"), given[1]];
        let said = format!("{:#}", with(&keys).unwrap().access().err().unwrap());
        assert!(said.contains("dev_login"), "{said}");
    }

    #[test]
    fn half_of_tls_and_proxies_that_are_no_networks_are_errors() {
        for given in [
            ("MM_TLS__CERTIFICATE", "a.pem"),
            ("MM_TLS__KEY", "a.key"),
            ("MM_HTTP__TRUSTED_PROXIES", "proxy.example"),
        ] {
            assert!(with(&[given]).unwrap().serving().is_err(), "{given:?}");
        }
    }
}
