//! The web client: a folder of built files, read once at start and served from memory.
//!
//! Invariants: nothing outside of the folder is served, as a path is looked up among the names that were
//! read, and never opened; a page says what it may load, and nothing of it may be taken for another type.

mod files;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use graphql::problem;
use serde::Serialize;

pub use files::{Files, FilesError};

/// What is said in place of the client where it was not built.
const NOT_BUILT: &str = "MuscleMap Messaging runs, and its API is at /graphql.\n\n\
    The web client is not built. With Node.js 20.19 or later and npm, `make run` builds it.\n";
/// Nothing is read as another type than the one that is said.
const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
/// Where the app learns of the server.
const SETTING: &str = "/app.json";
/// Pages that only a server for development has.
const DEVELOPMENT: &str = "/graphiql";

/// What the app is told of the server.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Where sockets are opened; where the page is from, if it is not said.
    pub sockets: Option<String>,
    /// Whether anybody on this machine may log in as anybody.
    pub dev_login: bool,
    /// Users who are there for who looks around.
    pub demo: Vec<String>,
}

/// The client, as it is served.
#[derive(Debug)]
pub struct Web {
    files: Files,
    setting: String,
    policy: HeaderValue,
    development: bool,
}

impl Web {
    /// Fails if the address of sockets cannot stand in a header.
    pub fn new(files: Files, setting: &Setting) -> Result<Self, header::InvalidHeaderValue> {
        let policy = policy(setting.sockets.as_deref()).try_into()?;
        let said = serde_json::json!(setting).to_string();
        Ok(Self { files, setting: said, policy, development: setting.dev_login })
    }

    /// Whether there is a client.
    pub fn is_built(&self) -> bool {
        self.files.find("/").is_some()
    }

    /// Serves the client wherever `requests` has no route.
    pub fn beside(self, requests: Router) -> Router {
        let web = Arc::new(self);
        requests.fallback(move |request: Request| async move {
            match *request.method() {
                Method::GET | Method::HEAD => web.answer(request.uri().path(), request.headers()),
                _ => problem::not_found().await.into_response(),
            }
        })
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let path = path.strip_suffix('/').filter(|shorter| !shorter.is_empty()).unwrap_or(path);
        if path == SETTING {
            let kind = (header::CONTENT_TYPE, "application/json");
            return ([kind, (header::CACHE_CONTROL, "no-store"), NOSNIFF], self.setting.clone())
                .into_response();
        }
        let is_hidden = path.starts_with(DEVELOPMENT) && !self.development;
        if let Some(file) = self.files.find(path).filter(|_| !is_hidden) {
            let mut response = file.answer(headers);
            if file.is_page() {
                let added = [
                    (header::CONTENT_SECURITY_POLICY, self.policy.clone()),
                    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
                    (
                        HeaderName::from_static("cross-origin-opener-policy"),
                        HeaderValue::from_static("same-origin"),
                    ),
                ];
                response.headers_mut().extend(added);
            }
            return response;
        }
        if path == "/" {
            let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
            return (StatusCode::NOT_FOUND, [kind, NOSNIFF], NOT_BUILT).into_response();
        }
        problem::Problem::new(StatusCode::NOT_FOUND, "no such resource").into_response()
    }
}

/// What a page may load and connect to: its own origin, sockets where they are, pictures of users.
fn policy(sockets: Option<&str>) -> String {
    let sockets = sockets.map(|sockets| format!(" {sockets}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: https:; \
         font-src 'self'; media-src 'self' blob:; connect-src 'self'{sockets}; worker-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests;
