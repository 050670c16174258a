//! Which topics there are, and how many partitions each has.
//!
//! Invariant: every topic of [`schemas::topics`] exists, and all topics of the epoch have one
//! partition count, so a key has the same number everywhere.

use std::collections::HashMap;
use std::time::Duration;

use platform::ports::LogError;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use schemas::position::Partition;
use schemas::topics::{self, Partitions, Topic};

use crate::error::ConnectError;
use crate::names::Names;

#[derive(Debug, Clone)]
pub(crate) struct Topology {
    /// By topic name.
    partitions: HashMap<&'static str, Partition>,
}

impl Topology {
    /// Asks the brokers; blocks for up to `timeout` for each topic.
    pub(crate) fn load<C: ClientContext>(
        client: &Client<C>,
        names: &Names,
        timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let mut partitions = HashMap::new();
        for topic in topics::ALL {
            let found = layout(client, names.of(topic), timeout)?;
            let (count, _) = found.ok_or(ConnectError::MissingTopic(topic.name))?;
            partitions.insert(topic.name, count);
        }
        let topology = Self { partitions };
        topology.check()?;
        Ok(topology)
    }

    fn check(&self) -> Result<(), ConnectError> {
        let epoch = self.partitions(&topics::EVENTS);
        for topic in topics::ALL {
            let wanted = match topic.partitions {
                Partitions::Epoch => epoch,
                Partitions::Fixed(count) => count,
            };
            let found = self.partitions(topic);
            if found != wanted {
                return Err(ConnectError::Partitions { topic: topic.name, found, wanted });
            }
        }
        Ok(())
    }

    /// 0 for a topic that is not the system's.
    pub(crate) fn partitions(&self, topic: &Topic) -> Partition {
        self.partitions.get(topic.name).copied().unwrap_or(0)
    }

    /// Refuses what is not there.
    pub(crate) fn admit(&self, topic: &Topic, partition: Partition) -> Result<(), LogError> {
        if (0..self.partitions(topic)).contains(&partition) {
            Ok(())
        } else {
            Err(LogError::NoSuchPartition { topic: topic.name, partition })
        }
    }
}

/// Partitions and replication factor of a topic; nothing if there is none.
pub(crate) fn layout<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    timeout: Duration,
) -> Result<Option<(Partition, usize)>, ConnectError> {
    let metadata = client
        .fetch_metadata(Some(name), timeout)
        .map_err(|error| ConnectError::Unavailable(error.to_string()))?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == name) else {
        return Ok(None);
    };
    if let Some(error) = found.error() {
        return match RDKafkaErrorCode::from(error) {
            RDKafkaErrorCode::UnknownTopicOrPartition => Ok(None),
            code => Err(ConnectError::Unavailable(format!("{name}: {code}"))),
        };
    }
    let replicas = found.partitions().iter().map(|partition| partition.replicas().len()).min();
    Ok(replicas.map(|replicas| (found.partitions().len() as Partition, replicas)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_topic_of_another_size_is_refused() {
        let mut topology = Topology { partitions: topics::ALL.iter().map(|topic| (topic.name, 8)).collect() };
        assert!(topology.check().is_ok());
        topology.partitions.insert(topics::VERDICTS.name, 4);
        assert!(matches!(
            topology.check(),
            Err(ConnectError::Partitions { topic, found: 4, wanted: 8 }) if topic == topics::VERDICTS.name
        ));
        assert!(topology.admit(&topics::EVENTS, 7).is_ok());
        for partition in [-1, 8] {
            assert!(topology.admit(&topics::EVENTS, partition).is_err());
        }
    }
}
