//! Requests of the SDK, each with a deadline, and what their failures mean.
//!
//! Invariant: what may pass is [`SearchError::Unavailable`]: no connection, no answer in time, an overload, an
//! error of the server, a key that is not accepted yet.

use async_trait::async_trait;
use futures::io::{AsyncRead, AsyncReadExt};
use meilisearch_sdk::errors::{Error, ErrorType};
use meilisearch_sdk::request::{HttpClient, Method, parse_response};
use platform::config::Secret;
use platform::ports::search::SearchError;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method as Verb, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Config;

/// The transport of the SDK's client: its own has no deadlines.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    key: Secret,
}

impl Http {
    pub fn new(config: &Config) -> Result<Self, SearchError> {
        let client = Client::builder().timeout(config.request_within).no_proxy().build();
        let client = client.map_err(|error| SearchError::Refused(error.to_string()))?;
        Ok(Self { client, key: config.key.clone() })
    }
}

/// The address with its parameters.
fn addressed<Q: Serialize, B>(url: &str, method: &Method<Q, B>) -> Result<String, Error> {
    Ok(format!("{url}{}", yaup::to_string(method.query())?))
}

fn verb<Q, B>(method: &Method<Q, B>) -> Verb {
    match method {
        Method::Get { .. } => Verb::GET,
        Method::Delete { .. } => Verb::DELETE,
        Method::Post { .. } => Verb::POST,
        Method::Put { .. } => Verb::PUT,
        Method::Patch { .. } => Verb::PATCH,
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn stream_request<
        Query: Serialize + Send + Sync,
        Body: AsyncRead + Send + Sync + 'static,
        Output: DeserializeOwned + 'static,
    >(
        &self,
        url: &str,
        method: Method<Query, Body>,
        content_type: &str,
        expected_status_code: u16,
    ) -> Result<Output, Error> {
        let (url, verb) = (addressed(url, &method)?, verb(&method));
        let mut request = self.client.request(verb, &url);
        if let Some(key) = self.key.expose() {
            request = request.bearer_auth(key);
        }
        let away = |error: reqwest::Error| Error::Other(Box::new(error));
        if let Some(body) = method.into_body() {
            let (mut body, mut bytes) = (std::pin::pin!(body), Vec::new());
            body.read_to_end(&mut bytes).await.map_err(|error| Error::Other(Box::new(error)))?;
            request = request.header(CONTENT_TYPE, content_type).body(bytes);
        }
        let answer = request.send().await.map_err(away)?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(away)?;
        let body = if body.is_empty() { "null" } else { body.as_str() };
        parse_response(status, expected_status_code, body, url)
    }

    fn is_tokio(&self) -> bool {
        true
    }
}

/// What a failure means to the caller.
pub fn failure(error: Error) -> SearchError {
    let text = error.to_string();
    let may_pass = match &error {
        // Of type `system` is a server whose disk is full; the SDK does not know that type.
        Error::Meilisearch(refusal) => refusal.error_type != ErrorType::InvalidRequest,
        Error::MeilisearchCommunication(answer) => {
            let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
            answer.status_code >= 500 || passing.iter().any(|status| status.as_u16() == answer.status_code)
        }
        Error::ParseError(_) | Error::Timeout | Error::Other(_) => true,
        _ => false,
    };
    if may_pass { SearchError::Unavailable(text) } else { SearchError::Refused(text) }
}
