//! The languages of the service, and which of them a text is written in.
//!
//! Invariants: pure, so a text has one language in every process; a text without enough to tell has none. A detector
//! that is asked about a few words always names some language, so its answer counts only if it stays the same without
//! any one of the words.

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use whichlang::Lang;

/// Letters of an alphabet that a text needs at least, and words.
const FEW_LETTERS: usize = 8;
const FEW_WORDS: usize = 2;
/// Characters that a text of Han, Kana or Hangul needs at least: each says more than a letter.
const FEW_SYLLABLES: usize = 2;
/// Words that are looked at: more do not make the answer surer.
const MOST_WORDS: usize = 12;

/// A language that the service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    English,
    Spanish,
    French,
    German,
    Portuguese,
    Chinese,
    Japanese,
    Korean,
}

impl Language {
    pub const ALL: [Self; 8] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Chinese,
        Self::Japanese,
        Self::Korean,
    ];

    /// Of ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Chinese => "zh",
            Self::Japanese => "ja",
            Self::Korean => "ko",
        }
    }

    /// The language of a tag of BCP 47 in canonical form, whatever its region.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let code = tag.split('-').next()?;
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    fn of_detected(detected: Lang) -> Option<Self> {
        match detected {
            Lang::Eng => Some(Self::English),
            Lang::Spa => Some(Self::Spanish),
            Lang::Fra => Some(Self::French),
            Lang::Deu => Some(Self::German),
            Lang::Por => Some(Self::Portuguese),
            Lang::Cmn => Some(Self::Chinese),
            Lang::Jpn => Some(Self::Japanese),
            Lang::Kor => Some(Self::Korean),
            Lang::Ara | Lang::Hin | Lang::Ita | Lang::Nld | Lang::Rus | Lang::Swe | Lang::Tur | Lang::Vie => {
                None
            }
        }
    }
}

/// The language of a text; `None` for one that is too short to tell, unclear, or in a language that the service does
/// not speak.
pub fn detect(text: &str) -> Option<Language> {
    let (letters, syllables) = counts(text);
    if syllables >= FEW_SYLLABLES && syllables * 2 >= letters {
        return Language::of_detected(whichlang::detect_language(text));
    }
    let words: Vec<&str> =
        text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).take(MOST_WORDS).collect();
    if letters < FEW_LETTERS || words.len() < FEW_WORDS {
        return None;
    }
    let detected = whichlang::detect_language(&words.join(" "));
    let without = |at: usize| [&words[..at], &words[at + 1..]].concat().join(" ");
    let is_clear = (0..words.len()).all(|at| whichlang::detect_language(&without(at)) == detected);
    Language::of_detected(detected).filter(|_| is_clear)
}

/// Letters of alphabets, and characters of Han, Kana and Hangul.
fn counts(text: &str) -> (usize, usize) {
    let scripts = CodePointMapData::<Script>::new();
    let is_syllable = |c: char| {
        let script = scripts.get(c);
        [Script::Han, Script::Hiragana, Script::Katakana, Script::Hangul].contains(&script)
    };
    let (mut letters, mut syllables) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        if is_syllable(c) { syllables += 1 } else { letters += 1 }
    }
    (letters, syllables)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_has_the_language_that_it_is_written_in() {
        for (text, code) in [
            ("Hello, how are you today?", "en"),
            ("see you at the gym", "en"),
            ("good morning", "en"),
            ("nos vemos mañana en el gimnasio", "es"),
            ("Buenos días a todos", "es"),
            ("Bonjour, comment ça va ?", "fr"),
            ("à demain à la salle", "fr"),
            ("Guten Morgen zusammen", "de"),
            ("Ich komme heute etwas später", "de"),
            ("Bom dia, tudo bem?", "pt"),
            ("vou treinar hoje à noite", "pt"),
            ("你好，今天怎么样？", "zh"),
            ("谢谢", "zh"),
            ("こんにちは、元気ですか", "ja"),
            ("明日ジムで会いましょう", "ja"),
            ("안녕하세요, 오늘 어때요?", "ko"),
        ] {
            assert_eq!(detect(text).map(Language::code), Some(code), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_short_unclear_or_of_another_language_has_none() {
        for text in [
            "",
            "ok",
            "thanks!",
            "1234 5678",
            "xkcd qwrt zzz plm",
            "haha hahaha",
            "haaaaallo",
            "🎉🎉🎉",
            "Ciao, come stai oggi?",
            "Goedemorgen, hoe gaat het?",
            "Привет, как дела сегодня",
            "Merhaba, nasılsın bugün?",
        ] {
            assert_eq!(detect(text), None, "{text}");
        }
    }

    #[test]
    fn a_tag_names_its_language_whatever_its_region() {
        for (tag, language) in [
            ("pt-BR", Some(Language::Portuguese)),
            ("zh-Hant-TW", Some(Language::Chinese)),
            ("en", Some(Language::English)),
            ("eng", None),
            ("nl", None),
            ("und", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
        assert!(Language::ALL.iter().all(|language| Language::of_tag(language.code()) == Some(*language)));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = detect(&text);
        }
    }
}
