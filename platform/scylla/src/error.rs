//! Errors of connecting, and what the driver's errors mean to a user of the port.
//!
//! Invariant: only what the cluster or the driver refuses for good counts as refused; whatever else
//! fails may be repeated, since every statement may.

use platform::ports::TablesError;
use scylla::errors::{DbError, ExecutionError, PrepareError, RequestAttemptError};

use crate::layout::Difference;

/// Why there is no connection. Named by what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Correct the configuration.
    #[error("configuration: {0}")]
    Config(&'static str),
    /// Wait and try again.
    #[error("tables unavailable: {0}")]
    Unavailable(String),
    /// The cluster refuses what it is asked for: rights, or a version that is too old.
    #[error("refused: {0}")]
    Refused(String),
    /// Run the setup.
    #[error("no table {0}")]
    MissingTable(&'static str),
    /// The tables are another version's: do not run against them.
    #[error("existing tables differ: {0:?}")]
    Different(Vec<Difference>),
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// Repeating it will not help.
    Refused(String),
    /// It may have happened, and can be repeated.
    Unavailable(String),
    /// As unavailable; and there was no connection that it could have gone through.
    Disconnected(String),
}

impl From<Failure> for TablesError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => Self::Refused(reason),
            Failure::Unavailable(reason) | Failure::Disconnected(reason) => Self::Unavailable(reason),
        }
    }
}

impl From<Failure> for ConnectError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => Self::Refused(reason),
            Failure::Unavailable(reason) | Failure::Disconnected(reason) => Self::Unavailable(reason),
        }
    }
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        match &error {
            ExecutionError::BadQuery(_) => Self::Refused(error.to_string()),
            ExecutionError::EmptyPlan | ExecutionError::ConnectionPoolError(_) => {
                Self::Disconnected(error.to_string())
            }
            ExecutionError::PrepareError(error) => Self::from(error.clone()),
            ExecutionError::LastAttemptError(attempt) => Self::of_attempt(attempt),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match &error {
            PrepareError::ConnectionPoolError(_) => Self::Disconnected(error.to_string()),
            PrepareError::AllAttemptsFailed { first_attempt } => Self::of_attempt(first_attempt),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl Failure {
    /// An answer that does not fit its statement: another hand wrote it, or the driver is at fault.
    pub(crate) fn malformed(error: impl std::fmt::Display) -> Self {
        Self::Refused(format!("malformed answer: {error}"))
    }

    fn of_attempt(error: &RequestAttemptError) -> Self {
        match error {
            RequestAttemptError::SerializationError(_) | RequestAttemptError::CqlRequestSerialization(_) => {
                Self::Refused(error.to_string())
            }
            RequestAttemptError::DbError(kind, _) if is_final(kind) => Self::Refused(error.to_string()),
            RequestAttemptError::BrokenConnectionError(_) => Self::Disconnected(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

fn is_final(error: &DbError) -> bool {
    matches!(
        error,
        DbError::SyntaxError
            | DbError::Invalid
            | DbError::ConfigError
            | DbError::AuthenticationError
            | DbError::Unauthorized
            | DbError::AlreadyExists { .. }
            | DbError::FunctionFailure { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_repeating_cannot_help_is_refused() {
        let of = |kind| {
            let attempt = RequestAttemptError::DbError(kind, String::new());
            Failure::from(ExecutionError::LastAttemptError(attempt))
        };
        for kind in [DbError::Invalid, DbError::Unauthorized, DbError::SyntaxError] {
            assert!(matches!(of(kind.clone()), Failure::Refused(_)), "{kind:?}");
        }
        for kind in [DbError::Overloaded, DbError::IsBootstrapping, DbError::ServerError] {
            assert!(matches!(of(kind.clone()), Failure::Unavailable(_)), "{kind:?}");
        }
        assert!(matches!(Failure::from(ExecutionError::EmptyPlan), Failure::Disconnected(_)));
    }
}
