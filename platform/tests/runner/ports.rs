//! On ports, as a process runs it: the order in which log and tables are called.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use expect_test::expect;
use musclemap_platform::clock::Clock;
use musclemap_platform::group::{Assignment, Progress};
use musclemap_platform::ports::{
    Log, LogError, Marks, Membership, Page, PutRow, Range, Reader, Receipt, Record, Row, Tables, TablesError,
};
use musclemap_platform::runner::drive::{self, Ports};
use musclemap_platform::runner::{Options, RunnerError};
use schemas::control::RULES;
use schemas::position::{LogTime, Offset, Partition, Version};
use schemas::record::Outgoing;
use schemas::tables::{CHECKPOINTS, Table, Value};
use schemas::topics::{Topic, VERDICTS};
use tokio_util::sync::CancellationToken;

use crate::records::{PARTITION, command, control};
use crate::tally::Tally;

/// Longer than any pause between attempts.
const HOUR: Duration = Duration::from_secs(3_600);

/// Log, tables and clock at once. Writes down what it is called for; every write fails once.
#[derive(Default)]
struct World {
    calls: Mutex<Vec<String>>,
    failed: Mutex<BTreeSet<&'static str>>,
    /// Records of the one partition that is read.
    records: Vec<Record>,
    /// The checkpoint of that partition.
    checkpoint: Option<Row>,
    /// Whether what is appended may be lost.
    loses: bool,
    /// Cancelled with the first verdict.
    stop: CancellationToken,
}

impl World {
    fn note(&self, call: &str, of: &str) {
        self.calls.lock().unwrap().push(format!("{call} {of}\n"));
    }
}

struct Once(Vec<Record>);

#[async_trait]
impl Reader for Once {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        if self.0.is_empty() { pending().await } else { Ok(std::mem::take(&mut self.0)) }
    }
}

#[async_trait]
impl Log for World {
    fn partitions(&self, _: &'static Topic) -> Partition {
        8
    }

    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError> {
        self.note("append", record.topic.name);
        if record.topic.name == VERDICTS.name {
            self.stop.cancel();
        }
        let receipt = if self.loses { Err(LogError::Unknown("lost".to_owned())) } else { Ok(0) };
        Ok(Box::pin(async { receipt }))
    }

    async fn read(&self, _: &'static Topic, _: Partition, from: Offset) -> Result<Box<dyn Reader>, LogError> {
        assert_eq!(from, 0);
        Ok(Box::new(Once(self.records.clone())))
    }

    async fn join(&self, _: &str, _: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        unreachable!("a run joins no group")
    }

    async fn marks(&self, _: &'static Topic, _: Partition) -> Result<Marks, LogError> {
        unreachable!("a run asks for no marks")
    }

    async fn position_at(&self, _: &'static Topic, _: Partition, _: LogTime) -> Result<Offset, LogError> {
        unreachable!("a run asks for no position")
    }
}

#[async_trait]
impl Tables for World {
    async fn put(&self, table: &'static Table, _: &[Value], _: Vec<PutRow>) -> Result<(), TablesError> {
        if self.failed.lock().unwrap().insert(table.name) {
            self.note("fail to put", table.name);
            return Err(TablesError::Unavailable("once".to_owned()));
        }
        self.note("put", table.name);
        Ok(())
    }

    async fn get(
        &self,
        table: &'static Table,
        _: &[Value],
        _: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        self.note("get", table.name);
        let rows = if table == &CHECKPOINTS { self.checkpoint.clone() } else { None };
        Ok(rows.into_iter().collect())
    }

    async fn range(&self, table: &'static Table, _: &[Value], _: Range) -> Result<Page, TablesError> {
        self.note("range", table.name);
        Ok(Page { rows: vec![], next: None })
    }
}

/// Pauses between attempts are over at once, whatever else is waited for never.
#[async_trait]
impl Clock for World {
    fn now(&self) -> LogTime {
        0
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= HOUR {
            pending().await
        }
    }
}

async fn run(world: World) -> (Result<(), RunnerError>, String) {
    let stop = world.stop.clone();
    let world = Arc::new(world);
    let ports = Ports { log: world.clone(), tables: world.clone(), clock: world.clone() };
    let options = Options { checkpoint_every: HOUR, drain: HOUR, ..Options::default() };
    let assignment =
        Assignment { partition: PARTITION, committed: None, stop, progress: Progress::default() };
    let ended = drive::run::<Tally<RULES>>(ports, options, assignment).await;
    let calls = world.calls.lock().unwrap().concat();
    (ended, calls)
}

#[tokio::test]
async fn views_are_there_before_the_batch_the_batch_before_the_verdict_the_verdict_before_the_checkpoint() {
    let records = vec![control(0, Some(1), None), command(1, "ann", "add 1")];
    let (ended, calls) = run(World { records, ..World::default() }).await;
    ended.unwrap();
    expect![[r#"
        get checkpoints
        range accounts
        append messaging.account-events.v1
        fail to put conversations_by_user
        put conversations_by_user
        fail to put accounts
        put accounts
        append messaging.verdicts.v1
        fail to put checkpoints
        put checkpoints
        put checkpoints
    "#]]
    .assert_eq(&calls);
}

#[tokio::test]
async fn a_record_that_may_be_lost_ends_the_run_before_anything_is_written() {
    let records = vec![control(0, Some(1), None), command(1, "ann", "add 1")];
    let (ended, calls) = run(World { records, loses: true, ..World::default() }).await;
    assert!(matches!(ended, Err(RunnerError::Delivery(_))), "{ended:?}");
    expect![[r#"
        get checkpoints
        range accounts
        append messaging.account-events.v1
    "#]]
    .assert_eq(&calls);
}

/// A build that is put back would otherwise go on behind the control record that it cannot run.
#[tokio::test]
async fn a_checkpoint_of_rules_that_the_build_does_not_know_ends_the_run_before_anything_is_read() {
    let columns = vec![Value::BigInt(7), Value::blob(b""), Value::blob(b""), Value::Int(RULES + 1)];
    let checkpoint = Row { key: vec![], columns, version: Version::of(7) };
    let (ended, calls) = run(World { checkpoint: Some(checkpoint), ..World::default() }).await;
    assert!(matches!(ended, Err(RunnerError::Checkpoint(PARTITION, _))), "{ended:?}");
    expect![[r#"
        get checkpoints
    "#]]
    .assert_eq(&calls);
}
