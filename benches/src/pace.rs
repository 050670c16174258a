//! Moments at an even pace, kept by a thread: a timer of tokio's is up to a millisecond late, which is
//! not what the system under load takes.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Moments that have passed and that nobody has asked for; beyond, later ones are told late.
const AHEAD: usize = 1_024;

/// `count` moments from now on, `rate` a second, each told once it is there.
pub fn moments(rate: u32, count: usize) -> Result<mpsc::Receiver<Instant>> {
    let (tell, told) = mpsc::channel(AHEAD);
    let begun = Instant::now();
    let keep = move || {
        for moment in 0..count {
            let due = begun + Duration::from_secs(1) * moment as u32 / rate;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if tell.blocking_send(due).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("pace".to_owned()).spawn(keep)?;
    Ok(told)
}
