//! Errors of the API: a code, and the details that go with it.
//!
//! Invariant: an internal error is shown as a correlation id, never by its text.

use async_graphql::{ErrorExtensions, Pos, Response, ScalarType, ServerError};
use objects::ObjectsError;
use platform::ports::{EphemeralError, TablesError};
use schemas::{ClientId, ErrorCode, Refusal};

use crate::scalars::DateTime;

/// Errors of one answer that come from parsing and validation; the first ones say enough.
pub const MOST_ERRORS: usize = 20;
/// Bytes of an error's text. It may repeat what was sent, and is no way to make much of little.
const MAX_TEXT_BYTES: usize = 200;
/// Says that a text is cut off.
const ELLIPSIS: &str = "…";

/// Why a field has no value.
///
/// It has no `Display`: async-graphql would take that for its only form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub refusal: Refusal,
    /// OUTCOME_PENDING: the id under which the outcome follows.
    pub client_message_id: Option<ClientId>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, client_message_id: None }
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let pending = error.refusal.code == ErrorCode::OutcomePending;
        let client_id = error.client_message_id.filter(|_| pending);
        let shown = show(&error.refusal);
        match client_id {
            Some(id) => shown.extend_with(|_, extensions| extensions.set("clientMessageId", id.to_string())),
            None => shown,
        }
    }
}

/// A refusal as clients see it.
fn show(refusal: &Refusal) -> async_graphql::Error {
    async_graphql::Error::new(brief(refusal.detail.clone())).extend_with(|_, extensions| {
        extensions.set("code", refusal.code.as_str());
        if let Some(field) = &refusal.field {
            extensions.set("field", brief(field.clone()));
        }
        if let Some(reason) = &refusal.reason {
            extensions.set("reason", reason.as_str());
        }
        if let Some(until) = refusal.until {
            extensions.set("until", DateTime(until).to_value());
        }
        if let Some(limit) = &refusal.limit {
            extensions.set("limit", limit.as_str());
        }
        for (name, value) in [
            ("windowSeconds", refusal.window_seconds),
            ("quota", refusal.quota),
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

/// The beginning of a text, as much as an error may have.
pub fn brief(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES - ELLIPSIS.len()));
        text.push_str(ELLIPSIS);
    }
    text
}

/// A refusal of a whole operation.
pub fn server_error(refusal: Refusal) -> ServerError {
    let async_graphql::Error { message, extensions, .. } = show(&refusal);
    ServerError { extensions, ..ServerError::new(message, None) }
}

/// An error of parsing, validation or coercion: nothing has been executed.
pub fn request_error(field: &str, message: String, place: Option<Pos>) -> ServerError {
    let refused = server_error(Refusal::bad_input(field, message));
    ServerError { locations: place.into_iter().collect(), ..refused }
}

/// The answer with a code on every error. An error without one has not come from a resolver: the
/// executor could not read the document or an argument.
pub fn with_codes(mut response: Response) -> Response {
    let mut left = MOST_ERRORS;
    response.errors.retain_mut(|error| {
        error.message = brief(std::mem::take(&mut error.message));
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_some() {
            return true;
        }
        extensions.set("code", ErrorCode::BadUserInput.as_str());
        extensions.set("field", "query");
        // Suggestions name what the schema holds. Those for arguments of directives cannot be switched off.
        if let Some(suggestion) = error.message.find(" Did you mean") {
            error.message.truncate(suggestion);
        }
        let is_kept = left > 0 || !error.path.is_empty();
        left = left.saturating_sub(1);
        is_kept
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

/// Ephemeral state does not answer, or refuses.
pub fn ephemeral_error(error: EphemeralError) -> Refusal {
    match error {
        EphemeralError::Unavailable(reason) => {
            tracing::warn!(reason, "ephemeral state unavailable");
            Refusal::unavailable("try again")
        }
        EphemeralError::Refused(reason) => internal(&reason),
    }
}

/// The store of files does not answer, or refuses; nothing happened.
pub fn objects_error(error: &ObjectsError) -> Refusal {
    tracing::warn!(%error, "files unavailable");
    Refusal::unavailable("try again")
}

/// Logs an internal error; the refusal shows its correlation id alone.
pub fn internal(reason: &dyn std::fmt::Display) -> Refusal {
    let correlation = uuid::Uuid::new_v4();
    tracing::error!(%correlation, %reason, "internal error");
    Refusal::new(ErrorCode::InternalServerError, format!("internal error {correlation}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_repeat_at_most_200_bytes_of_what_was_sent() {
        let sent = "ü".repeat(10_000);
        let refusal = Refusal { field: Some(sent.clone()), ..Refusal::bad_input("x", sent.clone()) };
        let refused = server_error(refusal);
        let executor = with_codes(Response::from_errors(vec![ServerError::new(sent.clone(), None)]));
        for text in [&refused.message, &executor.errors[0].message, &brief(sent)] {
            assert!(text.len() <= MAX_TEXT_BYTES && text.len() > MAX_TEXT_BYTES - 5, "{}", text.len());
            assert!(text.starts_with("üüü") && text.ends_with("ü…"));
        }
        let extensions = serde_json::to_string(&refused.extensions).unwrap();
        assert!(extensions.len() < 2 * MAX_TEXT_BYTES, "{extensions}");
        assert_eq!(brief("short".to_owned()), "short");
    }
}
