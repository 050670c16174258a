//! How long a message takes from stage to stage, from the request to the socket: one histogram.
//!
//! Stages begin at log time where they begin in the log. That is the log's clock, and they end by this
//! process's: what the two differ by is in the figure, and what would be negative is counted as nothing.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramVec, histogram_opts, register_histogram_vec};
use schemas::position::LogTime;
use schemas::verdict::Decider;

use super::made;

/// Bounds of time in seconds: fine where messages are, up to where nothing waits any more.
pub const SECONDS: [f64; 20] = [
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0,
    2.0, 5.0, 10.0, 30.0,
];

static STAGES: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = histogram_opts!(
        "musclemap_stage_seconds",
        "How long messages take, by stage of their way from request to socket",
        SECONDS.to_vec()
    );
    made(register_histogram_vec!(options, &["stage"]))
});

/// A part of a message's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// From a send's request until the log has its command.
    Append,
    /// From an account's command in the log until the log has its outputs.
    Accounts,
    /// From a conversation's command in the log until the log has its event.
    Conversations,
    /// From the queueing of a send's command until its verdicts are heard.
    Verdict,
    /// A whole send, from request to answer.
    Request,
    /// From an event in the log until a fan-out node has taken it in.
    Fanout,
    /// From an event in the log until it is written to the sockets of a node.
    Socket,
}

impl Stage {
    pub const ALL: [Self; 7] = [
        Self::Append,
        Self::Accounts,
        Self::Conversations,
        Self::Verdict,
        Self::Request,
        Self::Fanout,
        Self::Socket,
    ];

    /// Value of the label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Accounts => "accounts",
            Self::Conversations => "conversations",
            Self::Verdict => "verdict",
            Self::Request => "request",
            Self::Fanout => "fanout",
            Self::Socket => "socket",
        }
    }

    /// What a machine's part is.
    pub fn of(machine: Decider) -> Self {
        match machine {
            Decider::Accounts => Self::Accounts,
            Decider::Conversations => Self::Conversations,
        }
    }

    /// The series that it is noted in; asking for it makes it appear.
    pub fn histogram(self) -> Histogram {
        STAGES.with_label_values(&[self.name()])
    }

    /// Notes a message for which it took so long.
    pub fn took(self, duration: Duration) {
        self.histogram().observe(duration.as_secs_f64());
    }

    /// Notes a message for which it began and ended at these times.
    pub fn between(self, began: LogTime, ended: LogTime) {
        self.took(Duration::from_millis(u64::try_from(ended.saturating_sub(began)).unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_ends_before_it_began_took_no_time() {
        // Nothing else in this process notes it.
        let (stage, histogram) = (Stage::Socket, Stage::Socket.histogram());
        stage.between(5_000, 5_250);
        stage.between(5_000, 4_000);
        stage.took(Duration::from_millis(750));
        assert_eq!((histogram.get_sample_count(), histogram.get_sample_sum()), (3, 1.0));
    }

    #[test]
    fn every_stage_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = Stage::ALL.map(Stage::name).into();
        assert_eq!(names.len(), Stage::ALL.len());
    }
}
