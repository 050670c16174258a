//! Scalars of the API.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use icu_locale_core::LanguageIdentifier;
use jiff::Timestamp;
use schemas::position::LogTime;

/// RFC 3339, UTC, millisecond precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub LogTime);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let time: Timestamp = text.parse().map_err(InputValueError::custom)?;
                Ok(Self(time.as_millisecond()))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        let time = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        Value::String(format!("{time:.3}"))
    }
}

/// A language tag of BCP 47 with language, script, region and variants, as "pt-BR"; in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(pub String);

#[Scalar]
impl ScalarType for Locale {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let tag: LanguageIdentifier = text.parse().map_err(InputValueError::custom)?;
                Ok(Self(tag.to_string()))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_are_in_utc() {
        assert_eq!(DateTime(1_700_000_000_120).to_value(), Value::from("2023-11-14T22:13:20.120Z"));
        assert_eq!(DateTime(0).to_value(), Value::from("1970-01-01T00:00:00.000Z"));
    }
}
