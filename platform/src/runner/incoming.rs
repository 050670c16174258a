//! A record of the commands topic, as far as it can be understood.
//!
//! Invariants: every record becomes something that is handled, whatever its bytes are; nothing is
//! skipped in silence. The body of a command is decoded only under the rules in force at its position.

use fold::Fold;
use schemas::avro::{self, Record as _};
use schemas::control::Control;
use schemas::position::{Cause, EPOCH};
use schemas::record::Envelope;
use schemas::topics::MAX_RECORD_BYTES;

use crate::ports::Record;

pub enum Incoming<F: Fold> {
    /// A command whose body is not decoded yet, because records before it may change the rules.
    Undecoded {
        id: F::Id,
        envelope: Envelope,
    },
    Command {
        id: F::Id,
        envelope: Envelope,
        request: F::Request,
    },
    Control(Control),
    /// Nothing that can be run. What its headers say is kept, so that a charge is refunded.
    Poison {
        envelope: Envelope,
        reason: String,
    },
}

impl<F: Fold> Incoming<F> {
    pub fn read(record: &Record) -> Self {
        let envelope = match Envelope::read(record.headers()) {
            Ok(envelope) => envelope,
            Err(error) => return Self::Poison { envelope: Envelope::default(), reason: error.to_string() },
        };
        let poison = |reason: String| Self::Poison { envelope: envelope.clone(), reason };
        if let Some(epoch) = envelope.cause.map(|cause| cause.epoch).filter(|epoch| *epoch != EPOCH) {
            // Its numbers are not counted here, so nothing may come of it that must come once.
            return Self::Poison { envelope: Envelope::default(), reason: format!("cause of epoch {epoch}") };
        }
        if record.value.len() > MAX_RECORD_BYTES {
            return poison(format!("{} bytes are too many", record.value.len()));
        }
        let Some(key) = &record.key else {
            return read_control(&record.value).map_or_else(poison, Self::Control);
        };
        match std::str::from_utf8(key).ok().and_then(|key| key.parse().ok()) {
            Some(id) => Self::Undecoded { id, envelope },
            None => poison("key names no owner".to_owned()),
        }
    }

    /// Decodes the body of a command, under the rules in force at its position.
    pub fn decode(&mut self, record: &Record, rules: i32) {
        let Self::Undecoded { id, envelope } = self else { return };
        let envelope = std::mem::take(envelope);
        *self = match F::decode(&record.value, rules) {
            Ok(request) => Self::Command { id: id.clone(), envelope, request },
            Err(error) => Self::Poison { envelope, reason: error.to_string() },
        };
    }

    /// The owner of a command.
    pub fn owner(&self) -> Option<&F::Id> {
        match self {
            Self::Undecoded { id, .. } | Self::Command { id, .. } => Some(id),
            Self::Control(_) | Self::Poison { .. } => None,
        }
    }

    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Undecoded { envelope, .. }
            | Self::Command { envelope, .. }
            | Self::Poison { envelope, .. } => envelope.cause.as_ref(),
            Self::Control(_) => None,
        }
    }
}

fn read_control(value: &[u8]) -> Result<Control, String> {
    match avro::schema_id(value) {
        Ok(Control::ID) => avro::decode(value).map_err(|error| error.to_string()),
        Ok(id) => Err(format!("schema {id} without a key")),
        Err(error) => Err(error.to_string()),
    }
}
