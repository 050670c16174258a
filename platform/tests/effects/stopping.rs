//! A partition that is given up, or cannot go on.

use std::task::Poll;
use std::time::Duration;

use musclemap_platform::effects::{EffectsError, Options};
use musclemap_platform::ports::LogError;
use schemas::position::Offset;
use schemas::tables::Value;
use tokio_util::sync::CancellationToken;

use crate::schedule::{poll, start};
use crate::world::World;

const STEPS: usize = 100_000;
/// A time that passes in no schedule of these tests.
const ENOUGH: Duration = Duration::from_secs(10);

fn filled(records: usize) -> World {
    filled_by(7, records)
}

fn filled_by(seed: u64, records: usize) -> World {
    let world = World::new(seed);
    let mut state = world.state();
    state.hostile = false;
    while state.records.len() < records {
        state.append();
    }
    drop(state);
    world
}

#[test]
fn what_is_under_way_is_finished_and_its_position_stored() {
    let (world, stop) = (filled(200), CancellationToken::new());
    let options = Options { batch: 3, concurrency: 2, drain: ENOUGH, ..Options::default() };
    let mut run = start(&world, options, stop.clone());
    for step in 0..STEPS {
        if world.state().happened.len() > 40 {
            stop.cancel();
        }
        if let Poll::Ready(ended) = poll(&mut run) {
            ended.unwrap();
            assert!(stop.is_cancelled(), "it ended by itself at step {step}");
            let state = world.state();
            assert_eq!(state.violation, None);
            let Value::BigInt(next) = state.position.as_ref().unwrap().1[0] else { panic!("an offset") };
            let asked = state.happened.keys().max().unwrap() + 1;
            assert!(next >= asked, "{next} is stored, {asked} is done");
            assert!(next < state.records.len() as Offset, "a stop ends the reading");
            return;
        }
    }
    panic!("it does not end");
}

#[test]
fn a_drain_that_passes_with_batches_under_way_ends_the_run() {
    let options = Options { batch: 3, concurrency: 8, ..Options::default() };
    for seed in 0..50 {
        let (world, stop) = (filled_by(seed, 200), CancellationToken::new());
        let mut run = start(&world, options, stop.clone());
        let ended = (0..STEPS).find_map(|_| {
            if world.state().happened.len() > 40 {
                stop.cancel();
            }
            match poll(&mut run) {
                Poll::Ready(ended) => Some(ended),
                Poll::Pending => None,
            }
        });
        ended.expect("an end").unwrap();
        assert_eq!(world.state().violation, None, "{seed}");
    }
}

#[test]
fn a_dependency_that_is_away_does_not_keep_a_partition() {
    let (world, stop) = (filled(20), CancellationToken::new());
    world.state().is_away = true;
    let mut run = start(&world, Options::default(), stop.clone());
    for step in 0..STEPS {
        if step == 200 {
            stop.cancel();
        }
        if let Poll::Ready(ended) = poll(&mut run) {
            ended.unwrap();
            assert!(world.state().happened.is_empty() && world.state().dead.is_empty());
            return;
        }
    }
    panic!("it does not end");
}

#[test]
fn a_closed_log_ends_a_run() {
    for error in [LogError::Closed("lost".to_owned()), LogError::Unknown("no answer".to_owned())] {
        let world = filled(20);
        world.state().log_error = Some(error.clone());
        let mut run = start(&world, Options::default(), CancellationToken::new());
        let mut ended = (0..STEPS).filter_map(|_| match poll(&mut run) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        });
        match ended.next() {
            Some(Err(EffectsError::Log(found))) => assert_eq!(found, error),
            other => panic!("{error} leads to {other:?}"),
        }
        assert!(world.state().happened.is_empty() && world.state().dead.is_empty());
    }
}

#[test]
fn an_unavailable_log_is_waited_for() {
    let world = filled(20);
    world.state().log_error = Some(LogError::Unavailable("for now".to_owned()));
    let mut run = start(&world, Options::default(), CancellationToken::new());
    for _ in 0..STEPS / 10 {
        assert!(poll(&mut run).is_pending(), "it ended");
    }
    assert!(world.state().happened.is_empty());
    world.state().log_error = None;
    for _ in 0..STEPS {
        assert!(poll(&mut run).is_pending(), "it ended");
        let state = world.state();
        if (0..20).all(|offset| state.is_done(offset)) {
            assert_eq!(state.check(), Ok(()));
            return;
        }
    }
    panic!("it does not go on");
}
