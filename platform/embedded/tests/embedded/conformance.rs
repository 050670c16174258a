//! The embedded log and tables keep what the ports promise.

use std::sync::Arc;

use conformance::{LogFixture, TablesFixture};
use musclemap_embedded::Store;
use platform::clock::SystemClock;
use platform::ports::{Log, Tables};

/// A store in a folder of its own, which goes with it.
struct Fixture {
    store: Store,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), Arc::new(SystemClock)).expect("a store");
    Fixture { store, _folder: folder }
}

impl LogFixture for Fixture {
    fn log(&self) -> Arc<dyn Log> {
        self.store.log()
    }
}

impl TablesFixture for Fixture {
    fn tables(&self) -> Arc<dyn Tables> {
        self.store.tables()
    }
}

mod log {
    conformance::log_conformance!(super::fixture());
}

mod tables {
    conformance::tables_conformance!(super::fixture());
}
