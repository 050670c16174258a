//! Sends over HTTP that whoever keeps the pace writes: a task would first have to be scheduled, which
//! would count as the system's time.
//!
//! Invariant: a connection carries one request at a time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::str;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use super::PATIENCE;
use crate::clock;

const QUERY: &str = "mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { id seq content clientMessageId createdAt sender { username } }
}";
const HEAD_END: &[u8] = b"\r\n\r\n";

/// Connections that wait for a request, the one that has waited longest first.
type Idle = Arc<Mutex<VecDeque<Arc<TcpStream>>>>;

/// The answer to a send.
pub struct Answer {
    /// When the send was due.
    pub due: u64,
    pub micros: u64,
}

pub struct Sends {
    idle: Idle,
}

/// What is answered on all connections.
pub struct Answers {
    told: mpsc::Receiver<Result<Answer>>,
    _readers: JoinSet<()>,
}

impl Answers {
    pub async fn next(&mut self) -> Result<Answer> {
        timeout(PATIENCE, self.told.recv()).await.context("answers are missing")?.context("nobody answers")?
    }
}

impl Sends {
    /// So many connections, spread over some addresses, and what is answered on them.
    pub async fn connect(addresses: &[SocketAddr], connections: usize) -> Result<(Self, Answers)> {
        let (idle, mut readers) = (Idle::default(), JoinSet::new());
        let (tell, told) = mpsc::channel(connections);
        for address in addresses.iter().cycle().take(connections) {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let stream = Arc::new(stream);
            put(&idle, &stream);
            let (idle, tell) = (idle.clone(), tell.clone());
            readers.spawn(async move {
                let ended = read_answers(&stream, &idle, &tell).await;
                // Nobody hears it if all are answered.
                let _ = tell.send(ended.map(|never| match never {})).await;
            });
        }
        Ok((Self { idle }, Answers { told, _readers: readers }))
    }

    /// A request to send that says when it is due.
    pub fn request(token: &str, conversation: &str, due: u64) -> String {
        let input = json!({ "conversationId": conversation, "clientMessageId": Uuid::new_v4(), "content": due.to_string() });
        let body = json!({ "query": QUERY, "variables": { "input": input } }).to_string();
        format!(
            "POST /graphql HTTP/1.1\r\nHost: ingest\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Writes a request.
    pub fn send(&self, request: &str) -> Result<()> {
        let stream = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let stream = stream.context("no connection is free: the system is that far behind")?;
        ensure!(stream.try_write(request.as_bytes())? == request.len(), "a request was written in part");
        Ok(())
    }
}

fn put(idle: &Idle, stream: &Arc<TcpStream>) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(stream.clone());
}

async fn read_answers(
    stream: &Arc<TcpStream>,
    idle: &Idle,
    tell: &mpsc::Sender<Result<Answer>>,
) -> Result<Infallible> {
    let mut bytes = Vec::new();
    loop {
        stream.readable().await?;
        match stream.try_read_buf(&mut bytes) {
            Ok(0) => bail!("a connection was closed"),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        if let Some(body) = whole_body(&bytes)? {
            let now = clock::monotonic();
            let due = sent(body)?;
            tell.send(Ok(Answer { due, micros: now.saturating_sub(due) / 1_000 })).await?;
            bytes.clear();
            put(idle, stream);
        }
    }
}

/// The body of an answer that is there as a whole.
fn whole_body(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(head) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) else {
        return Ok(None);
    };
    let (head, body) =
        (str::from_utf8(&bytes[..head])?.to_ascii_lowercase(), &bytes[head + HEAD_END.len()..]);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("no length")?;
    Ok((body.len() >= length.trim().parse()?).then_some(body))
}

/// When what was sent was due; an error if it was not.
fn sent(body: &[u8]) -> Result<u64> {
    let answer: Value = serde_json::from_slice(body)?;
    let content = answer["data"]["sendMessage"]["content"].as_str();
    content.with_context(|| format!("not sent: {answer}"))?.parse().context("another content")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_once_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        for end in 0..bytes.len() {
            assert_eq!(whole_body(&bytes[..end]).unwrap(), None, "{end} bytes");
        }
        assert_eq!(whole_body(bytes).unwrap(), Some(&b"hello"[..]));
        assert!(whole_body(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn only_what_was_sent_is_an_answer() {
        assert_eq!(sent(br#"{"data":{"sendMessage":{"content":"12"}}}"#).unwrap(), 12);
        assert!(sent(br#"{"data":null,"errors":[{"message":"later"}]}"#).is_err());
    }
}
