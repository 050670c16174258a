//! Metrics of ingest. How long a send takes is among `platform`'s stages.

use std::sync::LazyLock;

use platform::telemetry::{Stage, made};
use prometheus::{
    Histogram, IntCounter, IntCounterVec, IntGauge, register_histogram, register_int_counter,
    register_int_counter_vec, register_int_gauge,
};
use schemas::ErrorCode;
use schemas::position::LogTime;
use schemas::reporting::{ModerationAction, ReportReason};

/// Makes what an ingest counts appear.
pub fn announce() {
    for operation in ["query", "mutation"] {
        for result in std::iter::once("ok").chain(ErrorCode::ALL.map(ErrorCode::as_str)) {
            REQUESTS.with_label_values(&[operation, result]);
        }
    }
    for fact in ["sender_context", "profile", "tier"] {
        for from in ["memory", "tables"] {
            FACTS.with_label_values(&[fact, from]);
        }
    }
    for metric in [&TLS_HANDSHAKES, &TLS_RELOADS] {
        for result in ["ok", "failed"] {
            metric.with_label_values(&[result]);
        }
    }
    for transfer in [Transfer::Upload, Transfer::Download] {
        for result in ["ok", "failed"] {
            TRANSFERS.with_label_values(&[transfer.name(), result]);
        }
    }
    for reason in ReportReason::ALL {
        REPORTS.with_label_values(&[reason.as_str()]);
    }
    for action in ModerationAction::ALL {
        DECISIONS.with_label_values(&[action.as_str()]);
    }
    LazyLock::force(&DECIDED_AFTER);
    for result in Fired::ALL {
        FIRED.with_label_values(&[result.name()]);
    }
    LazyLock::force(&LATE);
    WAITING.set(0);
    STALLED.inc_by(0);
    for stage in [Stage::Append, Stage::Verdict, Stage::Request] {
        stage.histogram();
    }
}

/// GraphQL requests by operation type and result: `ok`, or the code of the first error.
pub static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_ingest_requests_total",
        "GraphQL requests over HTTP by operation type and result",
        &["operation", "result"]
    ))
});

/// Facts that sends carry, by what they are and where they were found.
pub static FACTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_ingest_facts_total",
        "Facts that sends carry, by what they are and where they were found",
        &["fact", "from"]
    ))
});

static TRANSFERS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_ingest_transfers_total",
        "Requests that bring or get bytes of files, by direction and result",
        &["direction", "result"]
    ))
});

/// Which way bytes of a file go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    Upload,
    Download,
}

impl Transfer {
    fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// Counts a request of a transfer.
pub fn transferred(transfer: Transfer, is_ok: bool) {
    TRANSFERS.with_label_values(&[transfer.name(), if is_ok { "ok" } else { "failed" }]).inc();
}

static REPORTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_reports_total",
        "Reports of messages that were filed, by reason",
        &["reason"]
    ))
});

/// Counts a report.
pub fn reported(reason: ReportReason) {
    REPORTS.with_label_values(&[reason.as_str()]).inc();
}

static DECISIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_report_decisions_total",
        "Decisions of moderators about reports, by action",
        &["action"]
    ))
});

/// Minutes, hours and days, in seconds.
const DECIDED_WITHIN: [f64; 7] = [60.0, 600.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0, 604_800.0];

static DECIDED_AFTER: LazyLock<Histogram> = LazyLock::new(|| {
    made(register_histogram!(
        "musclemap_report_decision_seconds",
        "Time from a report to the first decision about it",
        DECIDED_WITHIN.to_vec()
    ))
});

/// Counts a decision; the first one about a report with the milliseconds that the report waited.
pub fn decided(action: ModerationAction, waited: Option<LogTime>) {
    DECISIONS.with_label_values(&[action.as_str()]).inc();
    if let Some(seconds) = waited.map(|waited| waited / 1_000).and_then(|seconds| i32::try_from(seconds).ok())
    {
        DECIDED_AFTER.observe(f64::from(seconds));
    }
}

/// What came of asking an account for what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    Sent,
    /// Another scheduler was first, or the user has changed it.
    Before,
    Failed,
    /// It is asked again.
    Again,
    /// The timers could not be read.
    Unread,
}

impl Fired {
    const ALL: [Self; 5] = [Self::Sent, Self::Before, Self::Failed, Self::Again, Self::Unread];

    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Before => "before",
            Self::Failed => "failed",
            Self::Again => "again",
            Self::Unread => "unread",
        }
    }
}

static FIRED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_scheduler_fired_total",
        "Timers for which accounts were asked, by result",
        &["result"]
    ))
});

/// From a tenth of a second to a minute, in seconds.
const LATE_WITHIN: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0];

static LATE: LazyLock<Histogram> = LazyLock::new(|| {
    made(register_histogram!(
        "musclemap_scheduler_late_seconds",
        "Time from when a scheduled message was due until it was there",
        LATE_WITHIN.to_vec()
    ))
});

/// Counts what came of a timer; of one that was sent, the milliseconds that it is late.
pub fn fired(result: Fired, late_ms: Option<LogTime>) {
    FIRED.with_label_values(&[result.name()]).inc();
    if let Some(late_ms) = late_ms.and_then(|late| i32::try_from(late).ok()) {
        LATE.observe(f64::from(late_ms.max(0)) / 1_000.0);
    }
}

/// Requests that wait for their verdicts.
pub static WAITING: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!("musclemap_ingest_waiting_requests", "Requests that wait for verdicts"))
});

/// Requests refused because the log acknowledges nothing.
pub static STALLED: LazyLock<IntCounter> = LazyLock::new(|| {
    made(register_int_counter!(
        "musclemap_ingest_stalled_requests_total",
        "Requests refused because the log acknowledges nothing"
    ))
});

/// Handshakes of TLS on the clients' port.
pub static TLS_HANDSHAKES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_tls_handshakes_total",
        "Handshakes of TLS on the clients' port by result",
        &["result"]
    ))
});

/// Changed files of a certificate and its key.
pub static TLS_RELOADS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_tls_reloads_total",
        "Changed certificates: taken, or unusable and left alone",
        &["result"]
    ))
});
