//! Push services: requests at once to each, and a circuit that opens when one fails again and again.
//!
//! Invariants: a service that fails holds no request of another; while its circuit is open it gets one request in a
//! pause, and a bounded number waits for it. Services that nobody calls are forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use platform::lock::locked;
use schemas::position::LogTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests at once to one service.
const AT_ONCE: usize = 32;
/// Pushes that wait for another try at one service.
const WAITING: usize = 512;
/// Failures in a row that open the circuit.
const FAILURES: u32 = 3;
/// For how long it is open after these; it doubles up to the longest.
const FIRST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 5 * 60 * 1_000;
/// Services that are known before idle ones are looked for.
const LOOK_AT: usize = 1_024;

#[derive(Default)]
pub struct Origins {
    known: Mutex<HashMap<String, Origin>>,
}

struct Origin {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    failures: u32,
    open_until: LogTime,
}

impl Default for Origin {
    fn default() -> Self {
        let (places, waiting) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(WAITING)));
        Self { places, waiting, failures: 0, open_until: 0 }
    }
}

impl Origin {
    fn is_idle(&self, now: LogTime) -> bool {
        let is_used = self.places.available_permits() < AT_ONCE || self.waiting.available_permits() < WAITING;
        !is_used && self.open_until <= now
    }
}

impl Origins {
    /// The places of requests to a service.
    pub fn places(&self, origin: &str, now: LogTime) -> Arc<Semaphore> {
        self.with(origin, now, |known| known.places.clone())
    }

    /// Lets a request through, or says the time before which the service is not called.
    pub fn pass(&self, origin: &str, now: LogTime) -> Result<(), LogTime> {
        self.with(origin, now, |known| {
            if known.failures < FAILURES {
                return Ok(());
            }
            if now < known.open_until {
                return Err(known.open_until);
            }
            // One request tries it; the others wait for what comes of that.
            known.open_until = now + known.pause();
            Ok(())
        })
    }

    pub fn succeeded(&self, origin: &str, now: LogTime) {
        self.with(origin, now, |known| (known.failures, known.open_until) = (0, 0));
    }

    pub fn failed(&self, origin: &str, now: LogTime) {
        self.with(origin, now, |known| {
            known.failures = known.failures.saturating_add(1);
            if known.failures >= FAILURES {
                known.open_until = now + known.pause();
            }
        });
    }

    /// A place among those who wait for another try.
    pub fn wait(&self, origin: &str, now: LogTime) -> Option<OwnedSemaphorePermit> {
        let waiting = self.with(origin, now, |known| known.waiting.clone());
        waiting.try_acquire_owned().ok()
    }

    fn with<T>(&self, origin: &str, now: LogTime, act: impl FnOnce(&mut Origin) -> T) -> T {
        let mut known = locked(&self.known);
        if known.len() >= LOOK_AT && !known.contains_key(origin) {
            known.retain(|_, origin| !origin.is_idle(now));
        }
        act(known.entry(origin.to_owned()).or_default())
    }
}

impl Origin {
    fn pause(&self) -> i64 {
        let doublings = self.failures.saturating_sub(FAILURES).min(16);
        (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAD: &str = "https://dead.example";

    fn is_open(origins: &Origins, origin: &str, now: LogTime) -> bool {
        origins.pass(origin, now).is_ok()
    }

    #[test]
    fn a_service_that_fails_is_tried_once_in_a_pause_and_others_are_not_held() {
        let origins = Origins::default();
        for now in 0..2 {
            origins.failed(DEAD, now);
            assert!(is_open(&origins, DEAD, now), "{now}");
        }
        origins.failed(DEAD, 2);
        assert!(!is_open(&origins, DEAD, 3) && is_open(&origins, "https://live.example", 3));
        let until = 2 + FIRST_PAUSE_MS;
        assert!(!is_open(&origins, DEAD, until - 1));
        assert!(is_open(&origins, DEAD, until), "one tries it");
        assert!(!is_open(&origins, DEAD, until), "the others wait");
        origins.failed(DEAD, until);
        assert!(!is_open(&origins, DEAD, until + 2 * FIRST_PAUSE_MS - 1), "the pause doubles");
        origins.succeeded(DEAD, until + 1);
        assert!(is_open(&origins, DEAD, until + 1) && is_open(&origins, DEAD, until + 1));
    }

    #[test]
    fn who_waits_for_a_service_and_services_that_are_known_are_bounded() {
        let origins = Origins::default();
        let waiting: Vec<_> = (0..WAITING).map(|_| origins.wait(DEAD, 0).unwrap()).collect();
        assert!(origins.wait(DEAD, 0).is_none());
        assert!(origins.wait("https://live.example", 0).is_some());
        for number in 0..3 * LOOK_AT {
            origins.failed(&format!("https://{number}.example"), 0);
        }
        assert!(locked(&origins.known).len() <= LOOK_AT + 1);
        drop(waiting);
        assert!(origins.wait(DEAD, 0).is_some());
    }
}
