//! The ports over the world.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use musclemap_platform::clock::Clock;
use musclemap_platform::ports::{
    Log, LogError, Marks, Membership, Page, PutRow, Range, Reader, Receipt, Record, Row, Tables, TablesError,
};
use rand::Rng;
use schemas::position::{LogTime, Offset, Partition, Version};
use schemas::record::Outgoing;
use schemas::tables::{CONSUMERS, Table, Value};
use schemas::topics::{EVENTS, EVENTS_DLQ, Topic};

use crate::world::{State, World};

impl World {
    /// Asks at every step until there is an answer.
    async fn answer<T>(&self, mut ask: impl FnMut(&mut State) -> Option<T>) -> T {
        poll_fn(|context| {
            // Every future is polled at every step.
            context.waker().wake_by_ref();
            ask(&mut self.state()).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Acts at some step, and answers at a later one: what crashes in between has acted without knowing it.
    pub async fn step<T>(&self, mut act: impl FnMut(&mut State) -> T) -> T {
        let mut acted: Option<T> = None;
        self.answer(|state| {
            if state.chance(0.4) {
                return None;
            }
            let answer = acted.take();
            if answer.is_none() {
                acted = Some(act(state));
            }
            answer
        })
        .await
    }
}

struct Tail(World, Offset);

#[async_trait]
impl Reader for Tail {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        let Self(world, next) = self;
        world
            .answer(|state| {
                let ahead = state.records.len() - *next as usize;
                if ahead == 0 || state.chance(0.5) {
                    return None;
                }
                let take = state.random.random_range(1..=ahead.min(9));
                let from = *next as usize;
                *next += take as Offset;
                let records = state.records[from..from + take].iter().map(|(record, _)| record.clone());
                Some(Ok(records.collect()))
            })
            .await
    }
}

#[async_trait]
impl Log for World {
    fn partitions(&self, _: &'static Topic) -> Partition {
        1
    }

    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError> {
        assert_eq!(record.topic.name, EVENTS_DLQ.name);
        let appended = self
            .step(|state| {
                if state.hostile && state.chance(0.2) {
                    return Err(LogError::Unavailable("for now".to_owned()));
                }
                state.dead_letter(&record);
                Ok(0)
            })
            .await;
        Ok(Box::pin(async { appended }))
    }

    async fn read(
        &self,
        topic: &'static Topic,
        _: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        assert_eq!(topic.name, EVENTS.name);
        Ok(Box::new(Tail(self.clone(), from)))
    }

    async fn join(&self, _: &str, _: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        Err(LogError::Closed("the schedule assigns partitions".to_owned()))
    }

    async fn marks(&self, _: &'static Topic, _: Partition) -> Result<Marks, LogError> {
        Ok(self.step(|state| Marks { low: 0, end: state.records.len() as Offset }).await)
    }

    async fn position_at(&self, _: &'static Topic, _: Partition, _: LogTime) -> Result<Offset, LogError> {
        Err(LogError::Closed("not called by a run".to_owned()))
    }
}

#[async_trait]
impl Tables for World {
    async fn put(
        &self,
        table: &'static Table,
        _: &[Value],
        mut rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        assert_eq!(table.name, CONSUMERS.name);
        let row = rows.pop().unwrap();
        self.step(|state| {
            if state.hostile && state.chance(0.1) {
                return Err(TablesError::Unavailable("for now".to_owned()));
            }
            let Value::BigInt(next) = row.columns[0] else { panic!("an offset") };
            if let Some(offset) = (0..next).find(|offset| !state.is_done(*offset)) {
                state.violation = Some(format!("position {next} is stored before {offset} is done"));
            }
            let is_newer = state.position.as_ref().is_none_or(|(version, _)| *version < row.version.0);
            if is_newer {
                state.position = Some((row.version.0, row.columns.clone()));
            }
            Ok(())
        })
        .await
    }

    async fn get(&self, _: &'static Table, _: &[Value], _: &[Vec<Value>]) -> Result<Vec<Row>, TablesError> {
        let stored = self.step(|state| state.position.clone()).await;
        let row = stored.map(|(version, columns)| Row { key: vec![], columns, version: Version(version) });
        Ok(row.into_iter().collect())
    }

    async fn range(&self, _: &'static Table, _: &[Value], _: Range) -> Result<Page, TablesError> {
        Err(TablesError::Refused("not called by a run".to_owned()))
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> LogTime {
        0
    }

    /// Short pauses end at some step; a deadline ends only if the schedule is hostile.
    async fn sleep(&self, duration: Duration) {
        self.answer(|state| {
            let rarely = duration >= Duration::from_secs(10);
            let probability = if !rarely {
                0.2
            } else if state.hostile {
                0.002
            } else {
                0.0
            };
            state.chance(probability).then_some(())
        })
        .await
    }
}
