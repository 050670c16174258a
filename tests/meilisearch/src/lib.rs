//! A stand-in for a Meilisearch server, for tests and development: its HTTP API as far as this system uses it.
//!
//! Invariants: answers are computed from the documents that were sent. A task is done at a later request than the
//! one that enqueued it, in order; before that nothing of it is seen. Nothing is kept on disk.

mod api;
mod filter;
mod index;
mod matching;
mod words;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use api::routes;
pub use index::Faults;
use index::Server;

/// What the server holds.
#[derive(Clone, Default)]
pub struct State(Arc<Mutex<Server>>);

impl State {
    fn server(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server on a port of its own, until it is dropped.
pub struct StandIn {
    pub address: SocketAddr,
    state: State,
    serving: JoinHandle<std::io::Result<()>>,
}

impl StandIn {
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, state) = (listener.local_addr()?, State::default());
        let serve = axum::serve(listener, routes(state.clone()));
        #[expect(clippy::disallowed_methods, reason = "the task ends with its owner, this value")]
        let serving = tokio::spawn(async { serve.await });
        Ok(Self { address, state, serving })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on these go wrong.
    pub fn set(&self, faults: Faults) {
        self.state.server().faults = faults;
    }

    /// Everything is lost, as with a disk.
    pub fn clear(&self) {
        self.state.server().clear();
    }

    /// Tasks are lost, those that have not ended too.
    pub fn forget_tasks(&self) {
        self.state.server().forget_tasks();
    }

    /// Tasks that were enqueued, by their types.
    pub fn tasks(&self) -> Vec<&'static str> {
        self.state.server().task_kinds()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
