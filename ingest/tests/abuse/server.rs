//! The routes of an ingest in this process, over empty tables.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use awareness::Awareness;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request};
use embedded::Store;
use gifs::Settings;
use graphql::auth::Authenticator;
use graphql::limits;
use graphql::{Admission, Executor, Origins, Reads, Rows, Search, SmartReplies};
use musclemap_ingest::http::connections::Connected;
use musclemap_ingest::http::files::Transfers;
use musclemap_ingest::http::{Http, routes};
use musclemap_ingest::{Ingest, Options, api};
use objects::Objects;
use platform::clock::{Clock, SystemClock};
use platform::in_process::InProcess;
use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::ConversationKey;
use schemas::tables::{Table, Value as Column};
use serde_json::{Value, json};
use tower::ServiceExt;

pub struct Server {
    http: Http,
    pub ingest: Arc<Ingest>,
    pub executor: Executor,
    pub reads: Arc<Reads>,
    pub authenticator: Arc<Authenticator>,
    pub clock: Arc<dyn Clock>,
    pub store: Store,
    /// Of somebody who is known to nobody.
    pub token: String,
    pub router: Router,
    _folder: tempfile::TempDir,
}

/// An origin whose pages may connect.
pub const APP: &str = "https://app.musclemap.example";

/// An input, and what is answered: a status, then `ok`, the code of the first error, or `problem`.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub request: Raw,
    pub expected: &'static str,
}

/// A request as bytes.
#[derive(Clone)]
pub struct Raw {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, HeaderValue)>,
    pub body: Vec<u8>,
    /// Somebody who is known to nobody asks.
    pub signed: bool,
}

pub struct Answer {
    pub summary: String,
    pub text: String,
    pub took: Duration,
    /// What `WWW-Authenticate` says.
    pub challenge: Option<String>,
}

impl Raw {
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", HeaderValue::from_static("application/json"))];
        Self { method: "POST", path: "/graphql".to_owned(), headers, body: body.into(), signed: false }
    }

    pub fn query(document: &str) -> Self {
        Self::post(json!({ "query": document }).to_string())
    }

    /// A GET as a client of ours sends it.
    pub fn get(query_string: &str) -> Self {
        let headers = vec![("x-musclemap-preflight", HeaderValue::from_static("1"))];
        let path = format!("/graphql?{query_string}");
        Self { method: "GET", path, headers, body: vec![], signed: false }
    }

    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    pub fn with(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.retain(|(header, _)| *header != name);
        self.headers.push((name, HeaderValue::from_bytes(value).expect("a header")));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| *header != name);
        self
    }

    pub fn at(self, method: &'static str, path: &str) -> Self {
        Self { method, path: path.to_owned(), ..self }
    }

    pub fn answered(self, name: impl Into<String>, expected: &'static str) -> Case {
        Case { name: name.into(), request: self, expected }
    }
}

impl Server {
    pub async fn start(development: bool) -> Self {
        Self::reading(development, unlimited(), |store| store.tables()).await
    }

    /// The same, under limits of its own.
    pub async fn limited(limits: limits::Options) -> Self {
        Self::reading(false, limits, |store| store.tables()).await
    }

    /// The same, with answers of its own.
    pub async fn answering(limits: limits::Options, executor: Executor) -> Self {
        let mut server = Self::limited(limits).await;
        server.router = routes(Http { executor, ..server.http.clone() });
        server
    }

    /// The same, over tables that never answer.
    pub async fn stuck() -> Self {
        Self::reading(false, unlimited(), |_| Arc::new(Bad { panics: false })).await
    }

    /// The same, over tables at which whoever asks panics.
    pub async fn broken() -> Self {
        Self::reading(false, unlimited(), |_| Arc::new(Bad { panics: true })).await
    }

    async fn reading(
        development: bool,
        limits: limits::Options,
        tables: impl FnOnce(&Store) -> Arc<dyn Tables>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Store::open(folder.path(), clock.clone()).expect("a store");
        let rows = Arc::new(Rows::new(tables(&store)));
        let options = Options { limits, ..Options::default() };
        let gifs = Settings::none().open(Arc::new(InProcess::default())).expect("no GIFs");
        let ingest =
            Ingest::open(store.log(), clock.clone(), rows.clone(), Objects::in_memory(), gifs, options)
                .await
                .expect("an ingest");
        let authenticator = Arc::new(Authenticator::development(&[7; 32]));
        let token = authenticator
            .issue(&"nobody".parse().expect("an id"), vec![], None, clock.now())
            .expect("a token");
        let ephemeral = Arc::new(InProcess::default());
        let awareness = Awareness::new(ephemeral.clone(), rows.clone(), clock.clone());
        let reads = Arc::new(Reads::new(rows, ConversationKey::new([7; 32]), awareness, clock.clone()));
        let search = Search::new(None, ephemeral.clone(), clock.clone());
        let smart_replies = SmartReplies::new(None, ephemeral).expect("rules");
        let executor = api::executor(api::schema(reads.clone(), search, smart_replies, ingest.clone()));
        let admission = Admission::new(&api::sdl(), development).expect("a schema");
        let http = Http {
            executor: executor.clone(),
            admission,
            origins: Origins::new(vec![APP.to_owned()], development),
            authenticator: authenticator.clone(),
            ingest: ingest.clone(),
            clock: clock.clone(),
            reads: reads.clone(),
            transfers: Transfers::default(),
            dev_login: development,
        };
        let router = routes(http.clone());
        Self { http, ingest, executor, reads, authenticator, clock, store, token, router, _folder: folder }
    }

    pub async fn answer(&self, raw: &Raw) -> Answer {
        let token = raw.signed.then_some(self.token.as_str());
        answer(self.router.clone(), raw, token).await
    }
}

/// Limits that the inputs of a test do not reach.
fn unlimited() -> limits::Options {
    let many = 1_000_000;
    limits::Options { attempts_per_user: many, attempts_per_address: many, ..limits::Options::default() }
}

/// Tables that give no answer.
struct Bad {
    panics: bool,
}

impl Bad {
    async fn give<T>(&self) -> T {
        assert!(!self.panics, "planted");
        pending().await
    }
}

#[async_trait]
impl Tables for Bad {
    async fn put(&self, _: &'static Table, _: &[Column], _: Vec<PutRow>) -> Result<(), TablesError> {
        self.give().await
    }

    async fn get(&self, _: &'static Table, _: &[Column], _: &[Vec<Column>]) -> Result<Vec<Row>, TablesError> {
        self.give().await
    }

    async fn range(&self, _: &'static Table, _: &[Column], _: Range) -> Result<Page, TablesError> {
        self.give().await
    }
}

/// Asks, and holds the answer to what every answer is.
pub async fn answer(router: Router, raw: &Raw, token: Option<&str>) -> Answer {
    let mut request = Request::builder().method(raw.method).uri(&raw.path);
    request = request.extension(Connected(Ipv4Addr::LOCALHOST.into())).header("host", "localhost");
    for (name, value) in &raw.headers {
        request = request.header(*name, value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from(raw.body.clone())).expect("a request");
    let start = Instant::now();
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let challenge = header("www-authenticate");
    let kind = header("content-type").unwrap_or_default();
    assert!(status != 405 || header("allow").is_some(), "no Allow");
    assert!(![429, 503].contains(&status) || header("retry-after").is_some(), "no Retry-After");
    let body = to_bytes(response.into_body(), 1024 * 1024).await.expect("a body below a megabyte");
    let took = start.elapsed();
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let result = match kind.as_str() {
        "application/problem+json" if raw.method == "HEAD" => "problem".to_owned(),
        "application/problem+json" => {
            let problem: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(problem["status"], status, "{text}");
            "problem".to_owned()
        }
        "application/json" | "application/graphql-response+json" => {
            result(&serde_json::from_str(&text).expect("JSON"))
        }
        other => other.to_owned(),
    };
    assert!(!text.contains("Did you mean"), "{text}");
    Answer { summary: format!("{status} {result}"), text: text.chars().take(300).collect(), took, challenge }
}

/// The code of the first error, or `ok`; every error has a code.
pub fn result(response: &Value) -> String {
    let errors = response["errors"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> =
        errors.iter().map(|error| error["extensions"]["code"].as_str().expect("a code")).collect();
    codes.first().copied().unwrap_or("ok").to_owned()
}
