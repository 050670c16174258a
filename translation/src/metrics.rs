//! Metrics of translations.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounterVec, register_int_counter_vec};

use crate::provider::ProviderError;

static WANTED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_translation_requests_total",
        "Translations that users asked for, by where they came from, or why there is none",
        &["result"]
    ))
});

static ASKED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_translation_provider_requests_total",
        "Requests to the provider of translations, by how they ended",
        &["result"]
    ))
});

/// What became of a translation that a user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Known already.
    Known,
    /// Made by the provider for this request.
    Made,
    /// Made meanwhile for another request.
    Shared,
    /// Over the user's budget.
    Limited,
    /// The provider or the ephemeral state failed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Known, Self::Made, Self::Shared, Self::Limited, Self::Failed];

    fn label(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Made => "made",
            Self::Shared => "shared",
            Self::Limited => "limited",
            Self::Failed => "failed",
        }
    }
}

const OK: &str = "ok";
const AWAY: &str = "away";
const REFUSED: &str = "refused";
const LATE: &str = "late";

/// Makes what is counted appear.
pub fn announce() {
    for outcome in Outcome::ALL {
        WANTED.with_label_values(&[outcome.label()]);
    }
    for result in [OK, AWAY, REFUSED, LATE] {
        ASKED.with_label_values(&[result]);
    }
}

/// Counts what a user asked for.
pub fn wanted(outcome: Outcome) {
    WANTED.with_label_values(&[outcome.label()]).inc();
}

/// Counts a request to the provider that was answered.
pub fn asked<T>(answer: &Result<T, ProviderError>) {
    let result = match answer {
        Ok(_) => OK,
        Err(ProviderError::Away(_)) => AWAY,
        Err(ProviderError::Refused(_)) => REFUSED,
    };
    ASKED.with_label_values(&[result]).inc();
}

/// Counts a translation whose provider did not answer in time.
pub fn late() {
    ASKED.with_label_values(&[LATE]).inc();
}
