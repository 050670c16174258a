//! Documents, settings and queries in the form of the server.
//!
//! Invariant: ids and words are escaped, because the server compares them without regard to case and allows few
//! characters in a key.

use meilisearch_sdk::search::SearchResult;
use meilisearch_sdk::settings::{MinWordSizeForTypos, PaginationSetting, Settings, TypoToleranceSettings};
use platform::ports::search::{Hit, MOST_HITS, Term, terms};
use schemas::position::Version;
use schemas::search::{Change, Index};
use serde::Deserialize;
use serde_json::{Map, Value};

pub const KEY: &str = "key";
pub const ID: &str = "id";
pub const VERSION: &str = "version";
/// Whether the document is not gone.
pub const PRESENT: &str = "present";

/// Lower-case letters and digits as they are, every other byte as `_` and two hexadecimal digits.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("_{byte:02x}"));
        }
    }
    escaped
}

pub fn settings(index: &Index) -> Settings {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let filterable = [KEY, PRESENT].iter().chain(index.words).chain(index.numbers);
    let order = index.order.map(|order| format!("{order}:desc"));
    let rules = named(&["words", "typo", "proximity", "attribute", "sort", "exactness"]);
    Settings {
        searchable_attributes: Some(named(index.texts)),
        filterable_attributes: Some(filterable.map(|name| (*name).into()).collect()),
        displayed_attributes: Some(named(&["*"])),
        ranking_rules: Some(rules.into_iter().chain(order).collect()),
        typo_tolerance: Some(TypoToleranceSettings {
            enabled: Some(true),
            disable_on_attributes: None,
            disable_on_words: None,
            min_word_size_for_typos: Some(MinWordSizeForTypos { one_typo: Some(5), two_typos: Some(9) }),
            disable_on_numbers: None,
        }),
        pagination: Some(PaginationSetting { max_total_hits: MOST_HITS }),
        ..Settings::new()
    }
}

pub fn document(index: &Index, key: String, change: &Change) -> Value {
    let mut fields = Map::new();
    fields.insert(KEY.to_owned(), key.into());
    fields.insert(ID.to_owned(), change.id.clone().into());
    fields.insert(VERSION.to_owned(), change.version.0.into());
    fields.insert(PRESENT.to_owned(), change.document.is_some().into());
    if let Some(document) = &change.document {
        let texts = index.texts.iter().zip(&document.texts);
        fields.extend(texts.map(|(name, text)| ((*name).to_owned(), text.clone().into())));
        let words = index.words.iter().zip(&document.words);
        fields.extend(words.map(|(name, word)| ((*name).to_owned(), escape(word).into())));
        let numbers = index.numbers.iter().zip(&document.numbers);
        fields.extend(numbers.map(|(name, number)| ((*name).to_owned(), (*number).into())));
    }
    Value::Object(fields)
}

/// The text of a query without the server's operators; `None` if there is nothing to look for.
pub fn text(text: &str) -> Option<String> {
    let terms = terms(text);
    let parts: Vec<String> = terms
        .iter()
        .map(|term| match term {
            // A hyphen in front would exclude what follows.
            Term::Word(word) => word.trim_start_matches('-').to_owned(),
            Term::Phrase(phrase) => format!("\"{phrase}\""),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What of a document is read back.
#[derive(Debug, Deserialize)]
pub struct Stored {
    pub key: String,
    pub id: String,
    pub version: i64,
    #[serde(rename = "present")]
    pub is_present: bool,
}

pub fn hit(index: &Index, found: SearchResult<Stored>) -> Hit {
    let formatted = found.formatted_result.unwrap_or_default();
    let text = |name: &&str| formatted.get(*name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Hit {
        id: found.result.id,
        version: Version(found.result.version),
        score: found.ranking_score.unwrap_or_default(),
        highlighted: index.texts.iter().map(text).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_difference_and_texts_their_words() {
        let ids = ["a.b", "a:b", "a_b", "a-b", "A-b", "a_2eb"];
        let escaped = ids.map(escape);
        assert_eq!(escaped[..3], ["a_2eb", "a_3ab", "a_5fb"]);
        for (at, one) in escaped.iter().enumerate() {
            assert!(!escaped[..at].contains(one), "{one}");
        }
        assert_eq!(text("squats --lunges \"leg day\" x").as_deref(), Some("squats lunges \"leg day\" x"));
        assert_eq!(text(" - \" "), None);
    }
}
