//! Metrics of a node. What happens to every frame is counted by each shard for itself.

use std::cell::Cell;
use std::sync::LazyLock;

use prometheus::{
    IntCounter, IntCounterVec, IntGauge, register_int_counter, register_int_counter_vec, register_int_gauge,
};

use platform::telemetry::{Stage, made};

use crate::protocol::CloseCode;
use crate::socket::closing::End;

/// Records of the event topics that are no events, or cannot be decoded.
pub static UNREADABLE: LazyLock<IntCounter> = LazyLock::new(|| {
    made(register_int_counter!(
        "musclemap_fanout_unreadable_records_total",
        "Records of the event topics that are no events, or cannot be decoded"
    ))
});

/// Sockets that are open, from their handshake to their end.
pub static SOCKETS: LazyLock<IntGauge> =
    LazyLock::new(|| made(register_int_gauge!("musclemap_fanout_sockets", "Open sockets")));

pub static SUBSCRIPTIONS: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!("musclemap_fanout_subscriptions", "Subscriptions on open sockets"))
});

static DELIVERIES: LazyLock<IntCounter> = LazyLock::new(|| {
    made(register_int_counter!(
        "musclemap_fanout_deliveries_total",
        "Events handed to a socket, each once for each subscription"
    ))
});

static WRITES: LazyLock<IntCounter> =
    LazyLock::new(|| made(register_int_counter!("musclemap_fanout_writes_total", "Writes to sockets")));

thread_local! {
    // What this thread's shard has counted. A counter of all would go from core to core with every write.
    static DELIVERED: Cell<u64> = const { Cell::new(0) };
    static WROTE: Cell<u64> = const { Cell::new(0) };
}

/// Something was delivered to a subscription.
pub fn delivered() {
    DELIVERED.set(DELIVERED.get() + 1);
}

/// Something was written to a socket.
pub fn wrote() {
    WROTE.set(WROTE.get() + 1);
}

/// Exports what this thread has counted.
pub fn tell_counts() {
    DELIVERIES.inc_by(DELIVERED.take());
    WRITES.inc_by(WROTE.take());
}

/// Bytes that wait because clients do not read.
pub static QUEUED_BYTES: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!("musclemap_fanout_queued_bytes", "Bytes that wait for clients to read"))
});

static RENDERINGS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_fanout_renderings_total",
        "Payloads executed: shared by selection and answers, or private to a viewer",
        &["kind"]
    ))
});

static CLASSES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_fanout_answer_classes_total",
        "Classes of answers by event and selection: the first, further ones, or beyond those that are shared",
        &["class"]
    ))
});

static PRIVATE_EXECUTIONS: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!(
        "musclemap_fanout_private_executions",
        "Payloads that are being executed for a single viewer"
    ))
});

static SOCKET_ENDS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_fanout_socket_ends_total",
        "Sockets that ended, by reason: the client went or closed, or the node closed with a code",
        &["reason"]
    ))
});

static DROPPED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_fanout_dropped_total",
        "Frames dropped: superseded by later ones, cleared by an overflow, or notices without room",
        &["kind"]
    ))
});

static RESUMES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_fanout_resumes_total",
        "Inboxes resumed at a cursor, by outcome",
        &["outcome"]
    ))
});

/// Payloads that were executed.
pub fn renderings(is_private: bool) -> IntCounter {
    RENDERINGS.with_label_values(&[if is_private { "private" } else { "shared" }])
}

/// Classes of answers that were met; one beyond the bound counts each time it is asked for.
pub fn classes(class: Class) -> IntCounter {
    CLASSES.with_label_values(&[class.name()])
}

/// An execution for a single viewer, for as long as it is held.
pub struct PrivateExecution(());

impl PrivateExecution {
    pub fn begin() -> Self {
        PRIVATE_EXECUTIONS.inc();
        Self(())
    }
}

impl Drop for PrivateExecution {
    fn drop(&mut self) {
        PRIVATE_EXECUTIONS.dec();
    }
}

/// Sockets that have ended for a reason.
pub fn socket_ends(reason: &'static str) -> IntCounter {
    SOCKET_ENDS.with_label_values(&[reason])
}

/// Frames that left a queue without being sent.
pub fn dropped(kind: Dropped) -> IntCounter {
    DROPPED.with_label_values(&[kind.name()])
}

/// Clients that came with a cursor.
pub fn resumes(outcome: Resumed) -> IntCounter {
    RESUMES.with_label_values(&[outcome.name()])
}

/// A class of answers of an event and a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    First,
    Further,
    /// Its viewers do not share a rendering.
    Beyond,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Further => "further",
            Self::Beyond => "beyond",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Dropped {
    /// A later fact supersedes it.
    Superseded,
    /// The client reads too slowly, and will resume.
    Overflow,
    /// A typing notice for which the queue had no room.
    Typing,
    /// A presence notice for which the queue had no room, or a change that had none on its way.
    Presence,
    /// A change of a user for which the queue had no room, or whose audience could not be read.
    UserChanged,
    /// A change of flags for which the queue had no room.
    FlagsChanged,
    /// A translated message for which the queue had no room, or that could not be read.
    Translated,
}

impl Dropped {
    const ALL: [Self; 7] = [
        Self::Superseded,
        Self::Overflow,
        Self::Typing,
        Self::Presence,
        Self::UserChanged,
        Self::FlagsChanged,
        Self::Translated,
    ];
}

impl Dropped {
    fn name(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Overflow => "overflow",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::UserChanged => "user",
            Self::FlagsChanged => "flags",
            Self::Translated => "translated",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Resumed {
    /// It has got all that it had missed.
    Drained,
    /// It starts afresh.
    Gap,
}

impl Resumed {
    fn name(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Gap => "gap",
        }
    }
}

/// Exports everything from now on, at 0.
pub fn export() {
    for counter in [&UNREADABLE, &DELIVERIES, &WRITES] {
        counter.inc_by(0);
    }
    for gauge in [&SOCKETS, &SUBSCRIPTIONS, &QUEUED_BYTES, &PRIVATE_EXECUTIONS] {
        gauge.add(0);
    }
    for stage in [Stage::Fanout, Stage::Socket] {
        let _ = stage.histogram();
    }
    // Asking for a counter makes it appear.
    let _ = [true, false].map(renderings);
    let _ = [Class::First, Class::Further, Class::Beyond].map(classes);
    let _ = CloseCode::ALL.map(|code| socket_ends(code.name()));
    let _ = End::OF_CLIENTS.map(socket_ends);
    let _ = Dropped::ALL.map(dropped);
    let _ = [Resumed::Drained, Resumed::Gap].map(resumes);
}
