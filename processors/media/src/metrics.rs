//! Metrics of the media processor. Its lag and its tries are among `platform`'s.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounterVec, register_int_counter_vec};
use schemas::uploading::{Finding, RejectedReason};

static FILES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_media_files_total",
        "Files that were looked at: stored, or the reason of their rejection",
        &["finding"]
    ))
});

const STORED: &str = "STORED";

/// Makes what is counted appear.
pub fn announce() {
    for finding in RejectedReason::ALL.map(RejectedReason::as_str).into_iter().chain([STORED]) {
        FILES.with_label_values(&[finding]);
    }
}

/// Counts a file.
pub fn found(finding: &Finding) {
    let label = match finding {
        Finding::Stored(_) => STORED,
        Finding::Rejected(rejected) => rejected.reason.as_str(),
    };
    FILES.with_label_values(&[label]).inc();
}
