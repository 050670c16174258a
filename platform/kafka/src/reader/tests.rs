//! Claims about readers that need no broker of their own: librdkafka brings one that holds what it is
//! told to.

use std::sync::Arc;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use schemas::topics::EVENTS;

use super::*;
use crate::config::Config;
use crate::metrics::Role;
use crate::observer::Observer;
use crate::threads::ThreadsOwner;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_fetch_that_is_forgotten_is_begun_anew() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(EVENTS.name, 1, 1).unwrap();
    let config = Config {
        stalled_after: Duration::from_millis(300),
        ..Config::new(cluster.bootstrap_servers(), "test")
    };
    let producer: ThreadedProducer<DefaultProducerContext> = config.client().create().unwrap();
    let say = |text: &str| {
        producer.send(BaseRecord::<(), str>::to(EVENTS.name).partition(0).payload(text)).unwrap();
        producer.flush(PATIENCE).unwrap();
    };

    let (metrics, owner) = (Metrics::new(), ThreadsOwner::default());
    let observer = Observer::new(Role::Queries, "", &metrics);
    let consumer = Arc::new(config.queries().create_with_context(observer).unwrap());
    let queries = Queries::new(consumer, config.names(), config.request_timeout);
    let lanes = Lanes::new(config, metrics.clone(), Arc::clone(owner.threads()));
    let stop = owner.threads().stop();
    let source = Source { haste: Haste::AtOnce, topic: &EVENTS, partition: 0 };
    let reader = KafkaReader::open(lanes, queries, metrics, stop, source, 0);
    let mut reader = reader.await.unwrap();
    let mut next = async || {
        let page = tokio::time::timeout(PATIENCE, reader.next()).await.expect("records in time").unwrap();
        let Standing::InSlot(slot) = &reader.standing else { panic!("without a slot") };
        slot.stall();
        page.iter().map(|record| String::from_utf8(record.value.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    say("one");
    assert_eq!(next().await, ["one"]);
    say("two");
    assert_eq!(next().await, ["two"]);
}
