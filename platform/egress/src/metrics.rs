//! Metrics of requests to addresses that users choose.

use std::sync::LazyLock;
use std::time::Duration;

use platform::telemetry::made;
use prometheus::{
    Histogram, IntCounterVec, IntGauge, register_histogram, register_int_counter_vec, register_int_gauge,
};

use crate::Refusal;

const OK: &str = "ok";

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_egress_requests_total",
        "Requests to addresses that users choose, by result",
        &["result"]
    ))
});

static REQUEST_SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    made(register_histogram!(
        "musclemap_egress_request_seconds",
        "From a request to an address that a user chose until its answer or refusal, waiting included"
    ))
});

static IN_FLIGHT: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!(
        "musclemap_egress_requests_in_flight",
        "Requests to addresses that users choose which run or wait"
    ))
});

/// Makes what is counted appear.
pub fn announce() {
    REQUESTS.with_label_values(&[OK]);
    for refusal in Refusal::ALL {
        REQUESTS.with_label_values(&[refusal.label()]);
    }
    LazyLock::force(&REQUEST_SECONDS);
    LazyLock::force(&IN_FLIGHT);
}

/// How many requests ended with a result: `None` is an answer.
pub fn counted(refusal: Option<Refusal>) -> u64 {
    REQUESTS.with_label_values(&[refusal.map_or(OK, Refusal::label)]).get()
}

pub fn count(refusal: Option<Refusal>, took: Duration) {
    REQUESTS.with_label_values(&[refusal.map_or(OK, Refusal::label)]).inc();
    REQUEST_SECONDS.observe(took.as_secs_f64());
}

/// Counts a request as in flight until it is dropped.
pub struct InFlight(());

impl InFlight {
    pub fn begin() -> Self {
        IN_FLIGHT.inc();
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.dec();
    }
}
