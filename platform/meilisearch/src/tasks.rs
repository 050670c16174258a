//! Tasks: what a server does later, in order.
//!
//! Invariants: a task is awaited before the next one is enqueued, also one whose wait was given up. A server that
//! does not know a task has lost its tasks, and then nothing is under way there.

use std::time::Duration;

use meilisearch_sdk::errors::{Error, ErrorCode, MeilisearchError};
use meilisearch_sdk::task_info::TaskInfo;
use meilisearch_sdk::tasks::Task;
use platform::ports::search::SearchError;
use tokio::time::{Instant, sleep};

use crate::http::failure;
use crate::{Lane, Meilisearch};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How a task ended.
enum Ended {
    Done,
    Failed(MeilisearchError),
    /// The server does not know it.
    Lost,
}

impl Meilisearch {
    /// Enqueues a task, and waits until it has ended; a failure with a tolerated code has changed nothing.
    pub(crate) async fn run(
        &self,
        lane: &mut Lane,
        tolerated: Option<ErrorCode>,
        enqueue: impl Future<Output = Result<TaskInfo, Error>> + Send,
    ) -> Result<(), SearchError> {
        self.await_under_way(lane).await?;
        let enqueued = match enqueue.await {
            Err(Error::Meilisearch(error)) if Some(&error.error_code) == tolerated.as_ref() => return Ok(()),
            enqueued => enqueued.map_err(failure)?,
        };
        let uid = enqueued.task_uid;
        lane.under_way = Some(enqueued);
        match self.ended(lane).await? {
            Ended::Failed(error) if Some(&error.error_code) != tolerated.as_ref() => {
                Err(failure(error.into()))
            }
            Ended::Done | Ended::Failed(_) => Ok(()),
            Ended::Lost => Err(SearchError::Unavailable(format!("task {uid} is lost"))),
        }
    }

    /// Waits for a task whose wait was given up; how it ended is seen in the documents.
    pub(crate) async fn await_under_way(&self, lane: &mut Lane) -> Result<(), SearchError> {
        let task = lane.under_way.as_ref().map(|task| task.task_uid);
        if let Ended::Failed(error) = self.ended(lane).await? {
            tracing::warn!(task, %error, "task of the search index failed");
        }
        Ok(())
    }

    /// Waits until nothing is under way.
    async fn ended(&self, lane: &mut Lane) -> Result<Ended, SearchError> {
        let Some(task) = &lane.under_way else { return Ok(Ended::Done) };
        let ended = self.end_of(task).await?;
        lane.under_way = None;
        if let Ended::Lost = ended {
            // What tasks have made may be lost with them.
            lane.settled.clear();
        }
        Ok(ended)
    }

    async fn end_of(&self, task: &TaskInfo) -> Result<Ended, SearchError> {
        let (deadline, mut pause) = (Instant::now() + self.config.task_within, FIRST_PAUSE);
        loop {
            match self.client.get_task(task).await {
                Ok(Task::Enqueued { .. } | Task::Processing { .. }) => {}
                Ok(Task::Succeeded { .. }) => return Ok(Ended::Done),
                Ok(Task::Failed { content }) => return Ok(Ended::Failed(content.error)),
                Err(Error::Meilisearch(refusal)) if refusal.error_code == ErrorCode::TaskNotFound => {
                    return Ok(Ended::Lost);
                }
                Err(error) => return Err(failure(error)),
            }
            if Instant::now() >= deadline {
                let within = self.config.task_within;
                return Err(SearchError::Unavailable(format!(
                    "task {} has not ended within {within:?}",
                    task.task_uid
                )));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
