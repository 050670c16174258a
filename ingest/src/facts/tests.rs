//! Facts of a conversation and of its senders, while both change.

use std::time::Duration;

use domain::Conversations;
use embedded::Store;
use fold::Fold;
use objects::Objects;
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::lifecycle::Readiness;
use platform::ports::tables::put_views;
use platform::ports::{Log, LogError, PutRow, Tables};
use schemas::avro;
use schemas::membership::{Member, Role};
use schemas::position::{Cause, EPOCH, Number, Offset, Partition, Version};
use schemas::receipts::Watermarks;
use schemas::record::{ID_HEADER, Outgoing, Place, RecordId, USERS_HEADER};
use schemas::rows::RowKey;
use schemas::states::ConversationState;
use schemas::tables::views::MembershipRow;
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
    /// An ingest that follows changes.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let (log, tables): (Arc<dyn Log>, Arc<dyn Tables>) = (store.log(), store.tables());
        let rows = Arc::new(Rows::new(tables.clone()));
        let (gifs, options) =
            (gifs::Settings::none().open(Arc::new(InProcess::default())).unwrap(), Options::default());
        let ingest =
            Ingest::open(log.clone(), Arc::new(SystemClock), rows, Objects::in_memory(), gifs, options)
                .await
                .unwrap();
        let (readiness, mut tasks) = (Readiness::default(), JoinSet::new());
        let latch = readiness.latch("facts");
        tasks.spawn(ingest.clone().run_changes(latch, CancellationToken::new()));
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
        let intervals = vec![MembershipInterval { from: 0, to: None, first_seq: 1, first_ordinal: 0 }];
        let member = Member {
            role: Role::Member,
            joined_at: 0,
            intervals,
            marks: Watermarks::default(),
            request: None,
        };
        let state = ConversationState { members, ..Conversations::fresh() };
        let row = |key: RowKey, body: Vec<u8>| PutRow {
            key: key.to_values(),
            columns: vec![Value::blob(&body)],
            version: Version::of(command),
            time_to_live: None,
        };
        let rows = vec![
            row(RowKey::state(), avro::encode(&state)),
            row(RowKey::of::<Member>(&ann()), avro::encode(&member)),
        ];
        let partition = [Value::text(conversation().as_str())];
        self.tables.put(Conversations::table(), &partition, rows).await.unwrap();
        let row = MembershipRow { user: ann(), conversation: conversation(), member }.to_row();
        put_views(&*self.tables, &[(row, Version::of(command))]).await.unwrap();
    }

    /// The event of a command that changes who is in the conversation.
    async fn publish(&self, command: Offset) {
        let key = conversation();
        let partition: Partition = partition_of(key.as_str().as_bytes(), self.log.partitions(&EVENTS));
        let number = Number { offset: command, index: 0 };
        let id = RecordId::Cause(Cause { epoch: EPOCH, partition, number }).to_string();
        let headers = vec![(ID_HEADER, id.into_bytes()), (USERS_HEADER, b"bob".to_vec())];
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
        self.ingest.facts.sender_context(&ann(), &conversation()).await.unwrap().members
    }

    /// Waits until this number of members is found.
    async fn finds(&self, members: i32) {
        let found = async {
            while self.members().await != members {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, found).await.unwrap();
    }

    /// Waits until the log's last change has invalidated the context.
    async fn invalidates(&self) {
        let invalid = async {
            while self.ingest.facts.senders.get(&conversation(), &ann()).is_some() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, invalid).await.unwrap();
    }
}

#[tokio::test]
async fn a_context_is_cached_until_the_log_reports_a_change() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 2, "no change was reported");
    stage.publish(6).await;
    stage.finds(3).await;
}

#[tokio::test]
async fn a_context_that_lacks_a_change_is_not_cached() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.publish(6).await;
    stage.invalidates().await;
    assert_eq!(stage.members().await, 2, "the rows are not written yet");
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 3);
}

#[tokio::test]
async fn ones_own_change_is_read_before_the_log_reports_it() {
    let stage = Stage::new().await;
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
    stage.ingest.facts.will_change(&conversation());
    stage.write(3, 6).await;
    assert_eq!(stage.members().await, 3);
}

#[tokio::test]
async fn an_absence_is_not_cached() {
    let stage = Stage::new().await;
    let context = stage.ingest.facts.sender_context(&ann(), &conversation()).await;
    assert_eq!(context.unwrap_err().code, ErrorCode::NotFound);
    stage.write(2, 5).await;
    assert_eq!(stage.members().await, 2);
}

#[tokio::test]
async fn a_profile_is_cached_until_the_platform_publishes_another() {
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
    let invalid = async {
        while stage.ingest.facts.profiles.get(&ann(), &()).is_some() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(PATIENCE, invalid).await.unwrap();
    assert_eq!(name().await, "ann", "the row is not written yet");
    write("anna", next).await;
    assert_eq!(name().await, "anna");
}
