//! Threads that give way to all others (Linux): a crowd on them takes no time from the node that it comes
//! to, as if it had machines of its own.

use anyhow::Result;
use rustix::process::nice;
use tokio::runtime::{Builder, Handle, Runtime};

/// The lowest priority that Linux has.
const LOWEST: i32 = 19;

pub struct Aside(Option<Runtime>);

impl Aside {
    pub fn start() -> Result<Self> {
        let lowest = || {
            nice(LOWEST).expect("nobody is refused a lower priority");
        };
        Ok(Self(Some(Builder::new_multi_thread().enable_all().on_thread_start(lowest).build()?)))
    }

    pub fn threads(&self) -> Handle {
        self.0.as_ref().map_or_else(Handle::current, |threads| threads.handle().clone())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Whoever drops it may stand where a thread must not wait.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}
