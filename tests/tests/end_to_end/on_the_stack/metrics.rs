//! What operators look at is there: each metric that the dashboard or an alert names is exported, and
//! each that is exported is told in `deploy/prometheus/README.md`.

use std::collections::BTreeSet;

use musclemap_tests::metrics::{Described, Exported, Selector, selectors};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, Socket, System};
use tokio::time::{Duration, Instant, sleep};

const DASHBOARD: &str = include_str!("../../../../deploy/grafana/messaging.json");
const RULES: &str = include_str!("../../../../deploy/prometheus/rules.yml");
const PAGE: &str = include_str!("../../../../deploy/prometheus/README.md");

const PREFIX: &str = "musclemap_";
/// What only the adapters of the distributed stack export.
const DISTRIBUTED: [&str; 3] = ["musclemap_kafka_", "musclemap_redis_", "musclemap_tables_"];
/// Statistics of the log's clients come every few seconds.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

fn is_here(stack: Stack, name: &str) -> bool {
    stack == Stack::Distributed || !DISTRIBUTED.iter().any(|prefix| name.starts_with(prefix))
}

/// The rows of the page: name, type, labels.
fn page(stack: Stack) -> BTreeSet<Described> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix(&format!("| `{PREFIX}")));
    let described = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[2].split(", ").filter(|label| !label.is_empty()).map(str::to_owned);
        (format!("{PREFIX}{}", cells[0].trim_end_matches('`')), cells[1].to_owned(), labels.collect())
    });
    described.filter(|(name, ..)| is_here(stack, name)).collect()
}

/// What the dashboard and the rules name. In JSON quotes are escaped.
fn named() -> Vec<Selector> {
    [selectors(&DASHBOARD.replace(r#"\""#, "\"")), selectors(RULES)].concat()
}

/// What is not as it should be.
fn wrong(exported: &Exported, stack: Stack) -> Vec<String> {
    let (exports, told) = (exported.described(PREFIX), page(stack));
    let untold = exports.difference(&told).map(|metric| format!("exported, and not so told: {metric:?}"));
    let missing = told.difference(&exports).map(|metric| format!("told, and not so exported: {metric:?}"));
    let empty = named().into_iter().filter(|selector| is_here(stack, &selector.name));
    let empty = empty.filter(|selector| !exported.has(selector));
    untold.chain(missing).chain(empty.map(|selector| format!("nothing is found by {selector:?}"))).collect()
}

#[tokio::test]
async fn what_operators_look_at_is_exported_and_told() {
    let system = System::start().await;
    let (ann, bob) = (Client::login(&system, "ann").await, Client::login(&system, "bob").await);
    let mut inbox = Socket::connect(&system, &bob).await;
    inbox.inbox(None).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    ann.send(&chat, "hello").await;
    inbox.frames_until("MessageCreated").await;

    assert!(page(system.stack).len() > 20 && named().len() > 50);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let wrong = wrong(&Exported::by(&system).await, system.stack);
        if wrong.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{wrong:#?}");
        sleep(BETWEEN_LOOKS).await;
    }
}
