//! What each key may take in a window: a burst, and then as much as time gives back.
//!
//! Invariants: a key takes at most its allowance at once, and twice as much in any window; a key that has
//! nothing to give back is not kept, so what is evicted as idle makes no difference. Of too many keys those
//! that owe least go first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use platform::lock::locked;
use tokio::time::Instant;

/// Keys that are kept.
const MOST_KEYS: usize = 100_000;
/// Idle keys are not looked for among fewer.
const FEW_KEYS: usize = 1_024;

pub struct Allowance<K> {
    /// Nanoseconds that time takes to give one back.
    each: u64,
    window: u64,
    begun: Instant,
    owing: Mutex<Owing<K>>,
}

struct Owing<K> {
    /// When each key owes nothing more (GCRA's theoretical arrival time), in nanoseconds since the beginning.
    until: HashMap<K, u64>,
    /// With how many keys idle ones are looked for next.
    sweep_at: usize,
}

impl<K: Hash + Eq + Clone> Allowance<K> {
    /// `most` in a window.
    pub fn new(most: u32, window: Duration) -> Self {
        let window = nanoseconds(window);
        let owing = Mutex::new(Owing { until: HashMap::new(), sweep_at: FEW_KEYS });
        Self { each: window / u64::from(most.max(1)), window, begun: Instant::now(), owing }
    }

    /// Takes `count` at once, or nothing and says how long to wait.
    pub fn take(&self, key: &K, count: u64, now: Instant) -> Result<(), Duration> {
        if count == 0 {
            return Ok(());
        }
        let now = nanoseconds(now.saturating_duration_since(self.begun));
        let mut owing = locked(&self.owing);
        let known = owing.until.get_mut(key);
        let owed = known.as_ref().map_or(now, |until| (**until).max(now));
        let until = owed.saturating_add(self.each.saturating_mul(count));
        if let Some(wait) = until.checked_sub(now + self.window).filter(|wait| *wait > 0) {
            return Err(Duration::from_nanos(wait));
        }
        match known {
            Some(known) => *known = until,
            None => {
                owing.make_room(now);
                owing.until.insert(key.clone(), until);
            }
        }
        Ok(())
    }
}

impl<K: Hash + Eq> Owing<K> {
    fn make_room(&mut self, now: u64) {
        if self.until.len() < self.sweep_at {
            return;
        }
        self.until.retain(|_, until| *until > now);
        if self.until.len() >= MOST_KEYS {
            let owed: u128 = self.until.values().map(|until| u128::from(*until)).sum();
            let mean = owed / self.until.len() as u128;
            self.until.retain(|_, until| u128::from(*until) > mean);
        }
        self.sweep_at = (self.until.len() * 2).clamp(FEW_KEYS, MOST_KEYS);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_key_takes_its_allowance_and_then_what_time_gives_back() {
        let allowance = Allowance::new(300, MINUTE);
        let now = Instant::now();
        for _ in 0..15 {
            assert_eq!(allowance.take(&"ann", 20, now), Ok(()));
        }
        let wait = allowance.take(&"ann", 2, now).unwrap_err();
        assert!((wait.as_millis() as i64 - 400).abs() <= 1, "{wait:?}");
        assert_eq!(allowance.take(&"bob", 300, now), Ok(()), "another key");
        assert_eq!(allowance.take(&"ann", 2, now + wait), Ok(()));
        assert!(allowance.take(&"ann", 1, now + wait).is_err());
        assert_eq!(allowance.take(&"ann", 300, now + wait + MINUTE), Ok(()));
        assert!(allowance.take(&"carl", 301, now).is_err());
    }

    #[test]
    fn idle_keys_go_and_of_too_many_those_that_owe_least() {
        let allowance = Allowance::new(300, MINUTE);
        let now = Instant::now();
        for key in 0..MOST_KEYS as u32 * 3 {
            allowance.take(&key, 1, now + Duration::from_micros(key.into())).unwrap();
        }
        assert!(allowance.owing.lock().unwrap().until.len() <= MOST_KEYS);
        allowance.take(&u32::MAX, 300, now + MINUTE).unwrap();
        for key in 0..MOST_KEYS as u32 * 3 {
            let _ = allowance.take(&key, 1, now + MINUTE);
        }
        assert!(allowance.take(&u32::MAX, 1, now + MINUTE).is_err(), "it owes most");
        for key in 0..MOST_KEYS as u32 {
            allowance.take(&key, 1, now + MINUTE * 9).unwrap();
        }
        assert!(allowance.owing.lock().unwrap().until.len() <= MOST_KEYS);
    }
}
