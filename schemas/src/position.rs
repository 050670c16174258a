//! Places in the log, and what is derived from them: versions of rows, causes of records.
//!
//! Invariant: a position is (partition, offset) of one topic within one epoch; positions of
//! different partitions are never compared.

use serde::{Deserialize, Serialize};

/// Number of a partition within its topic.
pub type Partition = i32;
/// Number of a record within its partition, from 0.
pub type Offset = i64;
/// Log-append time: milliseconds since 1970, by the broker's clock.
pub type LogTime = i64;

/// The layout of topics (partition counts, keying) that positions belong to.
pub const EPOCH: i64 = 1;

/// Version of a row: `epoch << 36 | offset` of the command that wrote it.
///
/// Of two writes of one row the higher version wins, whatever order they arrive in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub i64);

impl Version {
    /// Of a row that is emptied for good: above every version of a command, so no later record fills the row.
    /// It is below the present in microseconds since 1970, which a database takes for the time of a write.
    pub const ERASED: Self = Self(1 << 50);

    pub fn of(offset: Offset) -> Self {
        Self(EPOCH << 36 | offset)
    }

    /// The offset of the command that wrote the row.
    pub fn offset(self) -> Offset {
        self.0 & ((1 << 36) - 1)
    }
}

const _: () = assert!((EPOCH + 1) << 36 <= Version::ERASED.0);

/// Which output of which command a record is: the command's offset, and the output's index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Number {
    pub offset: Offset,
    pub index: i32,
}

/// Where a derived record comes from. Within one source partition causes only go up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    pub epoch: i64,
    /// Partition of the commands topic that the cause stands in.
    pub partition: Partition,
    pub number: Number,
}

/// A cause header is not four whole numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed cause header")]
pub struct MalformedCause;

impl Cause {
    /// `epoch.partition.offset.index` in decimal.
    pub fn to_header(self) -> String {
        format!("{}.{}.{}.{}", self.epoch, self.partition, self.number.offset, self.number.index)
    }

    pub fn from_header(bytes: &[u8]) -> Result<Self, MalformedCause> {
        let text = std::str::from_utf8(bytes).map_err(|_| MalformedCause)?;
        let mut parts = text.split('.').map(|part| part.parse::<i64>().ok().filter(|n| *n >= 0));
        let mut next = || parts.next().flatten().ok_or(MalformedCause);
        let cause = Self {
            epoch: next()?,
            partition: i32::try_from(next()?).map_err(|_| MalformedCause)?,
            number: Number { offset: next()?, index: i32::try_from(next()?).map_err(|_| MalformedCause)? },
        };
        if parts.next().is_some() { Err(MalformedCause) } else { Ok(cause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_survives_its_header() {
        let cause = Cause { epoch: 1, partition: 7, number: Number { offset: 1 << 35, index: 3 } };
        assert_eq!(Cause::from_header(cause.to_header().as_bytes()), Ok(cause));
        for bad in ["", "1.2.3", "1.2.3.4.5", "1.-2.3.4", "a.b.c.d", "1.99999999999.0.0"] {
            assert_eq!(Cause::from_header(bad.as_bytes()), Err(MalformedCause), "{bad}");
        }
        assert_eq!(Cause::from_header(&[0xff]), Err(MalformedCause));
    }

    #[test]
    fn a_version_names_its_command() {
        assert_eq!(Version::of(42).offset(), 42);
        assert!(Version::of(1) > Version::of(0));
        assert!(Version::ERASED > Version::of((1 << 36) - 1));
    }
}
