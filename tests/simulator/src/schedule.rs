//! The schedule: which runner is polled, which call completes, who crashes, drawn from the seed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use domain::{Accounts, Conversations};
use futures::task::noop_waker;
use platform::group::{Assignment, Progress};
use platform::runner::drive::{self, Ports};
use platform::runner::{Options, RunnerError};
use rand::Rng;
use schemas::position::Partition;
use tokio_util::sync::CancellationToken;

use crate::clients::Clients;
use crate::ports::Handle;
use crate::world::{RunnerId, State, World};
use crate::{Fault, PARTITIONS, Statistics, check};

const STEPS: usize = 4_000;
const STEPS_TO_REST: usize = 400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    Accounts,
    Conversations,
}

type Run = Pin<Box<dyn Future<Output = Result<(), RunnerError>>>>;

struct Runner {
    id: RunnerId,
    run: Run,
    paused: bool,
}

pub struct Schedule {
    world: World,
    clients: Clients,
    /// Who owns each partition, as the group would say.
    owners: BTreeMap<(Machine, Partition), Option<Runner>>,
    /// Who owned one once, and does not know that it is over.
    zombies: Vec<Runner>,
    next: RunnerId,
    /// How often something breaks.
    chaos: f64,
}

impl Schedule {
    pub fn new(seed: u64, fault: Option<Fault>) -> Self {
        let world = World::new(seed);
        let chaos = {
            let mut state = world.state();
            state.replicas.ignore_versions = fault == Some(Fault::NoVersions);
            state.gaps_on_crash = fault == Some(Fault::GapsOnCrash);
            [0.001, 0.003, 0.008][state.random.random_range(0..3)]
        };
        let both = [Machine::Accounts, Machine::Conversations];
        let owners = both.into_iter().flat_map(|m| (0..PARTITIONS).map(move |p| ((m, p), None))).collect();
        let clients = Clients::new(&mut world.state());
        Self { world, clients, owners, zombies: Vec::new(), next: 1, chaos }
    }

    pub fn run(mut self) -> Result<Statistics, String> {
        for _ in 0..STEPS {
            self.step(true)?;
        }
        self.come_to_rest()?;
        let mut state = self.world.state();
        check::everything(&mut state, &self.clients)?;
        Ok(state.statistics)
    }

    fn step(&mut self, hostile: bool) -> Result<(), String> {
        {
            let mut state = self.world.state();
            if state.chance(0.1) {
                state.now += 100;
            }
            if hostile && state.chance(0.05) {
                self.clients.act(&mut state);
            }
            for _ in 0..state.random.random_range(0..4) {
                if state.random.random_bool(0.5) {
                    state.deliver()
                } else {
                    state.advance()
                };
            }
            check::violations(&mut state, &self.clients)?;
        }
        if hostile {
            self.disturb();
        }
        self.replace_owners(if hostile { 0.03 } else { 1.0 });
        self.poll()
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut State) -> T) -> T {
        draw(&mut self.world.state())
    }

    /// Crashes, pauses and wakes runners.
    fn disturb(&mut self) {
        if !self.draw(|state| state.random.random_bool(self.chaos)) {
            return;
        }
        let (place, what) = self.draw(|state| {
            (state.random.random_range(0..self.owners.len()), state.random.random_range(0.0..1.0))
        });
        let owner = self
            .owners
            .values_mut()
            .nth(place)
            .and_then(|owner| if what < 0.7 { owner.take() } else { None });
        match owner {
            Some(runner) if what < 0.4 => self.kill(runner),
            Some(mut runner) => {
                runner.paused = self.draw(|state| state.chance(0.8));
                self.zombies.push(runner);
            }
            None => self.disturb_zombie(),
        }
    }

    fn disturb_zombie(&mut self) {
        if self.zombies.is_empty() {
            return;
        }
        let place = self.draw(|state| state.random.random_range(0..self.zombies.len()));
        if self.zombies[place].paused {
            self.zombies[place].paused = false;
        } else if self.draw(|state| state.chance(0.4)) {
            let runner = self.zombies.remove(place);
            self.kill(runner);
        }
    }

    fn kill(&mut self, runner: Runner) {
        let Runner { id, run, .. } = runner;
        drop(run);
        self.world.state().bereave(id);
    }

    fn replace_owners(&mut self, probability: f64) {
        let vacant: Vec<(Machine, Partition)> =
            self.owners.iter().filter(|(_, owner)| owner.is_none()).map(|(place, _)| *place).collect();
        for (machine, partition) in vacant {
            if self.draw(|state| state.random.random_bool(probability)) {
                let runner = self.start(machine, partition);
                self.owners.insert((machine, partition), Some(runner));
            }
        }
    }

    fn start(&mut self, machine: Machine, partition: Partition) -> Runner {
        let id = self.next;
        self.next += 1;
        self.world.state().statistics.starts += 1;
        let handle = Arc::new(Handle { world: self.world.clone(), runner: id });
        let ports = Ports { log: handle.clone(), tables: handle.clone(), clock: handle };
        // Small bounds, so that owners are evicted and queues fill.
        let options =
            Options { in_flight: 8, read_ahead: 8, owners: 2, owner_rows: 24, ..Options::default() };
        let assignment = Assignment {
            partition,
            committed: None,
            stop: CancellationToken::new(),
            progress: Progress::default(),
        };
        let run: Run = match machine {
            Machine::Accounts => Box::pin(drive::run::<Accounts>(ports, options, assignment)),
            Machine::Conversations => Box::pin(drive::run::<Conversations>(ports, options, assignment)),
        };
        Runner { id, run, paused: false }
    }

    /// Polls some of the runners that are awake.
    fn poll(&mut self) -> Result<(), String> {
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        let world = self.world.clone();
        for runner in self.owners.values_mut().flatten().chain(&mut self.zombies) {
            if runner.paused || !world.state().chance(0.6) {
                continue;
            }
            if let Poll::Ready(ended) = runner.run.as_mut().poll(&mut context) {
                return Err(format!("runner {} ended: {ended:?}", runner.id));
            }
        }
        Ok(())
    }

    fn come_to_rest(&mut self) -> Result<(), String> {
        self.world.state().hostile = false;
        for mut runner in std::mem::take(&mut self.zombies) {
            if self.draw(|state| state.chance(0.5)) {
                self.kill(runner);
            } else {
                runner.paused = false;
                self.zombies.push(runner);
            }
        }
        for step in 0..STEPS_TO_REST {
            self.step(false)?;
            if step % 20 == 0 && check::is_at_rest(&self.world.state()) {
                return Ok(());
            }
        }
        Err(format!("does not come to rest: {}", check::what_moves(&self.world.state())))
    }
}
