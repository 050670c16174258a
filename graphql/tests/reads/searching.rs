//! What searches answer, over an index with hits that a test gives it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use platform::ports::search::{Hit, Hits, Known, Listed, Query, SearchError, SearchIndex, Side};
use schemas::position::Version;
use schemas::search::{Change, Index};
use serde_json::json;

use crate::world::World;

/// The hits of every query.
#[derive(Default)]
struct Given {
    hits: Vec<Hit>,
    /// Offset and limit of each query.
    asked: Mutex<Vec<(usize, usize)>>,
}

fn refused<T>() -> Result<T, SearchError> {
    Err(SearchError::Refused("searches alone".to_owned()))
}

#[async_trait]
impl SearchIndex for Given {
    async fn search(&self, _: &'static Index, query: &Query) -> Result<Hits, SearchError> {
        self.asked.lock().unwrap().push((query.offset, query.limit));
        let hits = self.hits.iter().skip(query.offset).take(query.limit).cloned().collect();
        Ok(Hits { hits, total: self.hits.len() })
    }

    async fn write(&self, _: &'static Index, _: Side, _: &[Change]) -> Result<(), SearchError> {
        refused()
    }

    async fn list(&self, _: &'static Index, _: Option<&str>, _: usize) -> Result<Listed, SearchError> {
        refused()
    }

    async fn versions(
        &self,
        _: &'static Index,
        _: Side,
        _: &[String],
    ) -> Result<Vec<Option<Known>>, SearchError> {
        refused()
    }

    async fn open_next(&self, _: &'static Index) -> Result<(), SearchError> {
        refused()
    }

    async fn clear_next(&self, _: &'static Index) -> Result<(), SearchError> {
        refused()
    }

    async fn swap(&self, _: &'static Index) -> Result<(), SearchError> {
        refused()
    }
}

/// A hit whose texts have their matches between `<` and `>`.
fn hit(id: &str, texts: [&str; 2]) -> Hit {
    let marked = texts.map(|text| text.replace('<', "\u{2}").replace('>', "\u{3}"));
    Hit { id: id.to_owned(), version: Version::of(1), score: 0.5, highlighted: marked.into() }
}

fn given(hits: Vec<Hit>) -> Arc<Given> {
    Arc::new(Given { hits, ..Given::default() })
}

#[tokio::test]
async fn a_user_is_found_by_the_names_that_they_have_now() {
    let world = World::searching(Some(given(vec![
        hit("bob", ["<bo>b", "Bob"]),
        hit("carl", ["carl", "<Bo>ris"]),
        hit("dora", ["<bo>ra", "Dora"]),
        hit("eve", ["eve", "<Bo>"]),
        hit("fay", ["fay", "<Bo>"]),
        hit("gina", ["gina", "<Bo>"]),
    ])));
    world.published("bob", Some("Bob")).await;
    world.published("carl", Some("Carl")).await;
    world.published("dora", Some("Dora")).await;
    // Erased; eve blocks the viewer; of gina nothing is published.
    world.published("fay", None).await;
    world.published("eve", Some("Bo")).await;
    world.block("eve", "ann", 0, None).await;
    let found = world.query("ann", "{ searchUsers(query: \"bo\") { username displayName } }").await;
    assert_eq!(found["searchUsers"], json!([{ "username": "bob", "displayName": "Bob" }]));
}
