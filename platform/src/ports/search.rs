//! Search: indexes of documents, in which words are looked for under a filter.
//!
//! Invariants an adapter keeps:
//! - Of several writes of one document the highest version stays, in any order of arrival.
//! - A write that is acknowledged is found by the next query, and survives a crash of the process.
//! - A hit matches the filter. Text of a query is never read as a filter or as an operator.
//! - Every word has to match: as it is, with a typo (one from 5 letters on, two from 9), or as a prefix if it is
//!   the last one. Scripts that are written without spaces match by pairs of characters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemas::position::Version;
use schemas::search::{Change, Index};

/// Stands before and behind what matches in a highlighted text.
pub const HIGHLIGHT: [char; 2] = ['\u{2}', '\u{3}'];

/// Hits of one query, in all its pages.
pub const MOST_HITS: usize = 10_000;

/// Words of one query; more are not looked for.
pub const MOST_TERMS: usize = 10;

/// Which documents a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// No condition is met by every document.
    All(Vec<Filter>),
    /// No condition is met by none.
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// The field, among an index's words or its id, is one of these.
    OneOf(&'static str, Vec<String>),
    /// The number is at least the first and at most the second.
    Between(&'static str, i64, i64),
}

/// A query of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// As a person writes it; a phrase is in quotes.
    pub text: String,
    pub filter: Filter,
    /// Hits that are passed over.
    pub offset: usize,
    /// Hits of the answer, at least 1.
    pub limit: usize,
}

/// A document that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: String,
    pub version: Version,
    /// From 0 to 1; comparable among hits of one index.
    pub score: f64,
    /// The texts of the document with [`HIGHLIGHT`] around what matches.
    pub highlighted: Vec<String>,
}

/// Hits in order, the best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    pub hits: Vec<Hit>,
    /// How many there are in all, as far as the index counts.
    pub total: usize,
}

/// A page of documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Ids and versions.
    pub documents: Vec<(String, Version)>,
    /// Where the next page begins; absent behind the last.
    pub next: Option<String>,
}

/// What an index has of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub version: Version,
    /// Whether the document is not gone.
    pub is_present: bool,
}

/// Named by what the caller should do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SearchError {
    /// Wait and try again: a write may have happened, and repeating it is harmless.
    #[error("search index unavailable: {0}")]
    Unavailable(String),
    /// Repeating it will not help.
    #[error("refused: {0}")]
    Refused(String),
}

/// The two sides of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that queries read.
    Live,
    /// The one that is built to replace it.
    Next,
}

#[async_trait]
pub trait SearchIndex: Send + Sync + 'static {
    /// Takes changes in; of one document the last of equal versions stays.
    async fn write(&self, index: &'static Index, side: Side, changes: &[Change]) -> Result<(), SearchError>;

    async fn search(&self, index: &'static Index, query: &Query) -> Result<Hits, SearchError>;

    /// Documents that are not gone, in an order of the adapter's own: about `limit` of them, from where an earlier
    /// page ended. Documents that are written meanwhile may be missing or come twice.
    async fn list(
        &self,
        index: &'static Index,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Listed, SearchError>;

    /// What a side has of documents, in the order of their ids; gone ones are known.
    async fn versions(
        &self,
        index: &'static Index,
        side: Side,
        ids: &[String],
    ) -> Result<Vec<Option<Known>>, SearchError>;

    /// Makes the next side, unless an earlier process has left one.
    async fn open_next(&self, index: &'static Index) -> Result<(), SearchError>;

    /// Makes the next side empty.
    async fn clear_next(&self, index: &'static Index) -> Result<(), SearchError>;

    /// Makes the next side the live one; what was live is gone.
    async fn swap(&self, index: &'static Index) -> Result<(), SearchError>;
}

/// Of each document the change of the highest version, by id; of equal versions the last.
pub fn newest(changes: &[Change]) -> BTreeMap<&str, &Change> {
    let mut newest: BTreeMap<&str, &Change> = BTreeMap::new();
    for change in changes {
        let known = newest.entry(&change.id).or_insert(change);
        if known.version <= change.version {
            *known = change;
        }
    }
    newest
}

/// A part of a query's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// May be written with typos; the last one may be a prefix.
    Word(String),
    /// Words that stand beside each other as they are.
    Phrase(String),
}

/// The terms of a text: words, and phrases in quotes. A quote without its pair begins nothing.
pub fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('"') {
        let Some((phrase, behind)) = quoted.split_once('"') else { break };
        terms.extend(words(before));
        if phrase.chars().any(char::is_alphanumeric) {
            terms.push(Term::Phrase(phrase.trim().to_owned()));
        }
        rest = behind;
    }
    terms.extend(words(rest));
    terms.truncate(MOST_TERMS);
    terms
}

fn words(text: &str) -> impl Iterator<Item = Term> {
    let words = text.split(|c: char| c.is_whitespace() || c == '"');
    words.filter(|word| word.chars().any(char::is_alphanumeric)).map(|word| Term::Word(word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_words_and_phrases() {
        let word = |text: &str| Term::Word(text.to_owned());
        let phrase = |text: &str| Term::Phrase(text.to_owned());
        for (text, wanted) in [
            ("leg day", vec![word("leg"), word("day")]),
            ("a \"leg day\" plan", vec![word("a"), phrase("leg day"), word("plan")]),
            ("\"leg day", vec![word("leg"), word("day")]),
            ("- ! \"\" \" \" …", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(terms(text), wanted, "{text}");
        }
        assert_eq!(terms(&"x ".repeat(30)).len(), MOST_TERMS);
    }
}
