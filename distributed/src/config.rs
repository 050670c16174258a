//! What a process of one role is told. `default.toml` documents every key.

mod servers;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use fanout::cursor::CursorKey;
use graphql::auth::{Authenticator, Expected, Keys};
use graphql::{Origins, TrustedProxies, limits};
use ingest::http::connections::Serving;
use ingest::http::tls::Tls;
use ingest::web::{Files, Setting, Web};
use objects::Objects;
use platform::config::{self, Secret};
use platform::{connections, runner};
use roles::{Access, DeploymentKeys, FileStore};
use schemas::ConversationKey;
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
    pub redis: servers::RedisSection,
    pub search: servers::SearchSection,
    pub smart_replies: servers::SmartRepliesSection,
    pub translation: servers::TranslationSection,
    pub http: HttpSection,
    pub web: WebSection,
    pub tls: TlsSection,
    pub admin: Listen,
    pub auth: Auth,
    pub conversations: Conversations,
    pub push: servers::PushSection,
    pub previews: servers::PreviewsSection,
    pub gifs: servers::GifsSection,
    pub files: FilesSection,
    pub cursors: Cursors,
    pub runner: RunnerSection,
    pub ingest: IngestSection,
    pub limits: LimitsSection,
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
    connections: usize,
    connections_per_address: usize,
    connections_per_second: NonZeroU32,
    reserved_descriptors: usize,
    requests_per_connection: u32,
    write_within_ms: u64,
    least_bytes_per_second: u64,
    drain_within_ms: u64,
    origins: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebSection {
    folder: PathBuf,
    sockets: String,
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
pub struct Conversations {
    key: Secret,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FilesSection {
    folder: PathBuf,
    public_url: String,
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
pub struct LimitsSection {
    attempts_per_user: u32,
    attempts_per_address: u32,
    log_bytes_per_user: u32,
    cost: usize,
    answer_bytes: usize,
    executions: usize,
    executions_per_user: usize,
    unsent_bytes: usize,
    unsent_bytes_per_user: usize,
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
    operations_per_user: usize,
    bytes_per_socket: usize,
    bytes_per_user: usize,
    sockets: usize,
    sockets_per_user: usize,
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

    /// Bounds of the clients' port.
    fn connections(&self) -> connections::Options {
        let http = &self.http;
        connections::Options {
            connections: http.connections,
            per_address: http.connections_per_address,
            per_second: http.connections_per_second,
            reserved_descriptors: http.reserved_descriptors,
            requests_per_connection: http.requests_per_connection,
            reading: connections::Reading {
                within: Duration::from_millis(http.write_within_ms),
                bytes_per_second: http.least_bytes_per_second,
            },
            drain_within: Duration::from_millis(http.drain_within_ms),
            ..connections::Options::default()
        }
    }

    pub fn ingest(&self) -> ingest::Options {
        ingest::Options {
            verdict_within: Duration::from_millis(self.ingest.verdict_within_ms),
            queue_within: Duration::from_millis(self.ingest.queue_within_ms),
            waiting: self.ingest.waiting,
            waiting_per_user: self.ingest.waiting_per_user,
            limits: self.limits(),
            ..ingest::Options::default()
        }
    }

    fn limits(&self) -> limits::Options {
        let limits = &self.limits;
        limits::Options {
            attempts_per_user: limits.attempts_per_user,
            attempts_per_address: limits.attempts_per_address,
            log_bytes_per_user: limits.log_bytes_per_user,
            cost: limits.cost,
            answer_bytes: limits.answer_bytes,
            executions: limits.executions,
            executions_per_user: limits.executions_per_user,
            unsent_bytes: limits.unsent_bytes,
            unsent_bytes_per_user: limits.unsent_bytes_per_user,
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
            operations_per_user: fanout.operations_per_user,
            bytes_per_socket: fanout.bytes_per_socket,
            bytes_per_user: fanout.bytes_per_user,
            sockets: fanout.sockets,
            sockets_per_user: fanout.sockets_per_user,
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
        Ok(Serving { connections: self.connections(), proxies, tls })
    }

    /// The web client, where one is given.
    pub fn web(&self) -> Result<Option<Web>> {
        let WebSection { folder, sockets } = &self.web;
        if folder.as_os_str().is_empty() {
            return Ok(None);
        }
        let sockets = Some(sockets.clone()).filter(|sockets| !sockets.is_empty());
        let setting = Setting { sockets, dev_login: self.auth.dev_login, demo: vec![] };
        let files = Files::read(folder).context("web.folder")?;
        Ok(Some(Web::new(files, &setting).context("web.sockets")?))
    }

    /// Where files are.
    pub fn files(&self) -> Result<FileStore> {
        let folder = &self.files.folder;
        if folder.as_os_str().is_empty() {
            bail!("files.folder is not given");
        }
        let objects = Objects::in_folder(folder).with_context(|| format!("{}", folder.display()))?;
        Ok(FileStore { objects, public_url: self.files.public_url.clone(), gifs: self.gifs()? })
    }

    /// Where clients find files, for a process that moves no bytes of them.
    pub fn links(&self) -> Result<FileStore> {
        let (objects, public_url) = (Objects::in_memory(), self.files.public_url.clone());
        Ok(FileStore { objects, public_url, gifs: self.gifs()? })
    }

    /// Whether tokens are signed by a secret of a development, which clients use on loopback alone.
    fn is_development(&self) -> bool {
        self.auth.development_secret.expose().is_some() && self.http.listen.ip().is_loopback()
    }

    /// The platform's keys, where they are given.
    pub fn key_file(&self) -> Option<&Path> {
        Some(Path::new(&self.auth.keys)).filter(|file| !file.as_os_str().is_empty())
    }

    pub fn deployment_keys(&self) -> Result<DeploymentKeys> {
        let hex = self.conversations.key.expose().context("conversations.key is not given")?;
        let conversations = ConversationKey::new(key(hex).context("conversations.key")?);
        Ok(DeploymentKeys { conversations, vapid: self.vapid()? })
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
mod tests;
