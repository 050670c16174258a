//! Tasks: what a server does later, in order.
//!
//! Invariant: a task is awaited before the next one is enqueued, also one whose wait was given up.

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
        let ended = self.ended(lane.under_way.insert(enqueued)).await?;
        lane.under_way = None;
        match ended {
            Err(error) if Some(&error.error_code) != tolerated.as_ref() => Err(failure(error.into())),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Waits for a task whose wait was given up; how it ended is seen in the documents.
    pub(crate) async fn await_under_way(&self, lane: &mut Lane) -> Result<(), SearchError> {
        if let Some(task) = &lane.under_way {
            let uid = task.task_uid;
            let ended = self.ended(task).await?;
            lane.under_way = None;
            if let Err(error) = ended {
                tracing::warn!(task = uid, %error, "task of the search index failed");
            }
        }
        Ok(())
    }

    async fn ended(&self, task: &TaskInfo) -> Result<Result<(), MeilisearchError>, SearchError> {
        let (deadline, mut pause) = (Instant::now() + self.config.task_within, FIRST_PAUSE);
        loop {
            match self.client.get_task(task).await.map_err(failure)? {
                Task::Enqueued { .. } | Task::Processing { .. } => {}
                Task::Succeeded { .. } => return Ok(Ok(())),
                Task::Failed { content } => return Ok(Err(content.error)),
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
