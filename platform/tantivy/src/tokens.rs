//! Words of a text: what stands between spaces and punctuation, folded; of scripts that are written without
//! spaces each character, and each pair of characters.
//!
//! Invariant: indexing, queries and highlights cut texts here alone.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word, or a character of a script without spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Bytes in the text.
    pub from: usize,
    pub to: usize,
    pub text: String,
    pub is_ideograph: bool,
}

/// Bytes of a token; what is longer is no word, and is found by its beginning.
const LONGEST: usize = 128;

/// Han, kana and Hangul: scripts in which a reader finds words without spaces, or with endings grown together.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11FF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3130..=0x318F | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF66..=0xFF9D
        | 0x20000..=0x323AF)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The form by which words are compared: without case, accents and variants of width.
pub fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            c => folded.push(c),
        }
        if folded.len() >= LONGEST {
            break;
        }
    }
    folded
}

/// The pieces of a text, in order.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut word: Option<usize> = None;
    let end_word = |pieces: &mut Vec<Piece>, from: Option<usize>, to: usize| {
        if let Some(from) = from {
            let folded = fold(&text[from..to]);
            if !folded.is_empty() {
                pieces.push(Piece { from, to, text: folded, is_ideograph: false });
            }
        }
    };
    for (at, c) in text.char_indices() {
        if is_ideograph(c) {
            end_word(&mut pieces, word.take(), at);
            let (from, to) = (at, at + c.len_utf8());
            pieces.push(Piece { from, to, text: c.nfkc().collect(), is_ideograph: true });
        } else if is_word(c) {
            word = word.or(Some(at));
        } else {
            end_word(&mut pieces, word.take(), at);
        }
    }
    end_word(&mut pieces, word, text.len());
    pieces
}

/// Whether two characters stand beside each other.
pub fn are_pair(one: &Piece, other: &Piece) -> bool {
    one.is_ideograph && other.is_ideograph && one.to == other.from
}

pub fn pair(one: &Piece, other: &Piece) -> String {
    format!("{}{}", one.text, other.text)
}

/// Gives pieces to the index, and at the position of a character its pair with the next one.
#[derive(Clone, Default)]
pub struct Words;

impl Tokenizer for Words {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        let pieces = pieces(text);
        let mut tokens = Vec::with_capacity(pieces.len());
        for (position, piece) in pieces.iter().enumerate() {
            let token = |text: String, to: usize| Token {
                offset_from: piece.from,
                offset_to: to,
                position,
                text,
                position_length: 1,
            };
            tokens.push(token(piece.text.clone(), piece.to));
            if let Some(next) = pieces.get(position + 1).filter(|next| are_pair(piece, next)) {
                tokens.push(token(pair(piece, next), next.to));
            }
        }
        Tokens { tokens, next: 0 }
    }
}

pub struct Tokens {
    tokens: Vec<Token>,
    /// Number of the token behind the current one.
    next: usize,
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        pieces(text).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn words_are_cut_at_what_is_no_letter_and_folded() {
        for (text, wanted) in [
            ("Leg-Day, at 6!", vec!["leg", "day", "at", "6"]),
            ("Übung für die Füße", vec!["ubung", "fur", "die", "fusse"]),
            ("l'été à Málaga", vec!["l", "ete", "a", "malaga"]),
            ("ＬＥＧ coração", vec!["leg", "coracao"]),
            ("跑步5km计划", vec!["跑", "步", "5km", "计", "划"]),
            (" … ", vec![]),
        ] {
            assert_eq!(texts(text), wanted, "{text}");
        }
    }

    #[test]
    fn characters_without_spaces_come_alone_and_in_pairs() {
        let mut words = Words;
        let mut stream = words.token_stream("跑步 run 团");
        let mut tokens = vec![];
        while let Some(token) = stream.next() {
            tokens.push((token.position, token.text.clone()));
        }
        let wanted = [(0, "跑"), (0, "跑步"), (1, "步"), (2, "run"), (3, "团")];
        assert_eq!(tokens, wanted.map(|(position, text)| (position, text.to_owned())));
    }
}
