//! A translator of the test, by the API of LibreTranslate: it answers with the words that it is asked about, each with the
//! language in front, and keeps what it was asked.
//!
//! Invariants: answers are computed from what is asked for; what stands in double brackets stays, unless a test has it
//! lost.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the translator does with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Manner {
    #[default]
    Translates,
    /// What stands in double brackets is not in the answer.
    LosesMarks,
    /// An answer with this status.
    Fails(u16),
    /// Nothing, while the connection lasts.
    Silence,
}

#[derive(Default)]
struct State {
    manner: Manner,
    asked: Vec<Value>,
}

/// Until it is dropped.
pub struct Translator {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _serving: JoinSet<()>,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Translator {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let of_clients = state.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = of_clients.clone();
                clients.spawn(async move {
                    // What a client does to its connection is its own affair.
                    let _ = converse(stream, &state).await;
                });
            }
        });
        Self { address, state, _serving: serving }
    }

    /// What a system is told so that it translates here.
    pub fn variables(&self, prefix: &str) -> Vec<(String, String)> {
        let variables = [
            ("PROVIDER", "libretranslate".to_owned()),
            ("URL", format!("http://{}", self.address)),
            ("WITHIN_MS", "2000".to_owned()),
        ];
        variables.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect()
    }

    /// What it does with requests from now on.
    pub fn becomes(&self, manner: Manner) {
        locked(&self.state).manner = manner;
    }

    /// The bodies of the requests so far.
    pub fn asked(&self) -> Vec<Value> {
        locked(&self.state).asked.clone()
    }
}

/// The translation of a text.
pub fn translated(text: &str, language: &str) -> String {
    of(text, language, false)
}

fn of(text: &str, language: &str, loses_marks: bool) -> String {
    let word = |word: &str| match word.trim() {
        "" => word.to_owned(),
        mark if mark.contains("[[") => {
            if loses_marks {
                String::new()
            } else {
                word.to_owned()
            }
        }
        _ => format!("{language}:{word}"),
    };
    text.split_inclusive(char::is_whitespace).map(word).collect()
}

async fn converse(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let asked: Value = serde_json::from_slice(&body)?;
    let manner = {
        let mut state = locked(state);
        state.asked.push(asked.clone());
        state.manner
    };
    let (status, answer) = match manner {
        Manner::Translates => (200, answer(&asked, false)),
        Manner::LosesMarks => (200, answer(&asked, true)),
        Manner::Fails(status) => (status, json!({ "error": "as the test says" })),
        Manner::Silence => {
            stream.read_u8().await?;
            return Ok(());
        }
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn answer(asked: &Value, loses_marks: bool) -> Value {
    let target = asked["target"].as_str().unwrap_or_default();
    let texts = asked["q"].as_array().into_iter().flatten().filter_map(Value::as_str);
    json!({ "translatedText": texts.map(|text| of(text, target, loses_marks)).collect::<Vec<_>>() })
}
