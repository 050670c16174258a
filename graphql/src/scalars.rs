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

/// HH:MM, as the wall clock shows it in the user's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime(
    /// Minutes since midnight.
    pub i32,
);

#[Scalar]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => minutes(text)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("not a time of a day, as \"22:30\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(format!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

fn minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str, below: i32| {
        let is_whole = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i32>().ok().filter(|number| is_whole && *number < below)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_day_have_hours_and_minutes_of_two_digits() {
        for (text, minute) in [("00:00", 0), ("07:05", 425), ("23:59", 1_439)] {
            assert_eq!(LocalTime::parse(Value::from(text)).ok(), Some(LocalTime(minute)), "{text}");
            assert_eq!(LocalTime(minute).to_value(), Value::from(text));
        }
        for text in ["24:00", "23:60", "7:05", "07:5", "07:05:00", "0705", "+7:05", "-1:00", "", ":", "٠٧:٠٥"]
        {
            assert_eq!(LocalTime::parse(Value::from(text)).ok(), None, "{text}");
        }
    }

    #[test]
    fn times_have_milliseconds_and_are_in_utc() {
        assert_eq!(DateTime(1_700_000_000_120).to_value(), Value::from("2023-11-14T22:13:20.120Z"));
        assert_eq!(DateTime(0).to_value(), Value::from("1970-01-01T00:00:00.000Z"));
    }
}
