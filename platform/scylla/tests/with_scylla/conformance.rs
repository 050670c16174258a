//! The tables on a cluster keep what the port promises.

use std::sync::Arc;

use conformance::TablesFixture;
use musclemap_scylla::Scylla;
use platform::ports::Tables;

struct Fixture(Arc<Scylla>);

impl TablesFixture for Fixture {
    fn tables(&self) -> Arc<dyn Tables> {
        Arc::clone(&self.0) as Arc<dyn Tables>
    }
}

conformance::tables_conformance!(Fixture(crate::connect().await));
