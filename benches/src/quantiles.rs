//! Times as figures.

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
    let times = times.lock().unwrap_or_else(PoisonError::into_inner);
    let at = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    json!({
        "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": times.max() as f64 / 1_000.0, "count": times.len(),
    })
}
