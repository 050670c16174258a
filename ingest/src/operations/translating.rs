//! Translating a message.
//!
//! Invariants: it needs no log, and changes nothing that lasts. The provider gets the words of a text that the caller may
//! see, and nothing of who wrote, asked or reads it.

use async_graphql::{Context, ID, Object};
use awareness::translating::Translated;
use domain::languages::Language;
use domain::translating;
use graphql::Result;
use graphql::error::ephemeral_error;
use graphql::ids::parse_id;
use graphql::message::{Message, translations};
use graphql::scalars::Locale;
use schemas::control::Limit;
use schemas::{ErrorCode, MessageId, Refusal};
use translation::{Failure, Wanted};

use super::{Caller, caller};

#[derive(Default)]
pub struct Translating;

#[Object]
impl Translating {
    /// The message with the translation of its text, into en, es, fr, de, pt, zh, ja or ko; unchanged where the text is in
    /// that language. A translation is made once for all who ask, and costs no credits; FEATURE_DISABLED where
    /// nobody translates.
    async fn translate_message(
        &self,
        ctx: &Context<'_>,
        message_id: ID,
        target_language: Locale,
    ) -> Result<Message> {
        let caller = caller(ctx)?;
        let nobody = || Refusal::new(ErrorCode::FeatureDisabled, "nobody translates");
        let translator = caller.access.reads.translations.as_ref().ok_or_else(nobody)?;
        let to = Language::of_tag(&target_language.0).ok_or_else(unknown_language)?;
        let MessageId { conversation, seq } = parse_id(&message_id)?;
        let written = caller.access.written(&MessageId { conversation: conversation.clone(), seq }).await?;
        let (Some(of), Some(text)) =
            (translations::version(&conversation, &written), translating::translatable(&written.core.body))
        else {
            return Err(Refusal::bad_input("messageId", "the message has no text to translate").into());
        };
        let from = translating::original_language(&written.core.body);
        if from == Some(to) {
            return Ok(Message::read(&conversation, written));
        }
        let kept = translating::kept_of(&written.core);
        let limit = caller.translations().await?;
        let made = translator.translate(&Wanted { of, text, kept, from, to }, caller.user(), &limit).await;
        let made = made.map_err(|failure| refusal(failure, &limit))?;
        caller.tell_translated(&MessageId { conversation: conversation.clone(), seq }).await;
        Ok(Message::read(&conversation, written).with_translation(made))
    }
}

impl Caller<'_> {
    /// How many translations the provider makes for a user.
    async fn translations(&self) -> Result<Limit, Refusal> {
        let policy = self.access.reads.policy().await?;
        let none = || Refusal::unavailable("no policy is in force");
        Ok(policy.ok_or_else(none)?.limits.translate)
    }

    /// Tells the caller's other devices; they see it with their next read otherwise.
    async fn tell_translated(&self, message: &MessageId) {
        let MessageId { conversation, seq } = message.clone();
        let translated = Translated { user: self.user().clone(), conversation, seq };
        if self.access.reads.awareness.tell_translated(&translated).await.is_err() {
            awareness::failed(awareness::Kind::Translation).inc();
        }
    }
}

fn unknown_language() -> Refusal {
    let codes = Language::ALL.map(Language::code).join(", ");
    Refusal::bad_input("targetLanguage", format!("the languages are {codes}"))
}

fn refusal(failure: Failure, limit: &Limit) -> Refusal {
    match failure {
        Failure::Limited(full) => full.refusal("translate", limit),
        Failure::Ephemeral(error) => ephemeral_error(error),
        Failure::Provider => Refusal::unavailable("the translator does not answer, try again"),
    }
}
