//! Times in tokens: seconds since 1970, with or without a fraction (RFC 7519, 2, `NumericDate`).
//!
//! Invariant: any number of JSON is a time. One that is too far away for the clock is its nearest time.

use std::fmt;

use schemas::position::LogTime;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(pub LogTime);

impl NumericDate {
    pub fn of_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1_000 {
            0 => serializer.serialize_i64(self.0 / 1_000),
            _ => serializer.serialize_f64(self.0 as f64 / 1_000.0),
        }
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds since 1970")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
        Ok(NumericDate::of_seconds(seconds))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        Ok(NumericDate::of_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        if seconds.is_nan() {
            return Err(E::custom("not a number"));
        }
        // The cast ends at the nearest number that there is.
        Ok(NumericDate((seconds * 1_000.0).round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<LogTime> {
        serde_json::from_str(json).ok().map(|NumericDate(at)| at)
    }

    #[test]
    fn numbers_of_any_form_and_size_are_times() {
        for (json, at) in [
            ("0", Some(0)),
            ("1800000000", Some(1_800_000_000_000)),
            ("1800000000.0", Some(1_800_000_000_000)),
            ("1800000000.25", Some(1_800_000_000_250)),
            ("1.8e9", Some(1_800_000_000_000)),
            ("-1", Some(-1_000)),
            ("-0.5", Some(-500)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("18446744073709551615", Some(i64::MAX)),
            ("99999999999999999999999999", Some(i64::MAX)),
            ("1e300", Some(i64::MAX)),
            ("-1e300", Some(i64::MIN)),
            ("1e-300", Some(0)),
            ("1e400", None),
            ("\"1800000000\"", None),
            ("null", None),
            ("true", None),
            ("[]", None),
            ("NaN", None),
        ] {
            assert_eq!(read(json), at, "{json}");
        }
    }

    proptest! {
        #[test]
        fn later_numbers_are_no_earlier_times(a in any::<i64>(), b in any::<f64>(), c in any::<i32>()) {
            prop_assert_eq!(read(&a.to_string()), Some(a.saturating_mul(1_000)));
            prop_assert_eq!(read(&format!("{c}.5")).map(|at| at.div_euclid(1_000)), Some(if c < 0 { i64::from(c) - 1 } else { i64::from(c) }));
            if b.is_finite() {
                let at = read(&format!("{b:e}"));
                prop_assert!(at.is_some() && (b > 0.0 || at <= Some(0)) && (b < 0.0 || at >= Some(0)));
            }
        }

        #[test]
        fn what_is_written_is_read(at in -4_000_000_000_000_i64..4_000_000_000_000) {
            let json = serde_json::to_string(&NumericDate(at)).unwrap();
            prop_assert_eq!(read(&json), Some(at));
        }
    }
}
