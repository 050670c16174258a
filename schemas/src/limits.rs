//! Effects of a user that a limit counts.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::position::{LogTime, Offset};

/// Row of an account by the name of a limit: the effects that it still counted at the last of them,
/// oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Usage {
    pub uses: Vec<Use>,
}

/// One effect that a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Use {
    /// Offset of the command that was counted.
    pub position: Offset,
    pub at: LogTime,
}
