//! The Redis adapter as a whole: what the port promises, and what only a server can do wrong.
//!
//! Needs `redis-server`. Conformance stands on the shared server; each outage on a server of its own.

mod conformance;
mod outage;
mod server;

use musclemap_redis::{Config, Redis};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// An adapter that keeps its subscriptions until it is dropped.
struct Running {
    redis: Arc<Redis>,
    _task: JoinSet<()>,
}

fn connect(config: Config) -> Running {
    let redis = Redis::new(config).expect("settings");
    let mut task = JoinSet::new();
    let run = redis.clone().run(CancellationToken::new());
    task.spawn(async move {
        let Ok(()) = run.await;
    });
    Running { redis, _task: task }
}
