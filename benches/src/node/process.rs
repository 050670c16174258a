//! The node's own process: the role as a standalone system starts it, and what it is asked from
//! outside.
//!
//! Invariant: it ends when its standard input does, or when a task of the node does, which is an
//! error.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use embedded::Store;
use fanout::cursor::CursorKey;
use futures::future::try_join_all;
use graphql::Origins;
use graphql::auth::Authenticator;
use ingest::http::connections::Serving;
use objects::Objects;
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::{connections, telemetry};
use prometheus::TextEncoder;
use roles::{Access, DeploymentKeys, FileStore, Process, Servers, http};
use schemas::ConversationKey;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::world::World;
use super::{Answer, Ask, TOKEN_KEY};
use crate::{clock, pace};

/// Sockets that a node of a benchmark lets in, all from one address: what the descriptors of a process allow.
const SOCKETS: usize = 19_000;
const RESERVED_DESCRIPTORS: usize = 500;
const READY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where its log and tables are.
    #[arg(long)]
    folder: PathBuf,
}

struct Served {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    flows: JoinSet<Result<()>>,
}

pub async fn run(options: Options) -> Result<()> {
    telemetry::start();
    let store = Store::open(&options.folder, Arc::new(SystemClock))?;
    let mut process = Process::new(store.log(), store.tables(), Arc::new(SystemClock));
    let address = start(&mut process).await?;
    let world = Arc::new(Mutex::new(World::new(store.log(), store.tables())));
    let mut served = Served { world, address, flows: JoinSet::new() };
    tokio::select! {
        answered = served.answer_all() => answered,
        ended = process.life.watch() => Err(ended.into()),
    }
}

/// As a standalone system does, without the machines.
async fn start(process: &mut Process) -> Result<SocketAddr> {
    let authenticator = Arc::new(Authenticator::development(&TOKEN_KEY));
    let origins = Origins::new(vec![], true);
    let access = Access { authenticator, dev_login: true, origins };
    // All clients are at one address, and a storm brings all of them at once.
    let limits = graphql::limits::Options {
        attempts_per_user: u32::MAX,
        attempts_per_address: u32::MAX,
        ..graphql::limits::Options::default()
    };
    let files = FileStore { objects: Objects::in_memory(), public_url: String::new() };
    let options = ingest::Options { limits, ..ingest::Options::default() };
    let ephemeral = Arc::new(InProcess::default());
    let keys = DeploymentKeys { conversations: ConversationKey::new(TOKEN_KEY), vapid: None };
    let servers = Servers { ephemeral, search: None, translation: translation::Settings::default() };
    let api = process.api(servers, keys, &files, &access, options).await?;
    // One thread of sockets, as the loop beside it has one: two would share these cores with the clients.
    let options = fanout::Options { sockets: SOCKETS, shards: 1, ..fanout::Options::default() };
    let sockets = process.sockets(&api, &access, CursorKey::new(TOKEN_KEY), options).await?;
    let listener = http::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = listener.local_addr()?;
    let routes = http::split(sockets, process.requests(&api, &access));
    let connections = connections::Options {
        per_address: SOCKETS,
        reserved_descriptors: RESERVED_DESCRIPTORS,
        ..connections::Options::default()
    };
    process.serve("http", listener, routes, Serving { connections, ..Serving::default() });
    let deadline = Instant::now() + READY_WITHIN;
    while !process.life.readiness.is_ready() {
        ensure!(Instant::now() < deadline, "waiting for {:?}", process.life.readiness.waiting_for());
        sleep(LOOK_EVERY).await;
    }
    Ok(address)
}

impl Served {
    async fn answer_all(&mut self) -> Result<()> {
        let (mut questions, mut answers) = (BufReader::new(stdin()).lines(), stdout());
        while let Some(line) = questions.next_line().await? {
            let answer = self.answer(serde_json::from_str(&line)?).await;
            let mut line = serde_json::to_string(&answer.map_err(|error| format!("{error:#}")))?;
            line.push('\n');
            answers.write_all(line.as_bytes()).await?;
            answers.flush().await?;
        }
        Ok(())
    }

    async fn answer(&mut self, ask: Ask) -> Result<Answer> {
        match ask {
            Ask::Populate { sizes } => self.world.lock().await.populate(&sizes).await?,
            Ask::Listen => return Ok(Answer::Listens(self.address)),
            Ask::Publish { group, messages, characters } => {
                self.world.lock().await.publish(group, messages, characters).await?;
            }
            Ask::Flow { groups, per_second, messages, characters } => {
                self.flows.spawn(flow(self.world.clone(), groups, per_second, messages, characters));
            }
            Ask::FlowEnd => self.flows.join_next().await.context("no flow")???,
            Ask::Cpu => return Ok(Answer::Cpu(clock::process_cpu())),
            Ask::Metrics => {
                return Ok(Answer::Metrics(TextEncoder::new().encode_to_string(&prometheus::gather())?));
            }
        }
        Ok(Answer::Done)
    }
}

/// Posts each message at its moment, whatever became of the one before, and once a second says that
/// the machine has written all rows.
async fn flow(
    world: Arc<Mutex<World>>,
    groups: Vec<usize>,
    per_second: u32,
    messages: usize,
    characters: usize,
) -> Result<()> {
    let mut moments = pace::moments(pace::period(per_second), messages)?;
    let mut groups = groups.iter().cycle();
    let mut receipts = Vec::new();
    while let (Some(due), Some(group)) = (moments.recv().await, groups.next()) {
        let mut world = world.lock().await;
        receipts.push(world.post(*group, due, characters).await?);
        if receipts.len() == per_second as usize {
            world.settle().await?;
            try_join_all(receipts.drain(..)).await?;
        }
    }
    try_join_all(receipts).await?;
    Ok(())
}
