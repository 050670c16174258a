//! Which build this process runs: in its first log line, and in a metric.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntGaugeVec, register_int_gauge_vec};

pub use build_info::{FULL, REVISION, VERSION};

static INFO: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    made(register_int_gauge_vec!(
        "musclemap_build_info",
        "Version and revision of the running build; always 1",
        &["version", "revision"]
    ))
});

/// Logs the build and exports it.
pub fn announce() {
    INFO.with_label_values(&[VERSION, REVISION]).set(1);
    tracing::info!(version = VERSION, revision = REVISION, "starting");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_exported_once_with_its_version_and_revision() {
        announce();
        announce();
        let families = prometheus::gather();
        let info = families.iter().find(|family| family.name() == "musclemap_build_info").unwrap();
        let [series] = info.get_metric() else { panic!("one series") };
        let labels: Vec<_> = series.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
        assert_eq!(labels, [("revision", REVISION), ("version", VERSION)]);
        assert_eq!(series.get_gauge().get_value(), 1.0);
        assert_eq!(FULL, format!("{VERSION} ({REVISION})"));
    }
}
