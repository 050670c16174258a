//! Counts of messages between processes.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounter, IntCounterVec, register_int_counter_vec};

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Typing,
    Presence,
    Translation,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Typing, Self::Presence, Self::Translation];

    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Translation => "translation",
        }
    }
}

static PUBLISHED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_awareness_published_total",
        "Messages published for all nodes",
        &["kind"]
    ))
});

static MALFORMED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_awareness_malformed_total",
        "Messages of other processes that cannot be read",
        &["kind"]
    ))
});

static FAILED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_awareness_failed_total",
        "Changes that no request waits for and that could not be made or delivered",
        &["kind"]
    ))
});

pub fn failed(kind: Kind) -> IntCounter {
    FAILED.with_label_values(&[kind.name()])
}

pub fn published(kind: Kind) -> IntCounter {
    PUBLISHED.with_label_values(&[kind.name()])
}

pub fn malformed(kind: Kind) -> IntCounter {
    MALFORMED.with_label_values(&[kind.name()])
}

/// Exports everything from now on, at 0.
pub fn announce() {
    for kind in Kind::ALL {
        let _ = (published(kind), malformed(kind), failed(kind));
    }
}
