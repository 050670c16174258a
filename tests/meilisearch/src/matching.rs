//! Which documents match a text, how well, and where.

use serde_json::{Map, Value};

use crate::words::{Word, typos, words};

/// A part of the text that was asked for.
struct Part {
    /// Several of a phrase, and of characters that stand together.
    words: Vec<String>,
    is_phrase: bool,
    is_prefix: bool,
    /// Documents with it do not match.
    is_excluded: bool,
}

pub struct Asked {
    parts: Vec<Part>,
    needs_all: bool,
}

/// How well a document matches; the lowest is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    missing: usize,
    typos: usize,
    attribute: usize,
    prefixes: usize,
}

impl Rank {
    pub fn score(self) -> f64 {
        let Self { missing, typos, attribute, prefixes } = self;
        1.0 / (1.0 + missing as f64 + 0.3 * typos as f64 + 0.1 * attribute as f64 + 0.02 * prefixes as f64)
    }
}

/// Words of a query that are looked at.
const MOST_WORDS: usize = 10;

impl Asked {
    pub fn parse(text: &str, needs_all: bool) -> Self {
        let mut parts = Vec::new();
        let ends_open = !text.ends_with(char::is_whitespace);
        for (at, piece) in text.split('"').enumerate() {
            if at % 2 == 1 {
                let words: Vec<String> = words(piece).into_iter().map(|word| word.text).collect();
                if !words.is_empty() {
                    parts.push(Part { words, is_phrase: true, is_prefix: false, is_excluded: false });
                }
                continue;
            }
            for word in piece.split_whitespace() {
                let is_excluded = word.starts_with('-');
                let found = words(word);
                for together in found.chunk_by(|one, other| one.to == other.from) {
                    let words = together.iter().map(|word| word.text.clone()).collect();
                    parts.push(Part { words, is_phrase: together.len() > 1, is_prefix: false, is_excluded });
                }
            }
        }
        parts.truncate(MOST_WORDS);
        if let Some(last) = parts.last_mut().filter(|last| !last.is_phrase && ends_open) {
            last.is_prefix = true;
        }
        Self { parts, needs_all }
    }
}

fn allowed(word: &str) -> usize {
    match word.chars().count() {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

/// Typos, and whether it is by its beginning alone, of the best match of a word.
fn like(part: &Part, word: &str) -> Option<(usize, usize)> {
    let asked = &part.words[0];
    let typos = typos(asked, word);
    if typos == 0 {
        return Some((0, 0));
    }
    if part.is_prefix && word.starts_with(asked.as_str()) {
        return Some((0, 1));
    }
    (typos <= allowed(asked)).then_some((typos, 0))
}

/// The words of a text that a part matches, with the quality of the best.
fn matches(part: &Part, text: &[Word]) -> Vec<(usize, (usize, usize))> {
    if part.is_phrase {
        let starts = 0..(text.len() + 1).saturating_sub(part.words.len());
        let found = starts.filter(|at| {
            text[*at..at + part.words.len()].iter().zip(&part.words).all(|(word, asked)| word.text == *asked)
        });
        return found.flat_map(|at| (at..at + part.words.len()).map(|at| (at, (0, 0)))).collect();
    }
    text.iter().enumerate().filter_map(|(at, word)| Some((at, like(part, &word.text)?))).collect()
}

/// How well a document matches; `None` if it does not.
pub fn rank(document: &Map<String, Value>, attributes: &[String], asked: &Asked) -> Option<Rank> {
    let texts: Vec<Vec<Word>> = attributes
        .iter()
        .map(|name| words(document.get(name).and_then(Value::as_str).unwrap_or_default()))
        .collect();
    let mut rank = Rank { missing: 0, typos: 0, attribute: 0, prefixes: 0 };
    for part in &asked.parts {
        let found = texts.iter().enumerate().flat_map(|(attribute, text)| {
            matches(part, text).into_iter().map(move |(_, (typos, prefix))| (typos, attribute, prefix))
        });
        match (found.min(), part.is_excluded) {
            (Some(_), true) => return None,
            (Some((typos, attribute, prefix)), false) => {
                rank.typos += typos;
                rank.attribute += attribute;
                rank.prefixes += prefix;
            }
            (None, true) => {}
            (None, false) => rank.missing += 1,
        }
    }
    let wanted = asked.parts.iter().filter(|part| !part.is_excluded).count();
    let is_match = rank.missing == 0 || (!asked.needs_all && rank.missing < wanted);
    is_match.then_some(rank)
}

/// The text with marks around what matches; of a prefix around it alone.
pub fn highlight(text: &str, asked: &Asked, [begin, end]: [&str; 2]) -> String {
    let found = words(text);
    let mut marked = vec![None; found.len()];
    for part in asked.parts.iter().filter(|part| !part.is_excluded) {
        for (at, (_, prefix)) in matches(part, &found) {
            let word = &found[at];
            let length =
                if prefix > 0 { part.words[0].len().min(word.to - word.from) } else { word.to - word.from };
            let length = (length..=word.to - word.from).find(|to| text.is_char_boundary(word.from + to));
            marked[at] = marked[at].max(length);
        }
    }
    let (mut shown, mut at) = (String::new(), 0);
    for (word, length) in found.iter().zip(marked) {
        if let Some(length) = length {
            shown.push_str(&text[at..word.from]);
            shown.push_str(begin);
            shown.push_str(&text[word.from..word.from + length]);
            shown.push_str(end);
            at = word.from + length;
        }
    }
    shown.push_str(&text[at..]);
    shown
}
