//! A fan-out node in a process of its own, so that its time and memory are its own.
//!
//! Invariant: no machine runs in it. It writes the rows of its members and the events of their
//! conversations itself, as the machines would have, so that what it spends is the fan-out's.

mod process;
mod world;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use schemas::UserId;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::child::Child;
use crate::usage;

pub use process::{Options, run};

/// Key of the tokens of this node's users.
pub const TOKEN_KEY: [u8; 32] = [0x5a; 32];

const SETTLED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A member of a group, each group having users of its own.
pub fn user(group: usize, member: usize) -> UserId {
    UserId::of_username(&format!("group-{group}-member-{member}"))
}

/// What a node is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Writes the rows of members: one group for each size.
    Populate {
        sizes: Vec<usize>,
    },
    /// Where it listens, once it is ready.
    Listen,
    /// Posts so many messages at once; answered when the log has them.
    Publish {
        group: usize,
        messages: usize,
        characters: usize,
    },
    /// Posts to one group after the other, each message when it is due.
    Flow {
        groups: Vec<usize>,
        per_second: u32,
        messages: usize,
        characters: usize,
    },
    /// Answered once the flow has ended.
    FlowEnd,
    Cpu,
    /// Its own metrics, as text.
    Metrics,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Done,
    Listens(SocketAddr),
    /// Nanoseconds of the process on all cores since it began.
    Cpu(u64),
    Metrics(String),
}

pub struct Node {
    child: Child,
    pub address: SocketAddr,
    /// Removed with the node.
    _folder: TempDir,
}

impl Node {
    /// A node among whose users are groups of these sizes.
    pub async fn start(sizes: &[usize]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().display().to_string();
        let start = || Child::start(&["node", "--folder", &path]);
        // What the rows took in memory while they were written is not there to be used again.
        let mut before = start()?;
        done(before.ask(&Ask::Populate { sizes: sizes.to_vec() }).await?)?;
        before.end().await?;
        let mut child = start()?;
        match child.ask(&Ask::Listen).await? {
            Answer::Listens(address) => Ok(Self { child, address, _folder: folder }),
            other => bail!("a node that listens answers {other:?}"),
        }
    }

    pub async fn publish(&mut self, group: usize, messages: usize, characters: usize) -> Result<()> {
        done(self.child.ask(&Ask::Publish { group, messages, characters }).await?)
    }

    /// Starts a flow.
    pub async fn flow(
        &mut self,
        groups: Vec<usize>,
        per_second: u32,
        messages: usize,
        characters: usize,
    ) -> Result<()> {
        done(self.child.ask(&Ask::Flow { groups, per_second, messages, characters }).await?)
    }

    pub async fn flow_end(&mut self) -> Result<()> {
        done(self.child.ask(&Ask::FlowEnd).await?)
    }

    /// Nanoseconds.
    pub async fn cpu(&mut self) -> Result<u64> {
        match self.child.ask(&Ask::Cpu).await? {
            Answer::Cpu(nanoseconds) => Ok(nanoseconds),
            other => bail!("asked for its time, a node answers {other:?}"),
        }
    }

    /// Waits until no more sockets than these are open.
    pub async fn until_sockets(&mut self, most: usize) -> Result<()> {
        let begun = Instant::now();
        while self.metric("musclemap_fanout_sockets").await?.is_none_or(|open| open > most as f64) {
            ensure!(begun.elapsed() < SETTLED_WITHIN, "the node does not see that sockets have ended");
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The sum of a metric over its labels; `None` if the node has no such metric.
    pub async fn metric(&mut self, name: &str) -> Result<Option<f64>> {
        match self.child.ask(&Ask::Metrics).await? {
            Answer::Metrics(text) => Ok(sum(&text, name)),
            other => bail!("asked for metrics, a node answers {other:?}"),
        }
    }

    /// Payloads that it has rendered so far.
    pub async fn renderings(&mut self) -> Result<f64> {
        Ok(self.metric("musclemap_fanout_renderings_total").await?.unwrap_or(0.0))
    }

    /// Memory of the process that no file backs, in kilobytes.
    pub fn memory(&self) -> Result<f64> {
        usage::anonymous_kilobytes(self.child.pid()?)
    }
}

fn done(answer: Answer) -> Result<()> {
    if answer == Answer::Done { Ok(()) } else { bail!("instead of done, a node answers {answer:?}") }
}

/// Adds up the lines of a metric in the text format of Prometheus.
fn sum(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let is_whole_name = rest.starts_with(['{', ' ']);
        is_whole_name.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok()).flatten()
    });
    values.reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels() {
        let text = "# HELP a_total Things\n# TYPE a_total counter\na_total{kind=\"x y\"} 3\n\
                    a_total{kind=\"z\"} 4\na_total_of_others 7\nb_total 5\n";
        assert_eq!(sum(text, "a_total"), Some(7.0));
        assert_eq!(sum(text, "b_total"), Some(5.0));
        assert_eq!(sum(text, "c_total"), None);
    }
}
