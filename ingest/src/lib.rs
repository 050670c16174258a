//! Ingest: turns requests into commands, waits for their verdicts, serves the API over HTTP.
//!
//! Invariant: an answer says what is durable. Before a command is queued a dead dependency is
//! UNAVAILABLE, and nothing has happened; after that, silence is OUTCOME_PENDING.

mod acknowledgements;
pub mod admin;
pub mod api;
mod deliveries;
mod facts;
mod features;
pub mod http;
pub mod login;
pub mod metrics;
pub mod operations;
mod policy;
pub mod requests;
mod scheduler;
mod stages;
mod verdicts;
pub mod web;

use std::sync::Arc;
use std::time::Duration;

use gifs::Gifs;
use graphql::limits::{self, Limits};
use graphql::{Roles, Rows, TraceParent};
use objects::Objects;
use platform::clock::Clock;
use platform::ports::{Log, LogError, Receipt};
use platform::telemetry::Stage;
use schemas::flags::Tier;
use schemas::operations::{AccountRequest, ConversationRequest};
use schemas::position::{Offset, Partition};
use schemas::record::{Outgoing, Output};
use schemas::topics::VERDICTS;
use schemas::verdict::Reply;
use schemas::{ConversationId, Refusal, UserId};
use tokio::time::Instant;

use acknowledgements::Acknowledgements;
use deliveries::Deliveries;
use facts::Facts;
use policy::KnownPolicy;
use requests::{Completed, PendingRequest, RequestKind, Requests};

/// Bounds and times of an ingest.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Partition of the verdicts topic that is this ingest's own.
    pub slot: Partition,
    /// How long a request waits for its verdicts.
    pub verdict_within: Duration,
    /// How long a command may wait to be queued.
    pub queue_within: Duration,
    /// Requests that wait for verdicts.
    pub waiting: usize,
    /// Of which one user's.
    pub waiting_per_user: usize,
    pub limits: limits::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            slot: 0,
            verdict_within: Duration::from_secs(2),
            queue_within: Duration::from_secs(5),
            waiting: 4_096,
            waiting_per_user: 256,
            limits: limits::Options::default(),
        }
    }
}

pub struct Ingest {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    rows: Arc<Rows>,
    facts: Facts,
    policy: KnownPolicy,
    requests: Requests,
    acknowledgements: Acknowledgements,
    deliveries: Deliveries,
    /// Files of attachments.
    objects: Objects,
    gifs: Arc<Gifs>,
    limits: Arc<Limits>,
    options: Options,
    /// Where verdicts on its own commands begin.
    verdicts_from: Offset,
}

/// The request that a command comes from.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    user: &'a UserId,
    kind: RequestKind,
    at: Instant,
    trace: Option<&'a TraceParent>,
    tier: Option<&'a Tier>,
    roles: Roles,
}

impl<'a> Asked<'a> {
    /// Without a charge, a trace, a tier and roles, from now on.
    fn direct(user: &'a UserId) -> Self {
        Self {
            user,
            kind: RequestKind::Direct,
            at: Instant::now(),
            trace: None,
            tier: None,
            roles: Roles::default(),
        }
    }
}

impl Ingest {
    /// Commands sent from now on are answered once their verdicts are read. Fails if the log does not
    /// tell where verdicts end.
    pub async fn open(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        rows: Arc<Rows>,
        objects: Objects,
        gifs: Arc<Gifs>,
        options: Options,
    ) -> Result<Arc<Self>, LogError> {
        metrics::announce();
        let verdicts_from = log.marks(&VERDICTS, options.slot).await?.end;
        let requests = Requests::new(options.slot, options.waiting, options.waiting_per_user);
        let acknowledgements = Acknowledgements::new(options.waiting, options.verdict_within);
        let facts = Facts::new(rows.clone());
        let policy = KnownPolicy::new(rows.clone());
        let limits = Limits::new(options.limits);
        Ok(Arc::new(Self {
            log,
            clock,
            rows,
            facts,
            policy,
            requests,
            acknowledgements,
            deliveries: Deliveries::default(),
            objects,
            gifs,
            limits,
            options,
            verdicts_from,
        }))
    }

    /// GIFs, as the API finds them.
    pub fn gifs(&self) -> &Arc<Gifs> {
        &self.gifs
    }

    /// The limits of this process, for every port of it.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Runs a command of the account of the user who asks.
    async fn run_on_account(&self, asked: Asked<'_>, request: AccountRequest) -> Result<Completed, Refusal> {
        let user = asked.user.clone();
        self.run(asked, |reply| Output::ToAccount { user, request, reply: Some(reply) }).await
    }

    /// Opens the requests that the verdicts on parts of a command answer, each for itself.
    fn open_parts(&self, user: &UserId, count: usize) -> Result<Vec<PendingRequest>, Refusal> {
        (0..count).map(|_| self.requests.open(user, RequestKind::Direct)).collect()
    }

    /// Runs a command of a conversation alone.
    async fn run_on_conversation(
        &self,
        asked: Asked<'_>,
        conversation: ConversationId,
        request: ConversationRequest,
    ) -> Result<(), Refusal> {
        let command =
            |reply| Output::ToConversation { conversation, request, reply: Some(reply), charge: None };
        self.run(asked, command).await.map(|_| ())
    }

    /// Queues the command of a request, and waits until its verdicts complete it.
    async fn run(
        &self,
        asked: Asked<'_>,
        command: impl FnOnce(Reply) -> Output,
    ) -> Result<Completed, Refusal> {
        let Asked { user, kind, at, trace, tier, roles } = asked;
        let pending = self.requests.open(user, kind)?;
        let trace = trace.map(TraceParent::as_str);
        let record = command(pending.reply()).from_client(self.clock.now(), tier, &roles.held(), trace);
        self.limits.append(user, record.size())?;
        // The verdicts say what becomes of it, and imply that it is in the log.
        let watched =
            |receipt| if kind == RequestKind::Send { stages::appended(receipt, at) } else { receipt };
        self.queue(record, kind, watched).await?;
        let queued = Instant::now();
        let answer = pending.answer(self.options.verdict_within).await;
        if kind == RequestKind::Send {
            stages::ended(Stage::Verdict, queued, &answer);
        }
        answer
    }

    /// Queues a record, whose receipt is watched: a failed delivery ends the process. OUTCOME_PENDING says that
    /// it may be in the queue, any other refusal that it is not.
    async fn queue(
        &self,
        record: Outgoing,
        kind: RequestKind,
        wrap: impl FnOnce(Receipt) -> Receipt,
    ) -> Result<(), Refusal> {
        let partition = record.partition(self.log.partitions(record.topic));
        let room = self.acknowledgements.reserve((record.topic.name, partition))?;
        match tokio::time::timeout(self.options.queue_within, self.log.enqueue(record)).await {
            Ok(Ok(receipt)) => room.fill(wrap(receipt)),
            Ok(Err(error)) => {
                tracing::warn!(%error, "record not queued");
                return Err(Refusal::unavailable("try again"));
            }
            // Whether the timeout or the queue came first cannot be known.
            Err(_) => return Err(requests::pending(kind)),
        }
        Ok(())
    }
}
