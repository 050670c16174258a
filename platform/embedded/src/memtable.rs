//! Bounds what a keyspace holds in memory before it is written to a table on disk.
//!
//! fjall asks its workers to seal a memtable that is full; while they are busy with a flush or a
//! compaction it grows on. So the writing thread seals it itself. With four of them sealed fjall
//! makes that thread wait, and the bounded queue before it makes everybody wait.

use fjall::Keyspace;

/// Bytes after which a memtable is sealed; up to five of them are in memory.
pub(crate) const SEALED_BYTES: usize = 8 * 1024 * 1024;

pub(crate) struct Memtable {
    keyspace: Keyspace,
    /// Bytes since the last sealing.
    written: usize,
}

impl Memtable {
    pub(crate) fn new(keyspace: Keyspace) -> Self {
        Self { keyspace, written: 0 }
    }

    /// Counts what was committed to the keyspace.
    pub(crate) fn wrote(&mut self, bytes: usize) -> fjall::Result<()> {
        self.written += bytes;
        if self.written < SEALED_BYTES {
            return Ok(());
        }
        self.written = 0;
        self.keyspace.rotate_memtable().map(drop)
    }
}
