//! What must be true: of every answer when it is given, of everything at rest.
//!
//! I1 stored once, I2 no phantom, I3 all or nothing, I4 no duplicate, I5 numbered without gap, in the
//! order of the events, and behind what was acknowledged before it was asked, I6 ledger = balance ≥ 0,
//! one charge a stored message, one refund a refused one, I7 nothing from or to users who are gone or
//! blocked, I9 marks only rise.

mod answers;
mod history;
mod rest;

use domain::{Accounts, Conversations};
use fold::{Fold, StoredRow};
use schemas::aspects::Aspect;
use schemas::avro;
use schemas::message::Message;
use schemas::rows::{self, RowKey, Variant};
use schemas::tables::views::{AspectBody, AspectRow, MessageRow, OfMessage};
use schemas::tables::{MESSAGES, Value};
use schemas::{ConversationId, UserId};

use crate::world::State;

pub use answers::violations;
pub use history::{History, Written};
pub use rest::{Account, Rest, Story, everything, is_at_rest, what_moves};

/// An owner as two replicas say together.
pub struct Stored<F: Fold> {
    pub state: Option<F::State>,
    rows: Vec<(RowKey, F::Row)>,
}

impl<F: Fold> Stored<F> {
    fn read(state: &State, id: &str, quorum: [usize; 2]) -> Result<Self, String> {
        let partition = (F::table().name, vec![Value::text(id)]);
        let mut stored = Self { state: None, rows: vec![] };
        for (key, (_, columns)) in state.replicas.merged(quorum, &partition) {
            let (key, body) =
                RowKey::of_row(F::table().name, &key, &columns).map_err(|error| error.to_string())?;
            match key.kind {
                rows::STATE => stored.state = Some(avro::decode(body).map_err(|e| e.to_string())?),
                rows::LAST_BATCH => {}
                kind => stored.rows.push((key, F::Row::decode(kind, body).map_err(|e| e.to_string())?)),
            }
        }
        Ok(stored)
    }

    pub fn get<T: Variant<F::Row>>(&self, key: &T::Key) -> Option<&T> {
        let key = RowKey::of::<T>(key);
        self.rows.iter().find(|(other, _)| *other == key).and_then(|(_, row)| T::of(row))
    }

    /// Rows of one type, by key.
    pub fn all<'a, T: Variant<F::Row> + 'a>(&'a self) -> impl Iterator<Item = (T::Key, &'a T)> {
        self.rows.iter().filter_map(|(key, row)| Some((key.names::<T>()?, T::of(row)?)))
    }
}

pub fn account(state: &State, user: &UserId, quorum: [usize; 2]) -> Result<Stored<Accounts>, String> {
    Stored::read(state, user.as_str(), quorum)
}

pub fn conversation(
    state: &State,
    id: &ConversationId,
    quorum: [usize; 2],
) -> Result<Stored<Conversations>, String> {
    Stored::read(state, id.as_str(), quorum)
}

/// What the aspects of a message say.
pub fn aspects(
    state: &State,
    id: &ConversationId,
    seq: i64,
    quorum: [usize; 2],
) -> Result<Vec<AspectBody>, String> {
    let partition = (MESSAGES.name, MessageRow::partition(id, seq));
    let mut bodies = vec![];
    for aspect in Aspect::ALL {
        for row in state.replicas.get(quorum, &partition, &[AspectRow::key(seq, aspect)]) {
            match OfMessage::from_row(&row.key, &row.columns).map_err(|e| e.to_string())? {
                (_, OfMessage::Aspect(body)) => bodies.push(body),
                (_, OfMessage::Core(_)) => return Err(format!("a core stands where {aspect:?} should")),
            }
        }
    }
    Ok(bodies)
}

/// The content of a message.
pub fn message(state: &State, id: &ConversationId, seq: i64, quorum: [usize; 2]) -> Result<Message, String> {
    let partition = (MESSAGES.name, MessageRow::partition(id, seq));
    let rows = state.replicas.get(quorum, &partition, &[MessageRow::key(seq)]);
    let row = rows.first().ok_or_else(|| format!("message {seq} of {id} has no content"))?;
    Ok(MessageRow::from_row(id, &row.columns).map_err(|e| e.to_string())?.message)
}
