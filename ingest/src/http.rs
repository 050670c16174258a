//! GraphQL over HTTP.
//!
//! Invariants: one operation a request; a GET changes nothing and cannot be sent by a foreign page; a
//! document is within the limits before anything expands it; what is not GraphQL is answered in
//! problem+json (RFC 9457).

mod answer;
mod body;
pub mod connections;

use std::any::Any;
use std::sync::Arc;

use async_graphql::http::GraphiQLSource;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as GraphqlResponse, Variables};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use graphql::auth::Authenticator;
use graphql::error::server_error;
use graphql::problem::{self, Problem};
use graphql::{ApiSchema, Viewer, limits};
use platform::clock::Clock;
use schemas::{ErrorCode, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value};
use tower_http::catch_panic::CatchPanicLayer;

use crate::Ingest;
use answer::answer;

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
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
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn(body::read_whole))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(http)
}

/// The panic itself is told by the process's hook.
fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    let refusal = graphql::error::internal(&"a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, refusal.detail).into_response()
}

async fn graphiql() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql").finish())
}

/// The body is an object first of all: a list, even of the right things, is not one operation.
async fn by_post(
    State(http): State<Http>,
    headers: HeaderMap,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Response {
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    match serde_json::from_value(Value::Object(body)) {
        Ok(operation) => http.run(&headers, operation, true).await,
        Err(error) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
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
    let Ok(variables) = variables else { return bad("variables are not an object in JSON") };
    let GetOperation { query, operation_name, .. } = operation;
    http.run(&headers, Operation { query, operation_name, variables }, false).await
}

impl Http {
    async fn run(&self, headers: &HeaderMap, operation: Operation, mutations: bool) -> Response {
        let refused = |refusal| GraphqlResponse::from_errors(vec![server_error(refusal)]);
        let viewer = match self.viewer(headers) {
            Ok(viewer) => viewer,
            Err(refusal) => return answer("unknown", refused(refusal)),
        };
        let mut request = Request::new(operation.query).variables(operation.variables.unwrap_or_default());
        if let Some(name) = operation.operation_name {
            request = request.operation_name(name);
        }
        if let Some(viewer) = viewer {
            request = request.data(viewer);
        }
        let admitted = match limits::admit(&mut request, self.introspection.is_some()) {
            Ok(admitted) => admitted,
            Err(error) => return answer("unknown", GraphqlResponse::from_errors(vec![error])),
        };
        if admitted.kind == OperationType::Mutation && !mutations {
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "a GET changes nothing");
            return ([(header::ALLOW, "POST")], problem).into_response();
        }
        let about_schema = self.introspection.as_ref().filter(|_| admitted.about_schema);
        let schema = about_schema.unwrap_or(&self.schema);
        let response = limits::in_time(admitted.kind, schema.execute(request)).await;
        answer(name_of(admitted.kind), response.unwrap_or_else(refused))
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
