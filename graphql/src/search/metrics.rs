//! Metrics of searches.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounter, IntCounterVec, register_int_counter, register_int_counter_vec};
use schemas::search;

/// How a query of the index ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Answered,
    /// No answer, or none in time.
    Away,
    /// An answer that no repetition changes.
    Refused,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Answered, Self::Away, Self::Refused];

    fn name(self) -> &'static str {
        match self {
            Self::Answered => "ok",
            Self::Away => "away",
            Self::Refused => "refused",
        }
    }
}

/// Makes what searches count appear.
pub fn announce() {
    for index in search::ALL {
        for outcome in Outcome::ALL {
            QUERIES.with_label_values(&[index.name, outcome.name()]);
        }
    }
    LazyLock::force(&LIMITED);
    LazyLock::force(&ALONE);
}

pub fn asked(index: &search::Index, outcome: Outcome) {
    QUERIES.with_label_values(&[index.name, outcome.name()]).inc();
}

/// A search was over its user's limit.
pub fn limited() {
    LIMITED.inc();
}

/// A search was counted by this process alone.
pub fn counted_alone() {
    ALONE.inc();
}

static QUERIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_search_queries_total",
        "Queries of the search index, by index and result",
        &["index", "result"]
    ))
});

static LIMITED: LazyLock<IntCounter> = LazyLock::new(|| {
    made(register_int_counter!("musclemap_search_limited_total", "Searches over their user's limit"))
});

static ALONE: LazyLock<IntCounter> = LazyLock::new(|| {
    made(register_int_counter!(
        "musclemap_search_counted_alone_total",
        "Searches that one process counted, because the ephemeral state did not answer"
    ))
});
