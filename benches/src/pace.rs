//! An even pace, kept by a thread: a timer of tokio's is up to a millisecond late, which is not what the
//! system under load takes.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc;

use crate::clock;

/// Moments that have passed and that nobody has asked for; beyond, later ones are told late.
const AHEAD: usize = 1_024;

/// Between two moments of `rate` a second.
pub fn period(rate: u32) -> Duration {
    Duration::from_secs(1) / rate
}

/// Acts at `count` moments from now on. What each act needs is prepared before it is due, of its number
/// and of when that is, in nanoseconds of the monotonic clock. Ends early with an error of either.
pub fn keep<T>(
    period: Duration,
    count: usize,
    mut prepare: impl FnMut(usize, u64) -> Result<T> + Send + 'static,
    mut act: impl FnMut(T) -> Result<()> + Send + 'static,
) -> Result<JoinHandle<Result<()>>> {
    let begun = clock::monotonic();
    let keep = move || {
        (0..count).try_for_each(|number| {
            let due = begun + number as u64 * period.as_nanos() as u64;
            let prepared = prepare(number, due)?;
            thread::sleep(Duration::from_nanos(due.saturating_sub(clock::monotonic())));
            act(prepared)
        })
    };
    Ok(thread::Builder::new().name("pace".to_owned()).spawn(keep)?)
}

/// The same moments, each told once it is there.
pub fn moments(period: Duration, count: usize) -> Result<mpsc::Receiver<u64>> {
    let (tell, told) = mpsc::channel(AHEAD);
    let act = move |due| tell.blocking_send(due).context("nobody keeps to the pace");
    keep(period, count, |_, due| Ok(due), act)?;
    Ok(told)
}
