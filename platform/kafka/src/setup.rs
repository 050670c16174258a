//! Makes the topics of [`schemas::topics`], and checks those that exist.
//!
//! Invariant: an existing topic is never changed. What differs is said, for an operator to decide:
//! partitions cannot be changed within an epoch, and a shorter retention deletes at once.

mod wanted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use schemas::position::Partition;
use schemas::topics::{self, Topic};

use crate::config::Config;
use crate::error::ConnectError;
use crate::metrics::{Metrics, Role};
use crate::names::Names;
use crate::observer::Observer;
use crate::topology;

/// How often new topics are looked for in the metadata.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the schemas leave to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Of the topics whose count is the epoch's.
    pub partitions: Partition,
    /// Brokers that have each record.
    pub replication: i32,
    /// Brokers that must have a record before it is acknowledged.
    pub min_insync_replicas: i32,
}

/// A setting of an existing topic that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub topic: &'static str,
    /// Kafka's name of it; `partitions` and `replication.factor` for what is not configuration.
    pub setting: &'static str,
    pub wanted: String,
    pub found: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Wait and try again: what was done is done, the rest follows.
    #[error("brokers unavailable: {0}")]
    Unavailable(#[from] KafkaError),
    /// The cluster refuses the topic as it is wanted.
    #[error("{topic} cannot be made: {code}")]
    Refused { topic: &'static str, code: RDKafkaErrorCode },
    /// Topics exist with other settings: change them by hand, or the settings.
    #[error("existing topics differ: {0:?}")]
    Different(Vec<Difference>),
}

/// Makes the topics that are missing, and checks all. Can be repeated, and run by several at once.
pub async fn ensure(config: &Config, settings: Settings) -> Result<(), SetupError> {
    config.check()?;
    let observer = Observer::new(Role::Queries, "", &Metrics::new());
    let admin: AdminClient<Observer> =
        config.client().create_with_context(observer).map_err(ConnectError::Client)?;
    let admin = Arc::new(admin);
    let options = AdminOptions::new()
        .request_timeout(Some(config.request_timeout))
        .operation_timeout(Some(config.request_timeout));
    let names = config.names();
    create(&admin, &names, &options, settings).await?;
    let asked = names.clone();
    let layout =
        ask(&admin, config.request_timeout, move |client, timeout| layout_of_all(client, &asked, timeout));
    let layout = layout.await?;
    let mut differences = Vec::new();
    for (topic, (partitions, replication)) in topics::ALL.into_iter().zip(layout) {
        differences.extend(wanted::layout_differences(topic, settings, partitions, replication));
    }
    for (topic, found) in topics::ALL.into_iter().zip(describe(&admin, &names, &options).await?) {
        differences.extend(wanted::setting_differences(topic, settings, &found));
    }
    if differences.is_empty() { Ok(()) } else { Err(SetupError::Different(differences)) }
}

async fn create(
    admin: &AdminClient<Observer>,
    names: &Names,
    options: &AdminOptions,
    settings: Settings,
) -> Result<(), SetupError> {
    let configs: Vec<_> = topics::ALL.iter().map(|topic| wanted::config(topic, settings)).collect();
    let new = topics::ALL.iter().zip(&configs).map(|(topic, config)| {
        let replication = TopicReplication::Fixed(settings.replication);
        let new = NewTopic::new(names.of(topic), wanted::partitions(topic, settings), replication);
        config.iter().fold(new, |new, (key, value)| new.set(key, value))
    });
    let new: Vec<NewTopic<'_>> = new.collect();
    for (topic, result) in topics::ALL.iter().zip(admin.create_topics(&new, options).await?) {
        match result {
            Ok(_) => tracing::info!(topic = topic.name, "topic made"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(SetupError::Refused { topic: topic.name, code }),
        }
    }
    Ok(())
}

/// Partitions and replication factor of every topic, in their order. Waits until the brokers that
/// are asked have heard of all.
fn layout_of_all(
    client: &Client<Observer>,
    names: &Names,
    timeout: Duration,
) -> Result<Vec<(Partition, usize)>, ConnectError> {
    let deadline = Instant::now() + timeout;
    topics::ALL.iter().map(|topic| layout(client, names, topic, deadline)).collect()
}

fn layout(
    client: &Client<Observer>,
    names: &Names,
    topic: &'static Topic,
    deadline: Instant,
) -> Result<(Partition, usize), ConnectError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(LOOK_EVERY);
        if let Some(found) = topology::layout(client, names.of(topic), left)? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            return Err(ConnectError::MissingTopic(topic.name));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The settings of every topic, in their order.
async fn describe(
    admin: &AdminClient<Observer>,
    names: &Names,
    options: &AdminOptions,
) -> Result<Vec<ConfigResource>, SetupError> {
    let all: Vec<_> = topics::ALL.iter().map(|topic| ResourceSpecifier::Topic(names.of(topic))).collect();
    let found = admin.describe_configs(&all, options).await?;
    let found: Result<_, RDKafkaErrorCode> = found.into_iter().collect();
    Ok(found.map_err(KafkaError::AdminOp)?)
}

/// Runs what blocks on a thread for that.
async fn ask<T: Send + 'static>(
    admin: &Arc<AdminClient<Observer>>,
    timeout: Duration,
    question: impl FnOnce(&Client<Observer>, Duration) -> Result<T, ConnectError> + Send + 'static,
) -> Result<T, ConnectError> {
    let admin = Arc::clone(admin);
    match tokio::task::spawn_blocking(move || question(admin.inner(), timeout)).await {
        Ok(answer) => answer,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(ConnectError::Unavailable("the runtime is ending".into())),
    }
}
