//! Forms of an account's rows.

use schemas::avro::{self, DecodeError};
use schemas::fold::StoredRow;
use schemas::owner;
use schemas::rows::{ClientRequest, LedgerEntry, Once};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRow {
    ClientRequest(ClientRequest),
    Ledger(LedgerEntry),
    Once(Once),
}

impl StoredRow for AccountRow {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::ClientRequest(row) => avro::encode(row),
            Self::Ledger(row) => avro::encode(row),
            Self::Once(row) => avro::encode(row),
        }
    }

    fn decode(kind: i32, bytes: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            owner::CLIENT_REQUEST => avro::decode(bytes).map(Self::ClientRequest),
            owner::LEDGER => avro::decode(bytes).map(Self::Ledger),
            owner::ONCE => avro::decode(bytes).map(Self::Once),
            _ => Err(DecodeError::Malformed(format!("no account row is of kind {kind}"))),
        }
    }

    /// A client id is valid for a day of log time; two days of the table's clock are beyond it.
    fn seconds_to_live(&self) -> Option<u64> {
        matches!(self, Self::ClientRequest(_)).then_some(2 * 24 * 60 * 60)
    }
}
