//! Smart replies: up to three short answers to a message, by what it is and what it says.
//!
//! Invariants: pure, and the same for everybody: the answers depend on the message and the reader's language alone. The
//! rules are data (`rules.toml`), complete in every language before a process serves. A message that the rules do not
//! recognise gets no answers: a wrong suggestion is worse than none.

mod clauses;
mod phrase;
mod rules;

pub use rules::{InvalidRules, Rules};

use serde::Deserialize;

/// What a message is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Image,
    Voice,
    File,
    Gif,
    Sticker,
    Poll,
    Workout,
    Achievement,
    Challenge,
    Profile,
}

/// What a message wants of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Workout,
    /// A personal record (PR).
    Record,
    Achievement,
    Challenge,
    Question,
    Thanks,
    Invitation,
    Greeting,
    Photo,
    Voice,
    File,
}

/// Answers to a message, at most.
pub const MOST: usize = 3;
/// Characters of a message that is answered; a longer one says more than a rule can tell.
pub const LONGEST: usize = 400;
