//! What is known of a conversation, and of who writes to it, while both change.

use std::sync::Arc;
use std::time::Duration;

use domain::Conversations;
use embedded::Store;
use platform::clock::SystemClock;
use platform::lifecycle::Readiness;
use platform::ports::{Log, LogError, PutRow, Tables};
use schemas::avro;
use schemas::conversation::Role;
use schemas::fold::Fold;
use schemas::message::{Outgoing, Place, USERS_HEADER};
use schemas::owner::RowKey;
use schemas::position::{Cause, EPOCH, Number, Offset, Partition, Version};
use schemas::rows::{Member, Stay};
use schemas::tables::{USERS, Value};
use schemas::topics::{EVENTS, PLATFORM_USERS, partition_of};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Ingest, Options};

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1);

struct Stage {
    log: Arc<dyn Log>,
    tables: Arc<dyn Tables>,
    ingest: Arc<Ingest>,
    /// Closed when it is dropped.
    _store: Store,
    _folder: tempfile::TempDir,
    _tasks: JoinSet<Result<(), LogError>>,
}

fn ann() -> UserId {
    "ann".parse().unwrap()
}

fn conversation() -> ConversationId {
    format!("{:032x}", 1).parse().unwrap()
}

impl Stage {
    /// Where the log is listened to.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let (log, tables): (Arc<dyn Log>, Arc<dyn Tables>) = (store.log(), store.tables());
        let reads = Arc::new(Reads::new(tables.clone()));
        let ingest =
            Ingest::open(log.clone(), Arc::new(SystemClock), reads, Options::default()).await.unwrap();
        let (readiness, mut tasks) = (Readiness::default(), JoinSet::new());
        let latch = readiness.latch("facts");
        tasks.spawn(ingest.clone().hear_changes(latch, CancellationToken::new()));
        timeout(PATIENCE, async {
            while !readiness.is_ready() {
                sleep(LOOK_EVERY).await;
            }
        })
        .await
        .unwrap();
        Self { log, tables, ingest, _store: store, _folder: folder, _tasks: tasks }
    }

    /// The rows of a conversation that `ann` is in, as a command wrote them.
    async fn write(&self, members: i32, command: Offset) {
        let stays = vec![Stay { from: 0, to: None, first_seq: 1 }];
        let member = Member { role: Role::Member, joined_at: 0, stays };
        let state = schemas::rows::ConversationState { members, ..Conversations::fresh() };
        let row = |key: RowKey, body: Vec<u8>| PutRow {
            key: vec![Value::Int(key.kind), Value::blob(&key.key)],
            columns: vec![Value::blob(&body)],
            version: Version::of(command),
            time_to_live: None,
        };
        let rows = vec![
            row(RowKey::state(), avro::encode(&state)),
            row(RowKey::member(&ann()), avro::encode(&member)),
        ];
        let partition = [Value::text(conversation().as_str())];
        self.tables.put(Conversations::table(), &partition, rows).await.unwrap();
    }

    /// The event of a command that changes who is in the conversation.
    async fn tell(&self, command: Offset) {
        let key = conversation();
        let partition: Partition = partition_of(key.as_str().as_bytes(), self.log.partitions(&EVENTS));
        let number = Number { offset: command, index: 0 };
        let cause = Cause { epoch: EPOCH, partition, number }.to_header();
        let headers = vec![(Cause::HEADER, cause.into_bytes()), (USERS_HEADER, b"bob".to_vec())];
        self.append(Outgoing {
            topic: &EVENTS,
            place: Place::Partition(partition),
            key: Some(key.as_str().into()),
            headers,
            value: vec![],
        })
        .await;
    }

    async fn append(&self, record: Outgoing) -> Offset {
        self.log.enqueue(record).await.unwrap().await.unwrap()
    }

    async fn members(&self) -> i32 {
        self.ingest.facts.seat(&ann(), &conversation()).await.unwrap().members
    }

    /// Waits until so many are found.
    async fn finds(&self, members: i32) {
        let found = async {
            while self.members().await != members {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, found).await.unwrap();
    }

    /// Waits until the log's last change was heard of.
    async fn hears(&self) {
        let heard = async {
            while self.ingest.facts.seats.get(&conversation(), &ann()).is_some() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, heard).await.unwrap();
    }
}

#[tokio::test]
async fn a_seat_is_known_until_the_log_tells_of_a_change() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 2, "nobody has told of it");
    stage.tell(6).await;
    stage.finds(3).await;
}

#[tokio::test]
async fn a_seat_that_lacks_a_change_is_not_known() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.tell(6).await;
    stage.hears().await;
    assert_eq!(stage.members().await, 2, "the rows are not written yet");
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 3);
}

#[tokio::test]
async fn what_one_changes_oneself_is_not_known_before_it_is_told() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.ingest.facts.changes(&conversation());
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 3);
}

#[tokio::test]
async fn who_left_has_no_seat_and_may_come_back() {
    let stage = Stage::new().await;
    let seat = stage.ingest.facts.seat(&ann(), &conversation()).await;
    assert_eq!(seat.unwrap_err().code, ErrorCode::NotFound);
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2, "an absence is not known");
}

#[tokio::test]
async fn a_profile_is_known_until_the_platform_says_something_else() {
    let stage = Stage::new().await;
    let write = async |name: &str, offset: Offset| {
        let columns = vec![Value::text(name), Value::text(name), Value::text_or_null(None)];
        let row = PutRow { key: vec![], columns, version: Version::of(offset), time_to_live: None };
        stage.tables.put(&USERS, &[Value::text(ann().as_str())], vec![row]).await.unwrap();
    };
    let publish = async || {
        let key = Some(ann().as_str().into());
        let record =
            Outgoing { topic: &PLATFORM_USERS, place: Place::Key, key, headers: vec![], value: vec![] };
        stage.append(record).await
    };
    let name = async || stage.ingest.facts.profile(&ann()).await.unwrap().username;

    assert_eq!(stage.ingest.facts.profile(&ann()).await.unwrap_err().code, ErrorCode::Forbidden);
    write("ann", publish().await).await;
    assert_eq!(name().await, "ann");
    let next = publish().await;
    let heard = async {
        while stage.ingest.facts.profiles.get(&ann(), &()).is_some() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(PATIENCE, heard).await.unwrap();
    assert_eq!(name().await, "ann", "the row is not written yet");
    write("anna", next).await;
    assert_eq!(name().await, "anna");
}
