//! Servers beside the log and the tables: ephemeral state, the search index, a language model, translators, push
//! services.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use completions::ChatServer;
use egress::Development;
use graphql::VapidPublicKey;
use meilisearch_search::Meilisearch;
use platform::config::Secret;
use platform::ports::{Completions, SearchIndex};
use roles::Services;
use serde::{Deserialize, Serialize};

use super::Config;

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSection {
    address: String,
    prefix: String,
    tls: bool,
    ca: PathBuf,
    user: String,
    password: Secret,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSection {
    url: String,
    key: Secret,
    prefix: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmartRepliesSection {
    url: String,
    key: Secret,
    model: String,
    within_ms: u64,
    networks: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationSection {
    provider: String,
    url: String,
    key: Secret,
    within_ms: u64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PushSection {
    vapid_key: Secret,
    contact: String,
    fcm_account: Secret,
    fcm_url: String,
    development_networks: String,
    development_ports: String,
    development_name_servers: String,
    development_authorities: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewsSection {
    development_networks: String,
    development_ports: String,
    development_name_servers: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GifsSection {
    provider: String,
    url: String,
    key: Secret,
    development_networks: String,
    development_ports: String,
    development_name_servers: String,
}

impl Config {
    pub fn redis(&self) -> redis_ephemeral::Config {
        let RedisSection { address, prefix, tls, ca, user, password } = self.redis.clone();
        redis_ephemeral::Config { address, prefix, tls, ca, user, password }
    }

    /// Who translates.
    pub(super) fn translation(&self) -> translation::Settings {
        let TranslationSection { provider, url, key, within_ms } = self.translation.clone();
        translation::Settings { provider, url, key, within: Duration::from_millis(within_ms) }
    }

    /// The key by which push services know the deployment, in one that has it.
    pub(super) fn vapid(&self) -> Result<Option<VapidPublicKey>> {
        let derive = |hex: &str| -> Result<VapidPublicKey> { Ok(VapidPublicKey::of(&super::key(hex)?)?) };
        self.push.vapid_key.expose().map(derive).transpose().context("push.vapid_key")
    }

    /// How pushes are sent.
    pub fn pushes(&self) -> Result<notifier::Settings> {
        let push = &self.push;
        let hex = push.vapid_key.expose().context("push.vapid_key is not given")?;
        let vapid_key = super::key(hex).context("push.vapid_key")?;
        let contact = Some(push.contact.clone()).filter(|contact| !contact.is_empty());
        let development = Development {
            networks: push.development_networks.clone(),
            ports: push.development_ports.clone(),
            name_servers: push.development_name_servers.clone(),
            authorities: push.development_authorities.clone(),
        };
        self.check_development("push", &development)?;
        let fcm = push
            .fcm_account
            .expose()
            .map(|_| notifier::FcmSettings { account: push.fcm_account.clone(), url: push.fcm_url.clone() });
        Ok(notifier::Settings { vapid_key, contact, fcm, development })
    }

    /// Where links may lead besides public addresses.
    pub fn linked_sites(&self) -> Result<Development> {
        let previews = &self.previews;
        let development = Development {
            networks: previews.development_networks.clone(),
            ports: previews.development_ports.clone(),
            name_servers: previews.development_name_servers.clone(),
            ..Development::default()
        };
        self.check_development("previews", &development)?;
        Ok(development)
    }

    /// Where GIFs are found.
    pub(super) fn gifs(&self) -> Result<gifs::Settings> {
        let GifsSection { provider, url, key, .. } = self.gifs.clone();
        let development = Development {
            networks: self.gifs.development_networks.clone(),
            ports: self.gifs.development_ports.clone(),
            name_servers: self.gifs.development_name_servers.clone(),
            ..Development::default()
        };
        self.check_development("gifs", &development)?;
        let is_development = self.is_development() && self.auth.dev_login;
        Ok(gifs::Settings { provider, url, key, is_development, development })
    }

    fn check_development(&self, section: &str, development: &Development) -> Result<()> {
        if !development.is_empty() && !self.is_development() {
            bail!(
                "{section}: settings of development are for one, where a development_secret stands in for keys"
            );
        }
        Ok(())
    }

    /// The servers that the API asks, of those that a deployment may be without.
    pub fn services(&self) -> Result<Services> {
        Ok(Services {
            search: self.search()?,
            completions: self.completions()?,
            translation: self.translation(),
        })
    }

    /// What writes smart replies, in a deployment that has it.
    fn completions(&self) -> Result<Option<Arc<dyn Completions>>> {
        let SmartRepliesSection { url, key, model, within_ms, networks } = self.smart_replies.clone();
        if url.is_empty() {
            return Ok(None);
        }
        let within = Duration::from_millis(within_ms);
        let config = completions::Config { url, key, model, within, networks };
        Ok(Some(Arc::new(ChatServer::new(config).context("smart_replies")?)))
    }

    /// The search index, in a deployment that has one.
    pub fn search(&self) -> Result<Option<Arc<dyn SearchIndex>>> {
        let SearchSection { url, key, prefix } = &self.search;
        if url.is_empty() {
            return Ok(None);
        }
        let config = meilisearch_search::Config {
            key: key.clone(),
            prefix: prefix.clone(),
            ..meilisearch_search::Config::new(url)
        };
        Ok(Some(Arc::new(Meilisearch::new(config).context("search")?)))
    }
}
