//! Projections: consumers that turn each record into rows, and keep nothing in between.
//!
//! Invariant: a record's rows are written before the group's offset passes it, under a version that the
//! record determines, so repeats and races change nothing.

use schemas::position::Version;
use schemas::tables::views::ViewRow;
use schemas::topics::Topic;
use tokio_util::sync::CancellationToken;

use crate::dead_letter;
use crate::group::{self, Assignment};
use crate::ports::{LogError, Record};
use crate::retry;
use crate::telemetry::consumers;

pub use crate::ports::Ports;

/// Rows of one record.
pub trait Projection: Send + Sync + 'static {
    const NAME: &'static str;
    /// CloudEvents source of its dead letters.
    const SOURCE: &'static str;

    fn topic() -> &'static Topic;

    /// The rows that the record says, or why it says nothing that can be understood.
    fn project(record: &Record) -> Result<Vec<ViewRow>, String>;

    /// The version of these rows.
    fn version(record: &Record) -> Version {
        Version::of(record.offset)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Tables(#[from] retry::Refused),
}

/// Projects the partitions that this process holds, until `stop`.
pub async fn serve<P: Projection>(ports: Ports, stop: CancellationToken) -> Result<(), ProjectionError> {
    let run = {
        let ports = ports.clone();
        move |assignment| run::<P>(ports.clone(), assignment)
    };
    group::serve(ports.log, ports.clock, P::NAME, P::topic(), stop, run).await
}

/// Projects one partition from where the group has noted, until it is stopped.
async fn run<P: Projection>(ports: Ports, assignment: Assignment) -> Result<(), ProjectionError> {
    let Assignment { partition, committed, stop, progress } = assignment;
    let start = match committed {
        Some(next) => next,
        None => ports.log.marks(P::topic(), partition).await?.low,
    };
    let mut reader = ports.log.read(P::topic(), partition, start).await?;
    let batches = consumers::batches(P::NAME);
    loop {
        let records = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            records = retry::next_records(&*ports.clock, reader.as_mut()) => records?,
        };
        let began = ports.clock.now();
        for record in &records {
            match P::project(record) {
                Ok(rows) => write(&ports, rows, P::version(record)).await?,
                Err(reason) => dead_letter::<P>(&ports, record, &reason).await?,
            }
        }
        if let Some(last) = records.last() {
            progress.note(partition, last.offset + 1, last.time);
        }
        batches.observe((ports.clock.now() - began).max(0) as f64 / 1_000.0);
    }
}

async fn write(ports: &Ports, rows: Vec<ViewRow>, version: Version) -> Result<(), retry::Refused> {
    let versioned: Vec<(ViewRow, Version)> = rows.into_iter().map(|row| (row, version)).collect();
    retry::until_answered(&*ports.clock, || {
        Box::pin(crate::ports::tables::put_views(&*ports.tables, &versioned))
    })
    .await
}

async fn dead_letter<P: Projection>(ports: &Ports, record: &Record, reason: &str) -> Result<(), LogError> {
    tracing::warn!(
        projection = P::NAME,
        partition = record.partition,
        offset = record.offset,
        reason,
        "poison record"
    );
    dead_letter::append(&*ports.log, P::topic(), P::SOURCE, record, reason).await
}
