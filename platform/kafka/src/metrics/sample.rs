//! What is taken of one client's statistics.
//!
//! Invariant: figures that librdkafka does not know yet (it says -1) count as nothing.

use rdkafka::statistics::{Broker, Partition, Statistics};

use super::Role;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) role: Role,
    /// Empty for a client that is of no one topic.
    pub(crate) topic: &'static str,
    pub(crate) connections: i64,
    pub(crate) round_trip_seconds: f64,
    pub(crate) requests: i64,
    pub(crate) producer_records: i64,
    pub(crate) producer_bytes: i64,
    pub(crate) reader_records: i64,
    pub(crate) reader_bytes: i64,
    pub(crate) lag: i64,
}

impl Sample {
    pub(crate) fn new(role: Role, topic: &'static str) -> Self {
        Self {
            role,
            topic,
            connections: 0,
            round_trip_seconds: 0.0,
            requests: 0,
            producer_records: 0,
            producer_bytes: 0,
            reader_records: 0,
            reader_bytes: 0,
            lag: 0,
        }
    }

    pub(crate) fn of(role: Role, topic: &'static str, statistics: &Statistics) -> Self {
        let brokers = || statistics.brokers.values();
        // Partition -1 is librdkafka's own, for records without a place.
        let partitions = || {
            statistics
                .topics
                .values()
                .flat_map(|topic| topic.partitions.values())
                .filter(|p| p.partition >= 0)
        };
        Self {
            connections: brokers().filter(|broker| broker.state == "UP").count() as i64,
            round_trip_seconds: brokers().map(round_trip_seconds).fold(0.0, f64::max),
            requests: brokers().map(|broker| broker.waitresp_cnt.max(0)).sum(),
            producer_records: i64::try_from(statistics.msg_cnt).unwrap_or(i64::MAX),
            producer_bytes: i64::try_from(statistics.msg_size).unwrap_or(i64::MAX),
            reader_records: partitions().map(|partition| partition.fetchq_cnt.max(0)).sum(),
            reader_bytes: partitions().map(|partition| partition.fetchq_size as i64).sum(),
            lag: partitions().map(lag).sum(),
            ..Self::new(role, topic)
        }
    }
}

fn round_trip_seconds(broker: &Broker) -> f64 {
    broker.rtt.as_ref().map_or(0.0, |window| window.p99 as f64 / 1e6)
}

/// From what a reader was handed; librdkafka's own figure counts from commits, which there are none.
fn lag(partition: &Partition) -> i64 {
    if partition.app_offset < 0 || partition.hi_offset < 0 {
        return 0;
    }
    (partition.hi_offset - partition.app_offset).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::statistics::{Topic, Window};

    #[test]
    fn figures_that_are_not_known_count_as_nothing() {
        let partition = |number, app_offset, hi_offset| Partition {
            partition: number,
            app_offset,
            hi_offset,
            fetchq_cnt: 2,
            ..Partition::default()
        };
        let topic = Topic {
            partitions: [(0, partition(0, 5, 9)), (1, partition(1, -1001, 7)), (-1, partition(-1, 0, 99))]
                .into(),
            ..Topic::default()
        };
        let up = Broker {
            state: "UP".into(),
            rtt: Some(Window { p99: 2_500, ..Window::default() }),
            ..Broker::default()
        };
        let down = Broker { state: "DOWN".into(), waitresp_cnt: -1, ..Broker::default() };
        let statistics = Statistics {
            topics: [("events".into(), topic)].into(),
            brokers: [("a".into(), up), ("b".into(), down)].into(),
            ..Statistics::default()
        };
        let sample = Sample::of(Role::Reader, "events", &statistics);
        assert_eq!(
            sample,
            Sample {
                connections: 1,
                round_trip_seconds: 0.0025,
                reader_records: 4,
                lag: 4,
                ..Sample::new(Role::Reader, "events")
            }
        );
    }
}
