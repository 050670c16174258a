//! What an answer is counted as, where it is cut off, and how it shares a thread.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::parser::types::OperationType;
use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};
use schemas::ErrorCode;

use musclemap_graphql::admission::Cost;
use musclemap_graphql::deadline::in_bounds;
use musclemap_graphql::limits::{Execution, Limits, Options};
use musclemap_graphql::metering::Metering;

struct Query;

#[derive(Clone)]
struct Item(usize);

/// Texts that were resolved, nearly all of them by the test that is about them.
static RESOLVED: AtomicUsize = AtomicUsize::new(0);

#[Object]
impl Item {
    async fn text(&self) -> String {
        RESOLVED.fetch_add(1, Ordering::Relaxed);
        "\u{1}\"\\é x".repeat(self.0)
    }
    async fn number(&self) -> f64 {
        1.5
    }
    async fn flag(&self) -> Option<bool> {
        Some(self.0 > 1)
    }
    async fn fails(&self) -> async_graphql::Result<Option<bool>> {
        Err("it \"fails\"".into())
    }
}

#[Object]
impl Query {
    async fn items(&self, count: usize, size: usize) -> Vec<Item> {
        vec![Item(size); count]
    }
}

fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).extension(Metering).finish()
}

fn execution(answer_bytes: usize) -> Arc<Execution> {
    Limits::new(Options { answer_bytes, ..Options::default() }).begin(None).unwrap()
}

#[tokio::test]
async fn an_answer_is_counted_as_it_is_written() {
    let query =
        "{ a: items(count: 3, size: 2) { text number flag fails } items(count: 0, size: 0) { flag } }";
    for (bytes, fits) in [(10, false), (10_000, true)] {
        let execution = execution(bytes);
        let request = Request::new(query).data(execution.clone());
        let response = in_bounds(OperationType::Query, &execution, schema().execute(request)).await;
        assert_eq!(response.is_ok(), fits);
        let Ok(response) = response else { continue };
        let written = serde_json::to_string(&response).unwrap().len();
        let counted = execution.bytes();
        assert!((written..written * 2).contains(&counted), "{written} written, {counted} counted");
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_resolved_to_its_end() {
    let execution = execution(100_000);
    let before = RESOLVED.load(Ordering::Relaxed);
    let query = "{ items(count: 20000, size: 100) { text } }";
    let request = Request::new(query).data(execution.clone());
    let refused = in_bounds(OperationType::Query, &execution, schema().execute(request)).await.unwrap_err();
    assert_eq!((refused.code, refused.limit.as_deref()), (ErrorCode::LimitReached, Some("answer_bytes")));
    let resolved = RESOLVED.load(Ordering::Relaxed) - before;
    assert!(resolved < 1_000, "{resolved} values");
}

#[tokio::test]
async fn a_long_execution_gives_way_to_others() {
    let execution = execution(10_000_000);
    let request = Request::new("{ items(count: 2000, size: 1) { number flag } }").data(execution.clone());
    let schema = schema();
    let mut running = Box::pin(schema.execute(request));
    let mut turns = 0;
    let response = poll_fn(|cx| {
        turns += 1;
        running.as_mut().poll(cx)
    });
    // The budget is that of a task.
    let response = response.await;
    assert!(response.is_ok());
    assert!(turns > 10, "{turns} turns");
}

#[tokio::test]
async fn the_cost_is_told() {
    let cost = Cost { fields: 17, roots: 1 };
    let told = schema().execute(Request::new("{ __typename }").data(cost)).await;
    assert_eq!(serde_json::to_value(told).unwrap()["extensions"]["cost"], 17);
}
