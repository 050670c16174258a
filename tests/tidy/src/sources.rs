//! Rules for one Rust file: its size, its first line, its name, what is left undone in it.

use crate::tree::File;
use crate::words::has_word;

/// The most lines of a file.
pub const MAX_LINES: usize = 420;

/// Names that say nothing of what a file is about.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "manager", "common"];

/// Spelled apart, so that this file keeps the rule.
const UNDONE: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const IGNORED: &str = concat!("#[ig", "nore");

/// What is wrong with a Rust file.
pub fn check(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut found = |what: String| wrong.push(format!("{}: {what}", file.path));
    if !file.text.starts_with("//! ") {
        found("does not open with //! that says what it is".to_owned());
    }
    let lines = file.text.lines().count();
    if lines > MAX_LINES {
        found(format!("has {lines} lines; {MAX_LINES} are the most"));
    }
    let names = file.path.trim_end_matches(".rs").split('/');
    if file.path.ends_with("/mod.rs") {
        found("foo.rs beside foo/ instead of mod.rs".to_owned());
    }
    for name in names.filter(|name| EMPTY_NAMES.contains(name)) {
        found(format!("the name `{name}` does not say the role"));
    }
    for what in undone(file) {
        found(what);
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.contains(IGNORED) {
            found(format!("line {number}: a test that does not run"));
        }
    }
    wrong
}

/// Words that say that something is still to be done.
pub fn undone(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let words = UNDONE.iter().filter(|word| has_word(line, word));
        found.extend(words.map(|word| format!("line {number}: {word}")));
    }
    found
}

/// Variants of facts that a file names, as `MessageFact::Posted`, by line.
pub fn facts(file: &File) -> Vec<String> {
    let named = file.text.lines().enumerate().filter(|(_, line)| {
        line.match_indices("Fact::").any(|(at, it)| {
            let variant = line[at + it.len()..].chars().next();
            variant.is_some_and(|c| c.is_ascii_uppercase() || c == '*')
        })
    });
    named.map(|(index, line)| format!("{}:{}: {}", file.path, index + 1, line.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_file_must_not_be() {
        let long = "//! A file.\n".to_owned() + &"\n".repeat(MAX_LINES);
        let undone = format!("//! A file.\n// {}: later\n{}]\n", UNDONE[0], IGNORED);
        for (path, text, wrong) in [
            ("a/b.rs", "//! A file.\n", vec![]),
            ("a/b.rs", "use c;\n//! A file.\n", vec!["a/b.rs: does not open with //! that says what it is"]),
            ("a/b.rs", &long, vec!["a/b.rs: has 421 lines; 420 are the most"]),
            ("a/mod.rs", "//! A file.\n", vec!["a/mod.rs: foo.rs beside foo/ instead of mod.rs"]),
            ("a/utils.rs", "//! A file.\n", vec!["a/utils.rs: the name `utils` does not say the role"]),
            ("helpers/b.rs", "//! A file.\n", vec!["helpers/b.rs: the name `helpers` does not say the role"]),
            ("a/b.rs", "//! A file.\nconst TODOS: u8 = 0;\n", vec![]),
            (
                "a/b.rs",
                &undone,
                vec![concat!("a/b.rs: line 2: TO", "DO"), "a/b.rs: line 3: a test that does not run"],
            ),
        ] {
            assert_eq!(check(&File::new(path, text)), wrong, "{path}");
        }
    }

    #[test]
    fn finds_facts_by_variant_and_by_wildcard_import() {
        let text = "match f {\n  ConversationFact::MessagePosted(m) => 1,\n  Fact::Other => 2,\n}\nuse x::Fact::*;\n\
                    let f: Fact = fact::of();\nConversationFact::name(&f);";
        let lines: Vec<String> = facts(&File::new("a.rs", text));
        let at: Vec<&str> = lines.iter().map(|line| &line[..6]).collect();
        assert_eq!(at, ["a.rs:2", "a.rs:3", "a.rs:5"]);
    }
}
