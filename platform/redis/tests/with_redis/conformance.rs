//! Redis keeps what the port promises.

use std::sync::Arc;

use ::conformance::EphemeralFixture;
use ::conformance::harness::fresh;
use musclemap_redis::Config;
use platform::ports::Ephemeral;

use crate::{Running, connect};

const URL: &str = "MM_REDIS_URL";

/// The server that all tests share, each under a prefix of its own.
fn config() -> Config {
    let url = std::env::var(URL).unwrap_or_else(|_| {
        panic!("{URL} is not set: start the services with deploy/services/run, which says its value")
    });
    let address = url.strip_prefix("redis://").expect("a redis:// address");
    Config { prefix: format!("{}:", fresh("conformance")), ..Config::new(address) }
}

struct Fixture(Running);

impl EphemeralFixture for Fixture {
    fn ephemeral(&self) -> Arc<dyn Ephemeral> {
        self.0.redis.clone()
    }
}

::conformance::ephemeral_conformance!(Fixture(connect(config())));
