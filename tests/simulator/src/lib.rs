//! The simulator: the real folds and the real runner over simulated ports, under seeded schedules.
//!
//! A run lets commands arrive, polls runners, and completes their calls in an order drawn from the
//! seed. It crashes and pauses runners between any two steps, starts another owner beside a paused
//! one, lets appends and writes of the dead land late or on some replicas only, fails calls whose
//! writes happened, moves log time back, and puts new policies in force meanwhile. Then everything
//! comes to rest, and [`check`] compares log, rows and answers.
//!
//! Invariant: a seed is the whole run; the same seed gives the same steps.

pub mod check;
pub mod clients;
pub mod operations;
pub mod ports;
pub mod schedule;
pub mod tables;
pub mod world;

use platform::runner::fault::Fault as RunnerFault;

pub use world::Statistics;

/// Partitions of every topic; two, so that commands cross between them.
pub const PARTITIONS: i32 = 2;

/// A rule left out, to prove that a run would show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Runner(RunnerFault),
    Rules(domain::fault::Fault),
    /// The last write of a row to arrive stays, whatever its version.
    NoVersions,
    /// A producer that dies may have appended a later record without an earlier one.
    GapsOnCrash,
}

/// Every fault by name.
pub fn faults() -> Vec<(&'static str, Fault)> {
    use RunnerFault as Run;
    use domain::fault::Fault as Rule;
    vec![
        ("running-watermarks", Fault::Runner(Run::RunningWatermarks)),
        ("running-policy", Fault::Runner(Run::RunningPolicy)),
        ("early-checkpoint", Fault::Runner(Run::EarlyCheckpoint)),
        ("checkpoint-before-verdict", Fault::Runner(Run::CheckpointBeforeVerdict)),
        ("early-verdict", Fault::Runner(Run::EarlyVerdict)),
        ("views-later", Fault::Runner(Run::ViewsLater)),
        ("torn-read", Fault::Runner(Run::TornRead)),
        ("write-before-acknowledged", Fault::Runner(Run::WriteBeforeAcknowledged)),
        ("no-rewrite", Fault::Runner(Run::NoRewrite)),
        ("rewrite-blind", Fault::Runner(Run::RewriteBlind)),
        ("no-watermarks", Fault::Runner(Run::NoWatermarks)),
        ("watermarks-skipped", Fault::Runner(Run::WatermarksSkipped)),
        ("no-applied", Fault::Runner(Run::NoApplied)),
        ("any-charge", Fault::Rules(Rule::AnyCharge)),
        ("charged-by-row", Fault::Rules(Rule::ChargedByRow)),
        ("refused-remembered", Fault::Rules(Rule::RefusedRemembered)),
        ("no-versions", Fault::NoVersions),
        ("gaps-on-crash", Fault::GapsOnCrash),
    ]
}

/// Runs one seed; gives what happened, or the first violation that was seen.
pub fn run(seed: u64, fault: Option<Fault>) -> Result<Statistics, String> {
    platform::runner::fault::plant(match fault {
        Some(Fault::Runner(fault)) => Some(fault),
        _ => None,
    });
    domain::fault::plant(match fault {
        Some(Fault::Rules(fault)) => Some(fault),
        _ => None,
    });
    schedule::Schedule::new(seed, fault).run()
}
