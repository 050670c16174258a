//! Words and phrases: all of them are searched in one pass over the folded text.
//!
//! Invariant: a word matches a whole word of the text, in each of its spellings; a `*` at its start or end matches
//! inside a longer word. Digits alone are no word.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use icu_properties::props::Script;
use icu_properties::script::ScriptWithExtensions;
use schemas::moderation::ModerationRule;

use super::InvalidRule;
use super::folding::{Form, Piece, folded, folded_ascii, pieces, readable};

pub struct Words {
    automaton: Option<AhoCorasick>,
    /// What each pattern of the automaton is.
    entries: Vec<Entry>,
}

/// A form of a word.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: usize,
    /// It begins where a word begins.
    begins: bool,
    ends: bool,
}

/// A word without its `*`s, and whether it begins and ends where words do.
pub fn bare(word: &str) -> (&str, bool, bool) {
    let (begins, ends) = (!word.starts_with('*'), !word.ends_with('*'));
    (word.trim_matches('*'), begins, ends)
}

impl Words {
    pub fn new(rules: &[ModerationRule]) -> Result<Self, InvalidRule> {
        let (mut patterns, mut entries) = (vec![], vec![]);
        for (rule, of) in rules.iter().enumerate() {
            for word in &of.words {
                let (bare, begins, ends) = bare(word);
                let readable = readable(bare);
                let mut forms = Form::ALL.map(|form| folded(&readable, form)).to_vec();
                forms.dedup();
                for form in forms {
                    patterns.push(form);
                    entries.push(Entry { rule, begins, ends });
                }
            }
        }
        if patterns.is_empty() {
            return Ok(Self { automaton: None, entries });
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // Some 2 MB for 10,000 words, where a DFA takes ten times as much.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .map_err(|_| InvalidRule::Words)?;
        Ok(Self { automaton: Some(automaton), entries })
    }

    /// Names the rule of each word in a text.
    pub fn find(&self, text: &str, mut met: impl FnMut(usize)) {
        let Some(automaton) = &self.automaton else { return };
        if text.is_ascii() {
            let folded = folded_ascii(text);
            return self.find_in(automaton, &folded, text, Form::Plain, &mut met);
        }
        let readable = readable(text);
        for form in Form::ALL {
            self.find_in(automaton, folded(&readable, form).as_bytes(), &readable, form, &mut met);
        }
    }

    fn find_in(
        &self,
        automaton: &AhoCorasick,
        folded: &[u8],
        readable: &str,
        form: Form,
        met: &mut impl FnMut(usize),
    ) {
        let mut known: Option<Vec<Piece>> = None;
        for found in automaton.find_overlapping_iter(folded) {
            let Some(entry) = self.entries.get(found.pattern().as_usize()) else { continue };
            let pieces = known.get_or_insert_with(|| pieces(readable, form));
            if stands(pieces, found.start(), found.end(), *entry) {
                met(entry.rule);
            }
        }
    }
}

/// Whether what is found from `start` to `end` of the folded form is the word of an entry.
fn stands(pieces: &[Piece], start: usize, end: usize, entry: Entry) -> bool {
    let first = pieces.partition_point(|piece| piece.end <= start);
    let after = pieces.partition_point(|piece| piece.end < end) + 1;
    let Some(word) = pieces.get(first..after) else { return false };
    let before = first.checked_sub(1).map(|at| pieces[at]);
    let next = pieces.get(after).map(|piece| piece.character);
    // A part of a character is none.
    let is_whole =
        before.map_or(0, |piece| piece.end) == start && word.last().is_some_and(|last| last.end == end);
    let is_apart = |at: Option<&Piece>, beside: Option<char>| {
        !(at.is_some_and(|piece| joins(piece.character)) && beside.is_some_and(joins))
    };
    is_whole
        && !word.iter().all(|piece| piece.character.is_numeric())
        && (!entry.begins || is_apart(word.first(), before.map(|piece| piece.character)))
        && (!entry.ends || is_apart(word.last(), next))
}

/// Whether a character is a part of a word that goes on beside it. Signs that stand for letters join as these do at
/// the edge of a word, not beside it.
fn joins(c: char) -> bool {
    c.is_alphanumeric() && !SPACELESS.contains(&ScriptWithExtensions::new().get_script_val(c))
}

/// Scripts that are written without spaces between words.
const SPACELESS: [Script; 7] = [
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Thai,
    Script::Lao,
    Script::Khmer,
    Script::Myanmar,
];
