//! Metrics of a node.

use std::sync::LazyLock;

use prometheus::{IntCounter, register_int_counter};

/// Records of the event topics that are no events, or cannot be decoded.
pub static UNREADABLE: LazyLock<IntCounter> = LazyLock::new(|| {
    let counter = register_int_counter!(
        "musclemap_fanout_unreadable_records_total",
        "Records of the event topics that are no events, or cannot be decoded"
    );
    // It fails only for a name that is taken, which is a mistake in the code.
    counter.unwrap_or_else(|error| panic!("metric: {error}"))
});
