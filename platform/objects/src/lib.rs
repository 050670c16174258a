//! Objects: bytes of files under keys, in a folder that all processes of a deployment share.
//!
//! Invariants: an object appears whole or not at all; every call has a deadline; what waits is bounded by
//! the callers, as each holds at most one object or one piece.

pub mod metrics;
mod staged;

use std::path::Path as Folder;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use platform::effects::Failure;
use tokio::time::timeout;

use metrics::Call;

pub use staged::{MOST_PIECES, PIECE_BYTES};

/// How long one call may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Named by what the caller should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectsError {
    /// Try again.
    #[error("objects unavailable: {0}")]
    Unavailable(String),
    /// The folder cannot be used.
    #[error("objects refused: {0}")]
    Refused(String),
}

impl From<ObjectsError> for Failure {
    fn from(error: ObjectsError) -> Self {
        match error {
            ObjectsError::Unavailable(reason) => Self::Away(reason),
            ObjectsError::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// A store of objects.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
}

/// A part of what is served of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendition {
    /// The file itself, as it was stored.
    Whole,
    /// A small image of it.
    Thumbnail,
}

impl Rendition {
    pub const ALL: [Self; 2] = [Self::Whole, Self::Thumbnail];

    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "file",
            Self::Thumbnail => "thumbnail",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl Objects {
    /// In a folder, which is made if it is not there.
    pub fn in_folder(folder: &Folder) -> Result<Self, ObjectsError> {
        std::fs::create_dir_all(folder).map_err(|error| ObjectsError::Refused(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| ObjectsError::Refused(error.to_string()))?;
        Ok(Self::over(store.with_automatic_cleanup(true)))
    }

    /// In memory: for tests, and for processes that make links and move no bytes.
    pub fn in_memory() -> Self {
        Self::over(InMemory::new())
    }

    fn over(store: impl ObjectStore) -> Self {
        metrics::announce();
        Self { store: Arc::new(store) }
    }

    /// Stores a rendition of an attachment, in place of an earlier one.
    pub async fn put(&self, id: &str, rendition: Rendition, bytes: Bytes) -> Result<(), ObjectsError> {
        self.put_at(&kept(id, rendition), bytes).await
    }

    /// How large a rendition is, if it is there.
    pub async fn size(&self, id: &str, rendition: Rendition) -> Result<Option<u64>, ObjectsError> {
        let path = kept(id, rendition);
        let head = call(Call::Size, self.store.head(&path)).await?;
        Ok(head.map(|meta| meta.size))
    }

    /// Bytes of a rendition, if it is there; a range beyond its end is cut.
    pub async fn range(
        &self,
        id: &str,
        rendition: Rendition,
        range: std::ops::Range<u64>,
    ) -> Result<Option<Bytes>, ObjectsError> {
        let path = kept(id, rendition);
        call(Call::Get, self.store.get_range(&path, range)).await
    }

    /// Removes every rendition of an attachment.
    pub async fn remove(&self, id: &str) -> Result<(), ObjectsError> {
        for rendition in Rendition::ALL {
            self.remove_at(&kept(id, rendition)).await?;
        }
        Ok(())
    }

    async fn put_at(&self, path: &Path, bytes: Bytes) -> Result<(), ObjectsError> {
        let put = async { self.store.put(path, bytes.into()).await.map(drop) };
        call(Call::Put, put).await.map(drop)
    }

    async fn get_at(&self, path: &Path) -> Result<Option<Bytes>, ObjectsError> {
        let get = async { self.store.get(path).await?.bytes().await };
        call(Call::Get, get).await
    }

    async fn remove_at(&self, path: &Path) -> Result<(), ObjectsError> {
        call(Call::Remove, self.store.delete(path)).await.map(drop)
    }

    /// Paths below one with their sizes, at most `most`.
    async fn below(&self, path: &Path, most: usize) -> Result<Vec<(Path, u64)>, ObjectsError> {
        let listed = self.store.list(Some(path)).take(most);
        let all = listed.map_ok(|meta| (meta.location, meta.size)).try_collect::<Vec<_>>();
        Ok(call(Call::List, all).await?.unwrap_or_default())
    }
}

/// Runs a call within its time; what is not there is nothing.
async fn call<T>(
    call: Call,
    running: impl Future<Output = object_store::Result<T>>,
) -> Result<Option<T>, ObjectsError> {
    let result = match timeout(WITHIN, running).await {
        Ok(Ok(value)) => Ok(Some(value)),
        Ok(Err(object_store::Error::NotFound { .. })) => Ok(None),
        Ok(Err(error)) => Err(ObjectsError::Unavailable(error.to_string())),
        Err(_) => Err(ObjectsError::Unavailable(format!("no answer in {} s", WITHIN.as_secs()))),
    };
    call.count(result.is_ok());
    result
}

/// Where a rendition of an attachment is.
fn kept(id: &str, rendition: Rendition) -> Path {
    ["kept", id, rendition.name()].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_object_is_replaced_whole_read_by_ranges_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        for objects in [Objects::in_memory(), Objects::in_folder(&folder.path().join("new")).unwrap()] {
            assert_eq!(objects.size("a", Rendition::Whole).await, Ok(None));
            assert_eq!(objects.range("a", Rendition::Whole, 0..1).await, Ok(None));
            objects.put("a", Rendition::Whole, Bytes::from_static(b"first")).await.unwrap();
            objects.put("a", Rendition::Whole, Bytes::from_static(b"second")).await.unwrap();
            objects.put("a", Rendition::Thumbnail, Bytes::from_static(b"small")).await.unwrap();
            assert_eq!(objects.size("a", Rendition::Whole).await, Ok(Some(6)));
            let part = objects.range("a", Rendition::Whole, 2..4).await;
            assert_eq!(part, Ok(Some(Bytes::from_static(b"co"))));
            for _ in 0..2 {
                assert_eq!(objects.remove("a").await, Ok(()));
                for rendition in Rendition::ALL {
                    assert_eq!(objects.size("a", rendition).await, Ok(None));
                }
            }
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_used_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(Objects::in_folder(&file), Err(ObjectsError::Refused(_))));
    }
}
