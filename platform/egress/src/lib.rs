//! The one way to an address that a user may choose: link previews, endpoints of pushes.
//!
//! Invariants: a connection goes to an address that was checked, and to no other; each redirect is checked as
//! the first URL was; time, bytes and requests at once have bounds; a request carries nothing of this system
//! but what its caller gives, and no log line or error carries its address.
//!
//! Deliberately missing: proxies, cookies, connections that are kept, redirects of a POST.

mod address;
mod connect;
mod decode;
mod development;
mod exchange;
pub mod metrics;
mod places;
mod refusal;
mod resolve;
mod target;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, COOKIE, HOST, HeaderMap, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use hyper::{Method, Request, StatusCode};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout};
use url::Url;

use address::Reachable;
use connect::Connector;
use exchange::{Bounds, Reply, exchange};
use metrics::InFlight;
use places::Places;
use resolve::Resolver;
use target::Target;

pub use development::{Development, SettingsError};
pub use places::Room;
pub use refusal::Refusal;

/// Bounds, and what is allowed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Networks that count as public beside those that are. For tests, and for deployments whose sites are
    /// inside; empty otherwise.
    pub also_public: Vec<IpNet>,
    pub ports: Vec<u16>,
    /// Empty: those of the system.
    pub name_servers: Vec<SocketAddr>,
    /// Trusted beside those of the system.
    pub authorities: Vec<CertificateDer<'static>>,
    pub user_agent: String,
    pub most_redirects: usize,
    /// For a request with its redirects, from the wait for a place to the last byte.
    pub within: Duration,
    /// Bytes of a body as it is received.
    pub most_wire_bytes: usize,
    /// Bytes of a body after decompression.
    pub most_decoded_bytes: usize,
    pub room: Room,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            also_public: Vec::new(),
            ports: vec![80, 443],
            name_servers: Vec::new(),
            authorities: Vec::new(),
            user_agent: "MuscleMap-Messaging".to_owned(),
            most_redirects: 3,
            within: Duration::from_secs(5),
            most_wire_bytes: 1024 * 1024,
            most_decoded_bytes: 1024 * 1024,
            room: Room { in_all: 64, per_host: 4, waiting: 512 },
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("name servers: {0}")]
    Resolver(String),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("user agent: {0}")]
    UserAgent(#[from] InvalidHeaderValue),
}

/// The answer of a site, whatever its status is.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where it came from, after redirects.
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Decoded.
    pub body: Bytes,
}

/// Without what a user chose, or a site said.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, bytes) = (self.status.as_u16(), self.body.len());
        f.debug_struct("Answer").field("status", &status).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// A client for addresses that users choose.
pub struct Egress {
    settings: Settings,
    user_agent: HeaderValue,
    resolver: Resolver,
    connector: Connector,
    places: Arc<Places>,
}

/// A request beside its target.
struct Outgoing {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    follows: bool,
}

impl Egress {
    pub fn new(settings: Settings) -> Result<Self, StartError> {
        metrics::announce();
        if !settings.also_public.is_empty() {
            tracing::warn!(networks = ?settings.also_public, "inside networks that users' addresses may reach");
        }
        let reachable = Reachable::also(settings.also_public.clone());
        Ok(Self {
            user_agent: HeaderValue::from_str(&settings.user_agent)?,
            resolver: Resolver::new(&settings.name_servers, reachable, settings.within)?,
            connector: Connector::new(&settings.authorities, settings.within)?,
            places: Places::new(settings.room),
            settings,
        })
    }

    /// Gets what is at a URL, after redirects. `accept` is the header of that name.
    pub async fn get(&self, url: &str, accept: &'static str) -> Result<Answer, Refusal> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let outgoing = Outgoing { method: Method::GET, headers, body: Bytes::new(), follows: true };
        self.within_bounds(url, outgoing).await
    }

    /// Posts to a URL. A redirect is the answer: what is posted is for that URL alone.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Refusal> {
        let outgoing = Outgoing { method: Method::POST, headers, body, follows: false };
        self.within_bounds(url, outgoing).await
    }

    async fn within_bounds(&self, url: &str, outgoing: Outgoing) -> Result<Answer, Refusal> {
        let (_in_flight, begun) = (InFlight::begin(), Instant::now());
        let method = outgoing.method.clone();
        let result = timeout(self.settings.within, self.follow(url, outgoing)).await;
        let result = result.unwrap_or(Err(Refusal::Deadline));
        let refusal = result.as_ref().err().copied();
        metrics::count(refusal, begun.elapsed());
        tracing::debug!(%method, result = refusal.map_or("ok", Refusal::label), "request to a user's address");
        result
    }

    async fn follow(&self, url: &str, outgoing: Outgoing) -> Result<Answer, Refusal> {
        let mut target = Target::parse(url, &self.settings.ports)?;
        for _ in 0..=self.settings.most_redirects {
            match self.ask(&target, &outgoing).await? {
                Reply::Elsewhere(location) => target = target.redirected(&location, &self.settings.ports)?,
                Reply::Whole { status, headers, body } => {
                    return Ok(Answer { url: target.url().clone(), status, headers, body });
                }
            }
        }
        Err(Refusal::Redirects)
    }

    /// One hop: resolved, checked, connected to, asked.
    async fn ask(&self, target: &Target, outgoing: &Outgoing) -> Result<Reply, Refusal> {
        let request = self.request(target, outgoing)?;
        let _place = self.places.take(target.key()).await?;
        let addresses = self.resolver.addresses(target.host()).await?;
        let stream = self.connector.connect(target, &addresses).await?;
        let bounds =
            Bounds { wire: self.settings.most_wire_bytes, decoded: self.settings.most_decoded_bytes };
        exchange(stream, request, bounds, outgoing.follows).await
    }

    fn request(&self, target: &Target, outgoing: &Outgoing) -> Result<Request<Full<Bytes>>, Refusal> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = target.path()?;
        let headers = request.headers_mut();
        headers.clone_from(&outgoing.headers);
        headers.remove(COOKIE);
        let host = HeaderValue::from_str(&target.authority()).map_err(|_| Refusal::Malformed)?;
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(decode::ACCEPTED));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        Ok(request)
    }
}
