//! Texts: the one form they are stored in, and the shape by which two of them count as the same.
//!
//! Invariants: text is text. It is stored as written (normalised) and escaped at output, never here. What
//! a character is, is asked of the Unicode Character Database; no list of characters stands here but those
//! that the database has no property for.

use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, WhiteSpace};
use schemas::Refusal;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// A pattern of braille without a dot: a symbol by its properties, but nothing is seen of it.
const BRAILLE_BLANK: char = '\u{2800}';

/// The stored form: NFC; LF for every line break; of other control characters only TAB; no bidirectional
/// embeddings, overrides and isolates.
///
/// The marks U+200E, U+200F and U+061C stay: they order what stands beside them, and cannot hide it.
pub fn normalise(text: &str) -> String {
    let mut after_return = false;
    let kept = text.chars().filter_map(move |c| {
        let ends_return = std::mem::replace(&mut after_return, c == '\r') && c == '\n';
        match c {
            '\n' if ends_return => None,
            '\n' | '\t' => Some(c),
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c => (!c.is_control()).then_some(c),
        }
    });
    kept.nfc().collect()
}

/// Whether nothing of the text can be seen.
pub fn is_blank(text: &str) -> bool {
    let white_space = CodePointSetData::new::<WhiteSpace>();
    text.chars().all(|c| white_space.contains(c) || is_ignorable(c) || c.is_control() || c == BRAILLE_BLANK)
}

/// Whether a character is not shown where it is not supported: joiners, variation selectors, fillers.
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Full case folding (Unicode, 3.13): texts that differ only in case have one form, in every language.
pub fn fold(text: &str) -> String {
    CaseMapper::new().fold_string(text).into_owned()
}

/// Unicode scalar values.
pub fn length(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX)
}

/// Longest title of a conversation, in Unicode scalar values.
pub const TITLE_CHARACTERS: i32 = 100;
/// Longest description of one.
pub const DESCRIPTION_CHARACTERS: i32 = 500;

/// Refuses a text that is blank or longer than `most` scalar values, by the field that holds it.
pub fn check(field: &str, text: &str, most: i32) -> Result<(), Refusal> {
    if is_blank(text) {
        return Err(Refusal::bad_input(field, "the text has no visible character"));
    }
    check_length(field, text, most)
}

/// Refuses a text that is longer than `most` scalar values, by the field that holds it.
pub fn check_length(field: &str, text: &str, most: i32) -> Result<(), Refusal> {
    if length(text) > most {
        return Err(Refusal::bad_input(field, "the text is too long"));
    }
    Ok(())
}

/// Hash of what is left when spelling tricks are undone: NFKC, case folded, without characters that are
/// not shown, look-alikes taken for each other.
pub fn fingerprint(text: &str) -> i64 {
    if text.is_ascii() {
        let shapes = &*ASCII_SHAPES;
        let mut shape = Vec::with_capacity(text.len() + text.len() / 4);
        for byte in text.bytes() {
            match shapes[usize::from(byte)].as_bytes() {
                // As most are.
                [one] => shape.push(*one),
                other => shape.extend_from_slice(other),
            }
        }
        return hash(&shape);
    }
    hash(shape(text).as_bytes())
}

/// What is left of each ASCII character, which depends on no other. Most texts are made of these alone.
static ASCII_SHAPES: LazyLock<[String; 128]> =
    LazyLock::new(|| std::array::from_fn(|byte| shape(&char::from(byte as u8).to_string())));

fn shape(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    let folded: String = fold(&composed).chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
    // A look-alike may be a capital letter, or one of several characters.
    let alike: String = skeleton(&folded).collect();
    fold(&alike)
}

/// A hash that stays the same for ever; not for secrets.
pub fn hash(bytes: &[u8]) -> i64 {
    xxhash_rust::xxh3::xxh3_64(bytes) as i64
}

#[cfg(test)]
mod tests;
