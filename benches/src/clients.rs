//! Crowds of clients: each listens on a socket of its own, and all that they hear is counted.
//!
//! Invariant: a client that is cut off comes back with its last cursor.

mod aside;
pub mod heard;
mod inbox;
pub mod said;
mod visit;

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Result, ensure};
use graphql::auth::Authenticator;
use platform::clock::{Clock, SystemClock};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::node::{self, TOKEN_KEY};
use heard::Heard;
use inbox::Inbox;
use visit::Client;

pub use aside::Aside;
pub use visit::{Mode, Way};

/// Clients that come at once where nothing is said of it.
const AT_ONCE: usize = 256;
/// What a socket of a benchmark selects if selections are not what it is about.
pub const LEAN: &str = "{ cursor event { ... on MessageCreated { message { seq content } }
    ... on ResumeGap { reason } ... on Drained { replayed } } }";

/// Which clients come, and how.
pub struct Plan {
    pub groups: Range<usize>,
    /// Of each group.
    pub members: Range<usize>,
    /// Connected as over a long way: small segments, a small buffer.
    pub far: bool,
    /// How many may come at once.
    pub at_once: usize,
    /// Where they live.
    pub threads: Handle,
}

impl Plan {
    pub fn of(group: usize, members: Range<usize>) -> Self {
        Self::of_groups(group..group + 1, members)
    }

    pub fn of_groups(groups: Range<usize>, members: Range<usize>) -> Self {
        Self { groups, members, far: false, at_once: AT_ONCE, threads: Handle::current() }
    }
}

pub struct Crowd {
    pub heard: Arc<Heard>,
    pub size: usize,
    /// Deliveries that were asked for so far.
    awaited: u64,
    mode: watch::Sender<Mode>,
    tasks: JoinSet<Result<()>>,
}

impl Crowd {
    /// Members of groups come to a node, each with the selection of its number.
    pub async fn come(address: SocketAddr, plan: Plan, selection: impl Fn(usize) -> String) -> Result<Self> {
        let (issuer, now) = (Authenticator::development(&TOKEN_KEY), SystemClock.now());
        let way = |group: usize, member: usize| -> Result<Way> {
            let token = issuer.issue(&node::user(group, member), vec![], None, now)?;
            Ok(Way::Node { token, selection: selection(member) })
        };
        Self::gather(address, plan, way).await
    }

    /// Clients that only read, behind whatever writes frames there.
    pub async fn bare(address: SocketAddr, count: usize) -> Result<Self> {
        Self::gather(address, Plan::of(0, 0..count), |_, _| Ok(Way::Bare)).await
    }

    async fn gather(
        address: SocketAddr,
        plan: Plan,
        way: impl Fn(usize, usize) -> Result<Way>,
    ) -> Result<Self> {
        let (heard, gate) = (Arc::new(Heard::new()?), Arc::new(Semaphore::new(plan.at_once)));
        let (mode, modes) = watch::channel(Mode::Read);
        let mut tasks = JoinSet::new();
        let everybody = plan.groups.flat_map(|group| plan.members.clone().map(move |member| (group, member)));
        for (group, member) in everybody {
            let client = Client {
                address,
                way: way(group, member)?,
                far: plan.far,
                heard: heard.clone(),
                gate: gate.clone(),
                inbox: Inbox::default(),
            };
            tasks.spawn_on(client.attend(modes.clone()), &plan.threads);
        }
        let size = tasks.len();
        heard.until_arrivals(size as u64).await?;
        Ok(Self { heard, size, awaited: 0, mode, tasks })
    }

    pub fn set_mode(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Notes that each client is to get so many more messages.
    pub fn expect(&mut self, messages: usize) {
        self.awaited += (messages * self.size) as u64;
    }

    /// Waits until all that is expected has come, to each once and in order.
    pub async fn hear(&self) -> Result<()> {
        self.heard.until_deliveries(self.awaited).await?;
        self.heard.insist_on_order()
    }

    /// The same, for clients whom nobody should have cut off.
    pub async fn hear_undisturbed(&mut self) -> Result<()> {
        self.hear().await?;
        let closes = self.heard.closes();
        ensure!(closes.is_empty(), "sockets were closed: {closes:?}");
        if let Some(ended) = self.tasks.try_join_next() {
            ended??;
        }
        Ok(())
    }
}
