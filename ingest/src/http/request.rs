//! Requests of GraphQL over HTTP: one operation, as a body or a query string says it.
//!
//! Invariant: each parameter has its type or is null. What is well formed but for half a surrogate pair
//! is answered as an error of GraphQL, everything else that is not well formed as a problem.

use async_graphql::{ServerError, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use graphql::error::server_error;
use graphql::problem::Problem;
use graphql::unpaired;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One operation.
#[derive(Debug)]
pub struct Operation {
    pub query: String,
    pub name: Option<String>,
    pub variables: Variables,
}

/// Why a request holds no operation.
#[derive(Debug)]
pub enum Malformed {
    Problem(Problem),
    /// The request is well formed but for the text of one parameter.
    Refused(ServerError),
}

/// An operation in a query string: variables and extensions are JSON in a text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// The operation of a body.
pub fn by_body(headers: &HeaderMap, body: &[u8]) -> Result<Operation, Malformed> {
    if !is_json(headers) {
        return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json in UTF-8"));
    }
    let text = std::str::from_utf8(body).map_err(|_| bad("the body is not UTF-8"))?;
    match json(text, &[])? {
        Value::Object(parameters) => operation(parameters),
        _ => Err(bad("the body is not an object")),
    }
}

/// The operation of a query string.
pub fn by_query(given: GetParameters) -> Result<Operation, Malformed> {
    let mut parameters = Map::new();
    let texts = [("query", given.query), ("operationName", given.operation_name)];
    for (name, text) in texts {
        parameters.extend(text.map(|text| (name.to_owned(), Value::String(text))));
    }
    for (name, text) in [("variables", given.variables), ("extensions", given.extensions)] {
        if let Some(text) = text {
            parameters.insert(name.to_owned(), json(&text, &[name])?);
        }
    }
    operation(parameters)
}

fn operation(mut parameters: Map<String, Value>) -> Result<Operation, Malformed> {
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let Value::String(query) = take("query") else { return Err(bad("query is not a text")) };
    let name = match take("operationName") {
        Value::Null => None,
        Value::String(name) => Some(name),
        _ => return Err(bad("operationName is neither a text nor null")),
    };
    let variables = match take("variables") {
        Value::Null => Variables::default(),
        variables @ Value::Object(_) => Variables::from_json(variables),
        _ => return Err(bad("variables are neither an object nor null")),
    };
    match take("extensions") {
        Value::Null | Value::Object(_) => Ok(Operation { query, name, variables }),
        _ => Err(bad("extensions are neither an object nor null")),
    }
}

/// Reads JSON that stands at `place` in the parameters.
fn json(text: &str, place: &[&str]) -> Result<Value, Malformed> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let malformed = || bad(&error.to_string());
    let half = unpaired::find(text).ok_or_else(malformed)?;
    let repaired: Value = serde_json::from_str(&half.repaired).map_err(|_| malformed())?;
    let field = half.path.last().map(String::as_str).or(place.last().copied()).ok_or_else(malformed)?;
    // Where a parameter has the wrong type as well, the request is no request.
    if let (Value::Object(parameters), []) = (&repaired, place) {
        operation(parameters.clone())?;
    }
    Err(Malformed::Refused(server_error(unpaired::refusal(field))))
}

/// Whether the body is said to be JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str()) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_json = essence.strip_prefix("application/").is_some_and(|subtype| {
        subtype == "json" || subtype.strip_suffix("+json").is_some_and(|prefix| !prefix.is_empty())
    });
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
                charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn bad(detail: &str) -> Malformed {
    problem(StatusCode::BAD_REQUEST, detail)
}

fn problem(status: StatusCode, detail: &str) -> Malformed {
    Malformed::Problem(Problem::new(status, detail))
}
