//! The floor of a fan-out: a process that writes frames to many connections, one after the other, and
//! does nothing else; or takes in clients of a node, as one would who knows what they say.
//!
//! Invariant: its frames are as long as the node's, and numbered as they are, so the same clients
//! count what is lost.

mod visits;

use std::io::{BufRead, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ::tests::frames::server_text;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::child::Child;
use crate::clients::{Crowd, LEAN, Mode, Plan};
use crate::clock;

/// How long a write may wait for a client.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// What a node says too once a client may go on.
const ACCEPTED: &str = r#"{"type":"connection_ack"}"#;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Ask {
    Listen,
    Accept {
        connections: usize,
    },
    /// Writes frames to every connection, those of one in one write.
    Write {
        frames: usize,
        /// Of the text in each frame.
        bytes: usize,
        first: i64,
    },
    /// Takes in clients of a node, and says to each what it has missed.
    Welcome {
        clients: usize,
        missed: usize,
        /// Of each text that was missed.
        bytes: usize,
    },
    /// Waits until all that were welcomed have gone.
    Part,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Answer {
    Done,
    Listens(SocketAddr),
    /// Nanoseconds that the thread spent on a core.
    Spent(u64),
}

/// A loop and the clients behind it.
pub struct Bare {
    child: Child,
    clients: Crowd,
    next: i64,
}

impl Bare {
    pub async fn start(connections: usize) -> Result<Self> {
        let (mut child, address) = start().await?;
        let accept = Ask::Accept { connections };
        let (clients, accepted) = tokio::join!(Crowd::bare(address, connections), child.ask(&accept));
        let accepted: Answer = accepted?;
        ensure!(accepted == Answer::Done, "the loop has accepted its clients");
        Ok(Self { child, clients: clients?, next: 1 })
    }

    /// Time on a core for each frame to each client, in nanoseconds, over some rounds.
    pub async fn cost(&mut self, frames: usize, bytes: usize, rounds: usize) -> Result<f64> {
        let mut taken = 0;
        for _ in 0..rounds {
            taken += self.round(frames, bytes).await?;
        }
        Ok(taken as f64 / (rounds * frames * self.clients.size) as f64)
    }

    /// Writes one frame to every client: how long it takes on a core, and after how long the last has it,
    /// in milliseconds.
    pub async fn message(&mut self, bytes: usize) -> Result<[f64; 2]> {
        self.clients.heard.take_latencies();
        let taken = self.round(1, bytes).await? as f64 / 1e6;
        Ok([taken, self.clients.heard.take_latencies().max() as f64 / 1e3])
    }

    /// Nanoseconds on a core.
    async fn round(&mut self, frames: usize, bytes: usize) -> Result<u64> {
        self.clients.expect(frames);
        let write = Ask::Write { frames, bytes, first: self.next };
        let taken = spent(&mut self.child, &write).await?;
        self.next += frames as i64;
        self.clients.hear_undisturbed().await?;
        Ok(taken)
    }
}

/// What it takes, in nanoseconds for each, to let clients go and to take them in again who have missed
/// messages of so many bytes meanwhile.
pub async fn cost_of_return(plan: Plan, missed: usize, bytes: usize) -> Result<f64> {
    let (mut child, address) = start().await?;
    let clients = plan.groups.len() * plan.members.len();
    let first = Ask::Welcome { clients, missed: 0, bytes };
    let (crowd, taken_in) =
        tokio::join!(Crowd::come(address, plan, |_| LEAN.to_owned()), spent(&mut child, &first));
    let (mut crowd, _) = (crowd?, taken_in?);
    crowd.set_mode(Mode::Away);
    let parting = spent(&mut child, &Ask::Part).await?;
    crowd.heard.until_departures(clients as u64).await?;
    crowd.expect(missed);
    crowd.set_mode(Mode::Read);
    let welcoming = spent(&mut child, &Ask::Welcome { clients, missed, bytes }).await?;
    crowd.hear_undisturbed().await?;
    Ok((parting + welcoming) as f64 / clients as f64)
}

/// A loop, and where it listens.
async fn start() -> Result<(Child, SocketAddr)> {
    let mut child = Child::start(&["bare"])?;
    match child.ask(&Ask::Listen).await? {
        Answer::Listens(address) => Ok((child, address)),
        other => bail!("a loop that listens answers {other:?}"),
    }
}

async fn spent(child: &mut Child, ask: &Ask) -> Result<u64> {
    match child.ask(ask).await? {
        Answer::Spent(nanoseconds) => Ok(nanoseconds),
        other => bail!("instead of what it spent, a loop answers {other:?}"),
    }
}

/// The loop's own process.
pub fn run() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut connections = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let answer = answer(&listener, &mut connections, serde_json::from_str(&line?)?);
        let answer = serde_json::to_string(&answer.map_err(|error| format!("{error:#}")))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(listener: &TcpListener, connections: &mut Vec<TcpStream>, ask: Ask) -> Result<Answer> {
    match ask {
        Ask::Listen => Ok(Answer::Listens(listener.local_addr()?)),
        Ask::Accept { connections: count } => {
            for _ in 0..count {
                let (mut stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(WRITE_WITHIN))?;
                // A client cannot tell by itself whether it has been accepted or waits to be.
                stream.write_all(&server_text(ACCEPTED))?;
                connections.push(stream);
            }
            Ok(Answer::Done)
        }
        Ask::Write { frames, bytes, first } => {
            let due = clock::monotonic();
            let texts = (first..).take(frames).map(|seq| text(seq, due, bytes));
            let frames: Vec<u8> =
                texts.collect::<Result<Vec<_>>>()?.iter().flat_map(|text| server_text(text)).collect();
            let begun = clock::thread_cpu();
            for connection in connections {
                connection.write_all(&frames)?;
            }
            Ok(Answer::Spent(clock::thread_cpu() - begun))
        }
        Ask::Welcome { clients, missed, bytes } => {
            let due = clock::monotonic();
            let texts = (1..).take(missed).map(|seq| text(seq, due, bytes));
            let missed = texts.collect::<Result<Vec<_>>>()?;
            let begun = clock::thread_cpu();
            for _ in 0..clients {
                connections.push(visits::welcome(listener, &missed)?);
            }
            Ok(Answer::Spent(clock::thread_cpu() - begun))
        }
        Ask::Part => {
            let begun = clock::thread_cpu();
            for connection in connections.drain(..) {
                visits::part(connection)?;
            }
            Ok(Answer::Spent(clock::thread_cpu() - begun))
        }
    }
}

/// A message as a node says it, as long as is wanted.
fn text(seq: i64, due: u64, bytes: usize) -> Result<String> {
    let (head, tail) = (format!(r#"{{"seq":{seq},"content":"{due} "#), r#""}"#);
    let padding = bytes.checked_sub(head.len() + tail.len()).context("frames are too short")?;
    Ok(format!("{head}{:x<padding$}{tail}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_long_as_the_nodes() {
        for bytes in [60, 125, 126, 400] {
            let text = text(12, 345, bytes).unwrap();
            assert_eq!(text.len(), bytes);
            assert!(text.starts_with(r#"{"seq":12,"content":"345 x"#) && text.ends_with(r#"x"}"#));
        }
        assert!(text(12, 345, 10).is_err());
    }
}
