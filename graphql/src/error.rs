//! Errors of the API: a code, and the details that go with it.
//!
//! Invariant: what went wrong inside is told by a correlation id, never by its text.

use async_graphql::{Error, ErrorExtensions};
use platform::ports::TablesError;
use schemas::{ErrorCode, Refusal};

/// A refusal as clients see it.
pub fn api_error(refusal: Refusal) -> Error {
    Error::new(refusal.detail.clone()).extend_with(|_, extensions| {
        extensions.set("code", refusal.code.as_str());
        if let Some(field) = &refusal.field {
            extensions.set("field", field.as_str());
        }
        if let Some(limit) = &refusal.limit {
            extensions.set("limit", limit.as_str());
        }
        for (name, value) in [
            ("windowSeconds", refusal.window_seconds),
            ("retryAfterMs", refusal.retry_after_ms),
            ("requiredMilli", refusal.required_milli),
            ("balanceMilli", refusal.balance_milli),
        ] {
            if let Some(value) = value {
                extensions.set(name, value);
            }
        }
        if let Some(required) = refusal.required_milli {
            extensions.set("required", required as f64 / 1_000.0);
        }
    })
}

/// The tables do not answer, or hold what cannot be read.
pub fn tables_error(error: TablesError) -> Refusal {
    match error {
        TablesError::Unavailable(reason) => {
            tracing::warn!(reason, "tables unavailable");
            Refusal::unavailable("try again")
        }
        TablesError::Refused(reason) => internal(&reason),
    }
}

/// Something is wrong inside.
pub fn internal(reason: &dyn std::fmt::Display) -> Refusal {
    let correlation = uuid::Uuid::new_v4();
    tracing::error!(%correlation, %reason, "internal error");
    Refusal::new(ErrorCode::InternalServerError, format!("internal error {correlation}"))
}
