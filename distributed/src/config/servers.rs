//! Servers beside the log and the tables: ephemeral state, the search index, push services.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use graphql::VapidPublicKey;
use meilisearch_search::Meilisearch;
use platform::config::Secret;
use platform::ports::SearchIndex;
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
pub struct PushSection {
    vapid_key: Secret,
}

impl Config {
    pub fn redis(&self) -> redis_ephemeral::Config {
        let RedisSection { address, prefix, tls, ca, user, password } = self.redis.clone();
        redis_ephemeral::Config { address, prefix, tls, ca, user, password }
    }

    /// The key by which push services know the deployment, in one that has it.
    pub(super) fn vapid(&self) -> Result<Option<VapidPublicKey>> {
        let derive = |hex: &str| -> Result<VapidPublicKey> { Ok(VapidPublicKey::of(&super::key(hex)?)?) };
        self.push.vapid_key.expose().map(derive).transpose().context("push.vapid_key")
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
