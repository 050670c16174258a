//! What an operator says of the provider.
//!
//! Invariant: a key goes over TLS, or stays on this machine.

use std::sync::Arc;
use std::time::Duration;

use platform::config::Secret;
use url::{Host, Url};

use crate::http::Http;
use crate::provider::{DeepL, LibreTranslate, Translator};

/// As they are given; nothing is translated without a provider.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `libretranslate`, `deepl`, or empty.
    pub provider: String,
    /// Where the provider's API begins, as `https://api-free.deepl.com`.
    pub url: String,
    /// What the provider knows the operator by; LibreTranslate may need none.
    pub key: Secret,
    /// How long a message may take.
    pub within: Duration,
}

/// Nobody translates.
impl Default for Settings {
    fn default() -> Self {
        let (provider, url, key) = (String::new(), String::new(), Secret::of(""));
        Self { provider, url, key, within: Duration::from_secs(5) }
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("provider: libretranslate or deepl, not {0:?}")]
    Provider(String),
    #[error("url: an address of http or https without credentials, query and fragment")]
    Url,
    #[error("key: deepl needs one")]
    NoKey,
    #[error("key: it goes to https, or to this machine")]
    Unprotected,
    #[error("within: 100 ms to {0} ms")]
    Within(u128),
    #[error("TLS: {0}")]
    Tls(String),
}

/// The longest deadline: an operation has 10 s, of which the reads before and after need some.
const LONGEST: Duration = Duration::from_secs(8);

impl Settings {
    /// The provider, if one is named.
    pub fn translator(&self) -> Result<Option<Arc<dyn Translator>>, SettingsError> {
        if self.provider.is_empty() {
            return Ok(None);
        }
        if self.within < Duration::from_millis(100) || self.within > LONGEST {
            return Err(SettingsError::Within(LONGEST.as_millis()));
        }
        let url = self.address()?;
        if self.key.expose().is_some() && url.scheme() != "https" && !is_local(&url) {
            return Err(SettingsError::Unprotected);
        }
        let key = self.key.clone();
        match self.provider.as_str() {
            "libretranslate" => Ok(Some(Arc::new(LibreTranslate::new(Http::new(url)?, key)))),
            "deepl" if key.expose().is_none() => Err(SettingsError::NoKey),
            "deepl" => Ok(Some(Arc::new(DeepL::new(Http::new(url)?, key)))),
            _ => Err(SettingsError::Provider(self.provider.clone())),
        }
    }

    fn address(&self) -> Result<Url, SettingsError> {
        let mut url = Url::parse(&self.url).map_err(|_| SettingsError::Url)?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err(SettingsError::Url);
        }
        // What is joined to it stands below it.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(provider: &str, url: &str, key: &str) -> String {
        let within = Duration::from_secs(5);
        let settings =
            Settings { provider: provider.to_owned(), url: url.to_owned(), key: Secret::of(key), within };
        match settings.translator() {
            Ok(translator) => if translator.is_some() { "some" } else { "none" }.to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_provider_has_an_address_and_a_key_that_nobody_reads_on_its_way() {
        let (provider, url) =
            ("provider: libretranslate or deepl, not \"babel\"", SettingsError::Url.to_string());
        let unprotected = SettingsError::Unprotected.to_string();
        for (given, expected) in [
            (("", "", ""), "none"),
            (("libretranslate", "http://127.0.0.1:5000", ""), "some"),
            (("libretranslate", "http://translate.internal:5000/base", ""), "some"),
            (("libretranslate", "http://translate.internal:5000", "hush"), &unprotected),
            (("libretranslate", "http://[::1]:5000", "hush"), "some"),
            (("deepl", "https://api-free.deepl.com", "hush"), "some"),
            (("deepl", "https://api-free.deepl.com", ""), "key: deepl needs one"),
            (("deepl", "", "hush"), &url),
            (("deepl", "ftp://api-free.deepl.com", "hush"), &url),
            (("deepl", "https://user:pass@api-free.deepl.com", "hush"), &url),
            (("deepl", "https://api-free.deepl.com/?a=b", "hush"), &url),
            (("babel", "https://a.example", "hush"), provider),
        ] {
            assert_eq!(outcome(given.0, given.1, given.2), expected, "{given:?}");
        }
    }

    #[test]
    fn a_deadline_fits_into_that_of_an_operation() {
        for (milliseconds, is_good) in [(99, false), (100, true), (8_000, true), (8_001, false)] {
            let settings = Settings {
                provider: "libretranslate".to_owned(),
                url: "http://127.0.0.1:5000".to_owned(),
                key: Secret::of(""),
                within: Duration::from_millis(milliseconds),
            };
            assert_eq!(settings.translator().is_ok(), is_good, "{milliseconds}");
        }
    }
}
