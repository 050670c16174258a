//! The rules as data, and what they say of a message.
//!
//! Invariants: of the rules that a message meets the first one answers; a rule has one to [`MOST`] answers in each
//! language. Phrases of every language are looked for in every message, as nobody says in which they write.

use std::collections::BTreeMap;

use domain::pushing::Language;
use serde::Deserialize;

use crate::clauses::{Clause, clauses};
use crate::phrase::{Phrase, Script};
use crate::{Intent, Kind, LONGEST, MOST};

/// An answer is read at a glance.
const LONGEST_ANSWER: usize = 40;
/// Words of a question that no phrase recognises, at least.
const LEAST_ASKED: usize = 2;

/// Texts by the codes of their languages.
type ByLanguage = BTreeMap<String, Vec<String>>;

/// The file, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    never: ByLanguage,
    negations: ByLanguage,
    rules: Vec<WrittenRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    intent: Intent,
    /// Kinds whose messages meet the rule if their text meets none.
    #[serde(default)]
    kinds: Vec<Kind>,
    /// Whether a clause with a negation of its language does not count.
    #[serde(default)]
    unless_negated: bool,
    /// Words of a text, at most; without a number as many as there are.
    most_words: Option<usize>,
    /// Whether each question meets the rule.
    #[serde(default)]
    any_question: bool,
    /// Phrases of any sentence, of one that asks, and of one that does not.
    #[serde(default)]
    phrases: ByLanguage,
    #[serde(default)]
    asked: ByLanguage,
    #[serde(default)]
    stated: ByLanguage,
    /// A text with one of these does not meet the rule in that language.
    #[serde(default)]
    unless: ByLanguage,
    replies: ByLanguage,
}

/// Why rules are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    #[error("the rules are not in their form: {0}")]
    Form(String),
    #[error("{0} is no language of the rules")]
    Language(String),
    #[error("a phrase with an empty part: {0:?}")]
    Phrase(String),
    #[error("{intent:?} has {found} answers in {language}; 1 to {MOST} are wanted")]
    Answers { intent: Intent, language: &'static str, found: usize },
    #[error("an answer is empty, or longer than {LONGEST_ANSWER} characters: {0:?}")]
    Answer(String),
}

/// Phrases in the order of [`Language::ALL`].
type Phrases = Vec<Vec<Phrase>>;

/// The rules of smart replies.
#[derive(Debug)]
pub struct Rules {
    /// What is no occasion for a suggestion: a death, an injury.
    never: Phrases,
    negations: Phrases,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    intent: Intent,
    kinds: Vec<Kind>,
    unless_negated: bool,
    most_words: usize,
    any_question: bool,
    phrases: Phrases,
    asked: Phrases,
    stated: Phrases,
    unless: Phrases,
    /// In the order of [`Language::ALL`].
    replies: Vec<Vec<String>>,
}

impl Rules {
    /// The rules that stand beside this code.
    pub fn shipped() -> Result<Self, InvalidRules> {
        Self::read(include_str!("../rules.toml"))
    }

    pub fn read(text: &str) -> Result<Self, InvalidRules> {
        let file: File = toml::from_str(text).map_err(|error| InvalidRules::Form(error.to_string()))?;
        let rules: Result<_, _> = file.rules.into_iter().map(Rule::read).collect();
        Ok(Self { never: phrases(&file.never)?, negations: phrases(&file.negations)?, rules: rules? })
    }

    /// Answers to a message in the language of a locale (BCP 47), at most [`MOST`]; none of what is not recognised.
    pub fn replies(&self, kind: Kind, text: &str, locale: &str) -> &[String] {
        let language = Language::of(locale);
        let index = Language::ALL.iter().position(|one| *one == language);
        let rule = self.rule(kind, text);
        rule.zip(index).map_or(&[], |(rule, index)| &rule.replies[index])
    }

    /// What a message wants of its reader, if the rules recognise it.
    pub fn intent(&self, kind: Kind, text: &str) -> Option<Intent> {
        self.rule(kind, text).map(|rule| rule.intent)
    }

    fn rule(&self, kind: Kind, text: &str) -> Option<&Rule> {
        if text.chars().count() > LONGEST {
            return None;
        }
        let clauses = clauses(text);
        if self.never.iter().any(|phrases| has_any(phrases, &clauses)) {
            return None;
        }
        let by_text = || self.rules.iter().find(|rule| rule.is_met(&clauses, &self.negations));
        let by_kind = || self.rules.iter().find(|rule| rule.kinds.contains(&kind));
        // A poll asks all, and is answered by a vote.
        let is_read = match kind {
            Kind::Poll => false,
            Kind::Text
            | Kind::Image
            | Kind::Voice
            | Kind::File
            | Kind::Gif
            | Kind::Sticker
            | Kind::Workout => true,
            Kind::Achievement | Kind::Challenge | Kind::Profile => true,
        };
        is_read.then(by_text).flatten().or_else(by_kind)
    }
}

impl Rule {
    fn read(written: WrittenRule) -> Result<Self, InvalidRules> {
        let WrittenRule { intent, kinds, unless_negated, most_words, any_question, .. } = written;
        known(&written.replies)?;
        let replies: Result<Vec<_>, InvalidRules> = Language::ALL
            .iter()
            .map(|language| {
                let all = written.replies.get(language.code()).cloned().unwrap_or_default();
                if !(1..=MOST).contains(&all.len()) {
                    return Err(InvalidRules::Answers {
                        intent,
                        language: language.code(),
                        found: all.len(),
                    });
                }
                let is_wrong =
                    |answer: &&String| answer.trim().is_empty() || answer.chars().count() > LONGEST_ANSWER;
                match all.iter().find(is_wrong) {
                    Some(wrong) => Err(InvalidRules::Answer(wrong.clone())),
                    None => Ok(all),
                }
            })
            .collect();
        Ok(Self {
            intent,
            kinds,
            unless_negated,
            most_words: most_words.unwrap_or(usize::MAX),
            any_question,
            phrases: phrases(&written.phrases)?,
            asked: phrases(&written.asked)?,
            stated: phrases(&written.stated)?,
            unless: phrases(&written.unless)?,
            replies: replies?,
        })
    }

    fn is_met(&self, clauses: &[Clause], negations: &Phrases) -> bool {
        let size: usize = clauses.iter().map(size).sum();
        let in_language = |index: usize| {
            let is_met = |(number, clause): (usize, &Clause)| {
                let has = |phrases: &Phrases| phrases[index].iter().any(|one| one.is_in(clause, number == 0));
                let of_sentence = if clause.asks { &self.asked } else { &self.stated };
                (has(&self.phrases) || has(of_sentence)) && !(self.unless_negated && has(negations))
            };
            clauses.iter().enumerate().any(is_met) && !has_any(&self.unless[index], clauses)
        };
        let is_excepted = || self.unless.iter().any(|phrases| has_any(phrases, clauses));
        let is_asked = self.any_question && size >= LEAST_ASKED && clauses.iter().any(|clause| clause.asks);
        size <= self.most_words && ((is_asked && !is_excepted()) || (0..Language::ALL.len()).any(in_language))
    }
}

/// Words; of scripts that do not part them two characters count as one.
fn size(clause: &Clause) -> usize {
    let is_joined = |c: &&char| !c.is_ascii_alphanumeric() && ('\u{3040}'..='\u{d7a3}').contains(*c);
    clause.words.len().max(clause.characters.iter().filter(is_joined).count() / 2)
}

fn has_any(phrases: &[Phrase], clauses: &[Clause]) -> bool {
    let has = |(number, clause)| phrases.iter().any(|phrase: &Phrase| phrase.is_in(clause, number == 0));
    clauses.iter().enumerate().any(has)
}

fn known(all: &ByLanguage) -> Result<(), InvalidRules> {
    let is_known = |code: &&String| Language::ALL.iter().any(|language| language.code() == code.as_str());
    match all.keys().find(|code| !is_known(code)) {
        Some(code) => Err(InvalidRules::Language(code.clone())),
        None => Ok(()),
    }
}

fn phrases(written: &ByLanguage) -> Result<Phrases, InvalidRules> {
    known(written)?;
    let read = |language: &Language| {
        let all = written.get(language.code()).into_iter().flatten();
        let phrase = |text: &String| {
            Phrase::read(text, script(*language)).ok_or_else(|| InvalidRules::Phrase(text.clone()))
        };
        all.map(phrase).collect()
    };
    Language::ALL.iter().map(read).collect()
}

fn script(language: Language) -> Script {
    match language {
        Language::En | Language::De | Language::Es | Language::Fr | Language::Pt => Script::Parted,
        Language::Ja | Language::Ko | Language::Zh => Script::Joined,
    }
}

#[cfg(test)]
mod tests;
