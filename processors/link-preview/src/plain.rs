//! Plain text of what a page says of itself.
//!
//! Invariants: no markup, no control character and no override of direction is left; white space is one space; a text
//! has a bound in bytes.

use domain::text;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind};

use crate::tokens::{self, Reader, raw};

/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 4_096;
/// Layers of escaping that are undone: a text may be escaped markup.
const LAYERS: usize = 3;
/// Stands where a text was cut.
const ELLIPSIS: char = '…';

/// The plain text of at most `most` bytes; `None` if nothing of it can be seen.
pub fn plain(text: &str, most: usize) -> Option<String> {
    let mut plain = cut(text, LOOKED_AT).to_owned();
    for _ in 0..LAYERS {
        let next = without_markup(&plain);
        if next == plain {
            break;
        }
        plain = next;
    }
    let plain = text::normalise(&plain);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    if text::is_blank(&plain) {
        return None;
    }
    if plain.len() <= most {
        return Some(plain);
    }
    let kept = cut(&plain, most.saturating_sub(ELLIPSIS.len_utf8())).trim_end();
    Some(format!("{kept}{ELLIPSIS}"))
}

/// The beginning of a text, of whole characters.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// What a reader would see of markup; the contents of scripts and styles are no text.
fn without_markup(markup: &str) -> String {
    if !markup.contains(['<', '&']) {
        return markup.to_owned();
    }
    tokens::read(markup, Shown::default()).text
}

#[derive(Default)]
struct Shown {
    text: String,
    /// Within an element whose content is not shown.
    is_hidden: bool,
}

impl Reader for Shown {
    fn tag(&mut self, tag: &Tag) {
        let is_raw = matches!(raw(tag), Some(RawKind::Rawtext | RawKind::ScriptData));
        self.is_hidden = is_raw && tag.kind == TagKind::StartTag;
        if matches!(&*tag.name, "br" | "p" | "div" | "li") {
            self.text.push(' ');
        }
    }

    fn text(&mut self, text: &str) {
        if !self.is_hidden {
            self.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_controls_and_overrides_are_no_text() {
        for (text, expected) in [
            ("Plain", Some("Plain")),
            ("  a \n\t b  ", Some("a b")),
            ("", None),
            (" \u{200b}\u{ad}", None),
            ("AT&T & Co", Some("AT&T & Co")),
            ("1 < 2 > 0", Some("1 < 2 > 0")),
            ("<b>bold</b> text", Some("bold text")),
            ("one<br>two<p>three", Some("one two three")),
            ("&lt;b&gt;escaped&lt;/b&gt;", Some("escaped")),
            ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;", None),
            ("a<script>alert(1)</script>b<style>x{}</style>c", Some("abc")),
            ("<img src=x onerror=alert(1)>shown", Some("shown")),
            ("a<!-- hidden -->b", Some("ab")),
            ("evil\u{202e}gpj.exe", Some("evilgpj.exe")),
            ("nul\u{0}and\u{7}bell", Some("nulandbell")),
            ("\u{2066}isolated\u{2069}", Some("isolated")),
            ("x<unclosed", Some("x")),
        ] {
            assert_eq!(plain(text, 100).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_at_whole_characters_within_its_bound() {
        assert_eq!(plain("ääääää", 12).unwrap(), "ääääää");
        for most in 4..12 {
            let text = plain("ääääää", most).unwrap();
            assert!(text.len() <= most && text.ends_with(ELLIPSIS), "{most}: {text}");
        }
        let huge = "word ".repeat(1_000_000);
        let text = plain(&huge, 300).unwrap();
        assert!((290..=300).contains(&text.len()), "{}", text.len());
    }
}
