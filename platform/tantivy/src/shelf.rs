//! The two sides of an index, each in a folder of its own.
//!
//! Invariant: the file `live` names the side that queries read; it is replaced in one step, so a crash leaves one
//! of the two sides, whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use platform::lock::locked;
use platform::ports::search::Side;
use schemas::search::Index;
use tantivy::{Result, TantivyError};

use crate::store::Store;

const NAMES: [&str; 2] = ["a", "b"];

pub struct Shelf {
    index: &'static Index,
    folder: PathBuf,
    sides: Mutex<Sides>,
}

struct Sides {
    /// Which of [`NAMES`] is live.
    at: usize,
    live: Arc<Store>,
    next: Option<Arc<Store>>,
}

impl Shelf {
    pub fn open(index: &'static Index, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let named = fs::read_to_string(folder.join("live")).unwrap_or_default();
        let at = NAMES.iter().position(|name| *name == named.trim()).unwrap_or(0);
        let live = Arc::new(Store::open(index, &folder.join(NAMES[at]))?);
        let sides = Mutex::new(Sides { at, live, next: None });
        Ok(Self { index, folder: folder.to_owned(), sides })
    }

    pub fn index(&self) -> &'static Index {
        self.index
    }

    fn sides(&self) -> MutexGuard<'_, Sides> {
        locked(&self.sides)
    }

    pub fn side(&self, side: Side) -> Result<Arc<Store>> {
        let sides = self.sides();
        match side {
            Side::Live => Ok(sides.live.clone()),
            Side::Next => sides.next.clone().ok_or_else(|| {
                TantivyError::InvalidArgument("the next side was not made: clear it first".to_owned())
            }),
        }
    }

    pub fn open_next(&self) -> Result<()> {
        let mut sides = self.sides();
        if sides.next.is_none() {
            let folder = self.folder.join(NAMES[1 - sides.at]);
            sides.next = Some(Arc::new(Store::open(self.index, &folder)?));
        }
        Ok(())
    }

    pub fn clear_next(&self) -> Result<()> {
        let mut sides = self.sides();
        // Its writer holds a lock in the folder.
        sides.next = None;
        let folder = self.folder.join(NAMES[1 - sides.at]);
        remove(&folder)?;
        sides.next = Some(Arc::new(Store::open(self.index, &folder)?));
        Ok(())
    }

    pub fn swap(&self) -> Result<()> {
        let mut sides = self.sides();
        let Some(next) = sides.next.take() else {
            return Err(TantivyError::InvalidArgument("there is no next side".to_owned()));
        };
        let at = 1 - sides.at;
        let (new, live) = (self.folder.join("live.new"), self.folder.join("live"));
        fs::write(&new, NAMES[at])?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, &live)?;
        File::open(&self.folder)?.sync_all()?;
        (sides.at, sides.live) = (at, next);
        // Queries that still read it hold its files open.
        Ok(remove(&self.folder.join(NAMES[1 - at]))?)
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}
