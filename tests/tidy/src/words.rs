//! Words that must not come back: retired identifiers in code, vague words in prose.

use crate::tree::File;

/// A word and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    pub word: String,
    pub instead: String,
}

/// Reads a list: a line for each word, the word first, then what to write instead; `#` begins a
/// comment. A word of several parts is quoted.
pub fn read(list: &str) -> Vec<Retired> {
    entries(list)
        .map(|line| {
            let quoted = line.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let (word, instead) = quoted.or_else(|| line.split_once(' ')).unwrap_or((line, ""));
            Retired { word: word.to_owned(), instead: instead.trim().to_owned() }
        })
        .collect()
}

/// The lines of a list, without comments.
pub fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Where retired words stand in a file. In prose capitals do not matter.
pub fn check(file: &File, retired: &[Retired], in_prose: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let line = if in_prose { line.to_lowercase() } else { line.to_owned() };
        for Retired { word, instead } in retired.iter().filter(|retired| has_word(&line, &retired.word)) {
            wrong.push(format!("{}:{number}: `{word}`; instead: {instead}", file.path));
        }
    }
    wrong
}

/// Whether a line has a word that is not a part of another.
pub fn has_word(line: &str, word: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, word)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_of_word) && !after.is_some_and(is_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_words() {
        let list = read("# word instead\n\nWanderer PollThread\n\"in a row\"  consecutive\n");
        assert_eq!(list.len(), 2);
        let file = File::new("a.rs", "struct Wanderer;\nstruct Wanderers;\nmy_Wanderer\n// twice In a row\n");
        assert_eq!(check(&file, &list, false), ["a.rs:1: `Wanderer`; instead: PollThread"]);
        assert_eq!(check(&file, &list, true), ["a.rs:4: `in a row`; instead: consecutive"]);
    }
}
