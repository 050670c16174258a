//! The processor over the embedded log and tables, and an index in a folder.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::Conversations;
use embedded::Store;
use fold::Fold;
use platform::clock::SystemClock;
use platform::ports::search::{Filter, Hits, Known, Listed, Query, SearchError, Side};
use platform::ports::tables::put_views;
use platform::ports::{Log, Ports, SearchIndex, Tables};
use schemas::avro;
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembershipInterval, Role};
use schemas::message::{Body, Mentions, Message};
use schemas::people::{PlatformUser, Profile};
use schemas::position::{Cause, EPOCH, Number, Offset, Version};
use schemas::receipts::Watermarks;
use schemas::record::{Origin, Outgoing, Output, Place, RecordId};
use schemas::rows::RowKey;
use schemas::search::{self, CONVERSATIONS, Change, Index, MESSAGES};
use schemas::sending::MessageCreated;
use schemas::states::ConversationState;
use schemas::tables::Value;
use schemas::tables::views::{MembershipRow, ProfileRow, ViewRow};
use schemas::topics::{EVENTS, EVENTS_DLQ, PLATFORM_USERS, PLATFORM_USERS_DLQ};
use schemas::{ConversationFact, ConversationId};
use tantivy_search::Tantivy;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

fn profile(user: &str) -> Profile {
    Profile {
        user: user.parse().unwrap(),
        username: user.to_owned(),
        display_name: user.to_owned(),
        avatar_url: None,
    }
}

/// A message of the command at an offset of partition 0.
fn event(offset: Offset, seq: i64, text: &str) -> Outgoing {
    let sender = profile("ann");
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

async fn put(tables: &dyn Tables, row: ViewRow, version: Version) {
    put_views(tables, &[(row, version)]).await.unwrap();
}

/// A user as the projection of published users writes them.
async fn user_row(tables: &dyn Tables, user: &str) {
    let profile = Some(profile(user));
    put(tables, ProfileRow { user: user.parse().unwrap(), profile }.to_row(), Version::of(9)).await;
}

/// A row of a conversation, as its machine writes it.
async fn owner_row(tables: &dyn Tables, id: &ConversationId, key: RowKey, body: Vec<u8>) {
    let row = ViewRow {
        table: Conversations::table(),
        partition: vec![Value::text(id.as_str())],
        key: key.to_values(),
        columns: vec![Value::blob(&body)],
        time_to_live: None,
    };
    put(tables, row, Version::of(9)).await;
}

/// A group of these users.
async fn group(tables: &dyn Tables, id: &ConversationId, users: &[&str]) {
    let opened = Opened {
        kind: ConversationKind::Group,
        title: None,
        description: None,
        announcements_only: false,
        avatar: None,
        by: users[0].parse().unwrap(),
        at: 0,
        charge: 0,
    };
    let state = ConversationState { opened: Some(opened), ..Conversations::fresh() };
    owner_row(tables, id, RowKey::state(), avro::encode(&state)).await;
    for name in users {
        let user = name.parse().unwrap();
        let member = Member {
            role: Role::Member,
            joined_at: 0,
            intervals: vec![MembershipInterval { from: 0, to: None, first_seq: 1, first_ordinal: 0 }],
            marks: Watermarks::default(),
            request: None,
        };
        owner_row(tables, id, RowKey::of::<Member>(&user), avro::encode(&member)).await;
        put(tables, MembershipRow { user, conversation: id.clone(), member }.to_row(), Version::of(9)).await;
    }
}

/// An index that counts the writes of conversations.
struct Counting {
    index: Tantivy,
    writes: AtomicUsize,
}

#[async_trait]
impl SearchIndex for Counting {
    async fn write(&self, index: &'static Index, side: Side, changes: &[Change]) -> Result<(), SearchError> {
        self.writes.fetch_add(usize::from(index == &CONVERSATIONS), Ordering::Relaxed);
        self.index.write(index, side, changes).await
    }

    async fn search(&self, index: &'static Index, query: &Query) -> Result<Hits, SearchError> {
        self.index.search(index, query).await
    }

    async fn list(
        &self,
        index: &'static Index,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Listed, SearchError> {
        self.index.list(index, from, limit).await
    }

    async fn versions(
        &self,
        index: &'static Index,
        side: Side,
        ids: &[String],
    ) -> Result<Vec<Option<Known>>, SearchError> {
        self.index.versions(index, side, ids).await
    }

    async fn open_next(&self, index: &'static Index) -> Result<(), SearchError> {
        self.index.open_next(index).await
    }

    async fn clear_next(&self, index: &'static Index) -> Result<(), SearchError> {
        self.index.clear_next(index).await
    }

    async fn swap(&self, index: &'static Index) -> Result<(), SearchError> {
        self.index.swap(index).await
    }
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
    user_row(&*tables, "bob").await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_after_an_erasure_brings_nobody_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("data"), Arc::new(SystemClock)).unwrap();
    let (log, tables) = (store.log(), store.tables());
    let search: Arc<dyn SearchIndex> = Arc::new(Tantivy::open(&folder.path().join("search")).unwrap());
    user_row(&*tables, "bob").await;
    user_row(&*tables, "carl").await;
    let ports = Ports { log: log.clone(), tables: tables.clone(), clock: Arc::new(SystemClock) };
    let stop = CancellationToken::new();
    let serving = musclemap_search_index::serve(ports, search.clone(), stop.clone());
    let acts = async {
        append(&*log, published("bob", None)).await;
        until_found(&*search, &search::USERS, "bob", &["bob"]).await;
        let erased = ProfileRow { user: "bob".parse().unwrap(), profile: None };
        put(&*tables, erased.to_row(), Version::ERASED).await;
        append(&*log, Outgoing { value: vec![], ..published("bob", None) }).await;
        until_found(&*search, &search::USERS, "bob", &[]).await;
        append(&*log, published("bob", None)).await;
        append(&*log, published("carl", None)).await;
        until_found(&*search, &search::USERS, "carl", &["carl"]).await;
        until_found(&*search, &search::USERS, "bob", &[]).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serving, acts);
    served.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_several_renamed_users_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("data"), Arc::new(SystemClock)).unwrap();
    let (log, tables) = (store.log(), store.tables());
    let index = Tantivy::open(&folder.path().join("search")).unwrap();
    let search = Arc::new(Counting { index, writes: AtomicUsize::new(0) });
    let (id, users) = (format!("{:032x}", 1).parse().unwrap(), ["ann", "bob", "carl"]);
    group(&*tables, &id, &users).await;
    for user in users {
        user_row(&*tables, user).await;
        append(&*log, published(user, None)).await;
    }
    let ports = Ports { log, tables, clock: Arc::new(SystemClock) };
    let stop = CancellationToken::new();
    let serving = musclemap_search_index::serve(ports, search.clone(), stop.clone());
    let acts = async {
        until_found(&*search, &CONVERSATIONS, "carl", &["01"]).await;
        until_found(&*search, &CONVERSATIONS, "ann bob", &["01"]).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serving, acts);
    served.unwrap();
    assert_eq!(search.writes.load(Ordering::Relaxed), 1);
}
