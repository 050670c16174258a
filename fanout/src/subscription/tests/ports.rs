//! What a node stands on in tests: tables in memory, which may be down, and a log that has been read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use awareness::Awareness;
use graphql::{Executor, Reads, RenderingSchema, Rows};
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::ports::{
    Log, LogError, Marks, Membership, Page, PutRow, Range, Reader, Receipt, Record, Row, Tables, TablesError,
};
use schemas::people::Profile;
use schemas::position::{LogTime, Offset, Partition, Version};
use schemas::record::Outgoing;
use schemas::rows::RowKey;
use schemas::tables::views::ViewRow;
use schemas::tables::{CONVERSATIONS, Table, USERS, Value};
use schemas::topics::Topic;
use schemas::{ConversationId, ConversationKey};
use translation::Translations;

type Stored = BTreeMap<Vec<Value>, Row>;

#[derive(Default)]
pub struct Memory {
    rows: Mutex<BTreeMap<(&'static str, Vec<Value>), Stored>>,
    pub is_down: AtomicBool,
    /// Whether who asks panics.
    pub is_broken: AtomicBool,
    /// Whether an answer takes its time.
    pub is_slow: AtomicBool,
}

impl Memory {
    pub fn view(&self, row: ViewRow, offset: Offset) {
        let ViewRow { table, partition, key, columns, time_to_live: _ } = row;
        self.write(table, &partition, Row { key, columns, version: Version::of(offset) });
    }

    /// A row of a conversation.
    pub fn row(&self, id: &ConversationId, key: RowKey, body: &[u8]) {
        let (key, columns) = (key.to_values(), vec![Value::blob(body)]);
        self.write(
            &CONVERSATIONS,
            &[Value::text(id.as_str())],
            Row { key, columns, version: Version::of(0) },
        );
    }

    pub fn profile(&self, profile: &Profile) {
        let columns = vec![
            Value::text(&profile.username),
            Value::text(&profile.display_name),
            Value::text("an:avatar"),
        ];
        let partition = [Value::text(profile.user.as_str())];
        self.write(&USERS, &partition, Row { key: vec![], columns, version: Version::of(0) });
    }

    fn write(&self, table: &'static Table, partition: &[Value], row: Row) {
        let mut rows = self.rows.lock().unwrap();
        rows.entry((table.name, partition.to_vec())).or_default().insert(row.key.clone(), row);
    }

    fn read(&self, table: &'static Table, partition: &[Value]) -> Result<Stored, TablesError> {
        assert!(!self.is_broken.load(Ordering::Relaxed), "broken, as the test wants it");
        if self.is_down.load(Ordering::Relaxed) {
            return Err(TablesError::Unavailable("down".to_owned()));
        }
        Ok(self.rows.lock().unwrap().get(&(table.name, partition.to_vec())).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl Tables for Memory {
    async fn put(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        for PutRow { key, columns, version, .. } in rows {
            self.write(table, partition, Row { key, columns, version });
        }
        Ok(())
    }

    async fn get(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        if self.is_slow.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        Ok(self.read(table, partition)?.into_values().filter(|row| keys.contains(&row.key)).collect())
    }

    async fn range(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError> {
        assert!(!range.descending || range.after.is_none(), "nothing here reads so");
        let mut rows: Vec<Row> = self.read(table, partition)?.into_values().collect();
        rows.retain(|row| {
            let from_to =
                row.key[..range.from.len()] >= range.from[..] && row.key[..range.to.len()] <= range.to[..];
            from_to && range.after.as_ref().is_none_or(|after| row.key > *after)
        });
        if range.descending {
            rows.reverse();
        }
        let next = rows.get(range.limit - 1).filter(|_| rows.len() > range.limit).map(|row| row.key.clone());
        rows.truncate(range.limit);
        Ok(Page { rows, next })
    }
}

/// A log that was written before the test; nothing is appended.
#[derive(Default)]
pub struct MemoryLog {
    pub partitions: Partition,
    pub records: BTreeMap<(&'static str, Partition), Vec<Record>>,
    /// Where every topic ends that holds no records.
    pub end: Offset,
}

struct Recorded(Vec<Record>);

#[async_trait]
impl Reader for Recorded {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        if self.0.is_empty() { std::future::pending().await } else { Ok(std::mem::take(&mut self.0)) }
    }
}

#[async_trait]
impl Log for MemoryLog {
    fn partitions(&self, _: &'static Topic) -> Partition {
        self.partitions
    }

    async fn enqueue(&self, _: Outgoing) -> Result<Receipt, LogError> {
        unreachable!("subscriptions do not ask for it")
    }

    async fn read(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        let mut records = self.records.get(&(topic.name, partition)).cloned().unwrap_or_default();
        records.retain(|record| record.offset >= from);
        Ok(Box::new(Recorded(records)))
    }

    async fn join(&self, _: &str, _: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        unreachable!("subscriptions do not ask for it")
    }

    async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError> {
        let records = self.records.get(&(topic.name, partition));
        Ok(Marks { low: 0, end: records.map_or(self.end, |records| records.len() as Offset) })
    }

    async fn position_at(&self, _: &'static Topic, _: Partition, _: LogTime) -> Result<Offset, LogError> {
        unreachable!("subscriptions do not ask for it")
    }
}

/// Awareness over these tables, with ephemeral state of its own.
pub fn awareness(tables: &Arc<Memory>) -> Arc<Awareness> {
    Awareness::new(Arc::new(InProcess::default()), Arc::new(Rows::new(tables.clone())), Arc::new(SystemClock))
}

/// Payloads over these tables.
pub fn rendering_schema(tables: &Arc<Memory>) -> RenderingSchema {
    translating_schema(tables, None)
}

/// Payloads over these tables and translations.
pub fn translating_schema(tables: &Arc<Memory>, translations: Option<Arc<Translations>>) -> RenderingSchema {
    let (rows, awareness) = (Arc::new(Rows::new(tables.clone())), awareness(tables));
    let reads = Reads::new(rows, ConversationKey::new([7; 32]), awareness, Arc::new(SystemClock));
    graphql::rendering_schema(Arc::new(reads.with_translations(translations)))
}

/// The subscriptions of the API over these tables.
pub fn executor(tables: &Arc<Memory>) -> Executor {
    let schema = rendering_schema(tables);
    Arc::new(move |request| schema.execute_stream(request))
}
