//! Ingest: turns requests into commands, waits for their verdicts, serves the API over HTTP.
//!
//! Invariant: an answer says what is durable. Before a command is queued a dead dependency is
//! UNAVAILABLE, and nothing has happened; after that, silence is OUTCOME_PENDING.

pub mod admin;
mod facts;
pub mod http;
pub mod login;
pub mod metrics;
mod receipts;
pub mod requests;
mod stages;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join;
use graphql::Reads;
use graphql::commands::{Commands, Create, Send};
use platform::clock::Clock;
use platform::ports::{Log, LogError};
use platform::telemetry::Stage;
use schemas::account::{AccountRequest, CreateConversation, SendMessage};
use schemas::conversation::{
    AddMembers, Content, ConversationRequest, DeleteMessage, MarkRead, Message, RemoveMember, SetBlock,
};
use schemas::message::Outgoing;
use schemas::position::{Offset, Partition};
use schemas::topics::VERDICTS;
use schemas::{ConversationId, MessageId, Refusal, UserId};
use tokio::time::Instant;

use domain::account::conversation_id;
use facts::Facts;
use receipts::Receipts;
use requests::{Asked, Done, Requests};

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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            slot: 0,
            verdict_within: Duration::from_secs(2),
            queue_within: Duration::from_secs(5),
            waiting: 4_096,
            waiting_per_user: 256,
        }
    }
}

pub struct Ingest {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    reads: Arc<Reads>,
    facts: Facts,
    requests: Requests,
    receipts: Receipts,
    options: Options,
    /// Where verdicts on its own commands begin.
    verdicts_from: Offset,
}

impl Ingest {
    /// Whatever it asks from now on is answered, once its verdicts are heard. Fails if the log does not
    /// say where they end.
    pub async fn open(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        reads: Arc<Reads>,
        options: Options,
    ) -> Result<Arc<Self>, LogError> {
        metrics::announce();
        let verdicts_from = log.marks(&VERDICTS, options.slot).await?.end;
        let requests = Requests::new(options.slot, options.waiting, options.waiting_per_user);
        let receipts = Receipts::new(options.waiting, options.verdict_within);
        let facts = Facts::new(reads.clone());
        Ok(Arc::new(Self { log, clock, reads, facts, requests, receipts, options, verdicts_from }))
    }

    /// Queues the command of a request that came then, and waits until its verdicts say what came of it.
    async fn ask(
        &self,
        user: &UserId,
        asked: Asked,
        came: Instant,
        command: impl FnOnce(schemas::verdict::Reply) -> Outgoing,
    ) -> Result<Done, Refusal> {
        let waiting = self.requests.open(user, asked)?;
        let command = command(waiting.reply());
        let partition = command.partition(self.log.partitions(command.topic));
        let room = self.receipts.reserve((command.topic.name, partition))?;
        match tokio::time::timeout(self.options.queue_within, self.log.enqueue(command)).await {
            // What becomes of it is told by its verdicts; that it is in the log they imply.
            Ok(Ok(receipt)) if asked == Asked::Send => room.fill(stages::appended(receipt, came)),
            Ok(Ok(receipt)) => room.fill(receipt),
            Ok(Err(error)) => {
                tracing::warn!(%error, "command not queued");
                return Err(Refusal::unavailable("try again"));
            }
            // Whether the wait or the queue won cannot be known.
            Err(_) => return Err(requests::pending(asked)),
        }
        let queued = Instant::now();
        let answer = waiting.answer(self.options.verdict_within).await;
        if asked == Asked::Send {
            stages::ended(Stage::Verdict, queued, &answer);
        }
        answer
    }

    /// A command of a conversation alone.
    async fn tell(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        request: ConversationRequest,
    ) -> Result<(), Refusal> {
        let command = |reply| Outgoing::conversation_command(conversation, request, Some(reply));
        self.ask(user, Asked::Direct, Instant::now(), command).await.map(|_| ())
    }
}

#[async_trait]
impl Commands for Ingest {
    async fn send_message(&self, user: &UserId, send: Send) -> Result<MessageId, Refusal> {
        let came = Instant::now();
        let Send { conversation, client_id, content, reply_to } = send;
        let seat = self.facts.seat(user, &conversation);
        let (seat, sender) = try_join(seat, self.facts.profile(user)).await?;
        let reply_to = self.facts.answered(&seat, user, &conversation, reply_to.as_ref()).await?;
        let text = domain::text::normalise(&content);
        let request = AccountRequest::SendMessage(SendMessage {
            conversation: conversation.clone(),
            client_id,
            mentions: self.facts.mentions(user, &conversation, &text).await?,
            content: Content::plain(text),
            reply_to,
            recipients: (seat.members - 1).max(0),
            sender,
        });
        let command = |reply| Outgoing::account_command(user, request, Some(reply));
        let answer = self.ask(user, Asked::Send, came, command).await;
        stages::ended(Stage::Request, came, &answer);
        match answer? {
            Done::Stored(seq) => Ok(MessageId { conversation, seq }),
            Done::Effected => Err(graphql::error::internal(&"a send was answered without a number")),
        }
    }

    async fn create_conversation(&self, user: &UserId, create: Create) -> Result<ConversationId, Refusal> {
        self.facts.profile(user).await?;
        let participants = self.facts.participants(user, create.participants).await?;
        let title = create.title.map(|title| domain::text::normalise(&title));
        let create = CreateConversation {
            kind: create.kind,
            participants,
            title: title.filter(|title| !domain::text::is_blank(title)),
            client_id: create.client_id,
        };
        let id = conversation_id(user, &create);
        let request = AccountRequest::CreateConversation(create);
        let command = |reply| Outgoing::account_command(user, request, Some(reply));
        self.ask(user, Asked::Create, Instant::now(), command).await?;
        Ok(id)
    }

    async fn mark_read(&self, user: &UserId, up_to: MessageId) -> Result<(), Refusal> {
        self.reads.visible(user, &up_to.conversation).await?;
        let read = MarkRead { user: user.clone(), up_to: up_to.seq };
        self.tell(user, &up_to.conversation, ConversationRequest::MarkRead(read)).await
    }

    async fn add_participants(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        people: Vec<UserId>,
    ) -> Result<(), Refusal> {
        self.reads.visible(user, conversation).await?;
        let actor = self.facts.profile(user).await?;
        let people = self.facts.people("userIds", people).await?;
        let add = AddMembers { actor, people };
        self.facts.changes(conversation);
        self.tell(user, conversation, ConversationRequest::AddMembers(add)).await
    }

    async fn remove_participant(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        person: &UserId,
    ) -> Result<(), Refusal> {
        self.reads.visible(user, conversation).await?;
        let actor = self.facts.profile(user).await?;
        let person = self.reads.profile(person).await?;
        let remove = RemoveMember { actor, person };
        self.facts.changes(conversation);
        self.tell(user, conversation, ConversationRequest::RemoveMember(remove)).await
    }

    async fn delete_message(&self, user: &UserId, id: &MessageId) -> Result<(), Refusal> {
        let loaded = self.reads.visible(user, &id.conversation).await?;
        if !domain::access::sees_message(loaded.seen_by(user)?, id.seq) {
            return Err(Refusal::not_found());
        }
        let message = self.reads.message(&id.conversation, id.seq).await?.message;
        if self.reads.blocks(user).await?.hide(&message) {
            return Err(Refusal::not_found());
        }
        let message = Message { content: None, ..message };
        let delete = DeleteMessage { actor: user.clone(), message: Box::new(message) };
        self.tell(user, &id.conversation, ConversationRequest::DeleteMessage(delete)).await
    }

    async fn set_block(&self, user: &UserId, other: &UserId, blocked: bool) -> Result<(), Refusal> {
        if user == other {
            return Err(Refusal::bad_input("userId", "nobody blocks themselves"));
        }
        self.reads.profile(other).await?;
        let block = SetBlock { user: user.clone(), other: other.clone(), blocked };
        let conversation = ConversationId::direct(user, other);
        self.tell(user, &conversation, ConversationRequest::SetBlock(block)).await
    }
}
