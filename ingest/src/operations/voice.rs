//! Sending a voice message.
//!
//! Invariant: a repeated client id gives the first outcome, as of any send.

use async_graphql::{Context, ID, Object};
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use graphql::{Error, Result};
use schemas::charging::ChargeKind;
use schemas::operations::SendVoice;
use schemas::{AttachmentId, ClientId, ConversationId, ErrorCode, MessageId, Refusal};
use uuid::Uuid;

use super::{Caller, caller, own_file};
use crate::facts::SendFacts;
use crate::requests::{Completed, RequestKind};

#[derive(Default)]
pub struct Voice;

#[Object]
impl Voice {
    /// A recording of up to two minutes that is READY; it costs what a send costs.
    async fn send_voice_message(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        attachment_id: ID,
        client_message_id: Uuid,
        reply_to_id: Option<ID>,
    ) -> Result<Message> {
        let client_id = ClientId::from(client_message_id);
        let sent = async {
            let caller = caller(ctx).map_err(|error| error.refusal)?;
            let parent = reply_to_id.as_ref().map(parse_id).transpose()?;
            let (conversation, attachment) = (parse_id(&conversation_id)?, own_file(&attachment_id)?);
            caller.send_voice(conversation, client_id.clone(), attachment, parent).await
        };
        sent.await.map_err(|refusal| Error { refusal, client_message_id: Some(client_id.clone()) })
    }
}

impl Caller<'_> {
    async fn send_voice(
        &self,
        conversation: ConversationId,
        client_id: ClientId,
        attachment: AttachmentId,
        parent: Option<MessageId>,
    ) -> Result<Message, Refusal> {
        let facts = self.ingest.facts.of_send(self.user(), &conversation, parent.as_ref(), "").await;
        let (facts, denied) = match facts {
            Ok(facts) => (facts, None),
            Err(denied) if matches!(denied.code, ErrorCode::NotFound | ErrorCode::BadUserInput) => {
                if !self.remembers(ChargeKind::Send, &client_id, &conversation).await? {
                    return Err(denied);
                }
                (SendFacts::absent(self.user(), parent.as_ref()), Some(denied))
            }
            Err(refusal) => return Err(refusal),
        };
        let SendFacts { sender, recipients, reply_to, mentions: _ } = facts;
        let send = SendVoice {
            conversation: conversation.clone(),
            client_id,
            attachment,
            reply_to: reply_to.map(Box::new),
            recipients,
            sender,
        };
        let answer = self.run(RequestKind::Send, send).await;
        self.access.reads.awareness.typing.forget(self.user(), &conversation);
        let seq = match (answer, denied) {
            (Ok(Completed::Stored(seq)), _) => seq,
            (Ok(Completed::Done), _) => return Err(internal(&"a send was answered without a number")),
            // The account has forgotten the first request meanwhile.
            (Err(refusal), Some(denied)) if refusal.code == ErrorCode::BadUserInput => return Err(denied),
            (Err(refusal), _) => return Err(refusal),
        };
        self.message(&MessageId { conversation, seq }).await
    }
}
