//! Words of a text.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word, without case and accents, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub from: usize,
    pub to: usize,
    pub text: String,
}

/// Characters that are words by themselves: the server cuts such scripts by dictionaries.
fn is_alone(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}

pub fn words(text: &str) -> Vec<Word> {
    let (mut words, mut from): (Vec<Word>, Option<usize>) = (Vec::new(), None);
    let push = |words: &mut Vec<Word>, from: usize, to: usize| {
        let is_kept = |c: &char| !is_combining_mark(*c) || is_alone(*c);
        let folded = if text[from..to].chars().all(is_alone) {
            text[from..to].to_owned()
        } else {
            text[from..to].nfkd().filter(is_kept).flat_map(char::to_lowercase).collect()
        };
        words.push(Word { from, to, text: folded });
    };
    for (at, c) in text.char_indices() {
        if is_alone(c) || !(c.is_alphanumeric() || is_combining_mark(c)) {
            if let Some(from) = from.take() {
                push(&mut words, from, at);
            }
            if is_alone(c) {
                push(&mut words, at, at + c.len_utf8());
            }
        } else {
            from = from.or(Some(at));
        }
    }
    if let Some(from) = from {
        push(&mut words, from, text.len());
    }
    words
}

/// Typos between two words: letters more, less, other, or two in the other order.
pub fn typos(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![vec![0; other.len() + 1]; one.len() + 1];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let cost = usize::from(one[i - 1] != other[j - 1]);
                let mut best = (rows[i - 1][j - 1] + cost).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[one.len()][other.len()]
}
