//! Sending a message.
//!
//! Invariant: a repeated client id gives the first outcome, also where facts would deny a new send.

use async_graphql::{Context, ID, InputObject, Object};
use domain::account::{check_attachments, check_content, check_gif, check_sticker};
use domain::text;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use graphql::{Error, Result};
use platform::telemetry::Stage;
use schemas::charging::ChargeKind;
use schemas::control::Policy;
use schemas::gifs::{Gif, GifId};
use schemas::message::Content;
use schemas::sending::SendMessage;
use schemas::stickers::{ChosenSticker, Sticker};
use schemas::{AttachmentId, ClientId, ConversationId, ErrorCode, MessageId, Refusal, StickerId, TemplateId};
use uuid::Uuid;

use super::{Caller, caller, own_file};
use crate::facts::SendFacts;
use crate::requests::{Completed, RequestKind};
use crate::stages;

#[derive(Default)]
pub struct Sending;

#[derive(Debug, InputObject)]
pub struct SendMessageInput {
    conversation_id: ID,
    /// Chosen by the client, once per message. Sending it again within 24 hours returns the first
    /// outcome and charges nothing.
    client_message_id: Uuid,
    content: Option<String>,
    reply_to_id: Option<ID>,
    /// Of the caller's own that are READY, at most 10; the content may then be empty.
    attachment_ids: Option<Vec<ID>>,
    /// One that `searchGifs` has found; the content may then be empty. Not beside attachments or a sticker.
    gif_id: Option<ID>,
    /// Of the caller's own, whose use is counted once. The content is what is sent.
    template_id: Option<ID>,
    /// A sticker of one of the sender's packs or of a public pack; the message has no text and no files then. A sent
    /// message keeps its sticker when the pack changes or is deleted.
    sticker_id: Option<ID>,
}

#[Object]
impl Sending {
    async fn send_message(&self, ctx: &Context<'_>, input: SendMessageInput) -> Result<Message> {
        let client_id = ClientId::from(input.client_message_id);
        let sent = caller(ctx)?.send(input).await;
        sent.map_err(|refusal| Error { refusal, client_message_id: Some(client_id) })
    }
}

/// What a send says, beside where it goes.
#[derive(Clone, Copy)]
struct Said<'a> {
    text: &'a str,
    attachments: &'a [AttachmentId],
    sticker: Option<&'a StickerId>,
    gif: Option<&'a Gif>,
}

impl Caller<'_> {
    async fn send(&self, input: SendMessageInput) -> Result<Message, Refusal> {
        let conversation: ConversationId = parse_id(&input.conversation_id)?;
        let parent: Option<MessageId> = input.reply_to_id.as_ref().map(parse_id).transpose()?;
        let template: Option<TemplateId> = input.template_id.as_ref().map(parse_id).transpose()?;
        let client_id = ClientId::from(input.client_message_id);
        let text = text::normalise(&input.content.unwrap_or_default());
        let attachments =
            input.attachment_ids.iter().flatten().map(own_file).collect::<Result<Vec<_>, _>>()?;
        let sticker: Option<StickerId> = input.sticker_id.as_ref().map(parse_id).transpose()?;
        let (gif, lacking) = self.gif(input.gif_id.as_ref()).await?;
        let asked =
            Said { text: &text, attachments: &attachments, sticker: sticker.as_ref(), gif: gif.as_deref() };
        let facts = self.facts_of_send(&conversation, parent.as_ref(), asked).await;
        // A GIF that cannot be found, for whatever reason, is none of a new send.
        let facts = lacking.map_or(facts, Err);
        let ((facts, found), denied) = match facts {
            Ok(facts) => (facts, None),
            Err(denied) if is_denied(&denied) || gif.is_some() => {
                if !self.remembers(ChargeKind::Send, &client_id, &conversation).await? {
                    return Err(denied);
                }
                ((SendFacts::absent(self.user(), parent.as_ref()), None), Some(denied))
            }
            Err(refusal) => return Err(refusal),
        };
        let SendFacts { sender, recipients, reply_to, mentions } = facts;
        let send = SendMessage {
            conversation: conversation.clone(),
            client_id,
            content: Content::plain(text),
            reply_to: reply_to.map(Box::new),
            recipients,
            sender: Box::new(sender),
            mentions,
            attachments,
            template: template.map(Box::new),
            sticker: sticker.map(|id| {
                let StickerId { pack, attachment } = id;
                Box::new(ChosenSticker { pack, attachment, found })
            }),
            gif,
        };
        let answer = self.run(RequestKind::Send, send).await;
        self.access.reads.awareness.typing.forget(self.user(), &conversation);
        stages::ended(Stage::Request, self.at, &answer);
        let seq = match (answer, denied) {
            (Ok(Completed::Stored(seq)), _) => seq,
            (Ok(Completed::Done), _) => return Err(internal(&"a send was answered without a number")),
            // The account has forgotten the first request meanwhile.
            (Err(refusal), Some(denied)) if refusal.code == ErrorCode::BadUserInput => return Err(denied),
            (Err(refusal), _) => return Err(refusal),
        };
        self.message(&MessageId { conversation, seq }).await
    }

    /// The facts of a send that no policy refuses by its text alone, with the sticker that it names.
    async fn facts_of_send(
        &self,
        conversation: &ConversationId,
        parent: Option<&MessageId>,
        Said { text, attachments, sticker, gif }: Said<'_>,
    ) -> Result<(SendFacts, Option<Sticker>), Refusal> {
        let facts = self.ingest.facts.of_send(self.user(), conversation, parent, text).await?;
        let fits = |policy: &Policy| {
            check_attachments(attachments, policy.limits.attachments_per_message)?;
            check_gif(gif, attachments, sticker)?;
            let carries = !attachments.is_empty() || sticker.is_some() || gif.is_some();
            check_content("content", text, carries, &policy.limits)
        };
        self.ingest.policy.check(fits).await?;
        let Some(id) = sticker else { return Ok((facts, None)) };
        check_sticker(text, attachments.len())?;
        let found = self.access.sticker(id).await?;
        Ok((facts, Some(found.ok_or_else(Refusal::not_found)?)))
    }

    /// The GIF of an id. One that cannot be found has its id alone, which a repeat is compared by, and the reason.
    async fn gif(&self, id: Option<&ID>) -> Result<(Option<Box<Gif>>, Option<Refusal>), Refusal> {
        let Some(id) = id.map(parse_id::<GifId>).transpose()? else { return Ok((None, None)) };
        Ok(match self.ingest.gifs.find(&id).await {
            Ok(gif) => (Some(Box::new(gif)), None),
            Err(refusal) => (Some(Box::new(id.unknown())), Some(refusal)),
        })
    }

    /// Refuses a text that no message may have.
    pub(super) async fn check_text(&self, text: &str) -> Result<(), Refusal> {
        let fits = |policy: &Policy| text::check("content", text, policy.limits.message_characters);
        self.ingest.policy.check(fits).await
    }
}

/// Whether facts deny a send for good.
fn is_denied(refusal: &Refusal) -> bool {
    matches!(refusal.code, ErrorCode::NotFound | ErrorCode::BadUserInput)
}
