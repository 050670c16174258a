//! Search indexes in a folder of this process, on tantivy.
//!
//! Invariants: an index has one writer, and a write is committed, synced and visible before it is acknowledged;
//! versions are compared under the writer's lock.

mod highlight;
mod query;
mod shelf;
mod store;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use platform::ports::search::{Hits, Known, Listed, Query, SearchError, SearchIndex, Side};
use schemas::search::{self, Change, Index};
use tokio::sync::Semaphore;

use shelf::Shelf;

/// Calls that occupy a thread at once.
const CALLS: usize = 16;

/// A folder that cannot be opened. What it holds is derived: it may be removed, and built again from the tables.
#[derive(Debug, thiserror::Error)]
#[error("search index {name} in {folder}: {reason}; remove the folder and rebuild the index")]
pub struct OpenError {
    pub name: &'static str,
    pub folder: String,
    pub reason: String,
}

/// Every index of the system in one folder.
pub struct Tantivy {
    shelves: Vec<Arc<Shelf>>,
    calls: Semaphore,
}

impl Tantivy {
    /// Opens the indexes in a folder, and makes those that are not there.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let open = |index: &&'static Index| {
            let folder = folder.join(index.name);
            let shelf = Shelf::open(index, &folder);
            shelf.map(Arc::new).map_err(|reason| OpenError {
                name: index.name,
                folder: folder.display().to_string(),
                reason: reason.to_string(),
            })
        };
        let shelves = search::ALL.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { shelves, calls: Semaphore::new(CALLS) })
    }

    /// Runs a call on a thread that may block.
    async fn call<T: Send + 'static>(
        &self,
        index: &'static Index,
        call: impl FnOnce(&Shelf) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, SearchError> {
        let shelf = self.shelves.iter().find(|shelf| shelf.index() == index).cloned();
        let shelf = shelf.ok_or_else(|| SearchError::Refused(format!("no index {}", index.name)))?;
        let _place =
            self.calls.acquire().await.map_err(|error| SearchError::Unavailable(error.to_string()))?;
        let called = tokio::task::spawn_blocking(move || call(&shelf)).await;
        called
            .map_err(|error| SearchError::Unavailable(error.to_string()))?
            .map_err(|error| SearchError::Unavailable(error.to_string()))
    }
}

#[async_trait]
impl SearchIndex for Tantivy {
    async fn write(&self, index: &'static Index, side: Side, changes: &[Change]) -> Result<(), SearchError> {
        let changes = changes.to_vec();
        self.call(index, move |shelf| shelf.side(side)?.write(&changes)).await
    }

    async fn search(&self, index: &'static Index, query: &Query) -> Result<Hits, SearchError> {
        let query = query.clone();
        self.call(index, move |shelf| shelf.side(Side::Live)?.search(&query)).await
    }

    async fn list(
        &self,
        index: &'static Index,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Listed, SearchError> {
        let from = from.map(str::to_owned);
        self.call(index, move |shelf| shelf.side(Side::Live)?.list(from.as_deref(), limit)).await
    }

    async fn versions(
        &self,
        index: &'static Index,
        side: Side,
        ids: &[String],
    ) -> Result<Vec<Option<Known>>, SearchError> {
        let ids = ids.to_vec();
        self.call(index, move |shelf| shelf.side(side)?.versions(&ids)).await
    }

    async fn open_next(&self, index: &'static Index) -> Result<(), SearchError> {
        self.call(index, Shelf::open_next).await
    }

    async fn clear_next(&self, index: &'static Index) -> Result<(), SearchError> {
        self.call(index, Shelf::clear_next).await
    }

    async fn swap(&self, index: &'static Index) -> Result<(), SearchError> {
        self.call(index, Shelf::swap).await
    }
}
