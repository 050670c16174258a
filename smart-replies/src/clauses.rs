//! A text as phrases are looked for in it: folded, in clauses, each as words and as characters.
//!
//! Invariant: text and phrases are folded alike, so a phrase finds what is written like it in any case, width and with or
//! without accents.

use domain::text::{fold, is_ignorable};
use unicode_normalization::UnicodeNormalization;

/// A part of a sentence, up to a comma or the sentence's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub words: Vec<String>,
    /// The words without what stands between them, for languages that do not part words, or not always alike.
    pub characters: Vec<char>,
    /// Its sentence ends with a question mark.
    pub asks: bool,
}

/// NFKC, case-folded, without accents of Latin letters and characters that are not shown.
pub fn folded(text: &str) -> String {
    let apart: String = fold(&text.nfkc().collect::<String>()).nfkd().collect();
    let is_kept = |c: &char| !('\u{300}'..='\u{36f}').contains(c) && !is_ignorable(*c);
    apart.chars().filter(is_kept).nfc().collect()
}

/// The words of a folded text: letters and digits, parted by anything else.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The clauses of a text that have a word.
pub fn clauses(text: &str) -> Vec<Clause> {
    let folded = folded(text);
    let mut clauses = vec![];
    for (sentence, end) in parts(&folded, |c| matches!(c, '.' | '!' | '?' | '。' | '\n')) {
        for (clause, _) in parts(sentence, |c| matches!(c, ',' | ';' | ':' | '、')) {
            let words: Vec<String> = words(clause).map(str::to_owned).collect();
            if !words.is_empty() {
                let characters = words.iter().flat_map(|word| word.chars()).collect();
                clauses.push(Clause { words, characters, asks: end == Some('?') });
            }
        }
    }
    clauses
}

/// Splits behind marks, with the mark of each part; a mark before a digit is part of a number.
fn parts(text: &str, is_mark: impl Fn(char) -> bool) -> Vec<(&str, Option<char>)> {
    let (mut parts, mut from) = (vec![], 0);
    for (at, c) in text.char_indices() {
        let behind = at + c.len_utf8();
        let is_of_number = text[behind..].starts_with(|next: char| next.is_ascii_digit());
        if is_mark(c) && !is_of_number {
            parts.push((&text[from..at], Some(c)));
            from = behind;
        }
    }
    parts.push((&text[from..], None));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_clauses() {
        let shown = |text: &str| -> Vec<(String, bool)> {
            clauses(text).into_iter().map(|one| (one.words.join(" "), one.asks)).collect()
        };
        let of = |all: &[(&str, bool)]| all.iter().map(|(text, asks)| ((*text).to_owned(), *asks)).collect();
        for (text, expected) in [
            ("", vec![]),
            ("?! 🎉", vec![]),
            (
                "Hey, HOW are you? I ran 1.5 km",
                vec![("hey", true), ("how are you", true), ("i ran 1 5 km", false)],
            ),
            ("¿Dónde\u{200b} está?", vec![("donde esta", true)]),
            ("Ｈｉ！", vec![("hi", false)]),
            ("Straße", vec![("strasse", false)]),
            ("脚トレ終わった、もう動けない。", vec![("脚トレ終わった", false), ("もう動けない", false)]),
            ("ジムは？", vec![("ジムは", true)]),
            ("같이 가자", vec![("같이 가자", false)]),
        ] {
            let expected: Vec<(String, bool)> = of(&expected);
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
