//! GraphQL over HTTP.
//!
//! Invariants: one operation a request; a GET changes nothing and cannot be sent by a foreign page;
//! what is not GraphQL is answered in problem+json (RFC 9457).

mod document;
pub mod problem;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::GraphiQLSource;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as GraphqlResponse, ServerError, Variables};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use graphql::auth::Authenticator;
use graphql::{ApiSchema, Viewer};
use platform::clock::Clock;
use schemas::{ErrorCode, Refusal};
use serde::Deserialize;
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;

use crate::Ingest;
use crate::http::document::Checked;
use crate::http::problem::Problem;
use crate::metrics::REQUESTS;

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long an operation may take.
const OPERATION_WITHIN: Duration = Duration::from_secs(10);
/// A GET must carry this header, which a page of another origin cannot set without asking.
const PREFLIGHT_HEADER: &str = "x-musclemap-preflight";

/// What the routes stand on.
#[derive(Clone)]
pub struct Http {
    pub schema: ApiSchema,
    /// Answers questions about the schema; in development alone.
    pub introspection: Option<ApiSchema>,
    pub authenticator: Arc<Authenticator>,
    pub ingest: Arc<Ingest>,
    pub clock: Arc<dyn Clock>,
    /// Serves GraphiQL and log-in; only for a server that listens on loopback.
    pub development: bool,
}

/// One operation, as a body or as a query string says it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    query: String,
    operation_name: Option<String>,
    variables: Option<Variables>,
}

/// An operation in a query string: variables are JSON in a text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetOperation {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

pub fn routes(http: Http) -> Router {
    let mut router = Router::new().route("/graphql", get(by_get).post(by_post));
    if http.development {
        router = router.route("/", get(graphiql)).route("/dev/login", post(crate::login::login));
    }
    router
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no such resource") })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::new())
        .with_state(http)
}

async fn graphiql() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql").finish())
}

async fn by_post(
    State(http): State<Http>,
    headers: HeaderMap,
    body: Result<Json<Operation>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(operation)) => http.run(&headers, operation, true).await,
        Err(rejection) => Problem::new(rejection.status(), rejection.body_text()).into_response(),
    }
}

async fn by_get(
    State(http): State<Http>,
    headers: HeaderMap,
    query: Result<Query<GetOperation>, QueryRejection>,
) -> Response {
    let bad = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail).into_response();
    if !headers.contains_key(PREFLIGHT_HEADER) {
        return bad("a GET needs the header x-musclemap-preflight");
    }
    let Ok(Query(operation)) = query else { return bad("no query") };
    let variables = operation.variables.as_deref().map(serde_json::from_str).transpose();
    let Ok(variables) = variables else { return bad("variables are not JSON") };
    let GetOperation { query, operation_name, .. } = operation;
    http.run(&headers, Operation { query, operation_name, variables }, false).await
}

impl Http {
    async fn run(&self, headers: &HeaderMap, operation: Operation, mutations: bool) -> Response {
        let viewer = match self.viewer(headers) {
            Ok(viewer) => viewer,
            Err(refusal) => return answer("unknown", &refused(refusal)),
        };
        let mut request = Request::new(operation.query).variables(operation.variables.unwrap_or_default());
        if let Some(name) = operation.operation_name {
            request = request.operation_name(name);
        }
        if let Some(viewer) = viewer {
            request = request.data(viewer);
        }
        let (kind, schema) = match document::check(&mut request) {
            Ok(Checked { about_schema: true, kind }) => (kind, self.introspection.as_ref()),
            Ok(Checked { about_schema: false, kind }) => (kind, Some(&self.schema)),
            Err(response) => return answer("unknown", &response),
        };
        if kind == OperationType::Mutation && !mutations {
            return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "a GET changes nothing").into_response();
        }
        let schema = schema.unwrap_or(&self.schema);
        let response = timeout(OPERATION_WITHIN, schema.execute(request)).await;
        let response =
            response.unwrap_or_else(|_| refused(Refusal::unavailable("the operation took too long")));
        answer(name_of(kind), &response)
    }

    /// Who asks; nobody without a token, but never somebody with a wrong one.
    fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>, Refusal> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let invalid = || Refusal::new(ErrorCode::Unauthenticated, "the token is not valid");
        let token =
            value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(invalid)?;
        let user = self.authenticator.verify(token, self.clock.now()).map_err(|_| invalid())?.user;
        Ok(Some(Viewer { user }))
    }
}

fn name_of(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

fn refused(refusal: Refusal) -> GraphqlResponse {
    let error: ServerError = graphql::api_error(refusal).into_server_error(Default::default());
    GraphqlResponse::from_errors(vec![error])
}

/// The response with the headers that its first error asks for.
fn answer(operation: &'static str, response: &GraphqlResponse) -> Response {
    let extension = |name: &str| {
        let extensions = response.errors.first()?.extensions.as_ref()?;
        extensions.get(name)?.clone().into_json().ok()
    };
    let code = extension("code").and_then(|code| ErrorCode::ALL.iter().find(|known| code == known.as_str()));
    let result = match (response.is_ok(), code) {
        (true, _) => "ok",
        (false, Some(code)) => code.as_str(),
        (false, None) => "GRAPHQL_VALIDATION_FAILED",
    };
    REQUESTS.with_label_values(&[operation, result]).inc();
    let mut http = Json(response).into_response();
    let retry_ms = extension("retryAfterMs").and_then(|ms| ms.as_i64());
    if let Some(seconds) = retry_ms.map(|ms| (ms + 999) / 1_000) {
        http.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        if let (Some(limit), Some(window)) = (extension("limit"), extension("windowSeconds")) {
            let text = format!("{limit};r=0;t={seconds};w={window}");
            if let Ok(value) = HeaderValue::from_str(&text) {
                http.headers_mut().insert("ratelimit", value);
            }
        }
    }
    http
}
