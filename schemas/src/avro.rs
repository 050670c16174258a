//! Avro in Confluent framing: a zero byte, the schema id (four bytes, big-endian), the body.
//!
//! Invariant: an id means one schema for ever. A released schema stays in `schemas/avro`; the Rust
//! type of a subject is its newest version, and can read every earlier one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{AvroSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{auditing, facts, operations, previewing, rows, states};

/// A schema as published: its id, its subject, its version in that subject, its JSON.
#[derive(Debug)]
pub struct Released {
    pub id: u32,
    pub subject: &'static str,
    pub version: u32,
    pub json: &'static str,
    /// The schema of the Rust type today.
    #[cfg(test)]
    derived: fn() -> Schema,
    /// Decodes framed bytes into the Rust type of today, and encodes that again.
    #[cfg(test)]
    round_trip: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
}

/// A type that is the newest version of a subject.
pub trait Record: Serialize + DeserializeOwned + AvroSchema {
    const SUBJECT: &'static str;
    /// Id of the newest version.
    const ID: u32;
}

/// Declares types as the newest versions of subjects of their own names: `id Type,` for each.
macro_rules! release {
    ($released:ident: $($id:literal $record:ident,)*) => {
        $(impl $crate::avro::Record for $record {
            const SUBJECT: &'static str = stringify!($record);
            const ID: u32 = $id;
        })*

        pub(crate) const $released: &[$crate::avro::Released] =
            &[$($crate::avro::Released::newest::<$record>(1, include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/avro/", stringify!($record), ".v1.avsc"
            ))),)*];
    };
}
pub(crate) use release;

impl Released {
    pub(crate) const fn newest<T: Record>(version: u32, json: &'static str) -> Self {
        Self {
            id: T::ID,
            subject: T::SUBJECT,
            version,
            json,
            #[cfg(test)]
            derived: T::get_schema,
            #[cfg(test)]
            round_trip: |bytes| decode::<T>(bytes).map(|record| encode(&record)),
        }
    }
}

/// Records beside requests, facts, states and rows.
mod others {
    use crate::blocking::PairBlocks;
    use crate::charging::Charge;
    use crate::control::{Control, PolicyVersion};
    use crate::message::Message;
    use crate::people::{PlatformBan, PlatformFollow, PlatformRevocation, PlatformUser, UserErased};
    use crate::verdict::Verdict;

    release! { OTHERS:
        3 Control,
        6 Verdict,
        7 PlatformUser,
        328 PlatformBan,
        329 PlatformRevocation,
        327 UserErased,
        8 Charge,
        9 PolicyVersion,
        10 Message,
        31 PairBlocks,
        300 PlatformFollow,
    }
}

/// The newest version of every subject, then earlier versions, which readers still understand.
static RELEASED: &[&[Released]] = &[
    auditing::AUDIT,
    others::OTHERS,
    operations::ACCOUNT_REQUESTS,
    operations::CONVERSATION_REQUESTS,
    facts::ACCOUNT_FACTS,
    facts::CONVERSATION_FACTS,
    previewing::PREVIEWED,
    states::STATES,
    rows::ACCOUNT_ROWS,
    rows::ASPECTS,
    rows::CONVERSATION_ROWS,
    rows::SHARED_ROWS,
];

/// Every schema that was ever released.
pub fn released() -> impl Iterator<Item = &'static Released> {
    RELEASED.iter().copied().flatten()
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
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use apache_avro::schema_compatibility::SchemaCompatibility;
    use apache_avro::types::Value;

    use super::*;

    fn file(released: &Released) -> PathBuf {
        let name = format!("avro/{}.v{}.avsc", released.subject, released.version);
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    /// With `UPDATE_EXPECT=1` it writes the files instead, for a version that is not released yet.
    #[test]
    fn published_schemas_are_those_of_the_types() {
        for released in released() {
            let json = serde_json::to_string_pretty(&(released.derived)()).unwrap() + "\n";
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::write(file(released), &json).unwrap();
            }
            let published = std::fs::read_to_string(file(released)).unwrap();
            assert_eq!(published, json, "{} has changed: add a version", released.subject);
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
        let listed: BTreeSet<PathBuf> = released().map(file).collect();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("avro");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: BTreeSet<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|kind| kind == "avsc")).collect();
        assert_eq!(files, listed);
    }

    /// A value that a schema allows: every array and map has one item, every union its last branch.
    fn sample(schema: &Schema, names: &BTreeMap<String, Schema>) -> Value {
        match schema {
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Boolean(true),
            Schema::Int => Value::Int(7),
            Schema::Long => Value::Long(1_700_000_000_000),
            Schema::String => Value::String("00000000-0000-4000-8000-000000000007".to_owned()),
            Schema::Array(items) => Value::Array(vec![sample(&items.items, names)]),
            Schema::Union(union) => {
                let last = union.variants().len() - 1;
                Value::Union(last as u32, Box::new(sample(&union.variants()[last], names)))
            }
            Schema::Enum(symbols) => Value::Enum(0, symbols.symbols[0].clone()),
            Schema::Record(record) => {
                let fields = record.fields.iter().map(|field| {
                    let value = sample(&field.schema, names);
                    let ids =
                        ["conversation", "conversations", "attachment", "attachments", "object", "template"];
                    let packs = ["pack", "gone", "own", "added"];
                    let is_id = ids.iter().chain(&packs).any(|name| *name == field.name);
                    let value = if is_id { derived_id(value) } else { value };
                    (field.name.clone(), value)
                });
                Value::Record(fields.collect())
            }
            Schema::Ref { name } => sample(&names[&name.name().to_string()], names),
            other => panic!("no sample of {other:?}"),
        }
    }

    /// An id that a field of this name allows.
    fn derived_id(value: Value) -> Value {
        match value {
            Value::String(_) => Value::String("0".repeat(32)),
            Value::Array(items) => Value::Array(items.into_iter().map(derived_id).collect()),
            Value::Union(branch, inner) => Value::Union(branch, Box::new(derived_id(*inner))),
            other => other,
        }
    }

    /// Records inside a schema, by name: a later mention refers to the first.
    fn named(schema: &Schema, names: &mut BTreeMap<String, Schema>) {
        match schema {
            Schema::Array(items) => named(&items.items, names),
            Schema::Union(union) => union.variants().iter().for_each(|variant| named(variant, names)),
            Schema::Record(record) => {
                names.insert(record.name.name().to_string(), schema.clone());
                record.fields.iter().for_each(|field| named(&field.schema, names));
            }
            Schema::Enum(symbols) => {
                names.insert(symbols.name.name().to_string(), schema.clone());
            }
            _ => {}
        }
    }

    /// With `UPDATE_EXPECT=1` it writes the bytes instead, for a version that is not released yet.
    ///
    /// Compatible schemas prove nothing here, because reading into Rust types ignores Avro's defaults.
    #[test]
    fn bytes_of_every_released_version_decode_into_the_types_of_today() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("avro/golden.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let lines = released().map(|released| {
                let schema = Schema::parse_str(released.json).unwrap();
                let mut names = BTreeMap::new();
                named(&schema, &mut names);
                let body = GenericDatumWriter::builder(&schema).build().unwrap();
                let body = body.write_value_to_vec(sample(&schema, &names)).unwrap();
                let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{} {} {hex}\n", released.subject, released.version)
            });
            std::fs::write(&file, lines.collect::<String>()).unwrap();
        }
        let golden = std::fs::read_to_string(&file).unwrap();
        let mut versions = BTreeSet::new();
        for line in golden.lines() {
            let [subject, version, hex] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let version: u32 = version.parse().unwrap();
            let found = released().find(|r| r.subject == subject && r.version == version).unwrap();
            let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            let framed: Vec<u8> = std::iter::once(0).chain(found.id.to_be_bytes()).chain(bytes).collect();
            let again = (found.round_trip)(&framed).unwrap_or_else(|e| panic!("{subject} v{version}: {e}"));
            let newest = released().filter(|r| r.subject == subject).map(|r| r.version).max().unwrap();
            assert!(version < newest || again == framed, "{subject} v{version} does not survive");
            versions.insert((subject, version));
        }
        let all: BTreeSet<_> = released().map(|released| (released.subject, released.version)).collect();
        assert_eq!(versions, all);
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
