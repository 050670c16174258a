//! Rules are taken whole or not at all, and odd texts are read as others.

use super::*;

/// The beginning of a file with one rule.
const RULE: &str = "[never]\n[negations]\n[[rules]]\nintent = \"thanks\"\n";

fn with(rest: &str) -> Result<Rules, InvalidRules> {
    Rules::read(&format!("{RULE}{rest}"))
}

fn replies(but: &str, answers: &str) -> String {
    let one = |language: &Language| match language.code() {
        code if code == but => format!("replies.{code} = {answers}\n"),
        code => format!("replies.{code} = [\"x\"]\n"),
    };
    Language::ALL.iter().map(one).collect()
}

#[test]
fn a_rule_without_an_answer_in_each_language_is_refused() {
    assert!(with(&replies("", "")).is_ok());
    for (answers, found) in [("[]", 0), (r#"["a", "b", "c", "d"]"#, 4)] {
        let refused = InvalidRules::Answers { intent: Intent::Thanks, language: "ko", found };
        assert_eq!(with(&replies("ko", answers)).unwrap_err(), refused);
    }
    let long = "x".repeat(LONGEST_ANSWER + 1);
    for answer in [" ", long.as_str()] {
        let refused = with(&replies("ja", &format!("[{answer:?}]"))).unwrap_err();
        assert_eq!(refused, InvalidRules::Answer(answer.to_owned()));
    }
}

#[test]
fn what_is_not_of_the_form_is_refused_with_its_reason() {
    let whole = replies("", "");
    assert_eq!(
        with(&format!("{whole}phrases.it = [\"x\"]")).unwrap_err(),
        InvalidRules::Language("it".to_owned())
    );
    assert_eq!(
        with(&format!("{whole}stated.en = [\"a..\"]")).unwrap_err(),
        InvalidRules::Phrase("a..".to_owned())
    );
    for wrong in ["intents = 1", "kinds = [\"song\"]", "most_words = -1"] {
        let refused = with(&format!("{wrong}\n{whole}"));
        assert!(matches!(refused, Err(InvalidRules::Form(_))), "{wrong}: {refused:?}");
    }
}

#[test]
fn the_first_rule_answers_and_a_long_or_grave_text_has_no_answer() {
    let rules = Rules::shipped().unwrap();
    for (text, intent) in [
        ("Hi! Thanks for the tips", Some(Intent::Thanks)),
        ("Hi! New PR today. Want to train tomorrow?", Some(Intent::Record)),
        ("Thanks! My mother died yesterday", None),
        ("", None),
        ("🎉🎉🎉", None),
    ] {
        assert_eq!(rules.intent(Kind::Text, text), intent, "{text}");
    }
    let long = "thanks ".repeat(LONGEST);
    assert_eq!(rules.intent(Kind::Text, &long), None);
    assert_eq!(rules.intent(Kind::Voice, &long), None, "nor by its kind");
}

#[test]
fn a_text_of_odd_repeated_parts_is_read_to_its_end() {
    let rules = Rules::shipped().unwrap();
    for text in ["a ", "new ", "一起", "? ", "new, ", "\u{fdfa}"] {
        let text: String = text.chars().cycle().take(LONGEST).collect();
        rules.intent(Kind::Text, &text);
    }
}
