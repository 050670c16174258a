//! The search-index processor: keeps the search index as the events and the platform's users say.
//!
//! Invariants: a message is indexed under the version of the command that wrote its row, so events that repeat or
//! come late change nothing. A conversation is indexed from its rows, once they are as new as the event.

mod conversations;
mod rebuild;
mod rows;
mod users;
mod walk;

use std::sync::Arc;

use futures::future::try_join;
use platform::effects::{self, Effects, EffectsError, Failure, Options};
use platform::ports::search::Side;
use platform::ports::{Ports, SearchError, SearchIndex};
use tokio_util::sync::CancellationToken;

pub use rebuild::{Built, Compared, rebuild, verify};
pub use walk::WalkError;

use conversations::Conversations;
use rows::Rows;
use users::Users;

/// CloudEvents sources of the consumers' dead letters.
pub const SOURCES: [&str; 2] = [Conversations::SOURCE, Users::SOURCE];

/// What the consumers write to and read from.
#[derive(Clone)]
struct Indexer {
    search: Arc<dyn SearchIndex>,
    /// Which side of the indexes is written.
    side: Side,
    rows: Rows,
}

impl Indexer {
    fn new(ports: &Ports, search: Arc<dyn SearchIndex>, side: Side) -> Self {
        Self { search, side, rows: Rows { tables: ports.tables.clone(), clock: ports.clock.clone() } }
    }
}

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(
    ports: Ports,
    search: Arc<dyn SearchIndex>,
    stop: CancellationToken,
) -> Result<(), EffectsError> {
    let indexer = Indexer::new(&ports, search, Side::Live);
    let options = Options::default();
    let conversations = Arc::new(Conversations(indexer.clone()));
    let users = Arc::new(Users(indexer));
    let conversations = effects::serve(ports.clone(), conversations, options, stop.clone());
    try_join(conversations, effects::serve(ports, users, options, stop)).await.map(|_| ())
}

fn failure(error: SearchError) -> Failure {
    match error {
        SearchError::Unavailable(reason) => Failure::Away(reason),
        SearchError::Refused(reason) => Failure::Refused(reason),
    }
}
