//! The log on a Kafka cluster: one producer, readers that share consumers, members of groups.
//!
//! Invariant: what is named here exists: topics and their partition counts are checked once, when
//! it is connected, and every call is checked against them.

use std::sync::Arc;

use async_trait::async_trait;
use platform::ports::{Log, LogError, Marks, Membership, Reader, Receipt};
use rdkafka::consumer::{BaseConsumer, Consumer};
use schemas::position::{LogTime, Offset, Partition};
use schemas::record::Outgoing;
use schemas::topics::Topic;

use crate::config::Config;
use crate::error::ConnectError;
use crate::membership::KafkaMembership;
use crate::metrics::{Metrics, Role};
use crate::observer::Observer;
use crate::producer::Producer;
use crate::queries::{Queries, off_thread};
use crate::reader::{Haste, KafkaReader, Lanes, Source};
use crate::threads::ThreadsOwner;
use crate::topology::Topology;

/// A connection to a cluster. Dropping it delivers what is queued, for up to 2 s, leaves all groups
/// and ends all threads; whatever it gave out is of no more use then.
pub struct Kafka {
    config: Config,
    topology: Topology,
    producer: Arc<Producer>,
    lanes: Lanes,
    queries: Queries,
    metrics: Metrics,
    threads: ThreadsOwner,
}

impl Kafka {
    /// Connects, and checks that every topic of [`schemas::topics`] is there.
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        config.check()?;
        match tokio::task::spawn_blocking(move || Self::open(config)).await {
            Ok(opened) => opened,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(ConnectError::Unavailable("the runtime is ending".into())),
        }
    }

    fn open(config: Config) -> Result<Self, ConnectError> {
        // Whatever fails from here on, the threads end with their owner.
        let (metrics, owner) = (Metrics::new(), ThreadsOwner::default());
        let threads = owner.threads();
        let observer = Observer::new(Role::Queries, "", &metrics);
        let consumer: BaseConsumer<Observer> =
            config.queries().create_with_context(observer).map_err(ConnectError::Client)?;
        let consumer = Arc::new(consumer);
        threads.serve("kafka-queries", Arc::clone(&consumer), threads.stop())?;
        let topology = Topology::load(consumer.client(), &config.names(), config.request_timeout)?;
        let producer = Producer::start(&config, &metrics, threads)?;
        let queries = Queries::new(consumer, config.names(), config.request_timeout);
        let lanes = Lanes::new(config.clone(), metrics.clone(), Arc::clone(threads));
        Ok(Self { config, topology, producer, lanes, queries, metrics, threads: owner })
    }

    async fn reader(&self, source: Source, from: Offset) -> Result<Box<dyn Reader>, LogError> {
        self.topology.admit(source.topic, source.partition)?;
        let reader = KafkaReader::open(
            self.lanes.clone(),
            self.queries.clone(),
            self.metrics.clone(),
            self.threads.threads().stop(),
            source,
            from,
        );
        Ok(Box::new(reader.await?))
    }

    /// What the clients say of themselves; to be registered once.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }
}

#[async_trait]
impl Log for Kafka {
    fn partitions(&self, topic: &'static Topic) -> Partition {
        self.topology.partitions(topic)
    }

    /// A record that is too large for a batch of 1 MiB is refused as unavailable.
    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError> {
        let count = self.topology.partitions(record.topic);
        if count == 0 {
            return Err(LogError::NoSuchPartition { topic: record.topic.name, partition: 0 });
        }
        let partition = record.partition(count);
        self.topology.admit(record.topic, partition)?;
        self.producer.enqueue(record, partition).await
    }

    /// A place that is gone is found out by the first [`Reader::next`], but for a negative one.
    async fn read(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        self.reader(Source { haste: Haste::AtOnce, topic, partition }, from).await
    }

    /// What is appended comes within the time that a broker holds a request for records.
    async fn read_lazily(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        self.reader(Source { haste: Haste::Lazily, topic, partition }, from).await
    }

    async fn join(&self, group: &str, topic: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        self.topology.admit(topic, 0)?;
        let (config, group, metrics) = (self.config.clone(), group.to_owned(), self.metrics.clone());
        let threads = Arc::clone(self.threads.threads());
        let member =
            off_thread(move || KafkaMembership::join(&config, &group, topic, &metrics, &threads)).await?;
        Ok(Box::new(member))
    }

    async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError> {
        self.topology.admit(topic, partition)?;
        self.queries.marks(topic, partition).await
    }

    async fn position_at(
        &self,
        topic: &'static Topic,
        partition: Partition,
        time: LogTime,
    ) -> Result<Offset, LogError> {
        self.topology.admit(topic, partition)?;
        match self.queries.position_at(topic, partition, time).await? {
            Some(position) => Ok(position),
            None => Ok(self.queries.marks(topic, partition).await?.end),
        }
    }
}
