//! The Kafka adapter as a whole: what the port promises, and what only a broker can do wrong.
//!
//! Needs a broker; those tests that kill one start their own.

mod conformance;
mod groups;
mod members;
mod producing;
mod readers;
mod setup;

use std::sync::Arc;
use std::time::Duration;

use ::conformance::harness::{append, record, within};
use musclemap_kafka::setup::{Settings, ensure};
use musclemap_kafka::{Config, Kafka};
use platform::ports::{Log, Reader, Record};
use schemas::position::{Offset, Partition};
use schemas::topics::Topic;
use tests::service::Service;
use tokio::sync::OnceCell;

const BOOTSTRAP: &str = "MM_KAFKA_BOOTSTRAP";
const SETTINGS: Settings = Settings { partitions: 8, replication: 1, min_insync_replicas: 1 };

/// Addresses of the broker that all tests share.
fn bootstrap() -> String {
    std::env::var(BOOTSTRAP).unwrap_or_else(|_| {
        panic!("{BOOTSTRAP} is not set: start the services with deploy/services/run, which says its value")
    })
}

/// Sessions as short as a broker lets them be.
fn config(bootstrap: &str) -> Config {
    let prefix = "adapter-test.".to_owned();
    Config { prefix, session_timeout: Duration::from_secs(6), ..Config::new(bootstrap, "musclemap-test") }
}

/// A broker of a test's own, with all topics.
async fn broker() -> Service {
    let broker = Service::kafka();
    ensure(&config(&broker.address()), SETTINGS).await.expect("the topics");
    broker
}

/// A connection to the shared broker, which has all topics.
async fn connect() -> Arc<Kafka> {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let config = config(&bootstrap());
    MADE.get_or_init(|| async { ensure(&config, SETTINGS).await.expect("the topics") }).await;
    Arc::new(Kafka::connect(config).await.expect("a connection"))
}

async fn end(log: &dyn Log, topic: &'static Topic, partition: Partition) -> Offset {
    within("marks", log.marks(topic, partition)).await.expect("marks").end
}

async fn reader(log: &dyn Log, topic: &'static Topic, partition: Partition, from: Offset) -> Box<dyn Reader> {
    within("a reader", log.read(topic, partition, from)).await.expect("a reader")
}

/// What the partition holds from `from` up to where it ends now.
async fn read_all(log: &dyn Log, topic: &'static Topic, partition: Partition, from: Offset) -> Vec<Record> {
    let end = end(log, topic, partition).await;
    let mut reader = reader(log, topic, partition, from).await;
    let mut records: Vec<Record> = Vec::new();
    while from + (records.len() as Offset) < end {
        records.extend(within("records", reader.next()).await.expect("records"));
    }
    records
}
