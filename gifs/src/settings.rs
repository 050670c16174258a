//! Which provider a deployment has, and how it is asked.
//!
//! Invariant: a key stands in no log line, no error and no `Debug`.

use std::sync::Arc;
use std::time::Duration;

use egress::{Development, Egress};
use platform::config::Secret;
use platform::ports::Ephemeral;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Drawn, GifProvider, Gifs, Giphy, Klipy, Unavailable, giphy, klipy};

/// For one request to a provider.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// For one image.
const IMAGE_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an image.
const MOST_IMAGE_BYTES: usize = 8 * 1024 * 1024;

/// A deployment's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `klipy`, `giphy`, or empty for none.
    pub provider: String,
    /// In place of the provider's own; empty for that.
    pub url: String,
    pub key: Secret,
    /// Without a provider, the service draws a dozen GIFs itself.
    pub is_development: bool,
    /// Where a provider of a test is.
    pub development: Development,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("gifs.provider is klipy, giphy, or empty")]
    Provider,
    #[error("gifs.url is no URL")]
    Url,
    #[error("gifs.key is not given")]
    Key,
    #[error(transparent)]
    Egress(#[from] egress::SettingsError),
    #[error(transparent)]
    Start(#[from] egress::StartError),
}

impl Settings {
    /// Of a process that asks no provider.
    pub fn none() -> Self {
        let (provider, url, development) = (String::new(), String::new(), Development::default());
        Self { provider, url, key: Secret::none(), is_development: false, development }
    }

    /// GIFs as the API uses them.
    pub fn open(&self, ephemeral: Arc<dyn Ephemeral>) -> Result<Arc<Gifs>, SettingsError> {
        let asking = egress::Settings { within: ANSWER_WITHIN, ..egress::Settings::default() };
        let getting = egress::Settings {
            within: IMAGE_WITHIN,
            most_wire_bytes: MOST_IMAGE_BYTES,
            most_decoded_bytes: MOST_IMAGE_BYTES,
            ..egress::Settings::default()
        };
        let asking = Arc::new(Egress::new(self.development.apply(asking)?)?);
        let provider: Option<Arc<dyn GifProvider>> = match self.provider.as_str() {
            "klipy" => Some(Arc::new(Klipy::new(self.named(klipy::base())?, asking))),
            "giphy" => Some(Arc::new(Giphy::new(self.named(giphy::base())?, asking))),
            "" if self.is_development => Some(Arc::new(Drawn)),
            "" => None,
            _ => return Err(SettingsError::Provider),
        };
        Ok(Gifs::new(provider, Egress::new(self.development.apply(getting)?)?, ephemeral))
    }

    fn named(&self, base: Option<Url>) -> Result<Provider, SettingsError> {
        let given = if self.url.is_empty() { base } else { Url::parse(&self.url).ok() };
        let base = given.filter(|url| !url.cannot_be_a_base()).ok_or(SettingsError::Url)?;
        let key = self.key.expose().ok_or(SettingsError::Key)?.to_owned();
        Ok(Provider { base, key })
    }
}

/// Where a provider is, and the key to it.
pub(crate) struct Provider {
    base: Url,
    key: String,
}

impl Provider {
    pub fn key(&self) -> &str {
        &self.key
    }

    /// An address below the base.
    pub fn url(&self, path: &[&str]) -> Result<Url, Unavailable> {
        let mut url = self.base.clone();
        let segments = url.path_segments_mut().map(|mut segments| {
            segments.pop_if_empty().extend(path);
        });
        segments.map_err(|()| Unavailable("its address takes no path".to_owned()))?;
        Ok(url)
    }
}

/// The answer at an address; `None` if there is nothing.
pub(crate) async fn answer<T: DeserializeOwned>(
    egress: &Egress,
    url: &Url,
) -> Result<Option<T>, Unavailable> {
    let answer = egress.get(url.as_str(), "application/json").await;
    let answer = answer.map_err(|refusal| Unavailable(refusal.label().to_owned()))?;
    match answer.status.as_u16() {
        200 => {}
        404 => return Ok(None),
        status => return Err(Unavailable(format!("status {status}"))),
    }
    serde_json::from_slice(&answer.body).map(Some).map_err(|error| {
        // What the provider said stays out of the log.
        Unavailable(format!("an answer that is not understood, at column {}", error.column()))
    })
}
