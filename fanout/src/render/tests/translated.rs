//! A message that was translated for `ann`, and what is known of its text.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::languages::Language;
use graphql::live::{Delivery, Translated};
use graphql::rows::Written;
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use schemas::control::Limit;
use schemas::message::{Body, Message};
use translation::{ProviderError, Translations, Translator, Version, Wanted};

use super::samples::message;
use crate::hub::tests::world::{conversation, user};

const SEQ: i64 = 9;
const TEXT: &str = "nine";

/// What it is asked about, backwards.
struct Backwards;

#[async_trait]
impl Translator for Backwards {
    async fn translate(
        &self,
        texts: &[&str],
        _: Option<Language>,
        _: Language,
    ) -> Result<Vec<String>, ProviderError> {
        Ok(texts.iter().map(|text| text.chars().rev().collect()).collect())
    }
}

pub fn delivery() -> Delivery {
    let message = Written::new(Message { body: Body::text(TEXT), ..message(SEQ) });
    Delivery::Translated(Box::new(Translated { conversation: conversation("k1"), message }))
}

/// Translations with that of the message.
pub async fn translations() -> Arc<Translations> {
    let (within, clock) = (Duration::from_secs(5), Arc::new(SystemClock));
    let translations = Translations::new(Arc::new(Backwards), within, Arc::new(InProcess::default()), clock);
    let of = Version { conversation: conversation("k1"), seq: SEQ, edits: 0 };
    let wanted = Wanted { of, text: TEXT, kept: vec![], from: None, to: Language::German };
    let limit = Limit { count: 1, seconds: 60 };
    translations.translate(&wanted, &user("ann"), &limit).await.expect("a translation");
    Arc::new(translations)
}
