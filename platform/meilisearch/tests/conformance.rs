//! The indexes on a server keep what the port promises.

use std::sync::Arc;

use conformance::SearchFixture;
use meilisearch_stand_in::StandIn;
use musclemap_meilisearch::{Config, Meilisearch};
use platform::ports::SearchIndex;

/// Indexes on a server of their own, which goes with them.
struct Fixture {
    search: Arc<Meilisearch>,
    _server: StandIn,
}

async fn fixture() -> Fixture {
    let server = StandIn::start().await.expect("a server");
    let search = Arc::new(Meilisearch::new(Config::new(server.url())).expect("a client"));
    Fixture { search, _server: server }
}

impl SearchFixture for Fixture {
    fn search(&self) -> Arc<dyn SearchIndex> {
        self.search.clone()
    }
}

conformance::search_conformance!(fixture().await);
