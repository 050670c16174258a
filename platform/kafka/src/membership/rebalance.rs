//! What the group tells a member, as librdkafka calls it.
//!
//! With the cooperative protocol a revocation need not be answered in the call: the group goes on
//! until the member has unassigned the partitions, and only then shares them out anew. So a call
//! notes what is revoked, and the member's thread unassigns it later.
//!
//! Invariants: these calls come on the member's thread, from within its poll. Whatever is assigned is
//! paused first, and its place is a plain offset, so that nothing is ever asked of the brokers for it.

use std::sync::Arc;

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset as Place, TopicPartitionList};
use schemas::position::Partition;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::observer::Observer;

pub(super) struct Rebalances {
    observer: Observer,
    shared: Arc<Shared>,
    leaving: CancellationToken,
}

impl Rebalances {
    pub(super) fn new(observer: Observer, shared: Arc<Shared>, leaving: CancellationToken) -> Self {
        Self { observer, shared, leaving }
    }

    fn count(&self, change: &'static str) {
        self.shared.metrics.rebalance(self.shared.topic.name, change);
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, list: &mut TopicPartitionList) -> KafkaResult<()> {
        consumer.pause(list)?;
        list.set_all_offsets(Place::Offset(0))?;
        consumer.incremental_assign(list)?;
        // Once more, for a partition that librdkafka did not know before.
        consumer.pause(list)?;
        self.count("assigned");
        self.shared.update(|book| book.held.assign(numbers(list)));
        Ok(())
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let (lost, leaving) = (consumer.assignment_lost(), self.leaving.is_cancelled());
        if !lost && !leaving {
            self.count("revoked");
            self.shared.update(|book| book.held.revoke(numbers(list)));
            return Ok(());
        }
        if lost {
            self.count("lost");
        }
        // Before others can have them, the member is told to commit nothing more.
        self.shared.update(|book| {
            let partitions = numbers(list);
            book.notes.forget(partitions.iter());
            book.held.lose(partitions);
        });
        consumer.incremental_unassign(list)
    }
}

impl ConsumerContext for Rebalances {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        change: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        tracing::debug!(topic = self.shared.topic.name, ?change, partitions = ?numbers(list), "rebalance");
        let handled = match change {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            _ => self.revoke(consumer, list),
        };
        // The group waits for an answer that will not come: better to end than to hold it up.
        if let Err(error) = handled {
            self.shared.update(|book| book.failed = Some(format!("rebalance: {error}")));
        }
    }
}

impl ClientContext for Rebalances {
    fn stats(&self, statistics: Statistics) {
        self.observer.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.observer.error(error, reason);
    }
}

pub(super) fn numbers(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements().iter().map(|element| element.partition()).collect()
}
