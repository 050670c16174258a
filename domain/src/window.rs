//! Sliding windows: at most `count` in any period of `seconds`.
//!
//! Invariant: windows count by log time alone, so a replay reaches the same verdict.

use fold::CLOCK_TOLERANCE_MS;
use schemas::code::Refusal;
use schemas::control::Limit;
use schemas::position::LogTime;

/// The window is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// Milliseconds until the next one is admitted.
    pub retry_after_ms: i64,
}

impl Exhausted {
    pub fn refusal(self, name: &str, limit: &Limit) -> Refusal {
        let detail = "too many in too short a time";
        Refusal {
            quota: Some(limit.count.into()),
            ..Refusal::rate_limited(name, detail, limit.seconds, self.retry_after_ms)
        }
    }
}

/// Whether something counted at `then` still counts at `at`.
pub fn counts(then: LogTime, at: LogTime, seconds: i64) -> bool {
    !is_over(then, at, seconds) && !is_void(then, at)
}

fn is_over(then: LogTime, at: LogTime, seconds: i64) -> bool {
    at >= then + seconds * 1_000
}

/// What lies further ahead than a clock may be wrong was counted by a broken clock.
fn is_void(then: LogTime, at: LogTime) -> bool {
    then > at + CLOCK_TOLERANCE_MS
}

/// Says whether one more fits beside `times`, which are oldest first.
pub fn check(
    times: impl Iterator<Item = LogTime> + Clone,
    at: LogTime,
    limit: &Limit,
) -> Result<(), Exhausted> {
    let mut counted = times.filter(|then| counts(*then, at, limit.seconds));
    let allowed = usize::try_from(limit.count).unwrap_or(0);
    let Some(surplus) = counted.clone().count().checked_sub(allowed) else { return Ok(()) };
    // One more fits as soon as fewer than `allowed` of these are left.
    let leaves = counted.nth(surplus).unwrap_or(at);
    Err(Exhausted { retry_after_ms: leaves + limit.seconds * 1_000 - at })
}

/// What a window has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many more fit now.
    pub remaining: i32,
    /// When one more fits than now; absent if none is counted.
    pub frees_at: Option<LogTime>,
}

/// The room beside `times`, which are oldest first.
pub fn room(times: impl Iterator<Item = LogTime> + Clone, at: LogTime, limit: &Limit) -> Room {
    let mut counted = times.filter(|then| counts(*then, at, limit.seconds));
    let count = counted.clone().count();
    let allowed = usize::try_from(limit.count).unwrap_or(0);
    let frees_at = counted.nth(count.saturating_sub(allowed)).map(|then| then + limit.seconds * 1_000);
    let remaining = i32::try_from(allowed.saturating_sub(count)).unwrap_or(i32::MAX);
    Room { remaining, frees_at }
}

/// Of what was counted, oldest first, the part that still counts at `at`.
pub fn counting<T>(all: &[T], at: LogTime, seconds: i64, time: impl Fn(&T) -> LogTime) -> &[T] {
    let from = all.partition_point(|one| is_over(time(one), at, seconds));
    let to = all.partition_point(|one| !is_void(time(one), at));
    &all[from..to.max(from)]
}

/// One more, behind those of its time: not always at the end, as the clock may have been put back.
pub fn one_more<T: Clone>(all: &[T], new: T, time: impl Fn(&T) -> LogTime) -> Vec<T> {
    let (before, behind) = all.split_at(all.partition_point(|other| time(other) <= time(&new)));
    let mut more = Vec::with_capacity(all.len() + 1);
    more.extend_from_slice(before);
    more.push(new);
    more.extend_from_slice(behind);
    more
}

/// One at `at`, among those of `times` that still count.
pub fn with(times: &[LogTime], at: LogTime, limit: &Limit) -> Vec<LogTime> {
    one_more(counting(times, at, limit.seconds, |time| *time), at, |time| *time)
}

/// Takes back what was counted at `at`, if it still counts.
pub fn take_back(times: &mut Vec<LogTime>, at: LogTime) {
    if let Some(found) = times.iter().position(|then| *then == at) {
        times.remove(found);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { count: 3, seconds: 10 };

    #[test]
    fn one_more_fits_when_the_oldest_is_a_window_old() {
        let mut times = vec![];
        for at in [0, 1_000, 2_000] {
            assert_eq!(check(times.iter().copied(), at, &LIMIT), Ok(()));
            times = with(&times, at, &LIMIT);
        }
        assert_eq!(check(times.iter().copied(), 9_999, &LIMIT), Err(Exhausted { retry_after_ms: 1 }));
        assert_eq!(check(times.iter().copied(), 10_000, &LIMIT), Ok(()));
        take_back(&mut times, 1_000);
        assert_eq!(check(times.iter().copied(), 5_000, &LIMIT), Ok(()));
    }

    #[test]
    fn times_stay_oldest_first_when_the_clock_is_put_back() {
        let mut times = vec![];
        for at in [8_000, 10_000, 4_000] {
            times = with(&times, at, &LIMIT);
        }
        assert_eq!(times, [4_000, 8_000]);
    }

    #[test]
    fn what_a_broken_clock_counted_does_not_lock_anyone_out() {
        let times = [3_600_000, 3_600_001, 3_600_002];
        assert_eq!(check(times.into_iter(), 1_000, &LIMIT), Ok(()));
    }

    proptest! {
        /// Against the check: as many pass as there is room for, and at the time given there is room again.
        #[test]
        fn the_room_is_what_the_check_lets_pass(
            mut times in prop::collection::vec(0i64..40_000, 0..8), at in 0i64..40_000,
        ) {
            // What lies ahead does not count yet.
            times.retain(|then| *then <= at);
            times.sort_unstable();
            let now = room(times.iter().copied(), at, &LIMIT);
            let passes = |more: i32, at: LogTime| {
                let with: Vec<i64> = times.iter().copied().chain((0..more).map(|_| at)).collect();
                check(with.into_iter(), at, &LIMIT).is_ok()
            };
            prop_assert!(now.remaining == 0 || passes(now.remaining - 1, at));
            prop_assert!(!passes(now.remaining, at));
            if let Some(later) = now.frees_at {
                let then = |at| room(times.iter().copied(), at, &LIMIT).remaining;
                prop_assert!(later > at && then(later) > now.remaining && then(later - 1) >= now.remaining);
            } else {
                prop_assert_eq!(now.remaining, LIMIT.count);
            }
        }

        #[test]
        fn the_part_that_counts_is_each_that_does(
            mut times in prop::collection::vec(0i64..40_000, 0..30),
            at in 0i64..40_000,
        ) {
            times.sort_unstable();
            let each: Vec<i64> = times.iter().copied().filter(|then| counts(*then, at, LIMIT.seconds)).collect();
            prop_assert_eq!(counting(&times, at, LIMIT.seconds, |time| *time), each);
        }

        /// Against the definition: no window of 10 s holds more than 3 of the admitted, and what
        /// is refused would have made a fourth.
        #[test]
        fn admits_exactly_what_the_definition_allows(gaps in prop::collection::vec(0i64..6_000, 1..60)) {
            let (mut at, mut times, mut admitted) = (0, vec![], Vec::<i64>::new());
            for gap in gaps {
                at += gap;
                let inside = admitted.iter().filter(|then| at - **then < 10_000).count();
                let verdict = check(times.iter().copied(), at, &LIMIT);
                prop_assert_eq!(verdict.is_ok(), inside < 3);
                match verdict {
                    Ok(()) => { times = with(&times, at, &LIMIT); admitted.push(at); }
                    Err(exhausted) => {
                        let later = at + exhausted.retry_after_ms;
                        prop_assert!(check(times.iter().copied(), later, &LIMIT).is_ok());
                        prop_assert!(check(times.iter().copied(), later - 1, &LIMIT).is_err());
                    }
                }
            }
            prop_assert!(times.len() <= 3);
        }
    }
}
