//! A message: what its core says, and what others did with it.
//!
//! Invariant: in a rendering, everything that its event carries is answered from it, without a table or the
//! viewer.

pub mod forwards;
pub mod gifs;
pub mod kinds;
mod marks;
mod own;
pub mod page;
pub mod pins;
pub mod polls;
pub mod previews;
pub mod reactions;
pub mod receipts;
pub mod translations;
pub mod versions;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use domain::delivery::{self, Answers};
use schemas::message::{Body, ReplyStub};
use schemas::people::Profile;
use schemas::pinning::Pinned;
use schemas::polling::Voted;
use schemas::position::LogTime;
use schemas::previewing::Previews;
use schemas::reacting::Reacted;
use schemas::stickers::SentSticker;
use schemas::{ClientId, ConversationId, MessageId};
use tokio::sync::OnceCell;
use translation::Translation;
use uuid::Uuid;

use self::gifs::Gif;
use crate::attachment::Attachment;
use crate::conversation::{Conversation, Named};
use crate::live::{ConversationDelivery, Rendering};
use crate::people::user::User;
use crate::people::{People, Progress};
use crate::rows::Written;
use crate::scalars::DateTime;
use crate::stickers::Sticker;
use crate::{Result, access};
use forwards::ForwardAttribution;
use kinds::{MessageContentType, SystemEvent};
use marks::MessageMarks;
use own::Own;
use pins::MessagePin;
use polls::MessageCard;
use previews::MessagePreviews;
use reactions::{Completed, MessageReactions};
use translations::{KnownTranslations, MessageTranslations};

type Core = schemas::message::Message;

pub struct Message {
    id: MessageId,
    at: LogTime,
    sender: Profile,
    body: Body,
    /// What a reply's stub does not carry; read when it is asked for.
    written: OnceCell<Arc<Written>>,
    /// The viewer's own reactions, read together with those of the messages beside it.
    own: Arc<Own<Reacted>>,
    /// What an event about its pin has told.
    pin: Option<Option<Pinned>>,
    /// What an event about its previews has told.
    previews: Option<Previews>,
    /// The viewer's own votes, read together with those of the messages beside it.
    own_votes: Arc<Own<Voted>>,
    /// What is known of translations, read together with those of the messages beside it.
    translations: Arc<KnownTranslations>,
    /// A translation that was made just now.
    made: Option<Translation>,
    /// When the event that tells of it happened.
    told_at: LogTime,
    /// The recipients whose marks the viewer sees; found when a mark is asked for.
    recipients: OnceCell<Vec<Progress>>,
    origin: Origin,
}

/// Where a message comes from, which says where its marks and its parent are found.
#[derive(Clone)]
enum Origin {
    /// A read: the rest is read too, with the viewer's sight.
    Read,
    /// The event of its acceptance: no recipient has it yet.
    Accepted(Answers),
    /// An event about it, completed with its people and what has become of it.
    Completed(Option<Arc<People>>, Arc<Completed>, Answers),
}

impl Message {
    /// A message that the viewer may see.
    pub fn read(conversation: &ConversationId, written: Written) -> Self {
        let own = Arc::new(Own::new(vec![written.core.seq]));
        let own_votes = Arc::new(Own::new(vec![written.core.seq]));
        let translations = Arc::new(KnownTranslations::new(conversation, [&written]));
        Self { own, own_votes, translations, ..Self::new(conversation, written, Origin::Read) }
    }

    /// Messages that the viewer may see.
    pub fn read_all(conversation: &ConversationId, all: Vec<Written>) -> Vec<Self> {
        let reacted = all.iter().filter(|written| !written.aspects.reactions.groups.is_empty());
        let own = Arc::new(Own::new(reacted.map(|written| written.core.seq).collect()));
        let voted = all.iter().filter(|written| written.aspects.tally.changes > 0);
        let own_votes = Arc::new(Own::new(voted.map(|written| written.core.seq).collect()));
        let translations = Arc::new(KnownTranslations::new(conversation, &all));
        let read = |written| Self {
            own: own.clone(),
            own_votes: own_votes.clone(),
            translations: translations.clone(),
            ..Self::new(conversation, written, Origin::Read)
        };
        all.into_iter().map(read).collect()
    }

    /// The message of its own event; a replayed one, which was written anew since, has its people.
    pub fn accepted(delivery: &ConversationDelivery, core: &Core, rendering: &Rendering) -> Self {
        if delivery.people.is_some() {
            return Self::completed(delivery, core, rendering);
        }
        let origin = Origin::Accepted(rendering.answers);
        Self { told_at: delivery.at, ..Self::new(&delivery.conversation, Written::new(core.clone()), origin) }
    }

    /// The message of an event about it.
    pub fn completed(delivery: &ConversationDelivery, core: &Core, rendering: &Rendering) -> Self {
        let (people, completed) = (delivery.people.clone(), delivery.completed.clone());
        let origin = Origin::Completed(people, completed, rendering.answers);
        let own_votes = Arc::new(Own::new(vec![core.seq]));
        let new = Self::new(&delivery.conversation, Written::new(core.clone()), origin);
        let previews = delivery::previews(&delivery.fact).cloned();
        Self { told_at: delivery.at, own_votes, previews, ..new }
    }

    fn new(conversation: &ConversationId, written: Written, origin: Origin) -> Self {
        let core = &written.core;
        let at = core.sent_at;
        Self {
            id: MessageId { conversation: conversation.clone(), seq: core.seq },
            at,
            sender: core.sender.clone(),
            body: core.body.clone(),
            written: OnceCell::new_with(Some(Arc::new(written))),
            own: Arc::default(),
            pin: None,
            previews: None,
            own_votes: Arc::default(),
            translations: Arc::default(),
            made: None,
            told_at: at,
            recipients: OnceCell::new(),
            origin,
        }
    }

    /// The message that a reply quotes, as its event carries it; `None` without a text.
    fn quoted(conversation: &ConversationId, stub: &ReplyStub) -> Option<Self> {
        Some(Self {
            id: MessageId { conversation: conversation.clone(), seq: stub.seq },
            at: stub.created_at,
            sender: stub.sender.clone(),
            body: Body::Text(schemas::message::Text {
                attachments: stub.attachments.clone(),
                sticker: stub.sticker.clone(),
                gif: stub.gif.clone(),
                ..schemas::message::Text::new(stub.content.clone()?)
            }),
            written: OnceCell::new(),
            own: Arc::new(Own::new(vec![stub.seq])),
            pin: None,
            previews: None,
            own_votes: Arc::default(),
            translations: Arc::default(),
            made: None,
            told_at: stub.created_at,
            recipients: OnceCell::new(),
            origin: Origin::Read,
        })
    }

    /// The core. Of a quoted message it is read with the viewer's sight.
    async fn core(&self, ctx: &Context<'_>) -> Result<&Core> {
        Ok(&self.written(ctx).await?.core)
    }

    /// The core with what has become of it, where the message was read.
    async fn written(&self, ctx: &Context<'_>) -> Result<&Written> {
        let read = async || -> Result<Arc<Written>> { Ok(Arc::new(access(ctx)?.written(&self.id).await?)) };
        Ok(&**self.written.get_or_try_init(read).await?)
    }

    /// The parent as the viewer sees it, by a read.
    async fn read_parent(&self, ctx: &Context<'_>, seq: i64) -> Result<Option<Self>> {
        let conversation = self.id.conversation.clone();
        let parent = access(ctx)?.find_written(&MessageId { conversation, seq }).await?;
        Ok(parent.map(|parent| Self::read(&self.id.conversation, parent)))
    }
}

#[Object]
impl Message {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    async fn conversation_id(&self) -> ID {
        self.id.conversation.as_str().into()
    }

    /// A viewer who has left since keeps the message; of the conversation they see what it is, and no more.
    async fn conversation(&self) -> Conversation {
        Conversation::named(Named::of(&self.id.conversation))
    }

    async fn sender(&self) -> User {
        User::of(self.sender.clone())
    }

    /// 1, 2, 3 ... in the conversation, without gap
    async fn seq(&self) -> i64 {
        self.id.seq
    }

    async fn client_message_id(&self, ctx: &Context<'_>) -> Result<Option<Uuid>> {
        Ok(self.core(ctx).await?.client_id.as_ref().map(ClientId::uuid))
    }

    async fn content_type(&self) -> MessageContentType {
        MessageContentType::of(&self.body)
    }

    /// as written, never HTML; of a poll its question, of a sticker empty; null once deleted or expired, and while hidden
    async fn content(&self) -> Option<&str> {
        self.body.content().map(|content| content.text.as_str())
    }

    /// Files, in the sender's order. Under its id here, `attachment` renews the links of one.
    async fn attachments(&self) -> Vec<Attachment> {
        let files = self.body.attachments().iter().filter(|_| self.body.sticker().is_none());
        files.map(|file| Attachment::carried(&self.id, file)).collect()
    }

    /// As it was when it was sent. What was sent may outlive its pack.
    async fn sticker(&self) -> Option<Sticker> {
        let SentSticker { pack, name, shortcode } = self.body.sticker()?.clone();
        let file = self.body.attachments().first()?.clone();
        Some(Sticker::of(&pack, schemas::stickers::Sticker { name, shortcode, file }))
    }

    async fn gif(&self) -> Option<Gif> {
        self.body.gif().cloned().map(Gif)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.at)
    }

    async fn edited_at(&self) -> Option<DateTime> {
        self.body.edited().map(|edited| DateTime(edited.at))
    }

    async fn edit_count(&self) -> i32 {
        self.body.edited().map_or(0, |edited| edited.count)
    }

    async fn is_edited(&self) -> bool {
        self.body.edited().is_some()
    }

    async fn deleted_at(&self) -> Option<DateTime> {
        self.body.deleted_at().map(DateTime)
    }

    /// since when moderators of the service hide the content
    async fn hidden_at(&self) -> Option<DateTime> {
        self.body.hidden_at().map(DateTime)
    }

    /// A deleted parent stays as a stub; one that the viewer may not see is null.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let Some(stub) = &self.core(ctx).await?.reply_to else { return Ok(None) };
        match &self.origin {
            Origin::Read => self.read_parent(ctx, stub.seq).await,
            Origin::Accepted(answers) | Origin::Completed(_, _, answers) => {
                if !answers.has(Answers::SEES_PARENT) {
                    return Ok(None);
                }
                match Self::quoted(&self.id.conversation, stub) {
                    Some(parent) => Ok(Some(parent)),
                    // Deleted, a system message, or a row's stub, which omits the text.
                    None => self.read_parent(ctx, stub.seq).await,
                }
            }
        }
    }

    /// Where the text of a forwarded message comes from.
    async fn forwarded_from(&self, ctx: &Context<'_>) -> Result<Option<ForwardAttribution>> {
        Ok(self.core(ctx).await?.body.forwarded().cloned().map(ForwardAttribution))
    }

    async fn mentions(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        Ok(self.core(ctx).await?.mentions.people.iter().cloned().map(User::of).collect())
    }

    async fn mentions_all(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.core(ctx).await?.mentions.all)
    }

    /// The event that a system message reports.
    async fn system(&self) -> Option<SystemEvent> {
        let note = self.body.note()?;
        Some(SystemEvent {
            kind: note.kind.into(),
            actor: User::of(self.sender.clone()),
            targets: note.targets.iter().cloned().map(User::of).collect(),
            value: note.value.clone(),
        })
    }

    #[graphql(flatten)]
    async fn reactions(&self) -> MessageReactions<'_> {
        MessageReactions(self)
    }

    #[graphql(flatten)]
    async fn pin(&self) -> MessagePin<'_> {
        MessagePin(self)
    }

    #[graphql(flatten)]
    async fn card(&self) -> MessageCard<'_> {
        MessageCard(self)
    }

    #[graphql(flatten)]
    async fn previews(&self) -> MessagePreviews<'_> {
        MessagePreviews(self)
    }

    #[graphql(flatten)]
    async fn language(&self) -> MessageTranslations<'_> {
        MessageTranslations(self)
    }

    #[graphql(flatten)]
    async fn marks(&self) -> MessageMarks<'_> {
        MessageMarks(self)
    }
}
