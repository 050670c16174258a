//! The folder: opens it for this process alone, hands out log and tables, keeps it in order.
//!
//! Invariants:
//! - The folder is free again once the store and everything it handed out is gone.
//! - Whatever is written is synced to the disk within [`Options::sync_every`], and at closing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fjall::config::{BlockSizePolicy, FilterPolicy};
use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use futures::executor::block_on;
use platform::clock::SharedClock;
use schemas::position::Partition;

use crate::bytes::Malformed;
use crate::health::Health;
use crate::locked;
use crate::log::EmbeddedLog;
use crate::memtable::SEALED_BYTES;
use crate::meta::{Meta, MetaError};
use crate::periodic::Periodic;
use crate::tables::EmbeddedTables;
use crate::witness::{Witness, WitnessError};

const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Above what the writing threads let stand, so that fjall seals only what they do not count.
const MEMTABLE_BYTES: u64 = 2 * SEALED_BYTES as u64;
const META_MEMTABLE_BYTES: u64 = 1024 * 1024;
/// The least that fjall takes. What is younger than this is replayed when the store is opened.
const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How a folder is laid out and kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Partitions of topics that have as many as the epoch; fixed by the first opening.
    pub partitions: Partition,
    /// How long a member of a group may hold what it was told to release.
    pub session_timeout: Duration,
    /// How much a loss of power may take.
    pub sync_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: 8,
            session_timeout: Duration::from_secs(10),
            sync_every: Duration::from_millis(100),
        }
    }
}

/// Named by what the operator should do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// End the other process, or take another folder.
    #[error("data folder {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// Partition counts are fixed within an epoch: take the stored number, or a new folder.
    #[error("{topic} has {stored} partitions in this data folder, not {wanted}")]
    Partitions { topic: &'static str, stored: Partition, wanted: Partition },
    /// Use the program that wrote it, or a later one.
    #[error("data folder has layout {0}, which this program does not know")]
    Layout(u8),
    /// Put a backup in its place.
    #[error(
        "data folder {} is damaged: {what}; put a backup in its place, or start on a new folder, and keep \
         this one as it is to find out why",
        folder.display()
    )]
    Damaged { folder: PathBuf, what: String },
    #[error("data folder cannot be read: {0}")]
    Unreadable(#[source] fjall::Error),
    #[error("data folder holds malformed bytes")]
    Malformed,
    #[error("background thread does not start: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<MetaError> for OpenError {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::Store(error) => Self::Unreadable(error),
            MetaError::Malformed(Malformed) => Self::Malformed,
            MetaError::Layout(layout) => Self::Layout(layout),
        }
    }
}

impl OpenError {
    fn of_store(error: fjall::Error, folder: &Path) -> Self {
        match error {
            fjall::Error::Locked => Self::InUse(folder.to_owned()),
            fjall::Error::JournalRecovery(_) | fjall::Error::Unrecoverable => {
                Self::Damaged { folder: folder.to_owned(), what: error.to_string() }
            }
            other => Self::Unreadable(other),
        }
    }

    fn of_witness(error: WitnessError, folder: &Path) -> Self {
        match error {
            WitnessError::Store(error) => Self::of_store(error, folder),
            WitnessError::Io(error) => Self::Unreadable(error.into()),
            WitnessError::Lost(what) => Self::Damaged { folder: folder.to_owned(), what },
        }
    }
}

/// A data folder that this process has open. Dropping it closes log and tables.
pub struct Store {
    log: Arc<EmbeddedLog>,
    tables: Arc<EmbeddedTables>,
    background: Vec<Periodic>,
    witness: Arc<Mutex<Witness>>,
    database: Database,
}

impl Store {
    /// Opens the folder, or lays it out if it is new, with the default [`Options`].
    pub fn open(path: impl AsRef<Path>, clock: SharedClock) -> Result<Self, OpenError> {
        Self::open_with(path, clock, Options::default())
    }

    pub fn open_with(
        path: impl AsRef<Path>,
        clock: SharedClock,
        options: Options,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(2)
            .open()
            .map_err(|error| OpenError::of_store(error, path))?;
        let keyspace = |name, options: KeyspaceCreateOptions| {
            database.keyspace(name, || options).map_err(OpenError::Unreadable)
        };
        let meta = keyspace("meta", KeyspaceCreateOptions::default().max_memtable_size(META_MEMTABLE_BYTES))?;
        // Records are read by range alone: larger blocks, and no filter for single keys.
        let records = KeyspaceCreateOptions::default()
            .max_memtable_size(MEMTABLE_BYTES)
            .data_block_size_policy(BlockSizePolicy::all(16 * 1024))
            .filter_policy(FilterPolicy::disabled());
        let records = keyspace("records", records)?;
        let rows = keyspace("rows", KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES))?;

        // Before anything is written to what may have lost something.
        let witness = Witness::open(path, vec![meta.clone(), records.clone(), rows.clone()])
            .map_err(|error| OpenError::of_witness(error, path))?;
        let witness = Arc::new(Mutex::new(witness));
        let meta = Meta::open(meta)?;
        let health = Arc::new(Health::default());
        let log = Arc::new(EmbeddedLog::open(
            database.clone(),
            records,
            meta.clone(),
            Arc::clone(&clock),
            Arc::clone(&health),
            options.partitions,
            options.session_timeout,
        )?);
        let tables = Arc::new(EmbeddedTables::open(
            database.clone(),
            rows,
            meta,
            Arc::clone(&clock),
            Arc::clone(&health),
        )?);
        let background = vec![
            Periodic::start(
                "store-sync",
                options.sync_every,
                syncing(database.clone(), witness.clone(), health),
            )?,
            Periodic::start("store-sweep", SWEEP_EVERY, sweeping(&log, &tables, clock))?,
        ];
        Ok(Self { log, tables, background, witness, database })
    }

    pub fn log(&self) -> Arc<EmbeddedLog> {
        Arc::clone(&self.log)
    }

    pub fn tables(&self) -> Arc<EmbeddedTables> {
        Arc::clone(&self.tables)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.log.close();
        self.tables.close();
        self.background.clear();
        if let Err(error) = locked(&self.witness).sync(&self.database) {
            tracing::error!(%error, "last sync of the data folder failed");
        }
    }
}

/// Appends wait while it runs: fjall syncs under the lock of its journal.
///
/// It also finds out that fjall gave up in the background, even when nothing is written.
fn syncing(database: Database, witness: Arc<Mutex<Witness>>, health: Arc<Health>) -> impl FnMut() + Send {
    move || {
        let synced = if health.take_unsynced() {
            locked(&witness).sync(&database)
        } else {
            database.persist(PersistMode::Buffer).map_err(WitnessError::from)
        };
        if let Err(error) = synced {
            health.fail(error);
        }
    }
}

fn sweeping(
    log: &Arc<EmbeddedLog>,
    tables: &Arc<EmbeddedTables>,
    clock: SharedClock,
) -> impl FnMut() + Send + use<> {
    let (log, tables) = (Arc::downgrade(log), Arc::downgrade(tables));
    move || {
        let (Some(log), Some(tables)) = (log.upgrade(), tables.upgrade()) else {
            return;
        };
        if let Err(error) = log.retain(clock.now()) {
            tracing::error!(%error, "retention failed");
        }
        if let Err(error) = block_on(tables.sweep(clock.now())) {
            tracing::error!(%error, "sweep of expired rows failed");
        }
    }
}
