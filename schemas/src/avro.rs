//! Avro in Confluent framing: a zero byte, the schema id (four bytes, big-endian), the body.
//!
//! Invariant: an id means one schema for ever. A released schema stays in [`RELEASED`]; the Rust
//! type of a subject is its newest version, and can read every earlier one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{AvroSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{account, control, conversation, people, rows, verdict};

/// A schema as published: its id, its subject, its version in that subject, its JSON.
#[derive(Debug)]
pub struct Released {
    pub id: u32,
    pub subject: &'static str,
    pub version: u32,
    pub json: &'static str,
}

/// A type that is the newest version of a subject.
pub trait Record: Serialize + DeserializeOwned + AvroSchema {
    const SUBJECT: &'static str;
    /// Id of the newest version.
    const ID: u32;
}

macro_rules! records {
    ($($id:literal $subject:literal v $version:literal => $type:ty,)*) => {
        $(impl Record for $type {
            const SUBJECT: &'static str = $subject;
            const ID: u32 = $id;
        })*

        /// The newest version of every subject.
        const NEWEST: &[Released] = &[
            $(Released {
                id: $id,
                subject: $subject,
                version: $version,
                json: include_str!(concat!("../avro/", $subject, ".v", $version, ".avsc")),
            },)*
        ];

        #[cfg(test)]
        fn derived() -> Vec<(&'static str, u32, Schema)> {
            vec![$(($subject, $version, <$type>::get_schema()),)*]
        }
    };
}

records! {
    1 "account-command" v 1 => account::AccountCommand,
    2 "conversation-command" v 1 => conversation::ConversationCommand,
    3 "control" v 1 => control::Control,
    4 "conversation-event" v 1 => conversation::ConversationEvent,
    5 "account-event" v 1 => account::AccountEvent,
    6 "verdict" v 1 => verdict::Verdict,
    7 "platform-user" v 1 => people::PlatformUser,
    8 "charge" v 1 => account::Charge,
    9 "policy-version" v 1 => control::PolicyVersion,
    10 "message" v 1 => conversation::Message,
    20 "account-state" v 1 => rows::AccountState,
    21 "client-request" v 1 => rows::ClientRequest,
    22 "ledger-entry" v 1 => rows::LedgerEntry,
    23 "once" v 1 => rows::Once,
    24 "conversation-state" v 1 => rows::ConversationState,
    25 "member" v 1 => rows::Member,
    26 "receipt" v 1 => rows::Receipt,
    27 "sent" v 1 => rows::Sent,
    28 "message-head" v 1 => rows::MessageHead,
    29 "last-batch" v 1 => rows::LastBatch,
    30 "blocks" v 1 => rows::Blocks,
    31 "pair-blocks" v 1 => rows::PairBlocks,
}

/// Earlier versions, which readers still understand.
const EARLIER: &[Released] = &[];

/// Every schema that was ever released.
pub fn released() -> impl Iterator<Item = &'static Released> {
    EARLIER.iter().chain(NEWEST)
}

/// Bytes are no record of the wanted subject.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("not framed: {0} bytes without a zero byte and a schema id")]
    Unframed(usize),
    #[error("unknown schema id {0}")]
    UnknownSchema(u32),
    #[error("schema {id} is of subject {found}, not {wanted}")]
    OtherSubject { id: u32, found: &'static str, wanted: &'static str },
    #[error("malformed body: {0}")]
    Malformed(String),
    #[error("{0} bytes follow the body")]
    Trailing(usize),
}

struct Codec {
    subject: &'static str,
    writer: GenericDatumWriter<'static>,
    reader: GenericDatumReader<'static>,
}

/// Largest allocation that a decoder makes on the word of its input, in bytes.
const MAX_ALLOCATION: usize = 1024 * 1024;

static CODECS: LazyLock<BTreeMap<u32, Codec>> = LazyLock::new(|| {
    apache_avro::util::max_allocation_bytes(MAX_ALLOCATION);
    released()
        .map(|schema| {
            let codec = codec(schema).unwrap_or_else(|error| panic!("schema {}: {error}", schema.id));
            (schema.id, codec)
        })
        .collect()
});

fn codec(released: &'static Released) -> Result<Codec, apache_avro::Error> {
    let schema: &'static Schema = Box::leak(Box::new(Schema::parse_str(released.json)?));
    Ok(Codec {
        subject: released.subject,
        writer: GenericDatumWriter::builder(schema).human_readable(false).build()?,
        reader: GenericDatumReader::builder(schema).human_readable(false).build()?,
    })
}

/// A record, framed.
pub fn encode<T: Record>(record: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(0);
    bytes.extend_from_slice(&T::ID.to_be_bytes());
    let written = CODECS[&T::ID].writer.write_ser(&mut bytes, record);
    // The schema is derived from the type, so every value of the type fits it.
    written.unwrap_or_else(|error| panic!("{} does not fit its schema: {error}", T::SUBJECT));
    bytes
}

/// The schema id of framed bytes.
pub fn schema_id(bytes: &[u8]) -> Result<u32, DecodeError> {
    match bytes {
        [0, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(DecodeError::Unframed(bytes.len())),
    }
}

/// The record in framed bytes, of any version that its subject ever had.
pub fn decode<T: Record>(bytes: &[u8]) -> Result<T, DecodeError> {
    let id = schema_id(bytes)?;
    let codec = CODECS.get(&id).ok_or(DecodeError::UnknownSchema(id))?;
    if codec.subject != T::SUBJECT {
        return Err(DecodeError::OtherSubject { id, found: codec.subject, wanted: T::SUBJECT });
    }
    let mut body = &bytes[5..];
    let record =
        codec.reader.read_deser(&mut body).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if body.is_empty() { Ok(record) } else { Err(DecodeError::Trailing(body.len())) }
}

/// The subject of a schema id.
pub fn subject_of(id: u32) -> Option<&'static str> {
    CODECS.get(&id).map(|codec| codec.subject)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use apache_avro::schema_compatibility::SchemaCompatibility;

    use super::*;

    /// With `UPDATE_EXPECT=1` it writes the files instead, for a version that is not released yet.
    #[test]
    fn published_schemas_are_those_of_the_types() {
        for (subject, version, schema) in derived() {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("avro/{subject}.v{version}.avsc"));
            let json = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::write(&file, &json).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&file).unwrap(), json, "{subject} has changed: add a version");
        }
    }

    #[test]
    fn every_version_reads_all_that_came_before_it() {
        for newer in released() {
            for older in released().filter(|o| o.subject == newer.subject && o.version <= newer.version) {
                let parse = |json| Schema::parse_str(json).unwrap();
                SchemaCompatibility::can_read(&parse(older.json), &parse(newer.json)).unwrap_or_else(|e| {
                    panic!("{} v{} cannot read v{}: {e}", newer.subject, newer.version, older.version)
                });
            }
        }
    }

    #[test]
    fn ids_and_files_are_used_once_and_none_is_forgotten() {
        let ids: BTreeSet<u32> = released().map(|schema| schema.id).collect();
        assert_eq!(ids.len(), released().count());
        let listed: BTreeSet<String> =
            released().map(|s| format!("{}.v{}.avsc", s.subject, s.version)).collect();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("avro");
        let files = std::fs::read_dir(folder).unwrap();
        let there: BTreeSet<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn bytes_that_are_no_record_are_refused_by_kind() {
        let good = encode(&rows::Sent { seq: 3, charge: 9 });
        assert_eq!(decode::<rows::Sent>(&good).unwrap(), rows::Sent { seq: 3, charge: 9 });
        for cut in 0..good.len() {
            assert!(decode::<rows::Sent>(&good[..cut]).is_err(), "cut at {cut}");
        }
        let mut long = good.clone();
        long.push(0);
        assert!(matches!(decode::<rows::Sent>(&long), Err(DecodeError::Trailing(1))));
        assert!(matches!(decode::<rows::Once>(&good), Err(DecodeError::OtherSubject { .. })));
        assert!(matches!(decode::<rows::Once>(&[0, 0, 0, 9, 9]), Err(DecodeError::UnknownSchema(0x909))));
        assert!(matches!(decode::<rows::Once>(b"{\"at\":1}"), Err(DecodeError::Unframed(8))));
    }
}
