//! Documents that were let in lately, parsed: clients ask the same few over and over.
//!
//! Invariant: a document is found by its whole text, so it is what the parser would make of it.

use std::sync::{Arc, LazyLock};

use async_graphql::parser::types::ExecutableDocument;
use moka::sync::Cache;

/// Bytes of all texts that are kept; their documents take some thirty times as much.
const MOST_BYTES: u64 = 512 * 1024;
/// The longest text that is kept.
const LONGEST: usize = 8 * 1024;

static KEPT: LazyLock<Cache<String, Arc<ExecutableDocument>>> = LazyLock::new(|| {
    let weight = |text: &String, _: &Arc<ExecutableDocument>| text.len() as u32;
    Cache::builder().max_capacity(MOST_BYTES).weigher(weight).build()
});

pub fn find(text: &str) -> Option<Arc<ExecutableDocument>> {
    KEPT.get(text)
}

/// Keeps a document that was let in.
pub fn keep(text: &str, document: &Arc<ExecutableDocument>) {
    if text.len() <= LONGEST {
        KEPT.insert(text.to_owned(), document.clone());
    }
}
