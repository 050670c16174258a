//! Presence of users: a record of each, changed by heartbeats, by leaving and by time, and published to all nodes
//! when others have to learn of the change.
//!
//! Invariants: a record is changed by compare-and-set, and the process that changed the status publishes it, under a
//! version that only grows; changes by time stand in a queue of deadlines, so no user is polled, and any process
//! handles what a dead one has left.

mod record;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::presence::{Presence, Reached};
use domain::privacy::{self, Sign};
use futures::{StreamExt, TryStreamExt, stream};
use platform::clock::Clock;
use platform::ports::{Ephemeral, EphemeralError};
use schemas::position::LogTime;
use schemas::privacy::{Audience, Privacy};
use schemas::{ConversationId, Refusal, UserId};
use tokio_util::sync::CancellationToken;

use crate::channel;
use crate::metrics::{self, Kind};

pub(crate) use record::Record;
pub use record::{Changed, Seen};

/// Users whose status changes by time.
const QUEUE: &str = "presence-deadlines";
/// When a node last asked for republication.
const ASKED: &str = "presence-asked";
/// A value that exists until ephemeral state is lost.
const EPOCH: &str = "presence-epoch";
/// How long an unchanged record is kept, for the time at which its user was last seen.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a node's question stands: each device sends heartbeats meanwhile.
const ASK_FOR: Duration = Duration::from_secs(90);
/// Attempts to change the record of a user whose devices change it at the same time.
const ATTEMPTS: usize = 8;
/// How often deadlines are looked at.
const SWEEP_EVERY: Duration = Duration::from_millis(250);
/// When a user whose change was not handled or not published is due again.
const AGAIN_MS: LogTime = 5_000;
/// Users who are handled in one sweep, and at the same time.
const SWEPT: usize = 200;
const AT_ONCE: usize = 16;
/// Reads of who follows a user, at the same time.
const FOLLOWS_AT_ONCE: usize = 64;
/// Conversations whose members learn of a change; further ones are passed over.
const MAX_CONVERSATIONS: usize = 200;

/// What the tables know of a user.
#[async_trait]
pub trait Tables: Send + Sync + 'static {
    async fn privacy(&self, user: &UserId) -> Result<Privacy, Refusal>;

    /// Up to `most` conversations that the user is in.
    async fn conversations(&self, user: &UserId, most: usize) -> Result<Vec<ConversationId>, Refusal>;

    async fn follows(&self, user: &UserId, other: &UserId) -> Result<bool, Refusal>;
}

/// Why presence cannot be read or changed now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PresenceError {
    #[error(transparent)]
    Ephemeral(#[from] EphemeralError),
    #[error("{}", .0.detail)]
    Tables(Refusal),
}

pub struct Keeper {
    ephemeral: Arc<dyn Ephemeral>,
    tables: Arc<dyn Tables>,
    clock: Arc<dyn Clock>,
}

fn key(user: &UserId) -> String {
    format!("presence:{user}")
}

impl Keeper {
    pub(crate) fn new(ephemeral: Arc<dyn Ephemeral>, tables: Arc<dyn Tables>, clock: Arc<dyn Clock>) -> Self {
        Self { ephemeral, tables, clock }
    }

    /// A heartbeat of a device.
    pub async fn beat(&self, user: &UserId, reached: &Reached, is_active: bool) -> Result<(), PresenceError> {
        self.change(user, false, |presence, now| presence.beat(reached, is_active, now)).await
    }

    /// The last socket of a device on a node closed at a time.
    pub async fn leave(
        &self,
        user: &UserId,
        reached: &Reached,
        closed_at: LogTime,
    ) -> Result<(), PresenceError> {
        self.change(user, false, |presence, now| presence.leave(reached, closed_at, now)).await
    }

    /// Reads the user's settings again, as they have changed.
    pub async fn look_again(&self, user: &UserId) -> Result<(), PresenceError> {
        self.change(user, true, |_, _| {}).await
    }

    /// The presence of users, in their order, before anyone's rights are asked; at most
    /// [`platform::ports::ephemeral::MAX_KEYS`].
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<Seen>, PresenceError> {
        let keys: Vec<String> = users.iter().map(key).collect();
        let (values, now) = (self.ephemeral.get(&keys).await?, self.clock.now());
        let records = values.iter().map(|value| value.as_ref().and_then(Record::read).unwrap_or_default());
        Ok(users.iter().zip(records).map(|(user, record)| record.seen(user, now)).collect())
    }

    /// Those of some users, between whom and `of` no block stands, to whom an audience shows the presence of `of`.
    pub async fn viewers(
        &self,
        of: &UserId,
        audience: Audience,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<UserId>, PresenceError> {
        match audience {
            Audience::Everyone => Ok(users.clone()),
            Audience::NoOne => Ok(BTreeSet::new()),
            Audience::Followers => {
                let reads = stream::iter(users.iter().cloned()).map(async |user: UserId| {
                    let follows = self.tables.follows(&user, of).await.map_err(PresenceError::Tables)?;
                    Ok(follows.then_some(user))
                });
                let viewers = reads.buffer_unordered(FOLLOWS_AT_ONCE).try_filter_map(async |user| Ok(user));
                viewers.try_collect().await
            }
        }
    }

    /// The conversations whose members learn of a user's changes.
    pub async fn conversations(&self, user: &UserId) -> Result<Vec<ConversationId>, PresenceError> {
        self.tables.conversations(user, MAX_CONVERSATIONS).await.map_err(PresenceError::Tables)
    }

    async fn change(
        &self,
        user: &UserId,
        has_new_settings: bool,
        change: impl Fn(&mut Presence, LogTime),
    ) -> Result<(), PresenceError> {
        let keys = [key(user), ASKED.to_owned()];
        let mut conversations = None;
        for _ in 0..ATTEMPTS {
            let mut values = self.ephemeral.get(&keys).await?.into_iter();
            let now = self.clock.now();
            let (old, asked) = (values.next().flatten(), values.next().flatten());
            let known = old.as_ref().and_then(Record::read);
            let mut record = known.clone().unwrap_or_default();
            change(&mut record.presence, now);
            if known.is_none() && record == Record::default() {
                self.ephemeral.schedule(QUEUE, user.as_str(), None).await?;
                return Ok(());
            }
            let mut audience_before = record.unpublished.take();
            if has_new_settings || record.is_audience_old(now) {
                let privacy = self.tables.privacy(user).await.map_err(PresenceError::Tables)?;
                let before = record.take_audience(privacy::audience(Sign::Presence, &privacy), now);
                audience_before = audience_before.or(before);
            }
            let asked_at = asked.and_then(|asked| std::str::from_utf8(&asked).ok()?.parse().ok());
            let is_published = record.publishes(audience_before, asked_at, now);
            if is_published && conversations.is_none() {
                conversations = Some(self.conversations(user).await?);
            }
            let new = Some((channel::encode(&record)?, KEEP));
            if !self.ephemeral.compare_and_set(&keys[0], old.as_ref(), new).await? {
                continue;
            }
            let (seen, version, audience) = (record.seen(user, now), record.version, record.audience);
            let conversations = conversations.filter(|_| is_published);
            let changed =
                conversations.map(|conversations| Changed { seen, version, audience_before, conversations });
            let announced = self.announce(user, record.presence.changes_at(now), changed.as_ref()).await;
            if announced.is_err() {
                let unpublished = is_published.then_some(audience_before.unwrap_or(audience));
                self.announce_again(user, version, unpublished).await?;
            }
            return Ok(announced?);
        }
        Err(EphemeralError::Unavailable("the record changes too often".to_owned()).into())
    }

    /// Schedules the next change of a user by time, and publishes the present one.
    async fn announce(
        &self,
        user: &UserId,
        changes_at: Option<LogTime>,
        changed: Option<&Changed>,
    ) -> Result<(), EphemeralError> {
        self.ephemeral.schedule(QUEUE, user.as_str(), changes_at).await?;
        match changed {
            Some(changed) => channel::publish(&*self.ephemeral, Kind::Presence, changed).await,
            None => Ok(()),
        }
    }

    /// Makes a user due soon whose next change by time was not scheduled, or whose version was not published:
    /// the next change publishes it.
    async fn announce_again(
        &self,
        user: &UserId,
        version: LogTime,
        unpublished: Option<Audience>,
    ) -> Result<(), EphemeralError> {
        let key = key(user);
        for _ in 0..ATTEMPTS {
            let old = self.ephemeral.get(std::slice::from_ref(&key)).await?.pop().flatten();
            let record = old.as_ref().and_then(Record::read).filter(|record| record.version == version);
            let Some(mut record) = record.filter(|_| unpublished.is_some()) else { break };
            record.unpublished = unpublished;
            let new = Some((channel::encode(&record)?, KEEP));
            if self.ephemeral.compare_and_set(&key, old.as_ref(), new).await? {
                break;
            }
        }
        self.ephemeral.schedule(QUEUE, user.as_str(), Some(self.clock.now() + AGAIN_MS)).await
    }

    /// Handles changes by time until `stop`. All processes do, and each user is handled by one of them.
    pub async fn sweep(&self, stop: CancellationToken) -> Result<(), Infallible> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.clock.sleep(SWEEP_EVERY) => {}
            }
            if let Err(error) = self.sweep_once().await {
                metrics::failed(Kind::Presence).inc();
                tracing::debug!(%error, "presence deadlines not handled");
            }
        }
    }

    async fn sweep_once(&self) -> Result<(), EphemeralError> {
        loop {
            let now = self.clock.now();
            let due = self.ephemeral.due(QUEUE, now, now + AGAIN_MS, SWEPT).await?;
            let is_all = due.len() < SWEPT;
            let handled = stream::iter(due).for_each_concurrent(AT_ONCE, async |user| {
                let Ok(user) = user.parse() else { return };
                if let Err(error) = self.change(&user, false, |_, _| {}).await {
                    metrics::failed(Kind::Presence).inc();
                    tracing::debug!(%error, "presence deadline not handled");
                }
            });
            handled.await;
            if is_all {
                return Ok(());
            }
        }
    }

    /// Asks that users who are there are published once more with their next heartbeat.
    pub async fn ask(&self) -> Result<(), EphemeralError> {
        self.ephemeral.set(ASKED, Bytes::from(self.clock.now().to_string()), ASK_FOR).await
    }

    /// The id of the present ephemeral state; another value means that everything was lost.
    pub async fn epoch(&self) -> Result<Bytes, EphemeralError> {
        let new = Bytes::from(self.clock.now().to_string());
        self.ephemeral.compare_and_set(EPOCH, None, Some((new, KEEP))).await?;
        let epoch = self.ephemeral.get(&[EPOCH.to_owned()]).await?.pop().flatten();
        epoch.ok_or_else(|| EphemeralError::Unavailable("lost just now".to_owned()))
    }
}
