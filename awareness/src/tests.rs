//! What tests stand on, and presence as all processes see it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::presence::{ALIVE_MS, Reached, Status};
use platform::clock::Clock;
use platform::in_process::InProcess;
use platform::ports::{Ephemeral, EphemeralError, Subscription};
use schemas::position::LogTime;
use schemas::privacy::{Audience, Privacy};
use schemas::{ConversationId, Refusal, UserId};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::presence::{Changed, Tables};
use crate::{Awareness, Incoming};

/// Settings as a test says, and no conversations.
pub struct Settings(pub Mutex<Privacy>);

impl Default for Settings {
    fn default() -> Self {
        Self(Mutex::new(Privacy { show_online_status: Audience::Everyone, ..Privacy::default() }))
    }
}

#[async_trait]
impl Tables for Settings {
    async fn privacy(&self, _: &UserId) -> Result<Privacy, Refusal> {
        Ok(*self.0.lock().unwrap())
    }

    async fn conversations(&self, _: &UserId, _: usize) -> Result<Vec<ConversationId>, Refusal> {
        Ok(vec![])
    }

    async fn follows(&self, user: &UserId, _: &UserId) -> Result<bool, Refusal> {
        Ok(user.as_str() == "follower")
    }
}

/// Stands still until a test moves it.
#[derive(Default)]
pub struct Still(Mutex<LogTime>);

#[async_trait]
impl Clock for Still {
    fn now(&self) -> LogTime {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Ephemeral state that publishes nothing while a test says so.
#[derive(Default)]
struct Muted {
    state: InProcess,
    is_mute: AtomicBool,
}

#[async_trait]
impl Ephemeral for Muted {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, EphemeralError> {
        self.state.get(keys).await
    }

    async fn set(&self, key: &str, value: Bytes, time_to_live: Duration) -> Result<(), EphemeralError> {
        self.state.set(key, value, time_to_live).await
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&Bytes>,
        new: Option<(Bytes, Duration)>,
    ) -> Result<bool, EphemeralError> {
        self.state.compare_and_set(key, expected, new).await
    }

    async fn add(&self, counter: &str, by: i64, time_to_live: Duration) -> Result<i64, EphemeralError> {
        self.state.add(counter, by, time_to_live).await
    }

    async fn schedule(&self, queue: &str, member: &str, at: Option<LogTime>) -> Result<(), EphemeralError> {
        self.state.schedule(queue, member, at).await
    }

    async fn due(
        &self,
        queue: &str,
        now: LogTime,
        again_at: LogTime,
        most: usize,
    ) -> Result<Vec<String>, EphemeralError> {
        self.state.due(queue, now, again_at, most).await
    }

    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), EphemeralError> {
        if self.is_mute.load(Ordering::SeqCst) {
            return Err(EphemeralError::Unavailable("mute".to_owned()));
        }
        self.state.publish(channel, message).await
    }

    fn subscribe(&self, channel: &'static str) -> Subscription {
        self.state.subscribe(channel)
    }
}

/// Two processes over the same state.
struct Stage {
    ephemeral: Arc<Muted>,
    settings: Arc<Settings>,
    clock: Arc<Still>,
    processes: [Arc<Awareness>; 2],
    told: Incoming<Changed>,
}

impl Stage {
    async fn new() -> Self {
        let (ephemeral, settings, clock) =
            (Arc::new(Muted::default()), Arc::new(Settings::default()), Arc::new(Still::default()));
        *clock.0.lock().unwrap() = 1_700_000_000_000;
        let process = || Awareness::new(ephemeral.clone(), settings.clone(), clock.clone());
        let processes = [process(), process()];
        let mut told = processes[1].presences();
        assert_eq!(told.next().await, None, "it begins");
        Self { ephemeral, settings, clock, processes, told }
    }

    async fn beats(&self, process: usize, device: &str) {
        self.processes[process].presence.beat(&ann(), &at(device, process), true).await.unwrap();
    }

    /// The state loses a key.
    async fn loses(&self, key: &str) {
        let old = self.ephemeral.get(&[key.to_owned()]).await.unwrap().remove(0);
        assert!(old.is_some() && self.ephemeral.compare_and_set(key, old.as_ref(), None).await.unwrap());
    }

    fn passes(&self, time: LogTime) {
        *self.clock.0.lock().unwrap() += time;
    }

    /// Runs the sweeps of both processes until no message arrives for two seconds; returns the published
    /// statuses.
    async fn told(&mut self) -> Vec<Status> {
        let stop = CancellationToken::new();
        let sweeps = self.processes.iter().map(|process| process.presence.sweep(stop.clone()));
        let sweeps = futures::future::join_all(sweeps);
        let told = async {
            let mut all = vec![];
            while let Ok(changed) = timeout(Duration::from_secs(2), self.told.next()).await {
                all.extend(changed.map(|Changed { seen, .. }| seen.status));
            }
            all
        };
        tokio::select! {
            told = told => told,
            _ = sweeps => unreachable!("the sweeps run until they are stopped"),
        }
    }

    async fn sees(&self) -> (Status, Option<LogTime>) {
        let seen = self.processes[1].presence.of(&[ann()]).await.unwrap().remove(0);
        (seen.status, seen.last_seen)
    }
}

fn ann() -> UserId {
    "ann".parse().unwrap()
}

fn at(device: &str, node: usize) -> Reached {
    Reached { device: device.to_owned(), node: Some(node.to_string()) }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_told_once_and_a_repeat_not_at_all() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.sees().await, (Status::Offline, None));
    stage.beats(0, "phone").await;
    stage.beats(0, "phone").await;
    stage.beats(1, "desk").await;
    assert_eq!(stage.told().await, [Status::Online]);
    assert_eq!(stage.sees().await, (Status::Online, Some(1_700_000_000_000)));
    stage.processes[0].presence.leave(&ann(), &at("phone", 0), stage.clock.now()).await.unwrap();
    assert_eq!(stage.told().await, []);
    stage.processes[1].presence.leave(&ann(), &at("desk", 1), stage.clock.now()).await.unwrap();
    assert_eq!(stage.told().await, [Status::Offline]);
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_more_is_missed_by_some_process_once() {
    let mut stage = Stage::new().await;
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);
    stage.passes(ALIVE_MS - 1);
    assert_eq!(stage.told().await, []);
    stage.passes(1);
    assert_eq!(stage.told().await, [Status::Offline]);
    assert_eq!(stage.sees().await.0, Status::Offline);
    stage.passes(10 * ALIVE_MS);
    assert_eq!(stage.told().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_publication_failed_is_published_within_seconds() {
    let mut stage = Stage::new().await;
    let mute = |stage: &Stage, is_mute| stage.ephemeral.is_mute.store(is_mute, Ordering::SeqCst);
    mute(&stage, true);
    let beaten = stage.processes[0].presence.beat(&ann(), &at("phone", 0), true).await;
    assert!(beaten.is_err(), "{beaten:?}");
    assert_eq!(stage.sees().await.0, Status::Online);
    mute(&stage, false);
    assert_eq!(stage.told().await, []);
    stage.passes(5_000);
    assert_eq!(stage.told().await, [Status::Online]);

    mute(&stage, true);
    stage.settings.0.lock().unwrap().appear_offline = true;
    assert!(stage.processes[0].presence.look_again(&ann()).await.is_err());
    mute(&stage, false);
    stage.passes(5_000);
    assert_eq!(stage.told().await, [Status::Online], "once, to hide her from those who saw her");
    stage.passes(5_000);
    assert_eq!(stage.told().await, []);
}

#[tokio::test(start_paused = true)]
async fn nodes_that_have_missed_some_are_told_again_and_what_was_lost_comes_back() {
    let mut stage = Stage::new().await;
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);
    stage.passes(1);
    stage.processes[1].presence.ask().await.unwrap();
    stage.passes(1);
    stage.beats(0, "phone").await;
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);

    let epoch = stage.processes[0].presence.epoch().await.unwrap();
    assert_eq!(stage.processes[1].presence.epoch().await.unwrap(), epoch);
    stage.passes(1);
    stage.loses("presence-epoch").await;
    stage.loses("presence:ann").await;
    assert_ne!(stage.processes[1].presence.epoch().await.unwrap(), epoch);
    assert_eq!(stage.sees().await, (Status::Offline, None));
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);
}

#[tokio::test(start_paused = true)]
async fn new_settings_are_published_at_once_and_nothing_under_closed_ones() {
    let mut stage = Stage::new().await;
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);
    stage.processes[0].presence.look_again(&ann()).await.unwrap();
    assert_eq!(stage.told().await, [], "others see what they saw");
    stage.settings.0.lock().unwrap().appear_offline = true;
    stage.processes[0].presence.look_again(&ann()).await.unwrap();
    let changed = stage.told.next().await.unwrap();
    assert_eq!((changed.seen.audience, changed.audience_before), (Audience::NoOne, Some(Audience::Everyone)));
    stage.processes[0].presence.leave(&ann(), &at("phone", 0), stage.clock.now()).await.unwrap();
    assert_eq!(stage.told().await, [], "a message would reveal when she leaves");
}

#[tokio::test(start_paused = true)]
async fn settings_that_nobody_says_have_changed_are_read_again() {
    let mut stage = Stage::new().await;
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, [Status::Online]);
    stage.settings.0.lock().unwrap().show_online_status = Audience::Followers;
    stage.passes(ALIVE_MS / 2);
    stage.beats(0, "phone").await;
    assert_eq!(stage.told().await, []);
    stage.passes(ALIVE_MS / 2);
    stage.beats(0, "phone").await;
    let changed = stage.told.next().await.unwrap();
    assert_eq!(
        (changed.seen.audience, changed.audience_before),
        (Audience::Followers, Some(Audience::Everyone))
    );
}

#[tokio::test(start_paused = true)]
async fn an_audience_parts_viewers() {
    let stage = Stage::new().await;
    let users: BTreeSet<UserId> = ["follower", "other"].map(|user| user.parse().unwrap()).into();
    for (audience, wanted) in [
        (Audience::Everyone, vec!["follower", "other"]),
        (Audience::Followers, vec!["follower"]),
        (Audience::NoOne, vec![]),
    ] {
        let viewers = stage.processes[0].presence.viewers(&ann(), audience, &users).await.unwrap();
        assert_eq!(viewers.iter().map(UserId::as_str).collect::<Vec<_>>(), wanted);
    }
}
