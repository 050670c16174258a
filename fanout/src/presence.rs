//! Presence on a node: changes are delivered to users who watch a user or share a conversation with them; devices
//! whose last socket closed leave.
//!
//! Invariants: visibility is checked at delivery; the changes of one user are handled in order; a missed
//! change is corrected within a minute, also after a loss of ephemeral state; memory is bounded.

mod devices;
mod known;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use awareness::Kind;
use awareness::presence::{Changed, PresenceError, Seen};
use domain::presence::Status;
use futures::future::{OptionFuture, join_all};
use futures::{StreamExt, TryStreamExt, stream};
use graphql::live::Delivery;
use schemas::{ConversationId, LogTime, UserId};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::Node;
use crate::hub::{Acquainted, Parted};
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};

pub use devices::{DeviceSeat, Devices};
pub use known::Present;

/// How often a loss of everything is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// From a loss until users who were not published again are looked at: every device sends a heartbeat within 30 s.
const HEAL_AFTER: Duration = Duration::from_secs(40);
/// Users who are read together.
const READ_AT_ONCE: usize = 500;
/// Users whose conversations are read at the same time.
const CONVERSATIONS_AT_ONCE: usize = 32;

/// A change to deliver on this node.
enum Change {
    Published(Changed),
    Parted(Parted),
}

impl Node {
    /// Delivers changes to connected users, and corrects missed ones. Never returns.
    pub async fn follow_presence(&self) {
        let mut lanes = self.present.lanes().await;
        let handled = join_all(lanes.iter_mut().map(|lane| self.handle_presence(lane)));
        tokio::join!(handled, self.take_presence());
    }

    async fn take_presence(&self) {
        let mut incoming = self.awareness.presences();
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut epoch, mut heals_at, mut missed_at) = (None, None::<Instant>, None::<Instant>);
        loop {
            let is_missed = tokio::select! {
                changed = incoming.next() => match changed {
                    Some(changed) => {
                        self.present.pass(Change::Published(changed));
                        false
                    }
                    None => true,
                },
                () = self.present.missed() => true,
                _ = looks.tick() => {
                    self.present.forget_gone(Instant::now());
                    match self.awareness.presence.epoch().await {
                        Ok(now) => epoch.replace(now.clone()).is_some_and(|before| before != now),
                        Err(_) => false,
                    }
                }
                Some(()) = OptionFuture::from(heals_at.map(sleep_until)) => {
                    let again = self.heal().await.err().map(|error| {
                        tracing::warn!(%error, "presence not healed yet");
                        Instant::now() + LOOK_EVERY
                    });
                    heals_at = again.or(missed_at.take().map(|at| at + HEAL_AFTER));
                    false
                }
            };
            if !is_missed {
                continue;
            }
            let now = Instant::now();
            match heals_at {
                Some(_) => missed_at = Some(now),
                None => heals_at = Some(now + HEAL_AFTER),
            }
            if let Err(error) = self.awareness.presence.ask().await {
                awareness::failed(Kind::Presence).inc();
                tracing::debug!(%error, "presence not asked for");
            }
        }
    }

    /// Reads the presence of users who are known to be there, and handles what differs as a change.
    async fn heal(&self) -> Result<(), PresenceError> {
        // With the versions from before the read: what is published meanwhile is newer.
        for there in self.present.there().chunks(READ_AT_ONCE) {
            let users: Vec<UserId> = there.iter().map(|(known, _)| known.user.clone()).collect();
            let read = self.awareness.presence.of(&users).await?;
            let mut changes = vec![];
            for ((known, version), seen) in there.iter().zip(read) {
                if known.status != seen.status || known.audience != seen.audience {
                    changes.push((seen, version + 1));
                }
            }
            let changes = stream::iter(changes).map(async |(seen, version): (Seen, LogTime)| {
                let conversations = self.awareness.presence.conversations(&seen.user).await?;
                Ok::<_, PresenceError>(Changed { seen, version, audience_before: None, conversations })
            });
            let mut changes = changes.buffer_unordered(CONVERSATIONS_AT_ONCE);
            while let Some(changed) = changes.try_next().await? {
                self.present.pass(Change::Published(changed));
            }
        }
        Ok(())
    }

    /// Handles the changes of a lane. Never returns.
    async fn handle_presence(&self, lane: &mut mpsc::Receiver<Change>) {
        while let Some(change) = lane.recv().await {
            let handled = match &change {
                Change::Published(changed) => self.presence_changed(changed).await,
                Change::Parted(parted) => self.presence_parted(parted).await,
            };
            if let Err(error) = handled {
                awareness::failed(Kind::Presence).inc();
                tracing::debug!(%error, "a change of presence not delivered");
                self.present.miss();
            }
        }
    }

    async fn presence_changed(&self, changed: &Changed) -> Result<(), PresenceError> {
        let Changed { seen, version, audience_before, conversations } = changed;
        let known = self.present.get(&seen.user);
        if known.as_ref().is_some_and(|(_, known)| known >= version) {
            return Ok(());
        }
        if !self.present.has_room(known.is_some()) {
            metrics::dropped(Dropped::Presence).inc();
            return Ok(());
        }
        let known = known.map(|(known, _)| known);
        let audience_before = audience_before.or(known.as_ref().map(|known| known.audience));
        let audience_before = audience_before.filter(|before| *before != seen.audience);
        let is_new = known.is_none_or(|known| known.status != seen.status);
        if is_new || audience_before.is_some() {
            let viewers = self.acquainted(&seen.user, conversations).filter(|viewer| !viewer.is_hidden);
            let viewers: BTreeSet<UserId> = viewers.map(|viewer| viewer.user).collect();
            let sees = self.awareness.presence.viewers(&seen.user, seen.audience, &viewers).await?;
            let others = &viewers - &sees;
            let saw = match audience_before {
                Some(before) => self.awareness.presence.viewers(&seen.user, before, &others).await?,
                None => BTreeSet::new(),
            };
            self.tell_presence(seen.clone(), &sees);
            self.tell_presence(seen.hidden(), &saw);
        }
        self.present.learn(seen.clone(), *version, Instant::now());
        Ok(())
    }

    /// A block or an open request hides a user who is there, and its end shows them.
    async fn presence_parted(&self, Parted { of, viewer }: &Parted) -> Result<(), PresenceError> {
        let known = self.present.get(of).map(|(known, _)| known);
        let Some(known) = known.filter(|known| known.status != Status::Offline) else { return Ok(()) };
        let conversations = self.awareness.presence.conversations(of).await?;
        let found = self.acquainted(of, &conversations).filter(|other| other.user == *viewer);
        let hidden: Vec<bool> = found.map(|other| other.is_hidden).collect();
        if hidden.is_empty() {
            return Ok(());
        }
        let viewer = BTreeSet::from([viewer.clone()]);
        let sees = self.awareness.presence.viewers(of, known.audience, &viewer).await?;
        self.tell_presence(if hidden.contains(&true) { known.hidden() } else { known }, &sees);
        Ok(())
    }

    /// Users who are here and watch a user, or share one of these conversations with them.
    fn acquainted(&self, of: &UserId, conversations: &[ConversationId]) -> impl Iterator<Item = Acquainted> {
        self.hubs.iter().flat_map(|hub| hub.acquainted(of, conversations))
    }

    fn tell_presence(&self, seen: Seen, viewers: &BTreeSet<UserId>) {
        if viewers.is_empty() {
            return;
        }
        let of = seen.user.clone();
        let notice = Arc::new(Notice::new(NoticeKind::Presence, Some(of), Delivery::Presence(seen)));
        self.hubs.iter().for_each(|hub| hub.tell_viewers(&notice, viewers));
    }
}
