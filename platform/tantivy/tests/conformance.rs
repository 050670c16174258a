//! The indexes in a folder keep what the port promises.

use std::sync::Arc;

use conformance::SearchFixture;
use musclemap_tantivy::Tantivy;
use platform::ports::SearchIndex;

/// Indexes in a folder of their own, which goes with them.
struct Fixture {
    search: Arc<Tantivy>,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let search = Arc::new(Tantivy::open(folder.path()).expect("indexes"));
    Fixture { search, _folder: folder }
}

impl SearchFixture for Fixture {
    fn search(&self) -> Arc<dyn SearchIndex> {
        self.search.clone()
    }
}

conformance::search_conformance!(fixture());
