//! What the store must hold, noted outside fjall's journal: a journal that lost something is found at the
//! next opening.
//!
//! fjall takes whatever it cannot read for the tail that a crash has torn, cuts it off and goes on. That is
//! right for what was not synced. Of what was synced, it would lose all that follows the damage in silence.
//! So a mark, which goes up, is written to every keyspace behind all other writes before each sync, and to a
//! file after it: keyspaces that know a lower mark than the file have lost what was synced.
//!
//! Invariant: the file is not ahead of what is on the disk, so a crash at any moment leaves a store that
//! opens.
//!
//! Limit: a journal that is full is deleted once its rows are in tables, which is a matter of seconds; what
//! happens to it until then is not found.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use fjall::{Database, Keyspace, PersistMode};

/// The mark's key in every keyspace: below all others, in no range that is read.
const MARK_KEY: [u8; 1] = [0];
const MARK_FILE: &str = "synced";

#[derive(Debug, thiserror::Error)]
pub(crate) enum WitnessError {
    #[error(transparent)]
    Store(#[from] fjall::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What was synced is not there.
    #[error("{0}")]
    Lost(String),
}

pub(crate) struct Witness {
    keyspaces: Vec<Keyspace>,
    mark: u64,
    file: File,
}

impl Witness {
    /// Compares what the keyspaces hold with what was noted.
    pub(crate) fn open(folder: &Path, keyspaces: Vec<Keyspace>) -> Result<Self, WitnessError> {
        let mut known = Vec::new();
        for keyspace in &keyspaces {
            let mark = keyspace.get(MARK_KEY)?;
            known.push(mark.map_or(Some(0), |mark| mark.as_ref().try_into().ok().map(u64::from_be_bytes)));
        }
        let known = known.into_iter().collect::<Option<Vec<u64>>>();
        let known = known.ok_or_else(|| WitnessError::Lost("a mark is malformed".to_owned()))?;
        let (lowest, highest) =
            (known.iter().copied().min().unwrap_or(0), known.iter().copied().max().unwrap_or(0));
        let path = folder.join(MARK_FILE);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && highest == 0 => begin(folder, &path)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(WitnessError::Lost(format!("the file {MARK_FILE} is missing")));
            }
            Err(error) => return Err(error.into()),
        };
        let mut stored = [0; 16];
        let noted = file.read_exact_at(&mut stored, 0).ok().and_then(|()| read_mark(&stored));
        let noted = noted.ok_or_else(|| WitnessError::Lost(format!("the file {MARK_FILE} is malformed")))?;
        if lowest < noted {
            let lost = format!("it holds what was synced up to mark {lowest}, not up to {noted}");
            return Err(WitnessError::Lost(lost));
        }
        Ok(Self { keyspaces, mark: highest, file })
    }

    /// Syncs all that was written before, and notes that it was.
    pub(crate) fn sync(&mut self, database: &Database) -> Result<(), WitnessError> {
        let mark = self.mark + 1;
        let mut batch = database.batch();
        for keyspace in &self.keyspaces {
            batch.insert(keyspace, MARK_KEY, mark.to_be_bytes());
        }
        batch.commit()?;
        database.persist(PersistMode::SyncData)?;
        self.file.write_all_at(&write_mark(mark), 0)?;
        self.mark = mark;
        Ok(())
    }
}

/// The file of marks of a new store: it appears whole, or not at all.
fn begin(folder: &Path, path: &Path) -> io::Result<File> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&new)?;
    file.write_all(&write_mark(0))?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// A mark, and the same with every bit turned.
fn write_mark(mark: u64) -> [u8; 16] {
    (u128::from(mark) << 64 | u128::from(!mark)).to_be_bytes()
}

fn read_mark(stored: &[u8; 16]) -> Option<u64> {
    let mark = u64::try_from(u128::from_be_bytes(*stored) >> 64).ok()?;
    (write_mark(mark) == *stored).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_written_and_nothing_else_is_a_mark() {
        for mark in [0, 1, u64::MAX] {
            assert_eq!(read_mark(&write_mark(mark)), Some(mark));
        }
        assert_eq!(read_mark(&[0; 16]), None);
        let mut torn = write_mark(7);
        torn[15] ^= 1;
        assert_eq!(read_mark(&torn), None);
    }
}
