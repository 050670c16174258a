//! Times and repetitions as figures.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The longest time that is told from longer ones.
const HIGHEST_MICROS: u64 = 60_000_000;

/// Of microseconds.
pub fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, HIGHEST_MICROS, 3)?)
}

/// In milliseconds.
pub fn of(times: &Mutex<Histogram<u64>>) -> Value {
    of_histogram(&times.lock().unwrap_or_else(PoisonError::into_inner))
}

/// In milliseconds.
pub fn of_histogram(times: &Histogram<u64>) -> Value {
    let at = |quantile: f64| milliseconds(times, quantile);
    json!({
        "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": times.max() as f64 / 1_000.0, "count": times.len(),
    })
}

pub fn milliseconds(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1_000.0
}

/// Repetitions of one measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    /// Of at least one repetition.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (middle, last) = (values.len() / 2, values.len() - 1);
        let median = if values.len().is_multiple_of(2) {
            (values[middle - 1] + values[middle]) / 2.0
        } else {
            values[middle]
        };
        Self { least: values[0], median, most: values[last] }
    }

    pub fn json(&self) -> Value {
        json!({ "median": self.median, "least": self.least, "most": self.most })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_its_median_between_its_ends() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Spread { least: 1.0, median: 2.0, most: 3.0 });
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]), Spread { least: 1.0, median: 2.5, most: 4.0 });
        assert_eq!(Spread::of(vec![7.0]).to_string(), "7.00 (7.00 to 7.00)");
    }

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut times = histogram().unwrap();
        (1..=1_000).for_each(|micros| times.saturating_record(micros * 1_000));
        assert!((milliseconds(&times, 0.5) - 500.0).abs() < 1.0);
        assert_eq!(of_histogram(&times)["count"], 1_000);
    }
}
