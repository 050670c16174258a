//! What the store knows about itself: its layout, numbers of topics and tables, low marks,
//! committed offsets.
//!
//! Invariants: a name keeps its number for ever; a number is written before anything under it.

use fjall::Keyspace;
use schemas::position::{Offset, Partition};

use crate::bytes::{Malformed, Parts};

/// Form of the keys and values below and in the other keyspaces.
const LAYOUT: u8 = 1;
const LAYOUT_KEY: &[u8] = b"v";

const TOPIC: u8 = b't';
const TABLE: u8 = b'r';
const LOW: u8 = b'l';
const COMMITTED: u8 = b'c';

#[derive(Debug, thiserror::Error)]
pub(crate) enum MetaError {
    #[error(transparent)]
    Store(#[from] fjall::Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("layout {0} is not known to this program")]
    Layout(u8),
}

/// Number and partition count under which a topic was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredTopic {
    pub(crate) id: u16,
    pub(crate) partitions: Partition,
}

#[derive(Clone)]
pub(crate) struct Meta {
    pub(crate) keyspace: Keyspace,
}

impl Meta {
    /// Refuses a store that a later program has written.
    pub(crate) fn open(keyspace: Keyspace) -> Result<Self, MetaError> {
        match keyspace.get(LAYOUT_KEY)?.as_deref() {
            None => keyspace.insert(LAYOUT_KEY, [LAYOUT])?,
            Some([LAYOUT]) => {}
            Some([other, ..]) => return Err(MetaError::Layout(*other)),
            Some([]) => return Err(Malformed.into()),
        }
        Ok(Self { keyspace })
    }

    /// The topic's number; `partitions` counts only if the topic is new.
    pub(crate) fn topic(&self, name: &str, partitions: Partition) -> Result<StoredTopic, MetaError> {
        let key = named(TOPIC, name);
        if let Some(stored) = self.keyspace.get(&key)? {
            let mut parts = Parts::new(&stored);
            return Ok(StoredTopic {
                id: u16::from_be_bytes(parts.array()?),
                partitions: Partition::from_be_bytes(parts.array()?),
            });
        }
        let id = self.next_number(TOPIC)?;
        let mut value = id.to_be_bytes().to_vec();
        value.extend(partitions.to_be_bytes());
        self.keyspace.insert(key, value)?;
        Ok(StoredTopic { id, partitions })
    }

    /// The table's number, from 1. Callers take turns.
    pub(crate) fn table(&self, name: &str) -> Result<u16, MetaError> {
        let key = named(TABLE, name);
        if let Some(stored) = self.keyspace.get(&key)? {
            return Ok(u16::from_be_bytes(Parts::new(&stored).array()?));
        }
        let id = self.next_number(TABLE)?;
        self.keyspace.insert(key, id.to_be_bytes())?;
        Ok(id)
    }

    fn next_number(&self, kind: u8) -> Result<u16, MetaError> {
        let mut last = 0;
        for entry in self.keyspace.prefix([kind]) {
            last = last.max(u16::from_be_bytes(Parts::new(&entry.value()?).array()?));
        }
        last.checked_add(1).ok_or(Malformed.into())
    }

    /// The first offset that retention has left; 0 before it ever ran.
    pub(crate) fn low(&self, topic: u16, partition: Partition) -> Result<Offset, MetaError> {
        Ok(self.offset(&low_key(topic, partition))?.unwrap_or(0))
    }

    pub(crate) fn offset(&self, key: &[u8]) -> Result<Option<Offset>, MetaError> {
        match self.keyspace.get(key)? {
            Some(stored) => Ok(Some(Parts::new(&stored).i64()?)),
            None => Ok(None),
        }
    }
}

fn named(kind: u8, name: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(name.as_bytes());
    key
}

pub(crate) fn low_key(topic: u16, partition: Partition) -> Vec<u8> {
    numbered(LOW, topic, partition)
}

pub(crate) fn committed_key(group: &str, topic: u16, partition: Partition) -> Vec<u8> {
    let mut key = numbered(COMMITTED, topic, partition);
    key.extend_from_slice(group.as_bytes());
    key
}

fn numbered(kind: u8, topic: u16, partition: Partition) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend(topic.to_be_bytes());
    key.extend(partition.to_be_bytes());
    key
}
