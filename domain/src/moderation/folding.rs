//! Folded texts: the form in which words are compared, without the tricks of spelling.
//!
//! Invariants: a folded text depends on its characters one by one, but for white space, so a word is found in a
//! text if its folded form is. What is not ASCII has two forms: one in which look-alikes of ASCII letters stay
//! what they are, so that words of other scripts have one form in every case; and one in which they are ASCII.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::text::{fold, is_ignorable};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// Look-alikes of ASCII letters and digits are these.
    Alike,
}

impl Form {
    pub const ALL: [Self; 2] = [Self::Plain, Self::Alike];
}

/// A letter for what stands for it: small for capital, letters for digits and signs ("leet"). `l` and `i` are one,
/// as `1` stands for both.
const fn letter(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => letter(byte.to_ascii_lowercase()),
        b'l' | b'1' | b'!' | b'|' => b'i',
        b'0' => b'o',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        b'8' => b'b',
        b'9' => b'g',
        b'\t' | b'\n' => b' ',
        other => other,
    }
}

const LETTERS: [u8; 128] = {
    let mut letters = [0; 128];
    let mut at = 0;
    while at < letters.len() {
        letters[at] = letter(at as u8);
        at += 1;
    }
    letters
};

/// ASCII letters and digits by what they look like.
static LOOKS: LazyLock<HashMap<String, u8>> = LazyLock::new(|| {
    let all = (b'0'..=b'9').chain(b'A'..=b'Z').chain(b'a'..=b'z');
    all.map(|byte| (looks(char::from(byte)), LETTERS[usize::from(byte)])).collect()
});

fn looks(c: char) -> String {
    skeleton(c.encode_utf8(&mut [0; 4])).collect()
}

/// A text as a reader sees it: NFKC, without characters that are not shown.
pub fn readable(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let shown: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
    shown.nfkc().filter(|c| !is_ignorable(*c)).collect()
}

/// The folded form of an ASCII text, which both forms share.
pub fn folded_ascii(text: &str) -> Vec<u8> {
    let mut folded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = LETTERS[usize::from(byte & 0x7f)];
        if letter != b' ' || folded.last() != Some(&b' ') {
            folded.push(letter);
        }
    }
    folded
}

/// The folded form of a readable text.
pub fn folded(readable: &str, form: Form) -> String {
    let mut folded = String::with_capacity(readable.len());
    for c in readable.chars() {
        push(&mut folded, c, form);
    }
    folded
}

/// A character of a readable text, and where its folded form ends.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    pub character: char,
    pub end: usize,
}

/// The characters of a readable text, as far as something of them is in the folded form.
pub fn pieces(readable: &str, form: Form) -> Vec<Piece> {
    let (mut folded, mut pieces) = (String::new(), vec![]);
    for character in readable.chars() {
        let before = folded.len();
        push(&mut folded, character, form);
        if folded.len() > before {
            pieces.push(Piece { character, end: folded.len() });
        }
    }
    pieces
}

fn push(folded: &mut String, c: char, form: Form) {
    if c.is_ascii() {
        return push_ascii(folded, LETTERS[c as usize]);
    }
    if c.is_whitespace() {
        return push_ascii(folded, b' ');
    }
    let alike = |c: char| (form == Form::Alike).then(|| LOOKS.get(&looks(c)).copied()).flatten();
    if let Some(letter) = alike(c) {
        return push_ascii(folded, letter);
    }
    for c in fold(c.encode_utf8(&mut [0; 4])).chars() {
        match alike(c) {
            _ if c.is_ascii() => push_ascii(folded, LETTERS[c as usize]),
            Some(letter) => push_ascii(folded, letter),
            None => folded.push(c),
        }
    }
}

/// White space is one space, however much of it there is.
fn push_ascii(folded: &mut String, letter: u8) {
    if letter != b' ' || !folded.ends_with(' ') {
        folded.push(char::from(letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_of_spelling_are_undone() {
        for (text, plain, alike) in [
            ("Fl0WeR", "fiower", "fiower"),
            ("a\t\n  b", "a b", "a b"),
            ("f\u{200b}l\u{ad}ower", "fiower", "fiower"),
            ("\u{ff26}lower", "fiower", "fiower"),
            ("fl\u{43e}wer", "fi\u{43e}wer", "fiower"),
            ("\u{422}\u{415}\u{421}\u{422}", "\u{442}\u{435}\u{441}\u{442}", "tect"),
            ("burn", "burn", "burn"),
            ("Stra\u{df}e", "strasse", "strasse"),
        ] {
            let readable = readable(text);
            let forms = Form::ALL.map(|form| folded(&readable, form));
            assert_eq!(forms, [plain, alike], "{text:?}");
            assert_eq!(pieces(&readable, Form::Plain).last().map(|piece| piece.end), Some(plain.len()));
        }
    }

    #[test]
    fn ascii_texts_fold_as_others_do() {
        let all: String = (1..128_u8).map(char::from).chain("a  b \n c".chars()).collect();
        for form in Form::ALL {
            assert_eq!(folded_ascii(&all), folded(&all, form).into_bytes());
        }
    }
}
