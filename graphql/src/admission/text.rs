//! A document's text, looked at before it is parsed.
//!
//! Invariant: one pass without recursion. What is taken for a string or a comment here is one to the
//! parser too; a string without end, on which the two could differ, is refused. Descriptions of
//! operations, fragments and variables, which the parser does not know, are found here.

use std::ops::Range;

use super::Unfit;

/// Brackets of any kind in one another: how deep the parser recurses.
const MAX_NESTING: usize = 64;
/// Names, numbers, strings, punctuation.
const MAX_TOKENS: usize = 5_000;
/// The longest name or number, in bytes; errors repeat them.
const MAX_WORD: usize = 128;

/// Says what is too much in a text; gives the places of its descriptions.
pub fn check(text: &str) -> Result<Vec<Range<usize>>, Unfit> {
    let mut rest = text.as_bytes();
    let (mut open, mut tokens) = (0_usize, 0_usize);
    // The token before the one at hand, and the string directly before it with what stands before that.
    let (mut before, mut string_before) = (b' ', None);
    let mut descriptions = vec![];
    while let Some(first) = rest.first() {
        let (length, is_token) = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => (1, false),
            b'#' => (rest.iter().take_while(|byte| !is_line_end(byte)).count(), false),
            _ if rest.starts_with(BYTE_ORDER_MARK) => (BYTE_ORDER_MARK.len(), false),
            b'"' => (string(rest).ok_or(Unfit::Malformed("a string has no end"))?, true),
            _ => (word(rest)?, true),
        };
        if is_token {
            if let Some((place, before)) = string_before.take()
                && is_described(open, before, &rest[..length])
            {
                descriptions.push(place);
            }
            let at = text.len() - rest.len();
            string_before = (*first == b'"').then_some((at..at + length, before));
            (before, tokens) = (*first, tokens + 1);
        }
        match first {
            b'{' | b'(' | b'[' => open += 1,
            b'}' | b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_NESTING {
            return Err(Unfit::Excess { most: MAX_NESTING, of: "brackets in one another" });
        }
        if tokens > MAX_TOKENS {
            return Err(Unfit::Excess { most: MAX_TOKENS, of: "names, values and brackets" });
        }
        rest = &rest[length..];
    }
    Ok(descriptions)
}

/// The text with white space in place of its descriptions; lines and columns stay as they are.
pub fn without(text: &str, descriptions: &[Range<usize>]) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut end = 0;
    for place in descriptions {
        bare.push_str(&text[end..place.start]);
        let blank = |character| if matches!(character, '\n' | '\r') { character } else { ' ' };
        bare.extend(text[place.clone()].chars().map(blank));
        end = place.end;
    }
    bare + &text[end..]
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether a token has the string before it as a description: a definition, or a variable's.
fn is_described(open: usize, before_string: u8, token: &[u8]) -> bool {
    match open {
        0 => matches!(token, b"query" | b"mutation" | b"subscription" | b"fragment"),
        1 => token == b"$" && !matches!(before_string, b'=' | b':'),
        _ => false,
    }
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Length of a name or a number, or of one mark.
fn word(rest: &[u8]) -> Result<usize, Unfit> {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    match rest.iter().take_while(is_part).count() {
        length if length > MAX_WORD => {
            Err(Unfit::Excess { most: MAX_WORD, of: "characters of a name or a number" })
        }
        length => Ok(length.max(1)),
    }
}

/// Length of the string that `rest` begins with, quotes included.
fn string(rest: &[u8]) -> Option<usize> {
    let (quotes, escapes): (&[u8], &[u8]) = match rest {
        [b'"', b'"', b'"', ..] => (b"\"\"\"", b"\\\"\"\""),
        _ => (b"\"", b"\\\""),
    };
    let is_block = quotes.len() == 3;
    let mut at = quotes.len();
    loop {
        let here = rest.get(at..).filter(|here| !here.is_empty())?;
        at += match here {
            _ if here.starts_with(quotes) => return Some(at + quotes.len()),
            _ if here.starts_with(escapes) => escapes.len(),
            [b'\\', b'\\', ..] if !is_block => 2,
            [b'\n' | b'\r', ..] if !is_block => return None,
            _ => 1,
        };
    }
}
