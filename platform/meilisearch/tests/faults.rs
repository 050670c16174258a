//! A server that is away, full, slow, or fails.

use std::time::Duration;

use meilisearch_stand_in::{Faults, StandIn};
use musclemap_meilisearch::{Config, Meilisearch};
use platform::config::Secret;
use platform::ports::search::{Filter, Query, SearchError, SearchIndex, Side};
use schemas::position::Version;
use schemas::search::{Change, Document, MESSAGES};

fn change(version: i64, text: &str) -> Change {
    let words = vec!["c".to_owned(), "ann".to_owned()];
    let document = Document { texts: vec![text.to_owned()], words, numbers: vec![1, 1] };
    Change { id: "m".to_owned(), version: Version(version), document: Some(document) }
}

async fn write(search: &Meilisearch, change: Change) -> Result<(), SearchError> {
    search.write(&MESSAGES, Side::Live, &[change]).await
}

async fn found(search: &Meilisearch, text: &str) -> Result<usize, SearchError> {
    let query = Query { text: text.to_owned(), filter: Filter::All(vec![]), offset: 0, limit: 5 };
    search.search(&MESSAGES, &query).await.map(|hits| hits.total)
}

fn is_passing<T>(answer: &Result<T, SearchError>) -> bool {
    matches!(answer, Err(SearchError::Unavailable(_)))
}

#[tokio::test]
async fn whatever_may_pass_is_unavailable_and_then_goes_on() {
    let server = StandIn::start().await.unwrap();
    let config = Config { task_within: Duration::from_millis(300), ..Config::new(server.url()) };
    let search = Meilisearch::new(config).unwrap();
    assert_eq!(found(&search, "squats").await.unwrap(), 0, "an index that is not there has nothing");
    let mut version = 0;
    for faults in [
        Faults { is_away: true, ..Faults::default() },
        Faults { is_full: true, ..Faults::default() },
        Faults { slowness: 40, ..Faults::default() },
        Faults { failing: 1, ..Faults::default() },
    ] {
        version += 1;
        server.set(faults.clone());
        assert!(is_passing(&write(&search, change(version, "squats")).await), "{faults:?}");
        assert_eq!(is_passing(&found(&search, "squats").await), faults.is_away, "{faults:?}");
        server.set(Faults::default());
        // A task that is slow ends before the next one begins.
        while let Err(error) = write(&search, change(version, "squats")).await {
            assert!(matches!(error, SearchError::Unavailable(_)), "{error}");
        }
        assert_eq!(found(&search, "squats").await.unwrap(), 1, "{faults:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_within_the_deadline() {
    let server = StandIn::start().await.unwrap();
    let search = Meilisearch::new(Config::new(server.url())).unwrap();
    drop(server);
    assert!(is_passing(&write(&search, change(1, "squats")).await));
    assert!(is_passing(&found(&search, "squats").await));
}

#[tokio::test]
async fn settings_come_before_documents_and_a_batch_is_one_task() {
    let server = StandIn::start().await.unwrap();
    let search = Meilisearch::new(Config::new(server.url())).unwrap();
    let batch: Vec<Change> =
        (0..500).map(|number| Change { id: format!("m{number}"), ..change(1, "squats") }).collect();
    search.write(&MESSAGES, Side::Live, &batch).await.unwrap();
    search.write(&MESSAGES, Side::Live, &batch).await.unwrap();
    let wanted = ["indexCreation", "settingsUpdate", "documentAdditionOrUpdate", "documentAdditionOrUpdate"];
    assert_eq!(server.tasks(), wanted);
    assert_eq!(found(&search, "squats").await.unwrap(), 500);
    // Nothing is sent for what is older.
    let older: Vec<Change> =
        batch.into_iter().map(|change| Change { version: Version(0), ..change }).collect();
    search.write(&MESSAGES, Side::Live, &older).await.unwrap();
    assert_eq!(server.tasks(), wanted);
}

#[tokio::test]
async fn an_index_that_the_server_lost_is_made_anew_with_its_settings() {
    let server = StandIn::start().await.unwrap();
    let search = Meilisearch::new(Config::new(server.url())).unwrap();
    write(&search, change(1, "squats")).await.unwrap();
    server.clear();
    assert_eq!(found(&search, "squats").await.unwrap(), 0);
    write(&search, change(2, "squats")).await.unwrap();
    let filter = Filter::OneOf("sender", vec!["ann".to_owned()]);
    let query = Query { text: "squats".to_owned(), filter, offset: 0, limit: 5 };
    assert_eq!(search.search(&MESSAGES, &query).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_task_that_the_server_lost_is_unavailable_and_the_next_write_goes_on() {
    let server = StandIn::start().await.unwrap();
    let config = Config { task_within: Duration::from_millis(300), ..Config::new(server.url()) };
    let search = Meilisearch::new(config).unwrap();
    server.set(Faults { slowness: 10_000, ..Faults::default() });
    // While it is awaited.
    let forget = async {
        while server.tasks().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.forget_tasks();
    };
    let (written, ()) = tokio::join!(write(&search, change(1, "squats")), forget);
    let lost = written.unwrap_err();
    assert!(matches!(&lost, SearchError::Unavailable(reason) if reason.contains("lost")), "{lost}");
    // After its wait was given up.
    assert!(is_passing(&write(&search, change(1, "squats")).await));
    server.forget_tasks();
    server.set(Faults::default());
    write(&search, change(1, "squats")).await.unwrap();
    assert_eq!(found(&search, "squats").await.unwrap(), 1);
}

#[test]
fn the_key_is_not_shown() {
    let config = Config { key: Secret::of("hush"), ..Config::new("http://127.0.0.1:7700") };
    assert!(!format!("{config:?}").contains("hush"), "{config:?}");
}
