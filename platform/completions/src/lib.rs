//! Completions by a server that speaks OpenAI's chat protocol, which many models are served by.
//!
//! Invariants: a request has one deadline, from the wait for a place to the last byte, and its answer at most 64 KiB; no
//! error or log line carries the key, the address or a text. A redirect is not followed.

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use egress::{Development, Egress, Room, SettingsError};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue};
use platform::config::Secret;
use platform::ports::completions::{CompletionError, Completions, Prompt};
use serde::{Deserialize, Serialize};
use url::Url;

/// Bytes of an answer.
const ANSWER_BYTES: usize = 64 * 1024;
/// Requests at once; one more waits, and then has no answer.
const ROOM: Room = Room { in_all: 32, per_host: 32, waiting: 128 };

#[derive(Debug, Clone)]
pub struct Config {
    /// What stands before `/chat/completions`, such as `https://api.example/v1`.
    pub url: String,
    /// Empty for a server without keys.
    pub key: Secret,
    pub model: String,
    /// For a request as a whole.
    pub within: Duration,
    /// Networks by commas, for a server that has no public address.
    pub networks: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("the URL has no port that is known")]
    Port,
    #[error("the key: {0}")]
    Key(#[from] InvalidHeaderValue),
    #[error(transparent)]
    Egress(#[from] SettingsError),
}

/// A server of completions.
pub struct ChatServer {
    egress: Egress,
    url: String,
    headers: HeaderMap,
    model: String,
}

impl ChatServer {
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let url = format!("{}/chat/completions", config.url.trim_end_matches('/'));
        let port = Url::parse(&url)?.port_or_known_default().ok_or(ConfigError::Port)?;
        let inside = Development { networks: config.networks, ..Development::default() };
        let settings = inside.apply(egress::Settings {
            ports: vec![port],
            within: config.within,
            most_wire_bytes: ANSWER_BYTES,
            most_decoded_bytes: ANSWER_BYTES,
            room: ROOM,
            ..egress::Settings::default()
        })?;
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if let Some(key) = config.key.expose() {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {key}"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let egress = Egress::new(settings).map_err(SettingsError::from)?;
        Ok(Self { egress, url, headers, model: config.model })
    }
}

/// The request of the protocol, as far as it is used.
#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    messages: [Said<'a>; 2],
    max_tokens: u32,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

/// Its answer.
#[derive(Deserialize)]
struct Answered {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
}

#[derive(Deserialize)]
struct Content {
    content: Option<String>,
}

#[async_trait]
impl Completions for ChatServer {
    async fn complete(&self, prompt: Prompt<'_>) -> Result<String, CompletionError> {
        // The error's own text may quote what was answered.
        let form = |_: serde_json::Error| CompletionError::Form("not the JSON of a completion".to_owned());
        let asked = Asked {
            model: &self.model,
            messages: [
                Said { role: "system", content: prompt.instruction },
                Said { role: "user", content: prompt.text },
            ],
            max_tokens: prompt.most_tokens,
        };
        let body = Bytes::from(serde_json::to_vec(&asked).map_err(form)?);
        let answer = self.egress.post(&self.url, self.headers.clone(), body).await;
        let answer = answer.map_err(|refusal| CompletionError::Unavailable(refusal.to_string()))?;
        match answer.status.as_u16() {
            200 => {}
            status @ (429 | 500..) => return Err(CompletionError::Unavailable(format!("status {status}"))),
            status => return Err(CompletionError::Refused(status)),
        }
        let answered: Answered = serde_json::from_slice(&answer.body).map_err(form)?;
        let first = answered.choices.into_iter().next().and_then(|choice| choice.message.content);
        first.ok_or_else(|| CompletionError::Form("no content".to_owned()))
    }
}
