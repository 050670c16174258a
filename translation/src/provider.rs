//! What translates: a service that the operator names.
//!
//! Invariant: an answer has a text for each text that was asked for, in the same order.

mod deepl;
mod libretranslate;

use async_trait::async_trait;
use domain::languages::Language;

pub use deepl::DeepL;
pub use libretranslate::LibreTranslate;

/// Texts of one request, as many as every provider takes.
pub const MOST_TEXTS: usize = 50;

/// Named by what the caller should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Try later: no connection, no answer in time, an overload, a quota that is used up.
    #[error("the provider is away: {0}")]
    Away(String),
    /// Repeating it will not help: a key that is not accepted, an answer that is none.
    #[error("the provider refuses: {0}")]
    Refused(String),
}

#[async_trait]
pub trait Translator: Send + Sync + 'static {
    /// Translates up to [`MOST_TEXTS`] texts. Without a language that they are in, the provider finds it.
    async fn translate(
        &self,
        texts: &[&str],
        from: Option<Language>,
        to: Language,
    ) -> Result<Vec<String>, ProviderError>;
}

/// The texts of an answer, if they are as many as were asked for.
fn checked(texts: Vec<String>, asked: &[&str]) -> Result<Vec<String>, ProviderError> {
    if texts.len() == asked.len() {
        return Ok(texts);
    }
    Err(ProviderError::Refused(format!("{} texts for {}", texts.len(), asked.len())))
}
