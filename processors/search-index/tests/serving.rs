//! The processor over the embedded log and tables, and an index in a folder.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::sync::Arc;
use std::time::Duration;

use embedded::Store;
use platform::clock::SystemClock;
use platform::ports::search::{Filter, Query};
use platform::ports::{Log, Ports, PutRow, SearchIndex, Tables};
use schemas::avro;
use schemas::message::{Body, Mentions, Message};
use schemas::people::{PlatformUser, Profile};
use schemas::position::{Cause, EPOCH, Number, Offset, Version};
use schemas::record::{Origin, Outgoing, Output, Place, RecordId};
use schemas::search::{self, Index, MESSAGES};
use schemas::sending::MessageCreated;
use schemas::tables::{USERS, Value};
use schemas::topics::{EVENTS, EVENTS_DLQ, PLATFORM_USERS, PLATFORM_USERS_DLQ};
use schemas::{ConversationFact, ConversationId};
use tantivy_search::Tantivy;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

/// A message of the command at an offset of partition 0.
fn event(offset: Offset, seq: i64, text: &str) -> Outgoing {
    let sender = Profile {
        user: "ann".parse().unwrap(),
        username: "ann".to_owned(),
        display_name: "Ann".to_owned(),
        avatar_url: None,
    };
    let message = Message {
        seq,
        position: offset,
        sent_at: seq,
        sender,
        client_id: None,
        reply_to: None,
        mentions: Mentions::default(),
        recipients: 1,
        body: Body::text(text),
    };
    let id = RecordId::Cause(Cause { epoch: EPOCH, partition: 0, number: Number { offset, index: 0 } });
    let origin = Origin { id, source: "/test", at: seq, traceparent: None };
    let conversation: ConversationId = format!("{:032x}", 1).parse().unwrap();
    let fact = ConversationFact::from(MessageCreated { message });
    Output::ConversationEvent { conversation, fact, names: vec![] }.record(&origin)
}

fn poison() -> Outgoing {
    let origin = Origin::client(0, None);
    let (headers, value) = (origin.headers("MessageCreated"), b"no Avro".to_vec());
    Outgoing { topic: &EVENTS, place: Place::Partition(0), key: None, headers, value }
}

/// A user of a tier, as the platform publishes them.
fn published(user: &str, tier: Option<&str>) -> Outgoing {
    let value = avro::encode(&PlatformUser {
        user: user.parse().unwrap(),
        username: user.to_owned(),
        display_name: user.to_owned(),
        avatar_url: None,
        email: None,
        locale: None,
        tier: tier.map(str::to_owned),
    });
    let headers = Origin::client(0, None).headers("PlatformUser");
    let (topic, place, key) = (&PLATFORM_USERS, Place::Partition(0), Some(user.into()));
    Outgoing { topic, place, key, headers, value }
}

async fn append(log: &dyn Log, record: Outgoing) {
    log.enqueue(record).await.unwrap().await.unwrap();
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Waits until a text is found in documents whose ids end so.
async fn until_found(search: &dyn SearchIndex, index: &'static Index, text: &str, wanted: &[&str]) {
    let query = Query { text: text.to_owned(), filter: Filter::All(vec![]), offset: 0, limit: 10 };
    let is_found = async || {
        let hits = search.search(index, &query).await.unwrap().hits;
        let mut ids: Vec<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
        ids.sort_unstable();
        ids.len() == wanted.len() && ids.iter().zip(wanted).all(|(id, end)| id.ends_with(end))
    };
    until(&format!("{text} is not {wanted:?}"), is_found).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_indexed_once_repeats_change_nothing_and_poison_is_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("data"), Arc::new(SystemClock)).unwrap();
    let (log, tables) = (store.log(), store.tables());
    let search: Arc<dyn SearchIndex> = Arc::new(Tantivy::open(&folder.path().join("search")).unwrap());
    for round in 0..2 {
        let ports = Ports { log: log.clone(), tables: tables.clone(), clock: Arc::new(SystemClock) };
        let stop = CancellationToken::new();
        let serving = musclemap_search_index::serve(ports, search.clone(), stop.clone());
        let acts = async {
            if round == 0 {
                append(&*log, event(5, 1, "squats")).await;
                append(&*log, poison()).await;
                append(&*log, event(6, 2, "squats")).await;
                until_found(&*search, &MESSAGES, "squats", &["01", "02"]).await;
                append(&*log, event(7, 1, "lunges")).await;
                until_found(&*search, &MESSAGES, "lunges", &["01"]).await;
            } else {
                // A machine that took over repeats an event; this process has started anew.
                append(&*log, event(5, 1, "squats")).await;
                append(&*log, event(8, 3, "squats")).await;
                until_found(&*search, &MESSAGES, "squats", &["02", "03"]).await;
                until_found(&*search, &MESSAGES, "lunges", &["01"]).await;
            }
            stop.cancel();
        };
        let (served, ()) = tokio::join!(serving, acts);
        served.unwrap();
    }
    assert_eq!(log.marks(&EVENTS_DLQ, 0).await.unwrap().end, 1, "one dead letter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_user_is_a_dead_letter_and_the_one_behind_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("data"), Arc::new(SystemClock)).unwrap();
    let (log, tables) = (store.log(), store.tables());
    let search: Arc<dyn SearchIndex> = Arc::new(Tantivy::open(&folder.path().join("search")).unwrap());
    // As from the published users, whose projection makes no row of the malformed one.
    let columns = vec![Value::text("bob"), Value::text("bob"), Value::Null];
    let row = PutRow { key: vec![], columns, version: Version::of(9), time_to_live: None };
    tables.put(&USERS, &[Value::text("bob")], vec![row]).await.unwrap();
    let ports = Ports { log: log.clone(), tables, clock: Arc::new(SystemClock) };
    let stop = CancellationToken::new();
    let serving = musclemap_search_index::serve(ports, search.clone(), stop.clone());
    let acts = async {
        append(&*log, published("ann", Some("Premium!"))).await;
        let has_letter = async || log.marks(&PLATFORM_USERS_DLQ, 0).await.unwrap().end == 1;
        until("no dead letter", has_letter).await;
        append(&*log, published("bob", Some("premium"))).await;
        until_found(&*search, &search::USERS, "bob", &["bob"]).await;
        until_found(&*search, &search::USERS, "ann", &[]).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serving, acts);
    served.unwrap();
}
