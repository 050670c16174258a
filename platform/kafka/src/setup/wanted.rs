//! How each topic should be.
//!
//! Invariant: retention and clean-up are the schemas' word; times are always the broker's.

use rdkafka::admin::ConfigResource;
use schemas::position::Partition;
use schemas::topics::{CleanUp, Partitions, Topic};

use super::{Difference, Settings};
use crate::config::MAX_BATCH_BYTES;

pub(super) fn partitions(topic: &Topic, settings: Settings) -> Partition {
    match topic.partitions {
        Partitions::Epoch => settings.partitions,
        Partitions::Fixed(count) => count,
    }
}

/// Settings under Kafka's names.
pub(super) fn config(topic: &Topic, settings: Settings) -> Vec<(&'static str, String)> {
    let mut config = vec![
        ("message.timestamp.type", "LogAppendTime".into()),
        ("min.insync.replicas", settings.min_insync_replicas.to_string()),
        ("max.message.bytes", MAX_BATCH_BYTES.to_string()),
    ];
    match topic.clean_up {
        CleanUp::Delete(after) => {
            config.push(("cleanup.policy", "delete".into()));
            config.push(("retention.ms", after.as_millis().to_string()));
        }
        CleanUp::Compact => config.push(("cleanup.policy", "compact".into())),
    }
    config
}

pub(super) fn layout_differences(
    topic: &'static Topic,
    settings: Settings,
    found_partitions: Partition,
    found_replication: usize,
) -> Vec<Difference> {
    [
        ("partitions", partitions(topic, settings).to_string(), found_partitions.to_string()),
        ("replication.factor", settings.replication.to_string(), found_replication.to_string()),
    ]
    .into_iter()
    .filter(|(_, wanted, found)| wanted != found)
    .map(|(setting, wanted, found)| Difference { topic: topic.name, setting, wanted, found })
    .collect()
}

pub(super) fn setting_differences(
    topic: &'static Topic,
    settings: Settings,
    found: &ConfigResource,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (setting, wanted) in config(topic, settings) {
        let found = found.get(setting).and_then(|entry| entry.value.clone()).unwrap_or_default();
        if found != wanted {
            differences.push(Difference { topic: topic.name, setting, wanted, found });
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::admin::{ConfigEntry, ConfigSource, OwnedResourceSpecifier};
    use schemas::topics::{EVENTS, PLATFORM_USERS};

    const SETTINGS: Settings = Settings { partitions: 8, replication: 1, min_insync_replicas: 1 };

    fn found(config: Vec<(&'static str, String)>) -> ConfigResource {
        let entry = |(name, value): (&str, String)| ConfigEntry {
            name: name.into(),
            value: Some(value),
            source: ConfigSource::DynamicTopic,
            is_read_only: false,
            is_default: false,
            is_sensitive: false,
        };
        let specifier = OwnedResourceSpecifier::Topic(EVENTS.name.into());
        ConfigResource { specifier, entries: config.into_iter().map(entry).collect() }
    }

    #[test]
    fn what_differs_is_named() {
        assert_eq!(setting_differences(&EVENTS, SETTINGS, &found(config(&EVENTS, SETTINGS))), []);
        let mut other = config(&EVENTS, SETTINGS);
        other.retain(|(name, _)| *name != "max.message.bytes");
        other[0].1 = "CreateTime".into();
        let named: Vec<_> =
            setting_differences(&EVENTS, SETTINGS, &found(other)).into_iter().map(|d| d.setting).collect();
        assert_eq!(named, ["message.timestamp.type", "max.message.bytes"]);
        assert_eq!(layout_differences(&EVENTS, SETTINGS, 8, 1), []);
        assert_eq!(layout_differences(&EVENTS, SETTINGS, 4, 3).len(), 2);
    }

    #[test]
    fn a_compacted_topic_keeps_its_records_for_ever() {
        let names: Vec<_> = config(&PLATFORM_USERS, SETTINGS).into_iter().map(|(name, _)| name).collect();
        assert!(!names.contains(&"retention.ms"));
    }
}
