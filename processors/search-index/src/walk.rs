//! Everything that can be found, from the tables and the platform's users.
//!
//! Invariants: every user is named by the topic of the platform. Every visible conversation is named by a row of a
//! user. So a walk over both meets everything once.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::{Log, LogError, Record, SearchError};
use schemas::position::{Offset, Partition, Version};
use schemas::search::{CONVERSATIONS, Change, Index, MESSAGES, USERS};
use schemas::topics::{PLATFORM_USERS, Topic};
use schemas::{ConversationId, UserId};
use tokio::time::timeout;

use crate::Indexer;
use crate::users::Users;

/// How long the log may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Rows(#[from] Failure),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("{0} does not answer")]
    Silent(&'static str),
}

/// What takes in what a walk meets.
#[async_trait]
pub trait Sink: Send {
    /// Takes in one document.
    async fn take(&mut self, index: &'static Index, change: Change) -> Result<(), WalkError>;
}

/// The records of a partition that stand before an offset.
pub struct Records {
    reader: Box<dyn platform::ports::Reader>,
    topic: &'static str,
    next: Offset,
    end: Offset,
}

impl Records {
    pub async fn between(
        log: &dyn Log,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
        end: Offset,
    ) -> Result<Self, LogError> {
        let reader = log.read(topic, partition, from).await?;
        Ok(Self { reader, topic: topic.name, next: from, end })
    }

    /// The next ones; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, WalkError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let read = timeout(PATIENCE, self.reader.next()).await.map_err(|_| WalkError::Silent(self.topic))?;
        let mut records = read?;
        records.retain(|record| record.offset < self.end);
        self.next = records.last().map_or(self.end, |last| last.offset + 1);
        Ok(Some(records))
    }
}

/// Gives everything that can be found to a sink.
pub async fn walk(log: &dyn Log, indexer: &Indexer, sink: &mut dyn Sink) -> Result<(), WalkError> {
    let users = Users(indexer.clone());
    let (mut seen, mut conversations) = (HashSet::new(), HashSet::new());
    for partition in 0..log.partitions(&PLATFORM_USERS) {
        let marks = log.marks(&PLATFORM_USERS, partition).await?;
        let mut records = Records::between(log, &PLATFORM_USERS, partition, marks.low, marks.end).await?;
        while let Some(records) = records.next().await? {
            for record in &records {
                // Poison is a dead letter of the processor.
                let renamed = match users.effects(record) {
                    Ok(renamed) => renamed,
                    Err(Unreadable::Poison(_) | Unreadable::Unknown(_)) => continue,
                };
                for renamed in renamed {
                    // Compaction may keep a later record of an erased user, and not the erasure.
                    let is_erased = indexer.rows.is_erased(renamed.user()).await?;
                    let change = if is_erased { renamed.erased() } else { renamed.change() };
                    sink.take(&USERS, change).await?;
                    if seen.insert(renamed.user().clone()) {
                        of_user(indexer, renamed.user(), &mut conversations, sink).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

async fn of_user(
    indexer: &Indexer,
    user: &UserId,
    seen: &mut HashSet<ConversationId>,
    sink: &mut dyn Sink,
) -> Result<(), WalkError> {
    let mut pages = indexer.rows.conversations_of(user);
    while let Some(ids) = pages.next().await? {
        for id in ids {
            if !seen.insert(id.clone()) {
                continue;
            }
            if let Some(change) = indexer.rows.conversation(&id, Version(0)).await? {
                sink.take(&CONVERSATIONS, change).await?;
            }
            let mut messages = indexer.rows.messages_of(&id).await?;
            while let Some(changes) = messages.next().await? {
                for change in changes {
                    sink.take(&MESSAGES, change).await?;
                }
            }
        }
    }
    Ok(())
}
