//! The attacks: each is done over and over by workers, until it is dropped.

mod connections;
mod effects;
mod requests;
mod sockets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ground::Ground;

/// Before a worker whose connection was refused or cut tries again.
const PAUSE: Duration = Duration::from_millis(20);
/// Workers of each attack, while all attacks happen together.
const IN_SMALL: usize = 2;

/// What an attack has put in so far, counted by its workers.
pub type Inputs = Arc<AtomicU64>;

/// One go of a worker; ends when its connection does.
type Go = fn(Ground, usize, Inputs) -> BoxFuture<'static, anyhow::Result<()>>;

pub struct Attack {
    pub name: &'static str,
    workers: usize,
    go: Go,
}

/// Workers at it; they end when this is dropped.
pub struct Running {
    inputs: Inputs,
    _workers: JoinSet<()>,
}

/// Every attack, with as many workers as make it hurt.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "pipelined, never read",
        workers: 64,
        go: |g, w, i| Box::pin(connections::pipelined(g, w, i)),
    },
    Attack {
        name: "heads that do not end",
        workers: 16,
        go: |g, w, i| Box::pin(connections::half_heads(g, w, i)),
    },
    Attack {
        name: "large answers, never read",
        workers: 32,
        go: |g, w, i| Box::pin(connections::large_answers(g, w, i)),
    },
    Attack { name: "forged tokens", workers: 16, go: |g, w, i| Box::pin(requests::forged_tokens(g, w, i)) },
    Attack {
        name: "documents over their cost",
        workers: 16,
        go: |g, w, i| Box::pin(requests::costly(g, w, i)),
    },
    Attack {
        name: "documents just admitted",
        workers: 16,
        go: |g, w, i| Box::pin(requests::admitted(g, w, i)),
    },
    Attack { name: "look-ups of users", workers: 16, go: |g, w, i| Box::pin(requests::look_ups(g, w, i)) },
    Attack {
        name: "sends that are refused",
        workers: 16,
        go: |g, w, i| Box::pin(effects::refused_sends(g, w, i)),
    },
    Attack {
        name: "one member added and removed",
        workers: 8,
        go: |g, w, i| Box::pin(effects::members(g, w, i)),
    },
    Attack { name: "blocks set and lifted", workers: 8, go: |g, w, i| Box::pin(effects::blocks(g, w, i)) },
    Attack { name: "sockets of one user", workers: 8, go: |g, w, i| Box::pin(sockets::many(g, w, i)) },
    Attack {
        name: "large operations",
        workers: 8,
        go: |g, w, i| Box::pin(sockets::large_operations(g, w, i)),
    },
    Attack {
        name: "empty frames before the init",
        workers: 16,
        go: |g, w, i| Box::pin(sockets::frames_before_init(g, w, i)),
    },
    Attack {
        name: "empty frames after the init",
        workers: 16,
        go: |g, w, i| Box::pin(sockets::frames_after_init(g, w, i)),
    },
];

impl Attack {
    pub fn begin(&self, ground: &Ground) -> Running {
        self.with_workers(ground, self.workers)
    }

    /// With few workers.
    pub fn begin_in_small(&self, ground: &Ground) -> Running {
        self.with_workers(ground, IN_SMALL)
    }

    fn with_workers(&self, ground: &Ground, workers: usize) -> Running {
        let inputs = Inputs::default();
        let mut set = JoinSet::new();
        for worker in 0..workers {
            let (go, ground, inputs) = (self.go, ground.clone(), inputs.clone());
            set.spawn(async move {
                loop {
                    // Its connection was refused or cut, which is what it is there for.
                    let _ = go(ground.clone(), worker, inputs.clone()).await;
                    sleep(PAUSE).await;
                }
            });
        }
        Running { inputs, _workers: set }
    }
}

impl Running {
    pub fn inputs(&self) -> u64 {
        self.inputs.load(Ordering::Relaxed)
    }
}

/// Counts one input.
fn count(inputs: &Inputs) {
    inputs.fetch_add(1, Ordering::Relaxed);
}
