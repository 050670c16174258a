//! Hops through Kafka by bare clients: a producer, and a consumer for each hop on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::{HOPS, PACE, Times, payload};
use crate::pace;

/// The client library is busy for the last part of a wait.
const POLL: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_secs(10);

pub async fn start(bootstrap: &str, times: Times, stop: CancellationToken) -> Result<()> {
    let topic = format!("bench-hops-{}", uuid::Uuid::new_v4().simple());
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", bootstrap);
    let admin: AdminClient<DefaultClientContext> = client.create()?;
    let new = NewTopic::new(&topic, HOPS, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    for made in admin.create_topics(&[new], &options).await? {
        made.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    let mut settings = client.clone();
    settings.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "0");
    let producer: Arc<BaseProducer> = Arc::new(settings.create()?);
    for hop in 0..HOPS {
        let mut settings = client.clone();
        settings.set("group.id", "bench-hops").set("enable.auto.commit", "false");
        settings.set("fetch.queue.backoff.ms", "5").set("allow.auto.create.topics", "false");
        let consumer: BaseConsumer = settings.create()?;
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(&topic, hop, Offset::Beginning)?;
        consumer.assign(&place)?;
        let hop = Hop { topic: topic.clone(), number: hop, producer: producer.clone(), times: times.clone() };
        let stop = stop.clone();
        std::thread::Builder::new().spawn(move || hop.pass_on(&consumer, &stop))?;
    }
    let (polled, stopped) = (producer.clone(), stop.clone());
    std::thread::Builder::new().spawn(move || {
        while !stopped.is_cancelled() {
            polled.poll(POLL);
        }
    })?;
    let act = move |payload: Vec<u8>| {
        ensure!(!stop.is_cancelled(), "stopped");
        send(&producer, &topic, 0, &payload).inspect_err(|error| eprintln!("the floor has ended: {error}"))
    };
    pace::keep(PACE, usize::MAX, |_, due| Ok(payload(due)), act)?;
    Ok(())
}

struct Hop {
    topic: String,
    number: i32,
    producer: Arc<BaseProducer>,
    times: Times,
}

impl Hop {
    fn pass_on(&self, consumer: &BaseConsumer, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let Some(Ok(message)) = consumer.poll(POLL) else { continue };
            let payload = message.payload().unwrap_or_default();
            if self.number + 1 == HOPS {
                self.times.note(payload);
            } else if let Err(error) = send(&self.producer, &self.topic, self.number + 1, payload) {
                eprintln!("the floor has ended: {error}");
                return;
            }
        }
    }
}

fn send(producer: &BaseProducer, topic: &str, partition: i32, payload: &[u8]) -> Result<()> {
    let record = BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload);
    producer.send(record).map_err(|(error, _)| error).context("a bare producer")
}
