//! Which messages are translated, and what of a text is not.
//!
//! Invariants: pure; a text that nobody but its members may read, a sticker and what is no text are not translated. The
//! pieces that stay as they are written are whole, in order and apart: links and addresses, code, mentions, emoji.

use std::ops::Range;

use icu_properties::CodePointSetData;
use icu_properties::props::{ExtendedPictographic, RegionalIndicator};
use linkify::{LinkFinder, LinkKind};
use schemas::message::{Body, Mentions, Message};
use unicode_segmentation::UnicodeSegmentation;

use crate::languages::{self, Language};
use crate::{mentions, previews, text};

/// The text of a message that can be translated, if it has one.
pub fn translatable(body: &Body) -> Option<&str> {
    match body {
        Body::Text(text) if text.content.key_id.is_none() && text.sticker.is_none() => {
            Some(text.content.text.as_str()).filter(|text| !text::is_blank(text))
        }
        Body::Text(_) | Body::Poll(_) | Body::Note(_) | Body::Removed(_) => None,
    }
}

/// The language of a message's text: of what is left without the pieces that stay as they are.
pub fn original_language(body: &Body) -> Option<Language> {
    let text = translatable(body)?;
    let mut words = String::with_capacity(text.len());
    let mut from = 0;
    for kept in kept(text, &Mentions::default()) {
        words.push_str(&text[from..kept.start]);
        words.push(' ');
        from = kept.end;
    }
    words.push_str(&text[from..]);
    languages::detect(&words)
}

/// The pieces of a message's text that stay as they are written.
pub fn kept_of(message: &Message) -> Vec<Range<usize>> {
    translatable(&message.body).map(|text| kept(text, &message.mentions)).unwrap_or_default()
}

fn kept(text: &str, named: &Mentions) -> Vec<Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url, LinkKind::Email]).url_must_have_scheme(false);
    let mut pieces: Vec<Range<usize>> = finder.links(text).map(|link| link.start()..link.end()).collect();
    pieces.extend(previews::places(text));
    pieces.extend(previews::code(text));
    pieces.extend(mentions::written(text, named.people.iter().map(|person| person.username.as_str())));
    pieces.extend(emoji(text));
    united(pieces)
}

fn emoji(text: &str) -> impl Iterator<Item = Range<usize>> {
    let (pictures, flags) =
        (CodePointSetData::new::<ExtendedPictographic>(), CodePointSetData::new::<RegionalIndicator>());
    let is_emoji = move |grapheme: &str| {
        emojis::get(grapheme).is_some() || grapheme.chars().any(|c| pictures.contains(c) || flags.contains(c))
    };
    text.grapheme_indices(true)
        .filter(move |(_, grapheme)| is_emoji(grapheme))
        .map(|(at, grapheme)| at..at + grapheme.len())
}

/// Pieces that overlap or touch are one.
fn united(mut pieces: Vec<Range<usize>>) -> Vec<Range<usize>> {
    pieces.sort_unstable_by_key(|piece| (piece.start, piece.end));
    let mut united: Vec<Range<usize>> = vec![];
    for piece in pieces {
        match united.last_mut() {
            Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
            Some(_) | None => united.push(piece),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::message::{Content, Text};
    use schemas::people::Profile;

    use super::*;

    fn naming(usernames: &[&str]) -> Mentions {
        let person = |username: &&str| Profile {
            user: "u".parse().unwrap(),
            username: (*username).to_owned(),
            display_name: (*username).to_owned(),
            avatar_url: None,
        };
        Mentions { people: usernames.iter().map(person).collect(), all: false }
    }

    fn pieces<'a>(text: &'a str, usernames: &[&str]) -> Vec<&'a str> {
        kept(text, &naming(usernames)).into_iter().map(|piece| &text[piece]).collect()
    }

    #[test]
    fn links_code_mentions_and_emoji_stay() {
        for (text, usernames, expected) in [
            ("nothing here", &[][..], &[][..]),
            ("look at https://a.example/x?y=1, please", &[], &["https://a.example/x?y=1"]),
            ("on a.example or ann@a.example", &[], &["a.example", "ann@a.example"]),
            ("(https://例え.テスト/x)", &[], &["https://例え.テスト/x"]),
            ("run `cargo test` now", &[], &["`cargo test`"]),
            ("so:\n```\nlet a = 1;\n```\nok", &[], &["```\nlet a = 1;\n```"]),
            ("hi @mia-lou, and @all", &["mia-lou"], &["@mia-lou", "@all"]),
            ("hi @stranger_7!", &[], &["@stranger_7"]),
            ("@o'neil's", &["o'neil"], &["@o'neil"]),
            ("great 👍🏽 work 👨‍👩‍👧‍👦🇩🇪!", &[], &["👍🏽", "👨‍👩‍👧‍👦🇩🇪"]),
            ("1️⃣ first, 2 second", &[], &["1️⃣"]),
            ("see @ann👍https://a.example", &["ann"], &["@ann👍https://a.example"]),
        ] {
            assert_eq!(pieces(text, usernames), expected, "{text}");
        }
    }

    #[test]
    fn plain_texts_alone_are_translated() {
        let sealed = Content { text: "c2VhbGVk".to_owned(), key_id: Some("key".to_owned()) };
        for (body, expected) in [
            (Body::text("see you at the gym"), Some("see you at the gym")),
            (Body::text(" \u{200b}\n"), None),
            (Body::Text(Text::new(sealed)), None),
        ] {
            assert_eq!(translatable(&body), expected);
        }
    }

    #[test]
    fn what_is_no_word_does_not_make_the_language() {
        for (text, code) in [
            ("nos vemos en https://the-best-gym-in-town.example mañana 🎉", Some("es")),
            ("`where is the error in this line of code`", None),
            ("https://the-best-gym-in-town.example/how/are/you", None),
        ] {
            assert_eq!(original_language(&Body::text(text)).map(Language::code), code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_apart(text in "(?s)[@`a. \u{1f600}:/\n]{0,60}|.{0,80}") {
            let mut end = None;
            for piece in kept(&text, &naming(&["a", "b"])) {
                prop_assert!(end.is_none_or(|end| end < piece.start) && piece.start < piece.end);
                prop_assert!(text.get(piece.clone()).is_some());
                end = Some(piece.end);
            }
        }
    }
}
