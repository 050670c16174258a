//! B12 with load and persist: what accounts are asked, from the log through their machine to its
//! checkpoints, with rows written and verdicts given.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::{Accounts, policy};
use embedded::Store;
use fold::Fold;
use platform::clock::{Clock, SystemClock};
use platform::ports::{Log, Tables};
use platform::runner::checkpoint::Checkpoint;
use platform::runner::drive::Ports;
use platform::runner::{self};
use schemas::control::{Control, PolicyVersion};
use schemas::credits::GrantCredits;
use schemas::message::{Content, Mentions};
use schemas::record::Output;
use schemas::sending::SendMessage;
use schemas::topics::ACCOUNT_COMMANDS;
use schemas::verdict::Reply;
use schemas::{ClientId, ConversationId};
use tests::system::{Servers, Stack};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{profile, user};

const POLICY: &str = include_str!("../../policy.toml");
const ACCOUNTS: usize = 1_000;
const PARTITIONS: i32 = 8;
/// How often the checkpoints are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(120);

/// Log and tables of a stack, and what has to outlive them.
struct Ground {
    ports: Ports,
    _store: Option<(Store, tempfile::TempDir)>,
}

/// Decisions a second of one machine that has `sends` waiting in its log.
pub async fn measure(sends: usize) -> Result<f64> {
    let ground = match Stack::chosen() {
        Stack::Standalone => embedded()?,
        Stack::Distributed => distributed().await?,
    };
    let Ports { log, tables, .. } = &ground.ports;
    let policy = PolicyVersion { version: 1, policy: policy::parse(POLICY)? };
    operator::control::append(&**log, &Control { policy: Some(policy), rules: None }).await?;
    let commands = fill(&**log, sends).await?;
    let mut ends = Vec::new();
    for partition in 0..log.partitions(&ACCOUNT_COMMANDS) {
        ends.push(log.marks(&ACCOUNT_COMMANDS, partition).await?.end);
    }

    let (begun, stop) = (Instant::now(), CancellationToken::new());
    // The end is read from the checkpoints: they are to tell it soon.
    let options = runner::Options { checkpoint_every: CHECKPOINT_EVERY, ..runner::Options::default() };
    let mut machine = JoinSet::new();
    machine.spawn(accounts::serve(ground.ports.clone(), options, stop.clone()));
    for (partition, end) in (0..).zip(ends) {
        while Checkpoint::read(&**tables, Accounts::NAME, partition).await?.next < end {
            ensure!(
                begun.elapsed() < PATIENCE,
                "the machine does not come to the end: {:?}",
                machine.try_join_next()
            );
            sleep(LOOK_EVERY).await;
        }
    }
    let rate = commands as f64 / begun.elapsed().as_secs_f64();
    stop.cancel();
    while let Some(ended) = machine.join_next().await {
        ended??;
    }
    Ok(rate)
}

fn embedded() -> Result<Ground> {
    let (folder, clock) = (tempfile::tempdir()?, Arc::new(SystemClock));
    let store = Store::open(folder.path(), clock.clone())?;
    let ports = Ports { log: store.log(), tables: store.tables(), clock };
    Ok(Ground { ports, _store: Some((store, folder)) })
}

async fn distributed() -> Result<Ground> {
    let (servers, clock) = (Servers::shared(), Arc::new(SystemClock));
    let name = format!("b{}", clock.now());
    let kafka = kafka::Config { prefix: format!("{name}."), ..kafka::Config::new(servers.kafka, "bench") };
    let settings = kafka::setup::Settings { partitions: PARTITIONS, replication: 1, min_insync_replicas: 1 };
    kafka::setup::ensure(&kafka, settings).await?;
    let scylla = scylla_tables::Config { keyspace: name, ..scylla_tables::Config::new(servers.tables) };
    scylla_tables::setup::ensure(&scylla, 1, &schemas::tables::ALL).await?;
    let log: Arc<dyn Log> = Arc::new(kafka::Kafka::connect(kafka).await?);
    let tables: Arc<dyn Tables> =
        Arc::new(scylla_tables::Scylla::connect(scylla, &schemas::tables::ALL).await?);
    Ok(Ground { ports: Ports { log, tables, clock }, _store: None })
}

/// Grants, then sends of each account in turn; gives how many commands that is.
async fn fill(log: &dyn Log, sends: usize) -> Result<usize> {
    let conversation: ConversationId = "0123456789abcdef0123456789abcdef".parse()?;
    let mut last = Vec::new();
    for number in 0..ACCOUNTS {
        let grant = GrantCredits { once: "start".to_owned(), amount_milli: 1_000_000 };
        let command = Output::ToAccount { user: user(number)?, request: grant.into(), reply: None };
        let command = command.from_client(SystemClock.now(), None, &[], None);
        last.push(log.enqueue(command).await?);
    }
    for number in 0..sends {
        let sender = number % ACCOUNTS;
        let send = SendMessage {
            conversation: conversation.clone(),
            client_id: ClientId::from_bytes(uuid::Uuid::new_v4().into_bytes()),
            content: Content::plain(format!("set {number}: see you at the gym at seven?")),
            reply_to: None,
            recipients: 9,
            sender: Box::new(profile(sender)?),
            mentions: Mentions::default(),
            attachments: vec![],
            template: None,
            sticker: None,
            gif: None,
        };
        let reply = Reply { slot: 0, request: number as i64 };
        let command = Output::ToAccount { user: user(sender)?, request: send.into(), reply: Some(reply) };
        let receipt = log.enqueue(command.from_client(SystemClock.now(), None, &[], None)).await?;
        last[sender] = receipt;
    }
    for receipt in last {
        receipt.await.context("a command")?;
    }
    Ok(ACCOUNTS + sends)
}
