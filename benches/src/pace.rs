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

/// Acts at `count` moments from now on, with the number of each and the time at which it is due, in
/// nanoseconds of the monotonic clock. Ends early with an error of the act.
pub fn keep(
    period: Duration,
    count: usize,
    mut act: impl FnMut(usize, u64) -> Result<()> + Send + 'static,
) -> Result<JoinHandle<Result<()>>> {
    let begun = clock::monotonic();
    let keep = move || {
        (0..count).try_for_each(|number| {
            let due = begun + number as u64 * period.as_nanos() as u64;
            thread::sleep(Duration::from_nanos(due.saturating_sub(clock::monotonic())));
            act(number, due)
        })
    };
    Ok(thread::Builder::new().name("pace".to_owned()).spawn(keep)?)
}

/// The same moments, each told once it is there.
pub fn moments(period: Duration, count: usize) -> Result<mpsc::Receiver<u64>> {
    let (tell, told) = mpsc::channel(AHEAD);
    keep(period, count, move |_, due| tell.blocking_send(due).context("nobody keeps to the pace"))?;
    Ok(told)
}
