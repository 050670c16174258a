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

macro_rules! attack {
    ($name:literal, $workers:literal, $go:path) => {
        Attack {
            name: $name,
            workers: $workers,
            go: |ground, worker, inputs| Box::pin($go(ground, worker, inputs)),
        }
    };
}

/// Every attack, with as many workers as saturate a core.
pub const ATTACKS: &[Attack] = &[
    attack!("pipelined, never read", 64, connections::pipelined),
    attack!("heads that do not end", 16, connections::half_heads),
    attack!("large answers, never read", 32, connections::large_answers),
    attack!("forged tokens", 16, requests::forged_tokens),
    attack!("documents over their cost", 16, requests::costly),
    attack!("documents just admitted", 16, requests::admitted),
    attack!("look-ups of users", 16, requests::look_ups),
    attack!("sends that are refused", 16, effects::refused_sends),
    attack!("one member added and removed", 8, effects::members),
    attack!("blocks set and lifted", 8, effects::blocks),
    attack!("sockets of one user", 8, sockets::many),
    attack!("large operations", 8, sockets::large_operations),
    attack!("empty frames before the init", 16, sockets::frames_before_init),
    attack!("empty frames after the init", 16, sockets::frames_after_init),
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
