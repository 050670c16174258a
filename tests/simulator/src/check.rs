//! What must be true: of every answer when it is given, of everything at rest.
//!
//! I1 stored once, I2 no phantom, I3 all or nothing, I4 no duplicate, I5 numbered without gap, in the
//! order of the events, and behind what was acknowledged before it was asked, I6 ledger = balance ≥ 0, one charge a stored message, one refund a
//! refused one.

mod answers;
mod rest;

use domain::account::AccountRow;
use domain::conversation::ConversationRow;
use domain::{Accounts, Conversations};
use schemas::avro;
use schemas::fold::{Fold, StoredRow};
use schemas::owner::{self, RowKey};
use schemas::tables::{FromValues, Value};
use schemas::{ConversationId, UserId};

use crate::tables::QUORUMS;
use crate::world::State;

pub use answers::violations;
pub use rest::{everything, is_at_rest, what_moves};

/// An owner as two replicas say together.
struct Stored<F: Fold> {
    state: Option<F::State>,
    rows: Vec<(RowKey, F::Row)>,
}

fn stored<F: Fold>(state: &State, id: &str, quorum: [usize; 2]) -> Result<Stored<F>, String> {
    let partition = (F::table().name, vec![Value::text(id)]);
    let mut stored = Stored { state: None, rows: vec![] };
    for (key, (_, columns)) in state.replicas.merged(quorum, &partition) {
        let mut key = FromValues::new(F::table().name, &key);
        let mut columns = FromValues::new(F::table().name, &columns);
        let wrong = |error: schemas::tables::MalformedRow| error.to_string();
        let key = RowKey { kind: key.int().map_err(wrong)?, key: key.blob().map_err(wrong)?.into() };
        let body = columns.blob().map_err(wrong)?;
        match key.kind {
            owner::STATE => stored.state = Some(avro::decode(body).map_err(|e| e.to_string())?),
            owner::LAST_BATCH => {}
            kind => stored.rows.push((key, F::Row::decode(kind, body).map_err(|e| e.to_string())?)),
        }
    }
    Ok(stored)
}

fn account(state: &State, user: &UserId, quorum: [usize; 2]) -> Result<Stored<Accounts>, String> {
    stored(state, user.as_str(), quorum)
}

fn conversation(
    state: &State,
    id: &ConversationId,
    quorum: [usize; 2],
) -> Result<Stored<Conversations>, String> {
    stored(state, id.as_str(), quorum)
}

impl Stored<Accounts> {
    fn row(&self, key: &RowKey) -> Option<&AccountRow> {
        self.rows.iter().find(|(other, _)| other == key).map(|(_, row)| row)
    }
}

impl Stored<Conversations> {
    fn row(&self, key: &RowKey) -> Option<&ConversationRow> {
        self.rows.iter().find(|(other, _)| other == key).map(|(_, row)| row)
    }
}

/// Any two replicas; all three pairs.
fn quorums() -> [[usize; 2]; 3] {
    QUORUMS
}
