//! Completions: what a language model answers to a text.
//!
//! Invariants an adapter keeps: a request ends within a deadline of the adapter, and its answer is bounded. Nothing of an
//! answer is trusted: it is a text that the asker reads as one of a stranger.

use async_trait::async_trait;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt<'a> {
    /// What is wanted, in our words.
    pub instruction: &'a str,
    /// What a user wrote.
    pub text: &'a str,
    /// Tokens of the answer, at most.
    pub most_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompletionError {
    /// May pass.
    #[error("no answer: {0}")]
    Unavailable(String),
    /// Stays until the settings change.
    #[error("refused with status {0}")]
    Refused(u16),
    #[error("an answer of another form: {0}")]
    Form(String),
}

#[async_trait]
pub trait Completions: Send + Sync + 'static {
    async fn complete(&self, prompt: Prompt<'_>) -> Result<String, CompletionError>;
}
