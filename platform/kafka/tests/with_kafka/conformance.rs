//! The log on Kafka keeps what the port promises.

use std::sync::Arc;

use conformance::LogFixture;
use musclemap_kafka::Kafka;
use platform::ports::Log;

struct Fixture(Arc<Kafka>);

impl LogFixture for Fixture {
    fn log(&self) -> Arc<dyn Log> {
        Arc::clone(&self.0) as Arc<dyn Log>
    }
}

conformance::log_conformance!(Fixture(crate::connect().await));
