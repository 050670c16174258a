//! A phrase of the rules, and whether it stands in a clause.
//!
//! `^` before it: at the beginning of the text; `$` behind it: at the end of a clause; `..` between its parts: a few words
//! or characters, or none; `#`: a word that begins with a digit; `run*`: a word that begins so.
//!
//! Invariant: a look is bounded by the gaps, so its time goes with the length of the clause.

use crate::clauses::{Clause, folded, words};

/// Words that a gap may have.
const GAP_WORDS: usize = 4;
/// Characters that it may have where words are not parted.
const GAP_CHARACTERS: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    begins: bool,
    ends: bool,
    parts: Parts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    Words(Vec<Vec<Word>>),
    Characters(Vec<Vec<char>>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Whole(String),
    Beginning(String),
    Number,
}

/// How the words of a language are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Words are parted by spaces.
    Parted,
    /// Words are not parted, or take endings that are.
    Joined,
}

impl Phrase {
    /// `None` for what has nothing to look for.
    pub fn read(written: &str, script: Script) -> Option<Self> {
        let (begins, rest) = written.strip_prefix('^').map_or((false, written), |rest| (true, rest));
        let (ends, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
        let parts = match script {
            Script::Parted => Parts::Words(rest.split("..").map(read_words).collect()),
            Script::Joined => Parts::Characters(rest.split("..").map(read_characters).collect()),
        };
        let is_whole = match &parts {
            Parts::Words(parts) => parts.iter().all(|part| !part.is_empty()),
            Parts::Characters(parts) => parts.iter().all(|part| !part.is_empty()),
        };
        is_whole.then_some(Self { begins, ends, parts })
    }

    /// Whether it stands in a clause, which may be the first of its text.
    pub fn is_in(&self, clause: &Clause, is_first: bool) -> bool {
        if self.begins && !is_first {
            return false;
        }
        match &self.parts {
            Parts::Words(parts) => self.stands(parts, &clause.words, GAP_WORDS, |word, found| match word {
                Word::Whole(whole) => found == whole,
                Word::Beginning(beginning) => found.starts_with(beginning),
                Word::Number => found.starts_with(|c: char| c.is_ascii_digit()),
            }),
            Parts::Characters(parts) => {
                self.stands(parts, &clause.characters, GAP_CHARACTERS, |c, found| c == found)
            }
        }
    }

    fn stands<P, T>(&self, parts: &[Vec<P>], text: &[T], gap: usize, is: impl Fn(&P, &T) -> bool) -> bool {
        // Where the parts so far may end.
        let mut ends: Vec<usize> = vec![0];
        for (number, part) in parts.iter().enumerate() {
            let most = match number {
                0 if self.begins => 0,
                0 => text.len(),
                _ => gap,
            };
            let is_reached = |at: usize| ends.iter().any(|end| (*end..=end + most).contains(&at));
            let is_here = |at: &usize| {
                is_reached(*at) && part.iter().zip(&text[*at..]).all(|(wanted, found)| is(wanted, found))
            };
            let last = (text.len() + 1).saturating_sub(part.len());
            ends = (0..last).filter(is_here).map(|at| at + part.len()).collect();
        }
        if self.ends { ends.contains(&text.len()) } else { !ends.is_empty() }
    }
}

fn read_words(part: &str) -> Vec<Word> {
    let written = part.split_whitespace().flat_map(|word| {
        if word == "#" {
            return vec![Word::Number];
        }
        let folded = folded(word);
        let mut all: Vec<Word> = words(&folded).map(|word| Word::Whole(word.to_owned())).collect();
        if word.ends_with('*')
            && let Some(Word::Whole(beginning)) = all.pop()
        {
            all.push(Word::Beginning(beginning));
        }
        all
    });
    written.collect()
}

fn read_characters(part: &str) -> Vec<char> {
    words(&folded(part)).flat_map(str::chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clauses::clauses;

    #[test]
    fn a_phrase_stands_in_a_clause() {
        for (phrase, script, text, stands) in [
            ("new pr", Script::Parted, "A NEW PR!", true),
            ("new pr", Script::Parted, "new price", false),
            ("new pr", Script::Parted, "pr new", false),
            ("don't", Script::Parted, "I don’t know", true),
            ("new..pr", Script::Parted, "new bench press pr", true),
            ("new..pr", Script::Parted, "new pr", true),
            ("new..pr", Script::Parted, "new a b c d pr", true),
            ("new..pr", Script::Parted, "new a b c d e pr", false),
            ("new..pr", Script::Parted, "new new a b c d pr", true),
            ("new..pr", Script::Parted, "new, pr", false),
            ("ran #", Script::Parted, "I ran 10k", true),
            ("ran #", Script::Parted, "I ran home", false),
            ("train*", Script::Parted, "we trained", true),
            ("train*", Script::Parted, "constrained", false),
            ("^hi", Script::Parted, "hi bob", true),
            ("^hi", Script::Parted, "oh hi", false),
            ("^hi", Script::Parted, "bob, hi", false),
            ("ok$", Script::Parted, "that is ok.", true),
            ("ok$", Script::Parted, "ok that is", false),
            ("一起..跑步", Script::Joined, "周六一起去跑步吧", true),
            ("같이 운동", Script::Joined, "내일 같이운동 할래", true),
            ("吗$", Script::Joined, "是吗?", true),
            ("吗$", Script::Joined, "吗啡", false),
            ("^你好", Script::Joined, "你好", true),
            ("^你好", Script::Joined, "说你好", false),
            ("まで", Script::Joined, "ま", false),
        ] {
            let read = Phrase::read(phrase, script).unwrap();
            let found =
                clauses(text).iter().enumerate().any(|(number, clause)| read.is_in(clause, number == 0));
            assert_eq!(found, stands, "{phrase} in {text}");
        }
    }

    #[test]
    fn a_phrase_without_a_part_is_none() {
        for written in ["", "^", "$", "..", "a..", "..a", "!", "*", "a....b"] {
            for script in [Script::Parted, Script::Joined] {
                assert_eq!(Phrase::read(written, script), None, "{written}");
            }
        }
    }
}
