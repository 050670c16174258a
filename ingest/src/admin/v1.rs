//! The admin API (`/admin/v1`): publishes users, bans, revocations and credits for operators, and for systems that
//! do not write to the log, and marks packs of stickers. `/admin/v1/openapi.json` describes it.
//!
//! Invariants: only a token with the role admin is served; what is answered 204 is in the log, under the keys and
//! schemas of the platform's own topics; each request can be sent again, and then changes nothing more; a route
//! is described by the same lines that serve it.

mod checks;
mod description;
mod requests;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use graphql::auth::{Authenticator, bearer_in};
use graphql::problem::{self, Problem};
use platform::ports::Receipt;
use schemas::avro::{self, Record};
use schemas::record::{Origin, Outgoing, Place};
use schemas::topics::Topic;
use schemas::{Refusal, UserId};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Ingest;
use crate::http::read_whole;
use crate::requests::{RequestKind, pending};

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// What the routes stand on.
#[derive(Clone)]
pub struct Platform {
    pub ingest: Arc<Ingest>,
    pub authenticator: Arc<Authenticator>,
}

pub fn routes(platform: Platform) -> Router {
    let (router, described) = OpenApiRouter::with_openapi(description::head())
        .routes(routes!(requests::put_user, requests::erase_user))
        .routes(routes!(requests::put_ban, requests::lift_ban))
        .routes(routes!(requests::put_revocation))
        .routes(routes!(requests::put_grant))
        .routes(routes!(requests::put_official, requests::take_official))
        .split_for_parts();
    router
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn(read_whole))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(platform.clone(), admins_only))
        .route("/admin/v1/openapi.json", get(move || std::future::ready(Json(described))))
        .with_state(platform)
}

async fn admins_only(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    match platform.admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => ([(header::WWW_AUTHENTICATE, r#"Bearer realm="admin""#)], problem).into_response(),
    }
}

impl Platform {
    fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let unauthenticated = || Problem::new(StatusCode::UNAUTHORIZED, "a valid token is needed");
        let token = bearer_in(headers).ok().flatten().ok_or_else(unauthenticated)?;
        let now = self.ingest.clock.now();
        let identity = self.authenticator.verify(token, now).map_err(|_| unauthenticated())?;
        if identity.roles.admin {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "only admins of the service may do this"))
    }
}

impl Ingest {
    /// Appends a record, or a tombstone, under a user's key; returns once the log has acknowledged it.
    pub async fn publish<T: Record>(
        &self,
        topic: &'static Topic,
        user: &UserId,
        value: Option<&T>,
    ) -> Result<(), Refusal> {
        let headers = Origin::client(self.clock.now(), None).headers(T::SUBJECT);
        let (key, value) = (Some(user.as_str().into()), value.map(avro::encode).unwrap_or_default());
        let record = Outgoing { topic, place: Place::Key, key, headers, value };
        let (acknowledged, acknowledgement) = oneshot::channel();
        let until = Instant::now() + self.options.queue_within;
        let watched = |receipt: Receipt| -> Receipt {
            Box::pin(async move {
                let offset = receipt.await?;
                // The client may have gone.
                let _ = acknowledged.send(());
                Ok(offset)
            })
        };
        self.queue(record, RequestKind::Direct, watched).await?;
        match timeout_at(until, acknowledgement).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(pending(RequestKind::Direct)),
        }
    }
}

#[cfg(test)]
mod tests;
