//! Metrics of link previews. Lag and tries are among `platform`'s, requests among `egress`'s.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounterVec, register_int_counter_vec};

static LINKS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_preview_links_total",
        "Links of messages, by where their preview came from, or why there is none",
        &["result"]
    ))
});

static MESSAGES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_preview_messages_total",
        "Messages with links, by what was done for them",
        &["result"]
    ))
});

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Known from an earlier message, as a preview or as a failure.
    Known,
    Fetched,
    /// The page is not there, does not answer, or is refused by what guards the way out.
    Unreachable,
    /// What is there is no page and no image, or says nothing.
    Nothing,
    /// Another fetch of it did not end in time.
    Waited,
}

impl Link {
    const ALL: [Self; 5] = [Self::Known, Self::Fetched, Self::Unreachable, Self::Nothing, Self::Waited];

    fn label(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Fetched => "fetched",
            Self::Unreachable => "unreachable",
            Self::Nothing => "nothing",
            Self::Waited => "waited",
        }
    }
}

/// What was done for a message with links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Attached,
    /// None of its links has a preview.
    Nothing,
    /// Its sender has no link previews.
    Off,
    /// It is too old.
    Late,
    /// Its text was edited or removed since, or has its previews.
    Passed,
}

impl Message {
    const ALL: [Self; 5] = [Self::Attached, Self::Nothing, Self::Off, Self::Late, Self::Passed];

    fn label(self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::Nothing => "nothing",
            Self::Off => "off",
            Self::Late => "late",
            Self::Passed => "passed",
        }
    }
}

/// Makes what is counted appear.
pub fn announce() {
    for link in Link::ALL {
        LINKS.with_label_values(&[link.label()]);
    }
    for message in Message::ALL {
        MESSAGES.with_label_values(&[message.label()]);
    }
}

/// Counts a link.
pub fn link(link: Link) {
    LINKS.with_label_values(&[link.label()]).inc();
}

/// Counts a message.
pub fn message(message: Message) {
    MESSAGES.with_label_values(&[message.label()]).inc();
}
