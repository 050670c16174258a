//! Translations: known, or asked of the provider under a lease.
//!
//! Invariants: of all processes one asks for the same at a time, and those who wait take what it got, also a failure; a
//! lease that is lost costs a second request and no more. A budget is taken from who makes the provider work, and from
//! nobody else.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::languages::Language;
use domain::window::Exhausted;
use platform::clock::SharedClock;
use platform::lease::Lease;
use platform::ports::{Ephemeral, EphemeralError};
use schemas::UserId;
use schemas::control::Limit;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::budget;
use crate::kept::{self, Known, Version};
use crate::masking::Masked;
use crate::metrics::{self, Outcome};
use crate::provider::{MOST_TEXTS, ProviderError, Translator};

/// Between two looks at what another asks for.
const POLL: Duration = Duration::from_millis(50);
/// What a lease lasts beyond the time of a request: who has died is followed by another then.
const LEASE_BEYOND: Duration = Duration::from_secs(1);
/// Messages that the provider is asked for at once, by one process; others wait.
const AT_ONCE: usize = 16;
/// Requests in which the words of one message go, where they are sent apart.
const MOST_REQUESTS: usize = 4;

pub struct Translations {
    translator: Arc<dyn Translator>,
    ephemeral: Arc<dyn Ephemeral>,
    clock: SharedClock,
    /// How long a message may take, from the request to the answer.
    within: Duration,
    places: Semaphore,
}

/// A text in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    pub language: Language,
    pub content: String,
}

/// A text to translate, of a message that its asker may see.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub of: Version,
    pub text: &'a str,
    /// The pieces of it that stay as they are, in order and apart.
    pub kept: Vec<Range<usize>>,
    /// The language that it is in, if that is known.
    pub from: Option<Language>,
    pub to: Language,
}

/// Why there is no translation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("over the budget of the user")]
    Limited(Exhausted),
    #[error(transparent)]
    Ephemeral(#[from] EphemeralError),
    /// The provider does not answer, or not with a translation.
    #[error("no translation")]
    Provider,
}

impl Translations {
    pub fn new(
        translator: Arc<dyn Translator>,
        within: Duration,
        ephemeral: Arc<dyn Ephemeral>,
        clock: SharedClock,
    ) -> Self {
        Self { translator, ephemeral, clock, within, places: Semaphore::new(AT_ONCE) }
    }

    /// What is known of the versions of texts, in their order.
    pub async fn known(&self, of: &[Version]) -> Result<Vec<Vec<Translation>>, EphemeralError> {
        let known = kept::read_all(&*self.ephemeral, of).await?;
        let all = |translations: Vec<(Language, String)>| {
            translations.into_iter().map(|(language, content)| Translation { language, content }).collect()
        };
        Ok(known.into_iter().map(all).collect())
    }

    /// The translation of a text for a user, who has so many of the provider in a time.
    pub async fn translate(
        &self,
        wanted: &Wanted<'_>,
        user: &UserId,
        limit: &Limit,
    ) -> Result<Translation, Failure> {
        let answer = self.find(wanted, user, limit).await;
        metrics::wanted(match &answer {
            Ok((_, outcome)) => *outcome,
            Err(Failure::Limited(_)) => Outcome::Limited,
            Err(Failure::Ephemeral(_) | Failure::Provider) => Outcome::Failed,
        });
        answer.map(|(content, _)| Translation { language: wanted.to, content })
    }

    async fn find(
        &self,
        wanted: &Wanted<'_>,
        user: &UserId,
        limit: &Limit,
    ) -> Result<(String, Outcome), Failure> {
        if let Some(content) = self.look(wanted).await? {
            return Ok((content, Outcome::Known));
        }
        let deadline = Instant::now() + self.within;
        while Instant::now() < deadline {
            let token = Bytes::copy_from_slice(&rand::random::<[u8; 16]>());
            let (name, lasts) = (wanted.of.key(wanted.to), self.within + LEASE_BEYOND);
            if let Some(lease) = Lease::acquire(self.ephemeral.clone(), &name, token, lasts).await? {
                let made = self.make_once(wanted, user, limit, deadline).await;
                // It ends by itself as well.
                let _: Result<(), EphemeralError> = lease.release().await;
                return made;
            }
            self.clock.sleep(POLL).await;
            if let Some(content) = self.look(wanted).await? {
                return Ok((content, Outcome::Shared));
            }
        }
        Err(Failure::Provider)
    }

    /// What is known; a failure of a moment ago is one.
    async fn look(&self, wanted: &Wanted<'_>) -> Result<Option<String>, Failure> {
        match kept::read(&*self.ephemeral, &wanted.of, wanted.to).await? {
            Some(Known::Done(content)) => Ok(Some(content)),
            Some(Known::Failed) => Err(Failure::Provider),
            None => Ok(None),
        }
    }

    /// Asks the provider, unless the one before has got it between the look and the lease.
    async fn make_once(
        &self,
        wanted: &Wanted<'_>,
        user: &UserId,
        limit: &Limit,
        deadline: Instant,
    ) -> Result<(String, Outcome), Failure> {
        if let Some(content) = self.look(wanted).await? {
            return Ok((content, Outcome::Shared));
        }
        let taken = budget::take(&*self.ephemeral, user, limit, self.clock.now()).await?;
        taken.map_err(Failure::Limited)?;
        let made = timeout_at(deadline, self.make(wanted)).await.unwrap_or_else(|_| {
            metrics::late();
            Err(ProviderError::Away("no answer in time".to_owned()))
        });
        let known = match made {
            Ok(content) => Known::Done(content),
            Err(error) => {
                tracing::warn!(%error, "no translation");
                Known::Failed
            }
        };
        kept::keep(&*self.ephemeral, &wanted.of, wanted.to, &known).await?;
        match known {
            Known::Done(content) => Ok((content, Outcome::Made)),
            Known::Failed => Err(Failure::Provider),
        }
    }

    async fn make(&self, wanted: &Wanted<'_>) -> Result<String, ProviderError> {
        let masked = Masked::new(wanted.text, &wanted.kept);
        let apart = masked.apart();
        if apart.is_empty() {
            return Ok(wanted.text.to_owned());
        }
        let closed = |error: tokio::sync::AcquireError| ProviderError::Away(error.to_string());
        let _place = self.places.acquire().await.map_err(closed)?;
        if let Some(marked) = masked.marked() {
            let translated = self.ask(&[&marked], wanted).await?;
            if let Some(restored) = translated.first().and_then(|translated| masked.restored(translated)) {
                return checked(restored);
            }
        }
        if apart.len() > MOST_TEXTS * MOST_REQUESTS {
            return Err(ProviderError::Refused("too many pieces were lost".to_owned()));
        }
        let mut translated = Vec::with_capacity(apart.len());
        for words in apart.chunks(MOST_TEXTS) {
            translated.extend(self.ask(words, wanted).await?);
        }
        checked(masked.joined(&translated))
    }

    async fn ask(&self, texts: &[&str], wanted: &Wanted<'_>) -> Result<Vec<String>, ProviderError> {
        let answer = self.translator.translate(texts, wanted.from, wanted.to).await;
        metrics::asked(&answer);
        answer
    }
}

fn checked(translation: String) -> Result<String, ProviderError> {
    if kept::fits(&translation) {
        return Ok(translation);
    }
    Err(ProviderError::Refused("a translation that is too long".to_owned()))
}

#[cfg(test)]
mod tests;
