//! Metrics of calls to the store of objects.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounterVec, register_int_counter_vec};

static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_object_calls_total",
        "Calls to the store of files, by what was asked and result",
        &["call", "result"]
    ))
});

/// What is asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Put,
    Get,
    Size,
    List,
    Remove,
}

impl Call {
    const ALL: [Self; 5] = [Self::Put, Self::Get, Self::Size, Self::List, Self::Remove];

    fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Size => "size",
            Self::List => "list",
            Self::Remove => "remove",
        }
    }

    pub fn count(self, is_ok: bool) {
        CALLS.with_label_values(&[self.name(), if is_ok { "ok" } else { "failed" }]).inc();
    }
}

/// Makes what is counted appear.
pub fn announce() {
    for call in Call::ALL {
        for result in ["ok", "failed"] {
            CALLS.with_label_values(&[call.name(), result]);
        }
    }
}
