//! Ephemeral state in memory keeps what the port promises.

use std::sync::Arc;

use conformance::EphemeralFixture;
use musclemap_platform::in_process::InProcess;
use musclemap_platform::ports::Ephemeral;

struct Fixture(Arc<InProcess>);

impl EphemeralFixture for Fixture {
    fn ephemeral(&self) -> Arc<dyn Ephemeral> {
        self.0.clone()
    }
}

conformance::ephemeral_conformance!(Fixture(Arc::default()));
