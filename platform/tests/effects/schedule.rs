//! The schedule: which consumer is polled, which one crashes, when the dependency is away.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::task::noop_waker;
use musclemap_platform::effects::{self, EffectsError, Options, Ports};
use musclemap_platform::group::{Assignment, Progress};
use rand::Rng;
use schemas::position::Offset;
use tokio_util::sync::CancellationToken;

use crate::consumer::Setting;
use crate::world::World;

pub type Run = Pin<Box<dyn Future<Output = Result<(), EffectsError>>>>;

const STEPS: usize = 1_500;
const STEPS_TO_REST: usize = 100_000;

/// One run of the partition.
pub fn start(world: &World, options: Options, stop: CancellationToken) -> Run {
    let shared = Arc::new(world.clone());
    let ports = Ports { log: shared.clone(), tables: shared.clone(), clock: shared };
    let assignment = Assignment { partition: 0, committed: None, stop, progress: Progress::default() };
    Box::pin(effects::run(ports, Arc::new(Setting(world.clone())), options, assignment))
}

/// Polls a run once.
pub fn poll(run: &mut Run) -> Poll<Result<(), EffectsError>> {
    let waker = noop_waker();
    run.as_mut().poll(&mut Context::from_waker(&waker))
}

pub fn options(world: &World) -> Options {
    let mut state = world.state();
    Options {
        batch: state.random.random_range(1..6),
        concurrency: state.random.random_range(1..4),
        tries: 30,
        ..Options::default()
    }
}

/// Runs a hostile schedule to its end, and checks what is left.
pub fn run(seed: u64) -> Result<(), String> {
    let world = World::new(seed);
    let options = options(&world);
    let begin = || start(&world, options, CancellationToken::new());
    let mut runs = vec![begin()];
    for _ in 0..STEPS {
        let crashes = {
            let mut state = world.state();
            if state.chance(0.2) {
                state.append();
            }
            if state.chance(0.01) {
                state.is_away = !state.is_away;
            }
            state.chance(0.02)
        };
        if crashes {
            // The old one dies, or goes on without knowing that it is not the owner.
            if world.state().chance(0.7) {
                runs.pop();
            }
            runs.push(begin());
            if runs.len() > 3 {
                drop(runs.remove(0));
            }
        }
        advance(&world, &mut runs)?;
    }
    {
        let mut state = world.state();
        (state.hostile, state.is_away) = (false, false);
    }
    for _ in 0..STEPS_TO_REST {
        advance(&world, &mut runs)?;
        let state = world.state();
        let end = state.records.len() as Offset;
        let stored =
            state.position.as_ref().is_some_and(|(_, row)| row[0] == schemas::tables::Value::BigInt(end));
        if stored && (0..end).all(|offset| state.is_done(offset)) {
            return state.check();
        }
    }
    Err("it does not come to rest".to_owned())
}

fn advance(world: &World, runs: &mut [Run]) -> Result<(), String> {
    for run in runs {
        if let Poll::Ready(ended) = poll(run) {
            return Err(format!("a run ended: {ended:?}"));
        }
    }
    world.state().violation.take().map_or(Ok(()), Err)
}
