//! The language of a message's text, and the translations that are known of it.
//!
//! Invariants: neither depends on the viewer. A translation is shown beside the version of the text that it is of. An
//! event about a message knows of no translation, as it is rendered without a read.

use std::collections::BTreeMap;

use async_graphql::{Context, Object, SimpleObject};
use domain::translating;
use schemas::{ConversationId, MessageId};
use tokio::sync::OnceCell;
use translation::{Translation, Version};

use super::Message;
use crate::reads::Reads;
use crate::rows::Written;
use crate::scalars::Locale;
use crate::{Result, reads};

/// The translations of some messages, read at once when those of the first one are asked for.
#[derive(Default)]
pub struct KnownTranslations {
    of: Vec<Version>,
    read: OnceCell<BTreeMap<i64, Vec<Translation>>>,
}

impl KnownTranslations {
    pub fn new<'a>(conversation: &ConversationId, all: impl IntoIterator<Item = &'a Written>) -> Self {
        let version = |written: &Written| version(conversation, written);
        Self { of: all.into_iter().filter_map(version).collect(), read: OnceCell::new() }
    }

    /// What is known of one of the messages; nothing while it cannot be read.
    async fn of(&self, reads: &Reads, message: &MessageId) -> Vec<Translation> {
        let Some(translations) = &reads.translations else { return vec![] };
        if self.of.is_empty() {
            return vec![];
        }
        let read = async || {
            let known = translations.known(&self.of).await.unwrap_or_default();
            self.of.iter().map(|version| version.seq).zip(known).collect()
        };
        self.read.get_or_init(read).await.get(&message.seq).cloned().unwrap_or_default()
    }
}

/// The text of a message that translations are of, if it has one.
pub fn version(conversation: &ConversationId, written: &Written) -> Option<Version> {
    let core = &written.core;
    translating::translatable(&core.body)?;
    Some(Version { conversation: conversation.clone(), seq: core.seq, edits: core.body.text_edits()? })
}

impl Message {
    /// The same with a translation that was made just now.
    pub fn with_translation(self, translation: Translation) -> Self {
        Self { made: Some(translation), ..self }
    }
}

#[derive(SimpleObject)]
pub struct MessageTranslation {
    language: Locale,
    /// Links, code, mentions and emoji as they were written.
    content: String,
}

impl From<Translation> for MessageTranslation {
    fn from(translation: Translation) -> Self {
        let Translation { language, content } = translation;
        Self { language: Locale(language.code().to_owned()), content }
    }
}

/// Fields of a message about the language of its text.
pub struct MessageTranslations<'a>(pub &'a Message);

#[Object]
impl MessageTranslations<'_> {
    /// of the text, as its words tell; null where they do not, and without a text
    async fn original_language(&self) -> Option<Locale> {
        let language = translating::original_language(&self.0.body)?;
        Some(Locale(language.code().to_owned()))
    }

    /// of the text as it stands, as far as members have asked for them within a day; an event tells of none, but
    /// TRANSLATED
    async fn translations(&self, ctx: &Context<'_>) -> Result<Vec<MessageTranslation>> {
        let Self(message) = self;
        let mut known = message.translations.of(reads(ctx)?, &message.id).await;
        if let Some(made) = &message.made {
            known.retain(|one| one.language != made.language);
            known.push(made.clone());
        }
        Ok(known.into_iter().map(MessageTranslation::from).collect())
    }
}
