//! GraphQL over HTTP.
//!
//! Invariants: one operation a request; a GET changes nothing and cannot be sent by a foreign page; a
//! document is admitted before it is executed; what is no GraphQL request is answered in problem+json
//! (RFC 9457).

mod accept;
mod answer;
mod body;
pub mod connections;
mod cors;
pub mod files;
mod local;
mod request;
pub mod tags;
pub mod tls;

use std::any::Any;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use domain::presence::Reached;
use futures::StreamExt;
use graphql::admission::Admitted;
use graphql::auth::{Authenticator, bearer_in};
use graphql::deadline::in_bounds;
use graphql::error::server_error;
use graphql::limits::{Asker, Peer};
use graphql::problem::{self, Problem};
use graphql::{Admission, Executor, Introspection, Origins, Reads, TraceParent, Viewer};
use platform::clock::Clock;
use schemas::{ErrorCode, Refusal};
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

use crate::Ingest;
use accept::{Media, negotiate};
use answer::{Outcome, answer};
pub use body::read_whole;
use files::Transfers;
use request::{GetParameters, Malformed, Operation};

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// A GET must carry this header, which a page of another origin cannot set without asking.
const PREFLIGHT_HEADER: &str = "x-musclemap-preflight";

/// What a request with a token that is not valid is told (RFC 6750, 3).
const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

/// What the routes stand on.
#[derive(Clone)]
pub struct Http {
    pub executor: Executor,
    pub admission: Admission,
    /// Origins whose pages may use the routes.
    pub origins: Origins,
    pub authenticator: Arc<Authenticator>,
    pub ingest: Arc<Ingest>,
    pub clock: Arc<dyn Clock>,
    pub reads: Arc<Reads>,
    /// Places for transfers of files.
    pub transfers: Transfers,
    /// Serves log-in without a password, to this machine alone.
    pub dev_login: bool,
}

pub fn routes(http: Http) -> Router {
    let across = |methods: MethodRouter<Arc<Http>>, allowed: &[Method], allow| {
        let answering = cors::Answering { origins: http.origins.clone(), allow };
        methods
            .options(no_content)
            .layer(cors::layer(&http.origins, allowed))
            .layer(from_fn_with_state(answering, cors::options))
    };
    let graphql = across(get(by_get).post(by_post), &[Method::GET, Method::POST], "GET, HEAD, POST, OPTIONS");
    let mut router = Router::new().route("/graphql", graphql);
    if http.dev_login {
        let login = post(crate::login::login).layer(from_fn(local::only));
        router = router.route("/dev/login", across(login, &[Method::POST], "POST, OPTIONS"));
    }
    // Bodies of these come and go in pieces.
    let uploads = across(files::uploads(), &[Method::PUT, Method::HEAD], "PUT, HEAD, OPTIONS");
    let downloads = across(files::downloads(), &[Method::GET, Method::HEAD], "GET, HEAD, OPTIONS");
    let gifs = across(files::gifs(), &[Method::GET, Method::HEAD], "GET, HEAD, OPTIONS");
    let files = Router::new()
        .route("/gifs/{token}", gifs)
        .route("/uploads/{token}", uploads)
        .route("/files/{token}", downloads)
        .method_not_allowed_fallback(problem::method_not_allowed);
    router
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn(read_whole))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .merge(files)
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(Arc::new(http))
}

/// Puts OPTIONS into `Allow`; the layers around it answer.
async fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The panic itself is told by the process's hook.
fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    let refusal = graphql::error::internal(&"a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, refusal.detail).into_response()
}

/// Where a request comes from, and what it says of itself.
struct Head {
    peer: Option<Peer>,
    headers: HeaderMap,
    /// Whether it may hold a mutation.
    mutations: bool,
}

async fn by_post(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let head = Head { peer: peer.map(|Extension(peer)| peer), headers, mutations: true };
    http.serve(&head, || request::by_body(&head.headers, &body)).await
}

async fn by_get(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    query: Result<Query<GetParameters>, QueryRejection>,
) -> Response {
    if !headers.contains_key(PREFLIGHT_HEADER) {
        let detail = "a GET needs the header x-musclemap-preflight";
        return Problem::new(StatusCode::BAD_REQUEST, detail).into_response();
    }
    let Ok(Query(parameters)) = query else {
        return Problem::new(StatusCode::BAD_REQUEST, "the query string is malformed").into_response();
    };
    let head = Head { peer: peer.map(|Extension(peer)| peer), headers, mutations: false };
    http.serve(&head, || request::by_query(parameters)).await
}

impl Http {
    /// Counts an attempt without a token, by its peer.
    pub fn attempt(&self, peer: Option<Extension<Peer>>) -> Result<(), Problem> {
        let asker = Asker { user: None, peer: peer.map(|Extension(peer)| peer) };
        let counted = self.ingest.limits().attempt(asker, 1);
        counted.map_err(|refusal| Problem::of(StatusCode::TOO_MANY_REQUESTS, refusal))
    }

    async fn serve(&self, head: &Head, read: impl FnOnce() -> Result<Operation, Malformed>) -> Response {
        let Some(media) = negotiate(&head.headers) else {
            let detail = "application/graphql-response+json or application/json";
            return Problem::new(StatusCode::NOT_ACCEPTABLE, detail).into_response();
        };
        // Counted before anything is done for it, the verification of a token included.
        let limits = self.ingest.limits();
        if let Err(refusal) = limits.attempt(Asker { user: None, peer: head.peer }, 1) {
            return answer("unknown", media, Outcome::refused(refusal));
        }
        let viewer = match self.viewer(&head.headers) {
            Ok(viewer) => viewer,
            Err(refusal) => {
                let refused = answer("unknown", media, Outcome::refused(refusal));
                return ([(header::WWW_AUTHENTICATE, INVALID_TOKEN)], refused).into_response();
            }
        };
        let user = viewer.as_ref().map(|viewer| &viewer.user);
        if let Err(refusal) = limits.attempt(Asker { user, peer: None }, 1) {
            return answer("unknown", media, Outcome::refused(refusal));
        }
        match read() {
            Ok(operation) => self.run(head, viewer.as_ref(), operation, media).await,
            Err(Malformed::Problem(problem)) => problem.into_response(),
            Err(Malformed::Refused(error)) => answer("unknown", media, Outcome::Refused(vec![error])),
        }
    }

    async fn run(
        &self,
        head: &Head,
        viewer: Option<&Viewer>,
        operation: Operation,
        media: Media,
    ) -> Response {
        let asker = Asker { user: viewer.map(|viewer| &viewer.user), peer: head.peer };
        let mut request = Request::new(operation.query).variables(operation.variables);
        if let Some(name) = operation.name {
            request = request.operation_name(name);
        }
        if let Some(viewer) = viewer.cloned() {
            request.data.insert(viewer);
        }
        if let Some(device) = device(&head.headers) {
            request.data.insert(device);
        }
        let limits = self.ingest.limits();
        let Admitted { kind, about_schema, .. } = match limits.admit(&self.admission, &mut request, asker) {
            Ok(admitted) => admitted,
            Err(errors) => return answer("unknown", media, Outcome::Refused(errors)),
        };
        match kind {
            OperationType::Mutation if !head.mutations => {
                let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "a GET changes nothing");
                return ([(header::ALLOW, "POST")], problem).into_response();
            }
            OperationType::Subscription => {
                return answer("subscription", media, Outcome::Refused(vec![not_here()]));
            }
            OperationType::Query | OperationType::Mutation => {}
        }
        if about_schema {
            request = request.data(Introspection);
        }
        if let Some(trace) = trace(&head.headers) {
            request = request.data(trace);
        }
        let execution = match limits.begin(asker.user) {
            Ok(execution) => execution,
            Err(refusal) => return answer(name_of(kind), media, Outcome::refused(refusal)),
        };
        let mut responses = (self.executor)(request.data(execution.clone()));
        let outcome = match in_bounds(kind, &execution, responses.next()).await {
            Ok(Some(response)) => Outcome::Executed(response, execution),
            Ok(None) => Outcome::Refused(vec![not_here()]),
            Err(refusal) => Outcome::refused(refusal),
        };
        answer(name_of(kind), media, outcome)
    }

    /// Who asks; nobody without a token, but never somebody with a wrong one.
    fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>, Refusal> {
        let invalid = |_| Refusal::new(ErrorCode::Unauthenticated, "the token is not valid");
        let Some(token) = bearer_in(headers).map_err(invalid)? else { return Ok(None) };
        Ok(Some(self.authenticator.verify(token, self.clock.now()).map_err(invalid)?.into()))
    }
}

fn not_here() -> ServerError {
    server_error(Refusal::bad_input("query", "subscriptions are served on sockets"))
}

/// The device that a request comes from, if its id is one.
fn device(headers: &HeaderMap) -> Option<Reached> {
    let id: Uuid = headers.get("x-device-id")?.to_str().ok()?.parse().ok()?;
    Some(Reached { device: id.to_string(), node: None })
}

/// The trace that a request belongs to; a malformed header is ignored, as the standard says.
fn trace(headers: &HeaderMap) -> Option<TraceParent> {
    headers.get("traceparent")?.to_str().ok()?.parse().ok()
}

fn name_of(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
