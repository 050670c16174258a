//! Raw rows of the tables: of the machines' owners, and of the views.
//!
//! Invariants: nothing here decides who may see what, so GraphQL types never get [`Rows`]: they read through
//! [`crate::Reads`], which owns them. A range is read to its end.

mod accounts;
mod conversations;
mod messages;
mod partition;
mod policies;
mod presence;
mod reports;
mod stickers;
mod timers;
mod users;
mod versions;

use std::sync::Arc;

use platform::ports::{Row, Tables};
use schemas::Refusal;
use schemas::avro::{self, Record};
use schemas::position::Version;
use schemas::rows::{Keyed, RowKey};
use schemas::tables::{MalformedRow, Value};

use crate::error::internal;

pub use conversations::{Conversation, MemberRows, Memberships};
pub use messages::{Aspects, DoneToMessage, Reactors, Voters, Window, Written};
pub use partition::Pages;

/// Keys of one read, as many as a store takes.
const MAX_KEYS: usize = 100;

/// For facts and processors: what the rows hold, without regard to a viewer.
pub struct Rows {
    tables: Arc<dyn Tables>,
}

/// A value with the version of the row that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    pub version: Version,
    pub value: T,
}

impl Rows {
    pub fn new(tables: Arc<dyn Tables>) -> Self {
        Self { tables }
    }
}

/// Key and body of an owner's row.
fn owner_row(row: &Row) -> Result<(RowKey, &[u8]), Refusal> {
    RowKey::of_row("owner", &row.key, &row.columns).map_err(malformed)
}

/// The bounds of a range that holds the rows of a type.
fn bounds_of<T: Keyed>() -> (Vec<Value>, Vec<Value>) {
    let kind = || vec![Value::Int(T::KIND)];
    (kind(), kind())
}

/// Rows of one type, by what their keys name.
fn keyed<T: Keyed + Record>(rows: &[Row]) -> Result<Vec<(T::Key, T)>, Refusal> {
    let mut found = Vec::new();
    for row in rows {
        let (key, body) = owner_row(row)?;
        if let Some(key) = key.names::<T>() {
            found.push((key, decode(body)?));
        }
    }
    Ok(found)
}

fn decode<T: Record>(body: &[u8]) -> Result<T, Refusal> {
    avro::decode(body).map_err(|error| internal(&error))
}

fn malformed(error: MalformedRow) -> Refusal {
    internal(&error)
}
