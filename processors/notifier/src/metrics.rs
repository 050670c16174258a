//! Metrics of the notifier. Its lag and its tries of batches are among `platform`'s, its requests among `egress`'s.

use std::sync::LazyLock;

use domain::pushing::Withheld;
use platform::telemetry::made;
use prometheus::{
    Histogram, IntCounterVec, IntGauge, register_histogram, register_int_counter_vec, register_int_gauge,
};

static PUSHES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_pushes_total",
        "Pushes to one subscription each, by what became of them",
        &["result"]
    ))
});

static WITHHELD: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_pushes_withheld_total",
        "Messages that a user with a subscription was not notified of, by reason",
        &["reason"]
    ))
});

static HANDED_OVER: LazyLock<Histogram> = LazyLock::new(|| {
    made(register_histogram!(
        "musclemap_push_handover_seconds",
        "From the end of the hold of a message, 2 s after its event, to the answer of a push service",
        vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0]
    ))
});

static WAITING: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!("musclemap_pushes_waiting", "Pushes that wait for another try"))
});

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// Sent without its content, which the push service refused as too large.
    Trimmed,
    /// The subscription is no more, and is removed.
    Gone,
    /// The push service, or what guards the way out, refuses it for good.
    Refused,
    /// No try succeeded within its bounds.
    Expired,
    /// Too many pushes wait for its push service.
    Dropped,
    /// The keys of the subscription are none.
    Malformed,
    /// An app of a deployment that has no project of FCM.
    Unsupported,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Sent,
        Self::Trimmed,
        Self::Gone,
        Self::Refused,
        Self::Expired,
        Self::Dropped,
        Self::Malformed,
        Self::Unsupported,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Trimmed => "trimmed",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Makes what is counted appear.
pub fn announce() {
    for outcome in Outcome::ALL {
        PUSHES.with_label_values(&[outcome.label()]);
    }
    for reason in Withheld::ALL {
        WITHHELD.with_label_values(&[reason.label()]);
    }
    LazyLock::force(&HANDED_OVER);
    WAITING.set(0);
}

/// Counts a push.
pub fn ended(outcome: Outcome) {
    PUSHES.with_label_values(&[outcome.label()]).inc();
}

/// Counts a message that a user is not notified of.
pub fn withheld(reason: Withheld) {
    WITHHELD.with_label_values(&[reason.label()]).inc();
}

/// Notes how long a push took from the end of its hold, in milliseconds.
pub fn handed_over(after_ms: i64) {
    HANDED_OVER.observe(after_ms.max(0) as f64 / 1_000.0);
}

/// Notes how many pushes wait for another try.
pub fn waiting(pushes: usize) {
    WAITING.set(i64::try_from(pushes).unwrap_or(i64::MAX));
}
