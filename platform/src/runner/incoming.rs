//! A record of the commands topic, as far as it can be understood.
//!
//! Invariant: whatever the bytes are, the record becomes something that is dealt with: nothing is
//! skipped in silence.

use schemas::avro::{self, Record as _};
use schemas::control::Control;
use schemas::fold::Fold;
use schemas::message::Envelope;
use schemas::position::{Cause, EPOCH};
use schemas::topics::MAX_RECORD_BYTES;

use crate::ports::Record;

pub enum Incoming<F: Fold> {
    Command {
        id: F::Id,
        envelope: Envelope,
        request: F::Request,
    },
    Control(Control),
    /// Nothing that can be run. What its headers say is kept, so that a charge is given back.
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
        let Some(id) = std::str::from_utf8(key).ok().and_then(|key| key.parse().ok()) else {
            return poison("key names no owner".to_owned());
        };
        match F::decode(&record.value) {
            Ok(request) => Self::Command { id, envelope: envelope.clone(), request },
            Err(error) => poison(error.to_string()),
        }
    }

    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Command { envelope, .. } | Self::Poison { envelope, .. } => envelope.cause.as_ref(),
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
