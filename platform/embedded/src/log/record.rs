//! Records as stored: key (topic, partition, offset), value (form, time, key, headers, value).
//!
//! Invariant: keys sort by topic, then partition, then offset.

use bytes::Bytes;
use platform::ports::Record;
use schemas::position::{LogTime, Offset, Partition};

use crate::bytes::{Malformed, Parts, put_bytes, put_length};

const FORM: u8 = 1;
/// Topic and partition.
const PREFIX: usize = 6;

pub(super) fn stored_key(topic: u16, partition: Partition, offset: Offset) -> [u8; PREFIX + 8] {
    let mut key = [0; PREFIX + 8];
    key[..2].copy_from_slice(&topic.to_be_bytes());
    key[2..PREFIX].copy_from_slice(&partition.to_be_bytes());
    key[PREFIX..].copy_from_slice(&offset.to_be_bytes());
    key
}

pub(super) fn offset_of(key: &[u8]) -> Result<Offset, Malformed> {
    let mut parts = Parts::new(key);
    parts.take(PREFIX)?;
    parts.i64()
}

pub(super) fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::with_capacity(weight(record));
    out.push(FORM);
    out.extend(record.time.to_be_bytes());
    match &record.key {
        None => out.push(0),
        Some(key) => {
            out.push(1);
            put_bytes(&mut out, key);
        }
    }
    put_length(&mut out, record.headers.len());
    for (name, value) in &record.headers {
        put_bytes(&mut out, name.as_bytes());
        put_bytes(&mut out, value);
    }
    out.extend_from_slice(&record.value);
    out
}

pub(super) fn decode(partition: Partition, offset: Offset, stored: &[u8]) -> Result<Record, Malformed> {
    // One allocation a record: its parts share it.
    let stored = Bytes::copy_from_slice(stored);
    let mut parts = Parts::new(&stored);
    if parts.byte()? != FORM {
        return Err(Malformed);
    }
    let time = parts.i64()?;
    let key = match parts.byte()? {
        0 => None,
        1 => Some(stored.slice_ref(parts.bytes()?)),
        _ => return Err(Malformed),
    };
    let count = parts.length()?;
    let mut headers = Vec::with_capacity(count.min(16));
    for _ in 0..count {
        let name = std::str::from_utf8(parts.bytes()?).map_err(|_| Malformed)?.to_owned();
        headers.push((name, stored.slice_ref(parts.bytes()?)));
    }
    let value = stored.slice_ref(parts.rest());
    Ok(Record { partition, offset, time, key, headers, value })
}

/// Time of a stored record, without the rest.
pub(super) fn time_of(stored: &[u8]) -> Result<LogTime, Malformed> {
    let mut parts = Parts::new(stored);
    if parts.byte()? != FORM {
        return Err(Malformed);
    }
    parts.i64()
}

/// Bytes that a record takes, about.
pub(super) fn weight(record: &Record) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
    record.value.len() + record.key.as_ref().map_or(0, Bytes::len) + headers + 96
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_store() {
        let plain = Record {
            partition: 3,
            offset: 1 << 33,
            time: -5,
            key: None,
            headers: Vec::new(),
            value: Bytes::new(),
        };
        let full = Record {
            key: Some(Bytes::from_static(b"")),
            headers: vec![
                ("a".into(), Bytes::from_static(&[0, 255])),
                ("a".into(), Bytes::new()),
                (String::new(), Bytes::from_static(b"x")),
            ],
            value: Bytes::from(vec![7; 300]),
            ..plain.clone()
        };
        for record in [plain, full] {
            let stored = encode(&record);
            assert_eq!(time_of(&stored), Ok(record.time));
            assert_eq!(decode(record.partition, record.offset, &stored), Ok(record));
        }
        assert_eq!(decode(0, 0, &[9]), Err(Malformed));
        assert_eq!(offset_of(&stored_key(1, 2, 77)), Ok(77));
        assert!(stored_key(1, 2, 255) < stored_key(1, 2, 256));
        assert!(stored_key(1, 2, Offset::MAX) < stored_key(1, 3, 0));
    }
}
