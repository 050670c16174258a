//! How fast a client has to read what it is sent.
//!
//! Invariant: a client that takes nothing for a time is late, and so is one that takes less than a rate on
//! average; what it took quickly before does not count for later.

use std::time::Duration;

use tokio::time::Instant;

/// The slowest reading that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How long a client may take nothing, and how long it may take in the beginning.
    pub within: Duration,
    pub bytes_per_second: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { within: Duration::from_secs(10), bytes_per_second: 256 }
    }
}

/// A time in which something waits for a client to read it.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    since: Instant,
    last: Instant,
    taken: u64,
}

impl Backlog {
    pub fn new(now: Instant) -> Self {
        Self { since: now, last: now, taken: 0 }
    }

    /// The client has taken so many bytes.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        self.taken = self.taken.saturating_add(bytes as u64);
        self.last = now;
    }

    /// When the client is late.
    pub fn due(&self, reading: &Reading) -> Instant {
        let earned =
            Duration::from_millis(self.taken.saturating_mul(1_000) / reading.bytes_per_second.max(1));
        // A century is for ever.
        let earned = earned.min(Duration::from_secs(100 * 365 * 24 * 60 * 60));
        (self.last + reading.within).min(self.since + reading.within + earned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stops_or_trickles_is_late() {
        let reading = Reading { within: Duration::from_secs(10), bytes_per_second: 100 };
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut backlog = Backlog::new(now);
        assert_eq!(backlog.due(&reading), at(10));
        backlog.took(1_000_000, at(1));
        assert_eq!(backlog.due(&reading), at(11), "it stops");
        let mut backlog = Backlog::new(now);
        for second in 1..=9 {
            backlog.took(1, at(second));
        }
        assert!(backlog.due(&reading) < at(11), "it trickles");
        let mut backlog = Backlog::new(now);
        for second in 1..=100 {
            backlog.took(100, at(second));
        }
        assert_eq!(backlog.due(&reading), at(110), "it is slow and steady");
    }
}
