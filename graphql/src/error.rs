//! Errors of the API: a code, and the details that go with it.
//!
//! Invariant: what went wrong inside is told by a correlation id, never by its text.

use async_graphql::{Error, ErrorExtensions, Response, ServerError};
use platform::ports::TablesError;
use schemas::{ErrorCode, Refusal};

/// Errors without a code of one answer that are told; the first ones say enough.
const TOLD: usize = 20;

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

/// A refusal of a whole operation.
pub fn server_error(refusal: Refusal) -> ServerError {
    let Error { message, extensions, .. } = api_error(refusal);
    ServerError { extensions, ..ServerError::new(message, None) }
}

/// The answer with a code on every error. What has none has not come from a resolver: the document
/// could not be parsed, is not valid, or an argument could not be read.
pub fn with_codes(mut response: Response) -> Response {
    let mut left = TOLD;
    response.errors.retain_mut(|error| {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_some() {
            return true;
        }
        extensions.set("code", ErrorCode::BadUserInput.as_str());
        // Suggestions name what the schema holds. Those for arguments of directives cannot be switched off.
        if let Some(suggestion) = error.message.find(" Did you mean") {
            error.message.truncate(suggestion);
        }
        let told = left > 0 || !error.path.is_empty();
        left = left.saturating_sub(1);
        told
    });
    response
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
