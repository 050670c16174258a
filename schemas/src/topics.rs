//! Topics as data, and the partitioner.
//!
//! Invariant: every producer places records by [`partition_of`], so a key has one partition in a
//! topic, and the commands, events and account events of one key have the same number.

use std::time::Duration;

use crate::position::Partition;

/// What happens to old records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUp {
    Delete(Duration),
    /// The newest record of each key stays.
    Compact,
}

/// How many partitions a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitions {
    /// The epoch's number: 64, standalone 8.
    Epoch,
    Fixed(Partition),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: &'static str,
    /// What the key is, in words.
    pub key: &'static str,
    pub clean_up: CleanUp,
    pub partitions: Partitions,
    /// Where a consumer puts what it cannot handle.
    pub dead_letters: Option<&'static Topic>,
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

/// The largest record that anything may produce, in bytes.
pub const MAX_RECORD_BYTES: usize = 512 * 1024;

pub static ACCOUNT_COMMANDS: Topic = Topic {
    name: "messaging.accounts.commands.v1",
    key: "user",
    clean_up: CleanUp::Delete(days(7)),
    partitions: Partitions::Epoch,
    dead_letters: Some(&ACCOUNT_COMMANDS_DLQ),
};

pub static CONVERSATION_COMMANDS: Topic = Topic {
    name: "messaging.conversations.commands.v1",
    key: "conversation",
    clean_up: CleanUp::Delete(days(7)),
    partitions: Partitions::Epoch,
    dead_letters: Some(&CONVERSATION_COMMANDS_DLQ),
};

pub static EVENTS: Topic = Topic {
    name: "messaging.events.v1",
    key: "conversation",
    clean_up: CleanUp::Delete(days(30)),
    partitions: Partitions::Epoch,
    dead_letters: Some(&EVENTS_DLQ),
};

pub static ACCOUNT_EVENTS: Topic = Topic {
    name: "messaging.account-events.v1",
    key: "user",
    clean_up: CleanUp::Delete(days(30)),
    partitions: Partitions::Epoch,
    dead_letters: Some(&ACCOUNT_EVENTS_DLQ),
};

pub static VERDICTS: Topic = Topic {
    name: "messaging.verdicts.v1",
    key: "none; the partition is the asking ingest's slot",
    clean_up: CleanUp::Delete(Duration::from_secs(60 * 60)),
    partitions: Partitions::Epoch,
    dead_letters: None,
};

pub static PLATFORM_USERS: Topic = Topic {
    name: "platform.user.v1",
    key: "user",
    clean_up: CleanUp::Compact,
    partitions: Partitions::Epoch,
    dead_letters: Some(&PLATFORM_USERS_DLQ),
};

pub static PLATFORM_FOLLOWS: Topic = Topic {
    name: "platform.follow.v1",
    key: "follower and followed user, with a slash between them",
    clean_up: CleanUp::Compact,
    partitions: Partitions::Epoch,
    dead_letters: Some(&PLATFORM_FOLLOWS_DLQ),
};

/// Every node follows it from its beginning. What a node cannot read it counts, as each of them meets it.
pub static PLATFORM_BANS: Topic = Topic {
    name: "platform.ban.v1",
    key: "user",
    clean_up: CleanUp::Compact,
    partitions: Partitions::Epoch,
    dead_letters: None,
};

/// As [`PLATFORM_BANS`].
pub static PLATFORM_REVOCATIONS: Topic = Topic {
    name: "platform.revocation.v1",
    key: "user",
    clean_up: CleanUp::Compact,
    partitions: Partitions::Epoch,
    dead_letters: None,
};

/// As [`PLATFORM_BANS`]; written by the profiles processor, as the tombstones of users go from their topic.
pub static ERASURES: Topic = Topic {
    name: "messaging.erasures.v1",
    key: "user",
    clean_up: CleanUp::Compact,
    partitions: Partitions::Epoch,
    dead_letters: None,
};

macro_rules! dead_letter_topic {
    ($static:ident, $name:literal) => {
        pub static $static: Topic = Topic {
            name: $name,
            key: "as the record",
            clean_up: CleanUp::Delete(days(30)),
            partitions: Partitions::Epoch,
            dead_letters: None,
        };
    };
}

dead_letter_topic!(ACCOUNT_COMMANDS_DLQ, "messaging.dlq.messaging.accounts.commands.v1");
dead_letter_topic!(CONVERSATION_COMMANDS_DLQ, "messaging.dlq.messaging.conversations.commands.v1");
dead_letter_topic!(EVENTS_DLQ, "messaging.dlq.messaging.events.v1");
dead_letter_topic!(ACCOUNT_EVENTS_DLQ, "messaging.dlq.messaging.account-events.v1");
dead_letter_topic!(PLATFORM_USERS_DLQ, "messaging.dlq.platform.user.v1");
dead_letter_topic!(PLATFORM_FOLLOWS_DLQ, "messaging.dlq.platform.follow.v1");

/// Every topic of the system.
pub static ALL: [&Topic; 16] = [
    &ACCOUNT_COMMANDS,
    &CONVERSATION_COMMANDS,
    &EVENTS,
    &ACCOUNT_EVENTS,
    &VERDICTS,
    &PLATFORM_USERS,
    &PLATFORM_FOLLOWS,
    &PLATFORM_BANS,
    &PLATFORM_REVOCATIONS,
    &ERASURES,
    &ACCOUNT_COMMANDS_DLQ,
    &CONVERSATION_COMMANDS_DLQ,
    &EVENTS_DLQ,
    &ACCOUNT_EVENTS_DLQ,
    &PLATFORM_USERS_DLQ,
    &PLATFORM_FOLLOWS_DLQ,
];

/// Partition of a key among `count`: Kafka's `murmur2_random` for keyed records.
pub fn partition_of(key: &[u8], count: Partition) -> Partition {
    (murmur2(key) & 0x7fff_ffff) as i32 % count
}

/// MurmurHash 2, 32 bits, with the seed of Kafka's default partitioner.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash: u32 = 0x9747_b28c ^ data.len() as u32;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = words.remainder();
    for (i, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * i);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values published with Kafka's own tests of its hash.
    #[test]
    fn murmur2_agrees_with_kafka() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()) as i32, hash, "{key}");
        }
    }

    #[test]
    fn every_consumed_topic_has_its_dead_letters_among_the_topics() {
        for topic in ALL {
            if let Some(dead) = topic.dead_letters {
                assert_eq!(dead.name, format!("messaging.dlq.{}", topic.name));
                assert!(ALL.iter().any(|other| other.name == dead.name));
            }
        }
    }
}
