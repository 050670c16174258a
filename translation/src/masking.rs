//! What a provider gets of a text: its words, with marks in place of the pieces that stay as they are written.
//!
//! Invariants: every piece stands in the translation as often as in the text, byte for byte. Marks that come back
//! lost, doubled or changed are not trusted: then the words between the pieces are translated by themselves, and every
//! piece stays in its place.

use std::ops::Range;

use domain::text::normalise;

const OPEN: &str = "[[";
const CLOSE: &str = "]]";

/// A text, cut into what is translated and what stays.
#[derive(Debug, PartialEq, Eq)]
pub struct Masked<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Words(&'a str),
    Kept(&'a str),
}

impl<'a> Masked<'a> {
    /// `kept` are pieces of the text, in order and apart.
    pub fn new(text: &'a str, kept: &[Range<usize>]) -> Self {
        let (mut parts, mut from) = (vec![], 0);
        for piece in kept {
            parts.push(Part::Words(&text[from..piece.start]));
            parts.push(Part::Kept(&text[piece.clone()]));
            from = piece.end;
        }
        parts.push(Part::Words(&text[from..]));
        Self { parts }
    }

    /// The text with marks in place of the pieces; `None` where its words look like marks.
    pub fn marked(&self) -> Option<String> {
        let (mut marked, mut number) = (String::new(), 0_usize);
        for part in &self.parts {
            match part {
                Part::Words(words) if words.contains(OPEN) || words.ends_with('[') => return None,
                Part::Words(words) => marked.push_str(words),
                Part::Kept(_) => {
                    marked.push_str(&format!("{OPEN}{number}{CLOSE}"));
                    number += 1;
                }
            }
        }
        Some(marked)
    }

    /// The translation of the marked text with the pieces in place of their marks; `None` unless each mark is there
    /// once.
    pub fn restored(&self, translated: &str) -> Option<String> {
        let translated = normalise(translated);
        let mut pieces: Vec<Option<&str>> = self.kept().map(Some).collect();
        let (mut restored, mut rest) = (String::new(), translated.as_str());
        while let Some((words, behind)) = rest.split_once(OPEN) {
            let (mark, behind) = behind.split_once(CLOSE)?;
            restored.push_str(words);
            // A translator may put spaces into a mark.
            let piece = pieces.get_mut(mark.trim().parse::<usize>().ok()?)?.take()?;
            restored.push_str(piece);
            rest = behind;
        }
        restored.push_str(rest);
        pieces.iter().all(Option::is_none).then_some(restored)
    }

    /// The words between the pieces, each by itself and without the spaces around it.
    pub fn apart(&self) -> Vec<&'a str> {
        self.words().map(str::trim).filter(|words| has_words(words)).collect()
    }

    /// The text with these translations of [`Self::apart`] in their places.
    pub fn joined(&self, translated: &[String]) -> String {
        let (mut joined, mut translated) = (String::new(), translated.iter());
        for part in &self.parts {
            match part {
                Part::Kept(piece) => joined.push_str(piece),
                Part::Words(words) => {
                    let trimmed = words.trim();
                    match Some(trimmed).filter(|words| has_words(words)).and_then(|_| translated.next()) {
                        Some(translation) => {
                            let before = words.len() - words.trim_start().len();
                            joined.push_str(&words[..before]);
                            joined.push_str(normalise(translation).trim());
                            joined.push_str(&words[before + trimmed.len()..]);
                        }
                        None => joined.push_str(words),
                    }
                }
            }
        }
        joined
    }

    fn kept(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Kept(piece) => Some(*piece),
            Part::Words(_) => None,
        })
    }

    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Words(words) => Some(*words),
            Part::Kept(_) => None,
        })
    }
}

/// Whether there is something to translate.
fn has_words(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use domain::translating;
    use proptest::prelude::*;
    use schemas::message::{Body, Mentions, Message};
    use schemas::people::Profile;

    use super::*;

    fn kept(text: &str) -> Vec<Range<usize>> {
        let sender = Profile::of_erased("ann".parse().unwrap());
        let message = Message {
            seq: 1,
            position: 1,
            sent_at: 0,
            sender,
            client_id: None,
            reply_to: None,
            mentions: Mentions::default(),
            recipients: 0,
            body: Body::text(text),
        };
        translating::kept_of(&message)
    }

    #[test]
    fn marks_stand_for_pieces_and_come_back_as_they() {
        let text = "see https://a.example, @ann 👍";
        let kept = kept(text);
        let masked = Masked::new(text, &kept);
        assert_eq!(masked.marked().as_deref(), Some("see [[0]], [[1]] [[2]]"));
        for (answer, expected) in [
            ("siehe [[0]], [[1]] [[2]]", Some("siehe https://a.example, @ann 👍")),
            ("[[1]], siehe [[ 0 ]]: [[2]]", Some("@ann, siehe https://a.example: 👍")),
            ("siehe [[0]], [[1]]", None),
            ("siehe [[0]], [[1]] [[2]] [[2]]", None),
            ("siehe [[0]], [[1]] [[2]] [[3]]", None),
            ("siehe [[0]], [[eins]] [[2]]", None),
            ("siehe [[0], [[1]] [[2]]", None),
            ("siehe [[0]], [[1]] [[2", None),
            ("siehe [[0]], [[1]] [[2]]\u{1}", Some("siehe https://a.example, @ann 👍")),
        ] {
            assert_eq!(masked.restored(answer).as_deref(), expected, "{answer}");
        }
    }

    #[test]
    fn words_that_look_like_marks_are_translated_between_the_pieces() {
        let text = "a list [[0]] of `code`, and  more ";
        let kept = kept(text);
        let masked = Masked::new(text, &kept);
        assert_eq!(masked.marked(), None);
        assert_eq!(masked.apart(), ["a list [[0]] of", ", and  more"]);
        let translated = ["eine Liste [[0]] von", ", und mehr"].map(str::to_owned);
        assert_eq!(masked.joined(&translated), "eine Liste [[0]] von `code`, und mehr ");
    }

    #[test]
    fn what_has_no_words_has_nothing_to_translate() {
        for text in ["https://a.example", "👍 👍", "`let a = 1`", "@ann 12:30 :-)"] {
            assert_eq!(Masked::new(text, &kept(text)).apart(), [] as [&str; 0], "{text}");
        }
    }

    /// Words, pieces and everything that may confuse the two.
    fn texts() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            Just("@ann".to_owned()),
            Just("https://a.example/x?y=[[0]]".to_owned()),
            Just("`a [[1]] b`".to_owned()),
            Just("👍🏽".to_owned()),
            Just("[[".to_owned()),
            Just("]]".to_owned()),
            Just("`".to_owned()),
            "[a-zA-Zäé明 \n.,!0-9]{1,12}",
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(token, 0..12).prop_map(|tokens| normalise(&tokens.join(" ")))
    }

    /// How a provider may treat what it gets.
    fn spoiled(text: &str, how: u8) -> String {
        match how % 5 {
            0 => text.to_owned(),
            1 => text.replacen("[[", "", 1),
            2 => text.replace("]]", " ]]").replace("[[", "[[ "),
            3 => format!("{text}{text}"),
            _ => text.chars().rev().collect(),
        }
    }

    proptest! {
        #[test]
        fn every_piece_survives_whatever_the_provider_does(text in texts(), how in any::<u8>()) {
            let kept = kept(&text);
            let masked = Masked::new(&text, &kept);
            let restored = masked.marked().and_then(|marked| masked.restored(&spoiled(&marked, how)));
            let translation = restored.unwrap_or_else(|| {
                let apart: Vec<String> = masked.apart().iter().map(|words| spoiled(words, how)).collect();
                masked.joined(&apart)
            });
            for piece in &kept {
                let piece = &text[piece.clone()];
                let wanted = kept.iter().filter(|other| text[(*other).clone()] == *piece).count();
                prop_assert!(translation.matches(piece).count() >= wanted, "{piece:?} in {translation:?}");
            }
        }

        #[test]
        fn a_provider_that_changes_nothing_gives_the_text(text in texts()) {
            let kept = kept(&text);
            let masked = Masked::new(&text, &kept);
            if let Some(marked) = masked.marked() {
                prop_assert_eq!(masked.restored(&marked), Some(text.clone()));
            }
            let apart: Vec<String> = masked.apart().into_iter().map(str::to_owned).collect();
            prop_assert_eq!(masked.joined(&apart), text);
        }
    }
}
