//! Texts: the one form they are stored in, and the shape by which two of them count as the same.
//!
//! Invariant: text is text. It is stored as written (normalised) and escaped at output, never here.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// The stored form: NFC; of control characters only LF and TAB; no bidirectional overrides.
pub fn normalise(text: &str) -> String {
    text.chars().filter(|c| !is_removed(*c)).nfc().collect()
}

fn is_removed(c: char) -> bool {
    let bidi = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    bidi || (c.is_control() && c != '\n' && c != '\t')
}

/// Whether nothing of the text can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_zero_width(c))
}

/// Unicode scalar values.
pub fn length(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX)
}

/// Hash of what is left when spelling tricks are undone: NFKC, case folded, without zero-width
/// characters, look-alikes taken for each other.
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
    let folded: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| !is_zero_width(*c)).collect();
    skeleton(&folded).collect()
}

/// The most people that one text can name.
const MAX_MENTIONS: usize = 50;

/// Names behind `@` that stand at the beginning of a word, in lower case, each once.
pub fn mentioned(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut names: Vec<String> = vec![];
    let mut before = None;
    for (at, c) in text.char_indices() {
        if c == '@' && !before.is_some_and(|before| is_name(before) || before == '@') {
            let rest = &text[at + 1..];
            let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
            // A sentence may end behind a name.
            let name = name.trim_end_matches(['.', '-']).to_lowercase();
            if !name.is_empty() && !names.contains(&name) && names.len() < MAX_MENTIONS {
                names.push(name);
            }
        }
        before = Some(c);
    }
    names
}

/// A hash that stays the same for ever; not for secrets.
pub fn hash(bytes: &[u8]) -> i64 {
    xxhash_rust::xxh3::xxh3_64(bytes) as i64
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{00ad}' | '\u{034f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_stand_behind_an_at_sign() {
        for (text, names) in [
            ("hi @Ann, @bob.", vec!["ann", "bob"]),
            ("(@ann)@bob @ann", vec!["ann", "bob"]),
            ("mail@example.org @@x @ @-", vec![]),
            ("@all: @b_c.d-e!", vec!["all", "b_c.d-e"]),
        ] {
            assert_eq!(mentioned(text), names, "{text}");
        }
    }

    #[test]
    fn stores_what_was_written_without_what_deceives() {
        for (written, stored) in [
            ("a\r\nb\tc", "a\nb\tc"),
            ("nul\0 bell\u{7} c1\u{85}", "nul bell c1"),
            ("e\u{301}", "\u{e9}"),
            ("\u{202e}evil\u{2066}", "evil"),
            ("family \u{1f468}\u{200d}\u{1f469}", "family \u{1f468}\u{200d}\u{1f469}"),
            ("<b>&amp;</b>", "<b>&amp;</b>"),
        ] {
            assert_eq!(normalise(written), stored);
        }
    }

    #[test]
    fn sees_through_spelling_tricks() {
        let plain = fingerprint("buy protein now");
        for trick in ["BUY protein NOW", "b\u{200b}uy protein now", "buy prоtein nоw", "ｂｕｙ protein now"]
        {
            assert_eq!(fingerprint(trick), plain, "{trick}");
        }
        assert_ne!(fingerprint("buy protein later"), plain);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC*|[\\x00-\\x20\u{202a}-\u{202e}a-e\u{301}]*") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn ascii_has_the_fingerprint_that_every_text_would_have(text in "[\\x00-\\x7f]*") {
            prop_assert_eq!(fingerprint(&text), hash(shape(&text).as_bytes()));
        }
    }
}
