//! The floor of a fan-out: a process that writes frames to many connections, one after the other, and
//! does nothing else.
//!
//! Invariant: its frames are as long as the node's, and numbered as they are, so the same clients
//! count what is lost.

use std::io::{BufRead, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::child::Child;
use crate::clients::Crowd;
use crate::clients::frames::server_text;
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
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Answer {
    Done,
    Listens(SocketAddr),
    /// Nanoseconds that the thread spent on a core.
    Wrote(u64),
}

/// A loop and the clients behind it.
pub struct Bare {
    child: Child,
    clients: Crowd,
    next: i64,
}

impl Bare {
    pub async fn start(connections: usize) -> Result<Self> {
        let mut child = Child::start(&["bare"])?;
        let address = match child.ask(&Ask::Listen).await? {
            Answer::Listens(address) => address,
            other => bail!("a loop that listens answers {other:?}"),
        };
        let accept = Ask::Accept { connections };
        let (clients, accepted) = tokio::join!(Crowd::bare(address, connections), child.ask(&accept));
        let accepted: Answer = accepted?;
        ensure!(accepted == Answer::Done, "the loop has accepted its clients");
        Ok(Self { child, clients: clients?, next: 1 })
    }

    /// Time on a core for each frame to each client, in nanoseconds, over some rounds.
    pub async fn cost(&mut self, frames: usize, bytes: usize, rounds: usize) -> Result<f64> {
        let mut spent = 0;
        for _ in 0..rounds {
            self.clients.expect(frames);
            match self.child.ask(&Ask::Write { frames, bytes, first: self.next }).await? {
                Answer::Wrote(nanoseconds) => spent += nanoseconds,
                other => bail!("a loop that writes answers {other:?}"),
            }
            self.next += frames as i64;
            self.clients.hear_undisturbed().await?;
        }
        Ok(spent as f64 / (rounds * frames * self.clients.size) as f64)
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
            Ok(Answer::Wrote(clock::thread_cpu() - begun))
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
