//! The rules against texts that were not written for them.
//!
//! Invariants: of what is recognised at least nine in ten is right, in each language and of each intent; a text is
//! recognised in whichever language its reader asks for answers.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::collections::{BTreeMap, BTreeSet};

use domain::pushing::Language;
use musclemap_smart_replies::{Intent, Kind, MOST, Rules};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// Of what is recognised, how much has to be right; and of what is to be recognised, how much has to be.
const PRECISION: f64 = 0.9;
const RECALL: f64 = 0.85;
const LEAST_CASES: usize = 200;

struct Case<'a> {
    language: &'a str,
    kind: Kind,
    intent: Option<Intent>,
    text: &'a str,
}

fn named<'a, T: Deserialize<'a>>(name: &'a str) -> T {
    let name: StrDeserializer<'a, Error> = name.into_deserializer();
    T::deserialize(name).unwrap()
}

fn cases(file: &str) -> Vec<Case<'_>> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let case = |line| {
        let [language, kind, intent, text] =
            str::splitn(line, 4, '|').collect::<Vec<_>>().try_into().unwrap();
        let intent = (intent != "none").then(|| named(intent));
        Case { language, kind: named(kind), intent, text }
    };
    lines.map(case).collect()
}

fn all() -> Vec<Case<'static>> {
    [
        include_str!("cases.txt"),
        include_str!("traps.txt"),
        include_str!("later.txt"),
        include_str!("again.txt"),
    ]
    .into_iter()
    .flat_map(cases)
    .collect()
}

#[derive(Default)]
struct Score {
    recognised: usize,
    right: usize,
    wanted: usize,
}

impl Score {
    fn precision(&self) -> f64 {
        self.right as f64 / self.recognised.max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / self.wanted.max(1) as f64
    }
}

#[test]
fn of_what_is_recognised_nine_in_ten_is_right() {
    let rules = Rules::shipped().unwrap();
    let cases = all();
    assert!(cases.len() >= LEAST_CASES, "{} cases", cases.len());
    let mut total = Score::default();
    let mut by_language: BTreeMap<&str, Score> = BTreeMap::new();
    let mut by_intent: BTreeMap<Intent, Score> = BTreeMap::new();
    for Case { language, kind, intent, text } in &cases {
        let found = rules.intent(*kind, text);
        if found != *intent {
            println!("{language} {kind:?} {text:?}: {found:?} for {intent:?}");
        }
        let count = |score: &mut Score, recognised: bool, wanted: bool| {
            score.recognised += usize::from(recognised);
            score.wanted += usize::from(wanted);
            score.right += usize::from(wanted && found == *intent);
        };
        count(&mut total, found.is_some(), intent.is_some());
        count(by_language.entry(language).or_default(), found.is_some(), intent.is_some());
        if let Some(found) = found {
            by_intent.entry(found).or_default().recognised += 1;
        }
        if let Some(wanted) = intent {
            let score = by_intent.entry(*wanted).or_default();
            score.wanted += 1;
            score.right += usize::from(found == Some(*wanted));
        }
    }
    let of_languages = by_language.into_iter().map(|(language, score)| (language.to_owned(), score));
    let of_intents = by_intent.into_iter().map(|(intent, score)| (format!("{intent:?}"), score));
    for (what, score) in of_languages.chain(of_intents).chain([("all".to_owned(), total)]) {
        let (precision, recall) = (score.precision(), score.recall());
        println!("{what}: precision {precision:.3}, recall {recall:.3} of {}", score.wanted);
        assert!(precision >= PRECISION, "the precision of {what} is {precision:.3}");
        assert!(recall >= RECALL, "the recall of {what} is {recall:.3}");
    }
}

#[test]
fn each_language_has_cases_of_each_intent_of_texts_and_of_none() {
    let in_texts = BTreeSet::from([
        Intent::Workout,
        Intent::Record,
        Intent::Achievement,
        Intent::Challenge,
        Intent::Question,
        Intent::Thanks,
        Intent::Invitation,
        Intent::Greeting,
    ]);
    for language in Language::ALL {
        let cases: Vec<Case<'_>> = all().into_iter().filter(|one| one.language == language.code()).collect();
        let texts = cases.iter().filter(|one| one.kind == Kind::Text);
        let intents: BTreeSet<Intent> = texts.filter_map(|one| one.intent).collect();
        assert_eq!(intents, in_texts, "{language:?}");
        assert!(cases.iter().filter(|one| one.intent.is_none()).count() >= 5, "{language:?}");
    }
}

#[test]
fn answers_are_few_in_the_language_of_the_reader_and_of_no_other() {
    let rules = Rules::shipped().unwrap();
    for Case { kind, text, .. } in all() {
        let is_known = rules.intent(kind, text).is_some();
        let of = |locale: &str| rules.replies(kind, text, locale);
        for language in Language::ALL {
            let found = of(language.code());
            assert_eq!(!found.is_empty(), is_known, "{text}");
            assert!(found.len() <= MOST, "{text}");
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{text}");
        }
        assert!(!is_known || of("en") != of("de"), "{text}");
        assert_eq!(of("pt-BR"), of("pt"));
        assert_eq!(of("xx"), of("en"), "English where there is no language");
    }
    assert_eq!(
        rules.replies(Kind::Text, "Thanks!", "de"),
        ["Gern geschehen!", "Jederzeit!", "Kein Problem 😊"]
    );
}
