//! The audit log of moderation, held to its chains.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use platform::clock::{Clock, SystemClock};
use platform::ports::{Range, Row, Tables};
use schemas::ConversationId;
use schemas::auditing::{AuditEntry, AuditHead};
use schemas::avro;
use schemas::reporting::ReportStatus;
use schemas::rows::RowKey;
use schemas::tables::audits::{AuditRow, ENTRIES_PER_BUCKET};
use schemas::tables::reports::{BUCKET_MS, FIRST_BUCKET, ReportRow};
use schemas::tables::{AUDIT, CONVERSATIONS, FromValues, REPORTS, Table, Value};

/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// What a look at every chain has found.
#[derive(Debug, Default)]
pub struct Verified {
    pub entries: i64,
    pub conversations: usize,
    /// Where a chain breaks.
    pub breaks: Vec<String>,
}

/// Checks the log of every conversation with a report, prints where one breaks, and then fails.
pub async fn verify(tables: &dyn Tables) -> Result<()> {
    let found = run(tables).await?;
    found.breaks.iter().for_each(|line| println!("{line}"));
    ensure!(found.breaks.is_empty(), "{} chains are broken", found.breaks.len());
    println!("{} entries of {} conversations, unbroken", found.entries, found.conversations);
    Ok(())
}

async fn run(tables: &dyn Tables) -> Result<Verified> {
    let mut found = Verified::default();
    for conversation in reported(tables).await? {
        found.conversations += 1;
        match follow(tables, &conversation).await? {
            Ok(entries) => found.entries += entries,
            Err(wrong) => found.breaks.push(format!("{conversation}: {wrong}")),
        }
    }
    Ok(found)
}

/// Conversations with reports. Each report stands in the queue of one status.
async fn reported(tables: &dyn Tables) -> Result<BTreeSet<ConversationId>> {
    let mut found = BTreeSet::new();
    for status in ReportStatus::ALL {
        for bucket in FIRST_BUCKET..=SystemClock.now() / BUCKET_MS {
            for row in all(tables, &REPORTS, ReportRow::partition(status, bucket)).await? {
                found.insert(
                    ReportRow::from_row(status, &row.key, &row.columns)?.place.id.message.conversation,
                );
            }
        }
    }
    Ok(found)
}

/// The number of entries of an unbroken chain. The conversation's own row is read first, so the log may be longer
/// than it says, and is never shorter.
async fn follow(tables: &dyn Tables, id: &ConversationId) -> Result<Result<i64, String>> {
    let keys = [RowKey::of::<AuditHead>(&()).to_values()];
    let rows = tables.get(&CONVERSATIONS, &[Value::text(id.as_str())], &keys).await?;
    let head: AuditHead = match rows.first() {
        Some(row) => avro::decode(FromValues::new(CONVERSATIONS.name, &row.columns).blob()?)?,
        None => return Ok(Err("it has reports, and no end of its log".to_owned())),
    };
    let (mut previous, mut number) = (String::new(), 0);
    for bucket in 0..=head.entries / ENTRIES_PER_BUCKET {
        let partition = AuditRow::partition(id, bucket * ENTRIES_PER_BUCKET);
        for row in all(tables, &AUDIT, partition).await? {
            let AuditRow(entry) = AuditRow::from_row(&row.columns).context("an entry cannot be read")?;
            number += 1;
            if let Err(wrong) = continues(&entry, id, number, &previous) {
                return Ok(Err(wrong));
            }
            previous = entry.hash();
            if number == head.entries && previous != head.hash {
                return Ok(Err(format!("entry {number} is not the last one that was written")));
            }
        }
    }
    if number < head.entries {
        return Ok(Err(format!("{number} entries of {}", head.entries)));
    }
    Ok(Ok(number))
}

fn continues(entry: &AuditEntry, id: &ConversationId, number: i64, previous: &str) -> Result<(), String> {
    if entry.number != number || entry.conversation != *id {
        return Err(format!("entry {number} is missing"));
    }
    if entry.previous != previous {
        return Err(format!("entry {number} does not follow from the one before"));
    }
    Ok(())
}

/// Every row of a partition.
async fn all(tables: &dyn Tables, table: &'static Table, partition: Vec<Value>) -> Result<Vec<Row>> {
    let (mut rows, mut after) = (vec![], None);
    loop {
        let range = Range { limit: ROWS, after, ..Range::default() };
        let page = tables.range(table, &partition, range).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}
