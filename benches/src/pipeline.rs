//! B4 and B5: sends in an open loop to conversations of ten; each is timed from the moment it was due.

mod sends;

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use futures::future::join_all;
use futures::{StreamExt, stream};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tests::system::Stack;
use tests::{Client, Socket, System};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::clients::said::{self, Said};
use crate::hops::Hops;
use crate::report::{Bar, Finding, Report};
use crate::usage::{self, Usage};
use crate::{clock, pace, quantiles};
use sends::{Answer, Sends};

/// Nothing but the prices and limits that would stop a few users from sending so much.
const POLICY: &str = include_str!("../policy.toml");
/// Conversations that are created at once: servers that have just started are slow.
const CREATED_AT_ONCE: usize = 8;
/// Connections for requests: as many as are sent while one is given its verdicts, at the longest.
const CONNECTION_SECONDS: u32 = 2;
/// How long an answer, and the last receipts, may take.
const PATIENCE: Duration = Duration::from_secs(20);
const INBOX: &str = "subscription { inbox { cursor event { __typename ... on MessageCreated { message {
    id seq content conversationId createdAt sender { id username displayName } } } } } }";

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Sends a second.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// How long, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Seconds before anything is measured.
    #[arg(long, default_value_t = 3)]
    warm_up: u32,
    #[arg(long, default_value_t = 100)]
    conversations: usize,
    /// Of each conversation, its sender included; there are as many users as conversations.
    #[arg(long, default_value_t = 10)]
    members: usize,
    /// Bar of the 99th percentile from send to receipt, in milliseconds.
    #[arg(long)]
    p99_within: Option<f64>,
}

/// How long receipts and answers of sends took, in microseconds.
struct Times {
    /// Sends that were due before this do not count.
    from: AtomicU64,
    receipts: Mutex<Histogram<u64>>,
    answers: Mutex<Histogram<u64>>,
}

impl Times {
    fn new() -> Result<Self> {
        let histogram = || quantiles::histogram().map(Mutex::new);
        Ok(Self { from: AtomicU64::new(u64::MAX), receipts: histogram()?, answers: histogram()? })
    }

    fn counts(&self, due: u64) -> bool {
        due >= self.from.load(Ordering::Relaxed)
    }

    fn note(&self, times: &Mutex<Histogram<u64>>, due: u64, micros: u64) {
        if self.counts(due) {
            times.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
        }
    }
}

pub async fn run(options: Options, told: &mut Report) -> Result<()> {
    ensure!(options.members >= 2 && options.members <= options.conversations, "2 to conversations members");
    let folder = tempfile::tempdir()?;
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, POLICY)?;
    let begun = Instant::now();
    let server = System::with_policy(Some(&policy)).await;
    let ready = begun.elapsed();

    let names: Vec<String> = (0..options.conversations).map(|index| format!("user-{index}")).collect();
    let users = join_all(names.iter().map(|name| Client::login(&server, name))).await;
    let conversations = create(&users, options.members).await;
    let total = ((options.warm_up + options.seconds) * options.rate) as usize;
    let times = Arc::new(Times::new()?);
    let mut listeners = JoinSet::new();
    for (index, user) in users.iter().enumerate() {
        // Conversation `c` has the members `c`, `c + 1`, …
        let expected = (0..total)
            .filter(|send| (index + users.len() - send % users.len()) % users.len() < options.members)
            .count();
        let mut socket = Socket::connect(&server, user).await;
        socket.subscribe("inbox", INBOX, json!({})).await;
        listeners.spawn(listen(socket, expected, times.clone()));
    }
    let connections = (CONNECTION_SECONDS * options.rate) as usize;
    let (sends, mut answers) = Sends::connect(&server.ingests(), connections).await?;

    let floor = Hops::beside(&server).await?;
    let before = usage::of_all(&server.processes)?;
    let warm_up = Duration::from_secs(options.warm_up.into()).as_nanos() as u64;
    times.from.store(clock::monotonic() + warm_up, Ordering::Relaxed);
    let request = move |number: usize, due| {
        let sender = number % users.len();
        Ok(Sends::request(&users[sender].token, &conversations[sender], due))
    };
    let send = move |request: String| sends.send(&request);
    let pace = pace::keep(pace::period(options.rate), total, request, send)?;
    let mut is_warm = false;
    for _ in 0..total {
        let Answer { due, micros } = match answers.next().await {
            Ok(answer) => answer,
            Err(error) => {
                // What kept the rest from being sent says more.
                if pace.is_finished() {
                    joined(pace)?;
                }
                return Err(error);
            }
        };
        if !is_warm && times.counts(due) {
            is_warm = true;
            floor.reset();
        }
        times.note(&times.answers, due, micros);
    }
    let heard = timeout(PATIENCE, async {
        let mut heard = 0;
        while let Some(listened) = listeners.join_next().await {
            heard += listened??;
        }
        Ok::<_, anyhow::Error>(heard)
    });
    let heard = heard.await.context("receipts are missing")??;
    let after = usage::of_all(&server.processes)?;
    told.say(&finding(&options, &times, &floor, heard, ready, before, after));
    Ok(())
}

async fn create(users: &[Client], members: usize) -> Vec<String> {
    let create = |index: usize| {
        let others: Vec<&Client> = (1..members).map(|step| &users[(index + step) % users.len()]).collect();
        let user = &users[index];
        async move { user.create("GROUP", &others).await }
    };
    stream::iter((0..users.len()).map(create)).buffered(CREATED_AT_ONCE).collect().await
}

fn joined(pace: JoinHandle<Result<()>>) -> Result<()> {
    pace.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Counts receipts until all have come, each once.
async fn listen(mut socket: Socket, expected: usize, times: Arc<Times>) -> Result<usize> {
    let mut heard = HashSet::new();
    while heard.len() < expected {
        let text = match socket.hear_text().await {
            Ok(text) => text,
            Err(code) => bail!("socket closed with {code}"),
        };
        let Said::Message { due, .. } = said::read(text.as_bytes()) else { continue };
        times.note(&times.receipts, due, clock::monotonic().saturating_sub(due) / 1_000);
        ensure!(heard.insert(due), "the send that was due at {due} was heard twice");
    }
    Ok(heard.len())
}

fn finding(
    options: &Options,
    times: &Times,
    floor: &Hops,
    heard: usize,
    ready: Duration,
    before: Usage,
    after: Usage,
) -> Finding {
    let (receipts, answers) = (quantiles::of(&times.receipts), quantiles::of(&times.answers));
    let hops = floor.quantiles();
    let of = |times: &Value, quantile: &str| times[quantile].as_f64().unwrap_or(f64::INFINITY);
    let ratio = |quantile: &str| of(&receipts, quantile) / of(&hops, quantile);
    let cpu = after.cpu_seconds - before.cpu_seconds;
    let per_million = cpu * 1e6 / heard as f64;
    let text = format!(
        "{}/s to {} members each: send to receipt p50 {} p90 {} p99 {} max {} ms, to answer p50 {} p99 {} ms; three bare hops p50 {} p99 {} ms, ratios {:.2} and {:.2}; {heard} receipts, none lost; ready in {} ms, {cpu:.1} CPU-s ({per_million:.0} for a million deliveries), {:.0} MB",
        options.rate,
        options.members,
        receipts["p50"],
        receipts["p90"],
        receipts["p99"],
        receipts["max"],
        answers["p50"],
        answers["p99"],
        hops["p50"],
        hops["p99"],
        ratio("p50"),
        ratio("p99"),
        ready.as_millis(),
        after.rss_megabytes,
    );
    let figures = json!({
        "stack": format!("{:?}", Stack::chosen()).to_lowercase(), "rate": options.rate, "seconds": options.seconds,
        "conversations": options.conversations, "members": options.members, "receipts": heard,
        "sendToReceiptMs": receipts, "sendToAnswerMs": answers,
        "threeHopsMs": hops, "ratioP50": ratio("p50"), "ratioP99": ratio("p99"), "readyMs": ready.as_millis() as u64,
        "cpuSeconds": cpu, "cpuSecondsPerMillion": per_million, "rssMegabytes": after.rss_megabytes,
    });
    let p99 = of(&receipts, "p99");
    let bar = options.p99_within.map(|most| Bar { what: "p99 in ms", value: p99, most });
    Finding { bench: "pipeline", text, figures, bars: bar.into_iter().collect() }
}
