//! Claims that hold whatever is commanded, over random commands at random times.
//!
//! Time goes forward, and now and then back by up to five seconds, as log-append time may.

mod account;
mod attaching;
mod blocking;
mod conserved;
mod conversation;
mod editing;
mod forwarding;
mod generators;
mod ledger;
mod message_requests;
mod notifications;
mod numbers;
mod once;
mod organizing;
mod pinning;
mod polling;
mod previewing;
mod privacy;
mod push;
mod reacting;
mod refunded;
mod replayed;
mod reporting;
mod scheduling;
mod settings;
mod small;
mod stickers;
mod suspending;
mod templating;
mod uploading;
mod voice;
mod windows;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;
use schemas::position::LogTime;

/// A failing case is printed whole; it needs no file beside the sources.
pub fn cases(cases: u32) -> Config {
    Config { failure_persistence: None, ..Config::with_cases(cases) }
}

/// Milliseconds between two commands; a negative one stamps a command that much too early.
fn gap() -> impl Strategy<Value = LogTime> {
    prop_oneof![
        2 => -5_000i64..0,
        6 => 0i64..1_500,
        3 => 0i64..20_000,
        1 => Just(0),
        1 => 600_000i64..90_000_000,
    ]
}

/// Log-append time of a command that comes `gap` after the clock stood at `now`.
fn pass(now: &mut LogTime, gap: LogTime) -> LogTime {
    *now += gap.max(0);
    *now + gap.min(0)
}
