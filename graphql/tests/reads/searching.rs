//! What searches answer, over an index with hits that a test gives it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use platform::ports::search::{Hit, Hits, Known, Listed, Query, SearchError, SearchIndex, Side};
use schemas::position::Version;
use schemas::search::{Change, Index};
use serde_json::json;

use crate::world::{World, group, interval};

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

impl Given {
    /// Offset and limit of each query since the last call.
    fn asked(&self) -> Vec<(usize, usize)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
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

#[tokio::test]
async fn what_is_passed_over_is_made_up_for_and_the_last_hits_end_a_search() {
    let stale = (0..20).map(|number| hit(&format!("u{number}"), ["<bo>", "Bo"]));
    let index = given(stale.chain([hit("bob", ["<bo>b", "Bob"])]).collect());
    let world = World::searching(Some(index.clone()));
    world.published("bob", Some("Bob")).await;
    let found = world.query("ann", "{ searchUsers(query: \"bo\", limit: 5) { username } }").await;
    assert_eq!(found["searchUsers"], json!([{ "username": "bob" }]));
    assert_eq!(index.asked(), [(0, 5), (5, 100)], "sixteen of a hundred are the last");
    let found = world.query("ann", "{ searchUsers(query: \"bo\", limit: 30) { username } }").await;
    assert_eq!(found["searchUsers"], json!([{ "username": "bob" }]));
    assert_eq!(index.asked(), [(0, 30)]);
}

#[tokio::test]
async fn a_conversation_is_found_by_its_title_and_the_names_of_others() {
    let id = |number| group(number).to_string();
    let index = given(vec![
        hit(&id(1), ["", "<Ann> ann\n<Anna> bob"]),
        hit(&id(2), ["", "<Ann> ann\nCarl carl"]),
        hit(&id(3), ["<Ann>'s", "Ann ann\nCarl carl"]),
        hit(&id(4), ["", "<Anna> bob"]),
    ]);
    let world = World::searching(Some(index.clone()));
    world.published("ann", Some("Ann")).await;
    for number in 1..=3 {
        world.group(number, &[]).await;
    }
    // The viewer has left it.
    world.member(&group(4), "ann", vec![interval(0, Some(1))]).await;
    let found = world.query("ann", "{ searchConversations(query: \"ann\") { id } }").await;
    // 2 is by the viewer's name alone; 3 has another title now.
    assert_eq!(found["searchConversations"], json!([{ "id": id(1) }]));
    assert_eq!(index.asked(), [(0, 20)]);
}
