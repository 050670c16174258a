//! Smart replies: short answers that are suggested to the reader of a message.
//!
//! Invariants: answers are suggested for a message of another user that the viewer sees, in the language of their
//! settings; what was deleted, hidden or written by the service has none. The rules are read once, when a process starts,
//! and answer without a cache: they ask nothing but the message. A model, where a deployment has one, is asked first.

mod model;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use platform::ports::{Completions, Ephemeral};
use schemas::MessageId;
use schemas::message::Message;
use smart_replies::{InvalidRules, Kind, LONGEST, Rules};

use crate::ids::parse_id;
use crate::message::kinds::MessageContentType;
use crate::{Result, access, error};
use model::{Model, Wanted};

/// What suggests answers.
pub struct SmartReplies {
    rules: Rules,
    model: Option<Model>,
}

impl SmartReplies {
    /// By the rules, and first by a model, where there is one.
    pub fn new(
        completions: Option<Arc<dyn Completions>>,
        shared: Arc<dyn Ephemeral>,
    ) -> std::result::Result<Arc<Self>, InvalidRules> {
        let model = completions.map(|completions| Model::new(completions, shared));
        Ok(Arc::new(Self { rules: Rules::shipped()?, model }))
    }

    async fn replies(&self, id: MessageId, message: &Message, locale: &str) -> Vec<String> {
        let Some(kind) = kind(MessageContentType::of(&message.body)) else { return vec![] };
        let text = message.body.content().map_or("", |content| content.text.as_str());
        let answered = match &self.model {
            Some(model) if may_be_asked(kind, text) => {
                let edits = message.body.edited().map_or(0, |edited| edited.count);
                model.replies(Wanted::of(id, edits, locale), text).await
            }
            Some(_) | None => None,
        };
        answered.unwrap_or_else(|| self.rules.replies(kind, text, locale).to_vec())
    }
}

/// As what the rules take a message; `None` for one that has no answers.
fn kind(of: MessageContentType) -> Option<Kind> {
    match of {
        MessageContentType::Text
        | MessageContentType::Assignment
        | MessageContentType::PhotoRequest
        | MessageContentType::FormCheck
        | MessageContentType::NutritionPlan
        | MessageContentType::CheckIn => Some(Kind::Text),
        MessageContentType::Image => Some(Kind::Image),
        MessageContentType::File => Some(Kind::File),
        MessageContentType::Voice => Some(Kind::Voice),
        MessageContentType::Gif => Some(Kind::Gif),
        MessageContentType::Sticker => Some(Kind::Sticker),
        MessageContentType::Workout => Some(Kind::Workout),
        MessageContentType::Achievement => Some(Kind::Achievement),
        MessageContentType::Challenge => Some(Kind::Challenge),
        MessageContentType::Profile => Some(Kind::Profile),
        MessageContentType::Poll => Some(Kind::Poll),
        MessageContentType::System | MessageContentType::Encrypted => None,
    }
}

/// Whether a model may see a message: a text, without the file beside it. A poll is answered by a vote.
fn may_be_asked(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Text => !text.is_empty() && text.chars().count() <= LONGEST,
        Kind::Image | Kind::Voice | Kind::File | Kind::Gif | Kind::Sticker | Kind::Poll | Kind::Workout => {
            false
        }
        Kind::Achievement | Kind::Challenge | Kind::Profile => false,
    }
}

/// Answers to a message that the viewer sees; NOT_FOUND for any other.
async fn suggested(ctx: &Context<'_>, id: &ID) -> Result<Vec<String>> {
    let access = access(ctx)?;
    let id: MessageId = parse_id(id)?;
    let message = access.message(&id).await?;
    if message.sender.user == *access.viewer || message.body.removed_at().is_some() {
        return Ok(vec![]);
    }
    let replies = ctx.data_opt::<Arc<SmartReplies>>();
    let replies = replies.ok_or_else(|| error::internal(&"a schema without smart replies"))?;
    let locale = access.preferences().await?.locale;
    Ok(replies.replies(id, &message, &locale).await)
}

#[derive(Default)]
pub struct SmartReplyQueries;

#[Object]
impl SmartReplyQueries {
    /// At most three short answers to a message of another user, in the language of the viewer's settings; none where
    /// no answer suggests itself.
    async fn get_smart_replies(&self, ctx: &Context<'_>, message_id: ID) -> Result<Vec<String>> {
        suggested(ctx, &message_id).await
    }

    /// The same as `getSmartReplies`.
    async fn smart_replies(&self, ctx: &Context<'_>, message_id: ID) -> Result<Vec<String>> {
        suggested(ctx, &message_id).await
    }
}
