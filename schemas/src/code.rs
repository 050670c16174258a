//! Error codes of the API and the refusals that carry them.
//!
//! Source: the table of error codes in the product decisions.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::moderation::Reason;
use crate::position::LogTime;

/// Why a request had no effect; `extensions.code` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    Unauthenticated,
    Forbidden,
    NotFound,
    BadUserInput,
    InsufficientCredits,
    RateLimited,
    ContentRejected,
    IdempotencyConflict,
    OutcomePending,
    Blocked,
    RecipientUnavailable,
    GroupFull,
    PinLimitReached,
    EditWindowClosed,
    EditLimitReached,
    LimitReached,
    AnnouncementsOnly,
    AttachmentNotReady,
    Conflict,
    FeatureDisabled,
    Unavailable,
    InternalServerError,
}

impl ErrorCode {
    pub const ALL: [Self; 22] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::BadUserInput,
        Self::InsufficientCredits,
        Self::RateLimited,
        Self::ContentRejected,
        Self::IdempotencyConflict,
        Self::OutcomePending,
        Self::Blocked,
        Self::RecipientUnavailable,
        Self::GroupFull,
        Self::PinLimitReached,
        Self::EditWindowClosed,
        Self::EditLimitReached,
        Self::LimitReached,
        Self::AnnouncementsOnly,
        Self::AttachmentNotReady,
        Self::Conflict,
        Self::FeatureDisabled,
        Self::Unavailable,
        Self::InternalServerError,
    ];

    /// The name that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::InsufficientCredits => "INSUFFICIENT_CREDITS",
            Self::RateLimited => "RATE_LIMITED",
            Self::ContentRejected => "CONTENT_REJECTED",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::OutcomePending => "OUTCOME_PENDING",
            Self::Blocked => "BLOCKED",
            Self::RecipientUnavailable => "RECIPIENT_UNAVAILABLE",
            Self::GroupFull => "GROUP_FULL",
            Self::PinLimitReached => "PIN_LIMIT_REACHED",
            Self::EditWindowClosed => "EDIT_WINDOW_CLOSED",
            Self::EditLimitReached => "EDIT_LIMIT_REACHED",
            Self::LimitReached => "LIMIT_REACHED",
            Self::AnnouncementsOnly => "ANNOUNCEMENTS_ONLY",
            Self::AttachmentNotReady => "ATTACHMENT_NOT_READY",
            Self::Conflict => "CONFLICT",
            Self::FeatureDisabled => "FEATURE_DISABLED",
            Self::Unavailable => "UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// A refusal with the details that its code carries; what a code does not use is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
pub struct Refusal {
    pub code: ErrorCode,
    /// For people: a sentence without ids or content.
    pub detail: String,
    /// BAD_USER_INPUT, CONTENT_REJECTED: the input field at fault.
    pub field: Option<String>,
    /// CONTENT_REJECTED: the kind of what the text has; the rule that it meets is not told. FORBIDDEN: SUSPENDED.
    pub reason: Option<Reason>,
    /// FORBIDDEN: the end of a suspension.
    pub until: Option<LogTime>,
    /// RATE_LIMITED, LIMIT_REACHED: the name of the limit.
    pub limit: Option<String>,
    /// RATE_LIMITED: the window in seconds.
    pub window_seconds: Option<i64>,
    /// RATE_LIMITED: how many the window allows, of requests or of their effects.
    pub quota: Option<i64>,
    /// RATE_LIMITED, UNAVAILABLE: when to try again, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// INSUFFICIENT_CREDITS: the price in milli-credits.
    pub required_milli: Option<i64>,
    /// INSUFFICIENT_CREDITS: the balance in milli-credits.
    pub balance_milli: Option<i64>,
}

impl Refusal {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            reason: None,
            until: None,
            limit: None,
            window_seconds: None,
            quota: None,
            retry_after_ms: None,
            required_milli: None,
            balance_milli: None,
        }
    }

    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "not found")
    }

    /// FORBIDDEN until a time, as the user is suspended.
    pub fn suspended(until: LogTime) -> Self {
        let (reason, until) = (Some(Reason::Suspended), Some(until));
        Self { reason, until, ..Self::new(ErrorCode::Forbidden, "moderators have suspended the account") }
    }

    pub fn bad_input(field: &str, detail: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(ErrorCode::BadUserInput, detail) }
    }

    /// LIMIT_REACHED by the limit of this name.
    pub fn limit_reached(limit: &str, detail: impl Into<String>) -> Self {
        Self { limit: Some(limit.to_owned()), ..Self::new(ErrorCode::LimitReached, detail) }
    }

    /// CONTENT_REJECTED for the text of a field.
    pub fn content_rejected(field: &str, reason: Reason) -> Self {
        Self {
            field: Some(field.to_owned()),
            reason: Some(reason),
            ..Self::new(ErrorCode::ContentRejected, "the text is not allowed")
        }
    }

    /// RATE_LIMITED by the limit of this name.
    pub fn rate_limited(limit: &str, detail: &str, window_seconds: i64, retry_after_ms: i64) -> Self {
        Self {
            limit: Some(limit.to_owned()),
            window_seconds: Some(window_seconds),
            retry_after_ms: Some(retry_after_ms),
            ..Self::new(ErrorCode::RateLimited, detail)
        }
    }

    /// When to try again, in whole seconds, at least 1: as the headers of HTTP say it.
    pub fn retry_after_seconds(retry_after_ms: i64) -> i64 {
        (retry_after_ms.saturating_add(999) / 1_000).max(1)
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after_ms: Some(1_000), ..Self::new(ErrorCode::Unavailable, detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_name_on_every_wire() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
