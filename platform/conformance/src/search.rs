//! Cases for [`platform::ports::SearchIndex`]. Each has indexes of its own.

pub mod filters;
pub mod matching;
pub mod sides;
pub mod writing;

use platform::ports::SearchIndex;
use platform::ports::search::{Filter, Hit, Hits, Query, Side};
use schemas::position::Version;
use schemas::search::{Change, Document, Index, MESSAGES};

use crate::harness::within;

/// A change of a message; its number, which is also its time, is its id.
fn message(seq: i64, conversation: &str, sender: &str, text: &str) -> Change {
    let document = Document {
        texts: vec![text.to_owned()],
        words: vec![conversation.to_owned(), sender.to_owned()],
        numbers: vec![seq, seq],
    };
    Change { id: format!("m-{seq:04}"), version: Version(seq), document: Some(document) }
}

/// Messages of one conversation, numbered from 1.
fn messages(texts: &[&str]) -> Vec<Change> {
    texts.iter().zip(1..).map(|(text, seq)| message(seq, "c", "ann", text)).collect()
}

async fn write(search: &dyn SearchIndex, index: &'static Index, changes: &[Change]) {
    within("a write", search.write(index, Side::Live, changes)).await.expect("a write");
}

async fn ask(search: &dyn SearchIndex, index: &'static Index, query: &Query) -> Hits {
    within("an answer", search.search(index, query)).await.expect("an answer")
}

/// Every message that matches.
async fn found(search: &dyn SearchIndex, text: &str, filter: Filter) -> Vec<Hit> {
    let query = Query { text: text.to_owned(), filter, offset: 0, limit: 100 };
    let hits = ask(search, &MESSAGES, &query).await;
    assert_eq!(hits.total, hits.hits.len(), "{text}");
    hits.hits
}

/// Numbers of the messages that match, in ascending order.
async fn numbers(search: &dyn SearchIndex, text: &str, filter: Filter) -> Vec<i64> {
    let hits = found(search, text, filter).await;
    let mut numbers: Vec<i64> = hits.iter().map(|hit| hit.id[2..].parse().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

fn everything() -> Filter {
    Filter::All(vec![])
}
