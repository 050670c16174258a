//! Search indexes on a Meilisearch server, by its SDK over a transport with deadlines.
//!
//! Invariants: settings are there before the first document; a process has one task under way for each index, and
//! awaits it by its uid; versions are compared before a batch is sent. Every request has a deadline.

mod filter;
mod http;
mod tasks;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use meilisearch_sdk::client::{Client, SwapIndexes};
use meilisearch_sdk::documents::{DocumentsQuery, DocumentsResults};
use meilisearch_sdk::errors::{Error, ErrorCode};
use meilisearch_sdk::search::{MatchingStrategies, SearchQuery, SearchResults, Selectors};
use meilisearch_sdk::task_info::TaskInfo;
use platform::config::Secret;
use platform::ports::search::{
    HIGHLIGHT, Hits, Known, Listed, Query, SearchError, SearchIndex, Side, newest,
};
use schemas::position::Version;
use schemas::search::{self, Change, Index};
use tokio::sync::Mutex;

use http::{Http, failure};
use wire::{Stored, escape};

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct Config {
    /// As `http://127.0.0.1:7700`.
    pub url: String,
    /// Key that may search, write documents and change indexes; empty for none.
    pub key: Secret,
    /// Stands before the names of all indexes, so that several systems can share a server.
    pub prefix: String,
    pub request_within: Duration,
    /// How long a task may take that a write waits for.
    pub task_within: Duration,
}

impl Config {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            key: Secret::of(""),
            prefix: String::new(),
            request_within: Duration::from_secs(5),
            task_within: Duration::from_secs(20),
        }
    }
}

/// What this process knows of an index.
#[derive(Default)]
struct Lane {
    /// Uids whose settings this process has put.
    settled: BTreeSet<String>,
    /// A task that was enqueued and may not have ended.
    under_way: Option<TaskInfo>,
}

pub struct Meilisearch {
    config: Config,
    client: Client<Http>,
    lanes: HashMap<&'static str, Mutex<Lane>>,
}

impl Meilisearch {
    /// The client of a server, which need not be there yet.
    pub fn new(config: Config) -> Result<Self, SearchError> {
        let http = Http::new(&config)?;
        // The transport sends the key.
        let client = Client::new_with_client(config.url.trim_end_matches('/'), None::<String>, http);
        let lanes = search::ALL.iter().map(|index| (index.name, Mutex::default())).collect();
        Ok(Self { config, client, lanes })
    }

    fn uid(&self, index: &Index, side: Side) -> String {
        let side = match side {
            Side::Live => "",
            Side::Next => "-next",
        };
        format!("{}{}{side}", self.config.prefix, index.name)
    }

    fn lane(&self, index: &Index) -> Result<&Mutex<Lane>, SearchError> {
        let lane = self.lanes.get(index.name);
        lane.ok_or_else(|| SearchError::Refused(format!("no index {}", index.name)))
    }

    /// Makes an index with its settings, if this process has not done so yet.
    async fn settle(&self, lane: &mut Lane, index: &Index, uid: &str) -> Result<(), SearchError> {
        if lane.settled.contains(uid) {
            return Ok(());
        }
        // The task of an index that is there fails, which changes nothing.
        let create = self.client.create_index(uid, Some(wire::KEY));
        self.run(lane, Some(ErrorCode::IndexAlreadyExists), create).await?;
        let (named, settings) = (self.client.index(uid), wire::settings(index));
        self.run(lane, None, named.set_settings(&settings)).await?;
        lane.settled.insert(uid.to_owned());
        Ok(())
    }

    /// Documents of an index that is there; `None` if it is not.
    async fn documents(
        &self,
        uid: &str,
        filter: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Option<DocumentsResults<Stored>>, SearchError> {
        let named = self.client.index(uid);
        let mut query = DocumentsQuery::new(&named);
        query.with_filter(filter).with_offset(offset).with_limit(limit);
        query.with_fields([wire::KEY, wire::ID, wire::VERSION, wire::PRESENT]);
        if_there(named.get_documents_with(&query).await)
    }

    /// What there is of documents, gone ones too, by their keys.
    async fn stored(
        &self,
        uid: &str,
        keys: &[String],
    ) -> Result<Option<HashMap<String, Known>>, SearchError> {
        let found = self.documents(uid, &filter::one_of(wire::KEY, keys), 0, keys.len()).await?;
        let Some(found) = found else { return Ok(None) };
        let known =
            |stored: &Stored| Known { version: Version(stored.version), is_present: stored.is_present };
        Ok(Some(found.results.into_iter().map(|stored| (stored.key.clone(), known(&stored))).collect()))
    }
}

/// The answer of an index that is there; `None` if nothing was written to it yet.
fn if_there<T>(answer: Result<T, Error>) -> Result<Option<T>, SearchError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Meilisearch(refusal)) if refusal.error_code == ErrorCode::IndexNotFound => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

#[async_trait]
impl SearchIndex for Meilisearch {
    async fn write(&self, index: &'static Index, side: Side, changes: &[Change]) -> Result<(), SearchError> {
        let uid = self.uid(index, side);
        let mut lane = self.lane(index)?.lock().await;
        // A write that was given up may still come: it is awaited, and then seen.
        self.await_under_way(&mut lane).await?;
        self.settle(&mut lane, index, &uid).await?;
        let mut newest: Vec<(String, &Change)> =
            newest(changes).into_iter().map(|(id, change)| (escape(id), change)).collect();
        let keys: Vec<String> = newest.iter().map(|(key, _)| key.clone()).collect();
        let stored = match self.stored(&uid, &keys).await? {
            Some(stored) => stored,
            // A server that lost an index would make it anew without settings.
            None => {
                lane.settled.remove(&uid);
                self.settle(&mut lane, index, &uid).await?;
                HashMap::new()
            }
        };
        newest.retain(|(key, change)| stored.get(key).is_none_or(|known| known.version <= change.version));
        if newest.is_empty() {
            return Ok(());
        }
        let documents = newest.into_iter().map(|(key, change)| wire::document(index, key, change));
        let (named, documents) = (self.client.index(uid), documents.collect::<Vec<_>>());
        self.run(&mut lane, None, named.add_or_replace(&documents, Some(wire::KEY))).await
    }

    async fn search(&self, index: &'static Index, query: &Query) -> Result<Hits, SearchError> {
        let Some(text) = wire::text(&query.text) else { return Ok(Hits::default()) };
        let (named, filter) =
            (self.client.index(self.uid(index, Side::Live)), filter::expression(&query.filter));
        let [begin, end] = HIGHLIGHT.map(String::from);
        let mut asked = SearchQuery::new(&named);
        asked.with_query(&text).with_offset(query.offset).with_limit(query.limit);
        asked.with_matching_strategy(MatchingStrategies::ALL).with_show_ranking_score(true);
        asked.with_attributes_to_highlight(Selectors::Some(index.texts));
        asked.with_highlight_pre_tag(&begin).with_highlight_post_tag(&end);
        if let Some(filter) = &filter {
            asked.with_filter(filter);
        }
        let found: Option<SearchResults<Stored>> = if_there(named.execute_query(&asked).await)?;
        let Some(found) = found else { return Ok(Hits::default()) };
        let total = found.estimated_total_hits.unwrap_or_default();
        Ok(Hits { hits: found.hits.into_iter().map(|hit| wire::hit(index, hit)).collect(), total })
    }

    async fn list(
        &self,
        index: &'static Index,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Listed, SearchError> {
        let offset: usize = from.and_then(|from| from.parse().ok()).unwrap_or(0);
        let (uid, filter) = (self.uid(index, Side::Live), format!("{} = true", wire::PRESENT));
        let Some(found) = self.documents(&uid, &filter, offset, limit).await? else {
            return Ok(Listed::default());
        };
        let (next, total) = (offset + found.results.len(), found.total as usize);
        let next = (next < total && !found.results.is_empty()).then(|| next.to_string());
        let version = |stored: Stored| (stored.id, Version(stored.version));
        Ok(Listed { documents: found.results.into_iter().map(version).collect(), next })
    }

    async fn versions(
        &self,
        index: &'static Index,
        side: Side,
        ids: &[String],
    ) -> Result<Vec<Option<Known>>, SearchError> {
        let keys: Vec<String> = ids.iter().map(|id| escape(id)).collect();
        let stored = self.stored(&self.uid(index, side), &keys).await?.unwrap_or_default();
        Ok(keys.iter().map(|key| stored.get(key).copied()).collect())
    }

    async fn open_next(&self, index: &'static Index) -> Result<(), SearchError> {
        let mut lane = self.lane(index)?.lock().await;
        self.settle(&mut lane, index, &self.uid(index, Side::Next)).await
    }

    async fn clear_next(&self, index: &'static Index) -> Result<(), SearchError> {
        let uid = self.uid(index, Side::Next);
        let mut lane = self.lane(index)?.lock().await;
        lane.settled.remove(&uid);
        self.run(&mut lane, Some(ErrorCode::IndexNotFound), self.client.delete_index(&uid)).await?;
        self.settle(&mut lane, index, &uid).await
    }

    async fn swap(&self, index: &'static Index) -> Result<(), SearchError> {
        let (live, next) = (self.uid(index, Side::Live), self.uid(index, Side::Next));
        let mut lane = self.lane(index)?.lock().await;
        // Both sides of a swap must be there.
        self.settle(&mut lane, index, &live).await?;
        let swap = [SwapIndexes { indexes: (live, next.clone()), rename: None }];
        self.run(&mut lane, None, self.client.swap_indexes(&swap)).await?;
        lane.settled.remove(&next);
        self.run(&mut lane, None, self.client.delete_index(&next)).await
    }
}
