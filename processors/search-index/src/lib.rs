//! The search-index processor: keeps the search index up to date with events and published users.
//!
//! Invariants: a message is indexed under the version of the command that wrote its row, so events that repeat or
//! come late change nothing. A conversation is indexed from its rows, once they are as new as the event.

mod conversations;
mod rebuild;
mod rows;
mod users;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use futures::{StreamExt, TryStreamExt, stream};
use platform::effects::{self, Effects, EffectsError, Failure, Options};
use platform::ports::search::Side;
use platform::ports::{Ports, SearchIndex};
use schemas::ConversationId;
use schemas::position::Version;
use schemas::search::{CONVERSATIONS, Change, Index};
use tokio_util::sync::CancellationToken;

pub use rebuild::{Built, Compared, rebuild, verify};
pub use walk::WalkError;

use conversations::Conversations;
use rows::Rows;
use users::Users;

/// CloudEvents sources of the consumers' dead letters.
pub const SOURCES: [&str; 2] = [Conversations::SOURCE, Users::SOURCE];

/// Reads of one kind that are under way at once.
const AT_ONCE: usize = 8;
/// Conversations of one write.
const PART: usize = 100;
/// Users of one batch; each may be in thousands of conversations.
const MOST_USERS: usize = 32;
/// How long a batch may take, with all conversations of its users.
const APPLY_WITHIN: Duration = Duration::from_secs(300);

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

    async fn write(&self, index: &'static Index, changes: &[Change]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.search.write(index, self.side, changes).await?)
    }

    /// Indexes conversations from rows that are at least as new as these versions.
    async fn conversations(&self, at_least: &BTreeMap<ConversationId, Version>) -> Result<(), Failure> {
        let all: Vec<_> = at_least.iter().collect();
        for part in all.chunks(PART) {
            let reads: Vec<_> =
                part.iter().map(|(id, at_least)| self.rows.conversation(id, **at_least)).collect();
            let changes: Vec<Option<Change>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
            let changes: Vec<Change> = changes.into_iter().flatten().collect();
            self.write(&CONVERSATIONS, &changes).await?;
        }
        Ok(())
    }
}

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(
    ports: Ports,
    search: Arc<dyn SearchIndex>,
    stop: CancellationToken,
) -> Result<(), EffectsError> {
    let indexer = Indexer::new(&ports, search, Side::Live);
    let options = Options { apply_within: APPLY_WITHIN, ..Options::default() };
    let conversations = Arc::new(Conversations(indexer.clone()));
    let conversations = effects::serve(ports.clone(), conversations, options, stop.clone());
    let options = Options { batch: MOST_USERS, ..options };
    let users = effects::serve(ports, Arc::new(Users(indexer)), options, stop);
    try_join(conversations, users).await.map(|_| ())
}
