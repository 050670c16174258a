//! What rules a policy may have: how many, how large, and what they are made of.
//!
//! Invariant: rules that pass can be built in every build, in bounded time and memory.

use std::collections::BTreeSet;

use schemas::moderation::{Moderation, ModerationRule};

use super::folding::readable;
use super::words::bare;
use super::{Matcher, links};

/// Each is a label of metrics.
const MOST_RULES: usize = 64;
const MOST_WORDS: usize = 20_000;
const MOST_DOMAINS: usize = 5_000;
const MOST_PATTERNS: usize = 100;
/// All texts of all rules: a control record carries them to every partition, and checkpoints hold them.
const MOST_BYTES: usize = 256 * 1024;
/// Of a word or a phrase, in Unicode scalar values.
const WORD_CHARACTERS: usize = 100;
/// Of the source of a pattern, in bytes.
const PATTERN_SOURCE_BYTES: usize = 500;
const ID_BYTES: usize = 48;
const MOST_CHARACTERS: i32 = 16_000;

/// Rules that no policy may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    #[error("moderation.rules: at most {MOST_RULES} rules")]
    TooMany,
    #[error("moderation.rules: {0} are at most {1} of all rules together")]
    TooManyOf(&'static str, usize),
    #[error("moderation.rules: their texts are at most {MOST_BYTES} bytes together")]
    TooLarge,
    #[error("moderation.rules.id: {0:?} must be 1 to {ID_BYTES} of a-z, 0-9, _ and -, and there once")]
    Id(String),
    #[error("moderation.rules.{0}: {1}")]
    Key(String, String),
    #[error("moderation.rules.{0}.patterns: {1}")]
    Pattern(String, String),
    #[error("moderation.rules.patterns: they are too large together")]
    Patterns,
    #[error("moderation.rules.words: they are too large together")]
    Words,
    #[error("moderation.trusted_domains: {0:?} is no domain")]
    TrustedDomain(String),
    #[error("moderation: the rules cannot be read")]
    Unreadable,
}

/// Refuses rules that are too many or too large, or that could never be met.
pub fn check(moderation: &Moderation) -> Result<(), InvalidRule> {
    let rules = moderation.rules();
    if rules.len() > MOST_RULES {
        return Err(InvalidRule::TooMany);
    }
    let trusted = moderation.trusted_domains();
    for (name, most, count) in [
        ("words", MOST_WORDS, rules.iter().map(|rule| rule.words.len()).sum::<usize>()),
        ("patterns", MOST_PATTERNS, rules.iter().map(|rule| rule.patterns.len()).sum()),
        ("domains", MOST_DOMAINS, rules.iter().map(|rule| rule.domains.len()).sum::<usize>() + trusted.len()),
    ] {
        if count > most {
            return Err(InvalidRule::TooManyOf(name, most));
        }
    }
    let texts = rules.iter().flat_map(|rule| [&rule.words, &rule.patterns, &rule.domains]).flatten();
    if texts.chain(trusted).map(String::len).sum::<usize>() > MOST_BYTES {
        return Err(InvalidRule::TooLarge);
    }
    if let Some(wrong) = trusted.iter().find(|domain| links::ascii(domain).is_none()) {
        return Err(InvalidRule::TrustedDomain(wrong.clone()));
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        if !is_id(&rule.id) || !ids.insert(&rule.id) {
            return Err(InvalidRule::Id(rule.id.clone()));
        }
        check_rule(rule)?;
    }
    Matcher::new(moderation).map(|_| ())
}

fn is_id(id: &str) -> bool {
    let is_named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
    (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(is_named)
}

fn check_rule(rule: &ModerationRule) -> Result<(), InvalidRule> {
    let wrong = |key: &str, why: String| Err(InvalidRule::Key(format!("{}{key}", rule.id), why));
    let ModerationRule { words, patterns, domains, links, shouting, mentions_above, .. } = rule;
    let lists = [words.len(), patterns.len(), domains.len(), links.len()];
    if lists == [0; 4] && shouting.is_none() && mentions_above.is_none() {
        return wrong("", "it lists nothing that a text must not have".to_owned());
    }
    for word in words {
        let (bare, ..) = bare(word);
        let shown = readable(bare);
        let is_word = shown.chars().any(|c| c.is_alphanumeric() && !c.is_numeric());
        if !is_word || shown.contains('*') || shown.chars().count() > WORD_CHARACTERS {
            let why = format!(
                "{word:?} must have a letter, no * but at its ends, and {WORD_CHARACTERS} characters"
            );
            return wrong(".words", why);
        }
    }
    if let Some(long) = patterns.iter().find(|pattern| pattern.len() > PATTERN_SOURCE_BYTES) {
        let start: String = long.chars().take(20).collect();
        return wrong(".patterns", format!("{start:?} and on has more than {PATTERN_SOURCE_BYTES} bytes"));
    }
    for pattern in patterns {
        if super::compile(&rule.id, pattern)?.is_match("") {
            return wrong(".patterns", format!("{pattern:?} finds the empty text, and so every text"));
        }
    }
    if let Some(domain) = domains.iter().find(|domain| links::ascii(domain).is_none()) {
        return wrong(".domains", format!("{domain:?} is no domain"));
    }
    if let Some(shouting) = shouting {
        let is_within = (1..=MOST_CHARACTERS).contains(&shouting.letters);
        if !is_within || !(1..=100).contains(&shouting.percentage) {
            return wrong(
                ".shouting",
                format!("1 to {MOST_CHARACTERS} letters, and a percentage from 1 to 100"),
            );
        }
    }
    match mentions_above {
        Some(most) if !(0..=MOST_CHARACTERS).contains(most) => {
            wrong(".mentions_above", format!("between 0 and {MOST_CHARACTERS}"))
        }
        _ => Ok(()),
    }
}
