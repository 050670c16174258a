//! Files over HTTP: uploaders put bytes by a ticket, and clients with a link get them.
//!
//! Invariants: a link is the only right that is asked for, and is checked before anything is read; a process
//! holds a bounded number of transfers, each with one piece in memory.

mod download;
mod gif;
mod upload;

pub use upload::OFFSET;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, put};
use graphql::error::objects_error;
use graphql::links::BadLink;
use graphql::problem::Problem;
use objects::ObjectsError;
use platform::shares::{Share, Shares};
use schemas::{Refusal, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Http;
use crate::metrics::{self, Transfer};

/// Uploads of a process at once; each holds up to two pieces in memory.
const UPLOADS: usize = 64;
/// Of which one user's.
const UPLOADS_PER_USER: usize = 4;
/// Downloads of a process at once.
const DOWNLOADS: usize = 512;

/// Places for transfers.
#[derive(Clone)]
pub struct Transfers {
    uploads: Arc<Semaphore>,
    by_user: Arc<Shares<UserId>>,
    downloads: Arc<Semaphore>,
}

impl Default for Transfers {
    fn default() -> Self {
        Self {
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            by_user: Shares::new(UPLOADS_PER_USER),
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
        }
    }
}

impl Transfers {
    fn upload(&self, user: &UserId) -> Result<(OwnedSemaphorePermit, Share<UserId>), Problem> {
        let own = self.by_user.take(user.clone()).ok_or_else(|| busy(StatusCode::TOO_MANY_REQUESTS))?;
        let place = self.uploads.clone().try_acquire_owned();
        Ok((place.map_err(|_| busy(StatusCode::SERVICE_UNAVAILABLE))?, own))
    }

    fn download(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.downloads.clone().try_acquire_owned().map_err(|_| busy(StatusCode::SERVICE_UNAVAILABLE))
    }
}

pub fn uploads() -> MethodRouter<Arc<Http>> {
    put(upload::put).head(upload::head)
}

pub fn downloads() -> MethodRouter<Arc<Http>> {
    get(download::get)
}

pub fn gifs() -> MethodRouter<Arc<Http>> {
    get(gif::get)
}

fn busy(status: StatusCode) -> Problem {
    Problem::of(status, Refusal::unavailable("too many transfers at once"))
}

/// A link that gives no right.
fn refused(bad: BadLink) -> Problem {
    match bad {
        BadLink::Unknown => Problem::new(StatusCode::NOT_FOUND, "no such link"),
        BadLink::Expired => Problem::new(StatusCode::GONE, "the link has expired: ask for a new one"),
    }
}

/// The store does not answer; nothing happened.
fn away(error: &ObjectsError) -> Problem {
    Problem::of(StatusCode::SERVICE_UNAVAILABLE, objects_error(error))
}

/// The answer of a transfer, counted.
fn counted(transfer: Transfer, answer: Result<Response, Problem>) -> Response {
    let answer = answer.unwrap_or_else(IntoResponse::into_response);
    metrics::transferred(transfer, answer.status().is_success() || answer.status().is_redirection());
    answer
}
