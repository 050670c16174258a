//! Requests to the provider: JSON there, JSON back, one connection each.
//!
//! Invariants: of an answer no more is read than [`MOST_BYTES`]; no error carries the key, or what users wrote. The
//! caller has the deadline. Redirects are not followed: a text and a key are for the operator's address alone.

use std::fmt::Display;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::{Position, Url};

use crate::connection::Connector;
use crate::provider::ProviderError;
use crate::settings::SettingsError;

/// Bytes of an answer: the longest message, escaped, and what stands around it.
const MOST_BYTES: usize = 512 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub struct Http {
    base: Url,
    connector: Connector,
}

impl Http {
    /// Requests to paths below an address.
    pub fn new(base: Url) -> Result<Self, SettingsError> {
        let connector = Connector::new(&base)?;
        Ok(Self { base, connector })
    }

    /// Posts to a path, and gives the answer to it.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        authorization: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, ProviderError> {
        let request = self.request(path, authorization, body)?;
        let (mut sender, connection) =
            http1::handshake(self.connector.connect().await?).await.map_err(away)?;
        let asking = async move {
            let response = sender.send_request(request).await.map_err(away)?;
            check(response.status())?;
            read(response).await
        };
        // A connection may end before its answer is read: what was received is still there.
        let carrying = async {
            let _ = connection.await;
            std::future::pending().await
        };
        let answer = tokio::select! {
            answer = asking => answer?,
            answer = carrying => answer,
        };
        serde_json::from_slice(&answer)
            .map_err(|_| ProviderError::Refused("an answer of another form".to_owned()))
    }

    fn request(
        &self,
        path: &str,
        authorization: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Request<Full<Bytes>>, ProviderError> {
        let url = self.base.join(path).map_err(refused)?;
        let body = serde_json::to_vec(body).map_err(refused)?;
        let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .header(USER_AGENT, "MuscleMap-Messaging")
            .header(CONNECTION, "close")
            .body(Full::new(Bytes::from(body)))
            .map_err(refused)?;
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(authorization)
                .map_err(|_| ProviderError::Refused("the key is no text of a header".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }
}

/// What a status means: an overload and a quota that is used up may pass.
fn check(status: StatusCode) -> Result<(), ProviderError> {
    /// DeepL: the quota of the month is used up.
    const QUOTA: u16 = 456;
    match status.as_u16() {
        200 => Ok(()),
        408 | 429 | QUOTA | 500.. => Err(ProviderError::Away(format!("status {}", status.as_u16()))),
        other => Err(ProviderError::Refused(format!("status {other}"))),
    }
}

async fn read(response: Response<Incoming>) -> Result<Bytes, ProviderError> {
    let whole = Limited::new(response.into_body(), MOST_BYTES).collect().await;
    whole.map(|body| body.to_bytes()).map_err(|error| {
        if error.is::<LengthLimitError>() { refused("an answer that is too long") } else { away(error) }
    })
}

fn away(error: impl Display) -> ProviderError {
    ProviderError::Away(error.to_string())
}

fn refused(error: impl Display) -> ProviderError {
    ProviderError::Refused(error.to_string())
}

#[cfg(test)]
mod tests;
