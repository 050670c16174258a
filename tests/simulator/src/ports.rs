//! The ports as one runner sees them.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use platform::clock::Clock;
use platform::ports::{
    Log, LogError, Marks, Membership, Page, PutRow, Range, Reader, Receipt, Record, Row, Tables, TablesError,
};
use rand::Rng;
use schemas::position::{LogTime, Offset, Partition};
use schemas::record::Outgoing;
use schemas::tables::{Table, Value};
use schemas::topics::Topic;
use tokio::sync::oneshot;

use crate::PARTITIONS;
use crate::world::{Query, RunnerId, World};

/// The world, as one runner reaches it.
#[derive(Clone)]
pub struct Handle {
    pub world: World,
    pub runner: RunnerId,
}

/// A call whose caller is dead is never answered.
async fn answered<T>(receive: oneshot::Receiver<T>) -> T {
    match receive.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

#[async_trait]
impl Log for Handle {
    fn partitions(&self, _: &'static Topic) -> Partition {
        PARTITIONS
    }

    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError> {
        let receipt = self.world.state().produce(self.runner, record);
        Ok(Box::pin(answered(receipt)))
    }

    async fn read(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        Ok(Box::new(Tail { world: self.world.clone(), topic: topic.name, partition, next: from }))
    }

    async fn join(&self, _: &str, _: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        Err(LogError::Closed("the schedule assigns partitions".to_owned()))
    }

    async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError> {
        let end = self.world.state().log(topic.name, partition).len() as Offset;
        Ok(Marks { low: 0, end })
    }

    async fn position_at(
        &self,
        topic: &'static Topic,
        partition: Partition,
        time: LogTime,
    ) -> Result<Offset, LogError> {
        let state = self.world.state();
        let log = state.log(topic.name, partition);
        Ok(log.iter().position(|record| record.time >= time).unwrap_or(log.len()) as Offset)
    }
}

struct Tail {
    world: World,
    topic: &'static str,
    partition: Partition,
    next: Offset,
}

#[async_trait]
impl Reader for Tail {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        // The schedule polls runners whether or not something has come.
        std::future::poll_fn(|_| {
            let mut state = self.world.state();
            let ahead = state.log(self.topic, self.partition).len() - self.next as usize;
            if ahead == 0 {
                return Poll::Pending;
            }
            let take = state.random.random_range(1..=ahead.min(6));
            let from = self.next as usize;
            let records = state.log(self.topic, self.partition)[from..from + take].to_vec();
            self.next += take as Offset;
            Poll::Ready(Ok(records))
        })
        .await
    }
}

#[async_trait]
impl Tables for Handle {
    async fn put(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        let written = self.world.state().write(self.runner, (table.name, partition.to_vec()), rows);
        answered(written).await
    }

    async fn get(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        let query = Query::Get(keys.to_vec());
        let read = self.world.state().read(self.runner, (table.name, partition.to_vec()), query);
        answered(read).await
    }

    async fn range(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError> {
        let query = Query::Range(range);
        let read = self.world.state().read(self.runner, (table.name, partition.to_vec()), query);
        Ok(Page { rows: answered(read).await?, next: None })
    }
}

impl Clock for Handle {
    fn now(&self) -> LogTime {
        self.world.state().now
    }

    fn sleep<'life, 'call>(&'life self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'call>>
    where
        'life: 'call,
        Self: 'call,
    {
        let wake = self.world.state().sleep(self.runner);
        Box::pin(answered(wake))
    }
}
