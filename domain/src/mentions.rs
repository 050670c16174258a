//! Mentions: which members a text names by `@username`, and whether it names `@all`.
//!
//! Invariants: a name that is not written behind an `@` is never named. Of several names that fit, the
//! longest does. Nothing is named inside a link or an e-mail address.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use icu_properties::props::{
    GeneralCategory, GeneralCategoryGroup, JoinControl, LineBreak, Script, XidContinue,
};
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{CodePointMapData, CodePointSetData};
use linkify::{LinkFinder, LinkKind};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::fold;

/// The most people that one text names.
const MAX_PEOPLE: usize = 50;
/// The name that stands for all members, and for no member who has it.
const ALL: &str = "all";
/// Bytes behind a name that decide whether it ends there.
const AHEAD: usize = 32;

/// What a text names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Named {
    /// Positions in the list of usernames, ascending.
    pub people: Vec<usize>,
    pub all: bool,
}

/// Whether a text has a place where a mention can begin. It depends on no member.
pub fn may_name(text: &str) -> bool {
    text.contains('@') && !places(&text.nfc().collect::<String>()).is_empty()
}

/// Which of the members a text names. Names are compared in NFC and case-folded.
pub fn named<'a>(text: &str, usernames: impl IntoIterator<Item = &'a str>) -> Named {
    let text: String = text.nfc().collect();
    let members = Members::new(usernames);
    let (mut people, mut all) = (BTreeSet::new(), false);
    for place in places(&text) {
        let Some((name, _)) = members.longest_name(&text[place + 1..]) else { continue };
        all |= name == ALL;
        for member in &members.by_name[name] {
            if people.len() < MAX_PEOPLE {
                people.insert(*member);
            }
        }
    }
    Named { people: people.into_iter().collect(), all }
}

/// Where mentions are written in a stored text, each with its `@`: of these names, else of the word behind the `@`,
/// whoever that is.
pub fn written<'a>(text: &str, usernames: impl IntoIterator<Item = &'a str>) -> Vec<Range<usize>> {
    let members = Members::new(usernames);
    let written = |place: usize| {
        let behind = &text[place + 1..];
        let end = match members.longest_name(behind) {
            Some((_, end)) => end,
            None => behind.find(|c| !is_word(c)).unwrap_or(behind.len()),
        };
        (end > 0).then(|| place..place + 1 + end)
    };
    places(text).into_iter().filter_map(written).collect()
}

/// Names that a text may have, by their keys.
struct Members {
    /// Positions in the list of usernames.
    by_name: HashMap<String, Vec<usize>>,
    /// Bytes of the longest key.
    longest: usize,
}

impl Members {
    fn new<'a>(usernames: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, username) in usernames.into_iter().enumerate() {
            by_name.entry(key(username)).or_default().push(at);
        }
        by_name.remove("");
        by_name.insert(ALL.to_owned(), vec![]);
        let longest = by_name.keys().map(String::len).max().unwrap_or(0);
        Self { by_name, longest }
    }

    /// The key of the longest name that a text begins with, and where it ends there.
    fn longest_name(&self, text: &str) -> Option<(&str, usize)> {
        let (mut folded, mut found) = (String::new(), None);
        for (at, c) in text.char_indices() {
            folded.push_str(&fold(c.encode_utf8(&mut [0; 4])));
            if folded.len() > self.longest {
                break;
            }
            let end = at + c.len_utf8();
            if let Some((name, _)) = self.by_name.get_key_value(&folded)
                && ends(text, end)
                && !is_local_part(text, end)
            {
                found = Some((name.as_str(), end));
            }
        }
        found
    }
}

/// The form in which names are compared.
fn key(name: &str) -> String {
    fold(&name.nfc().collect::<String>())
}

/// Where an `@` stands that can begin a mention: in no link, and behind nothing that makes it an address.
fn places(text: &str) -> Vec<usize> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    let links: Vec<_> = finder.links(text).map(|link| link.start()..link.end()).collect();
    let in_link = |at: usize| {
        let behind = links.partition_point(|link| link.end <= at);
        links.get(behind).is_some_and(|link| link.contains(&at))
    };
    let begins = |at: &usize| !in_link(*at) && !follows_local_part(&text[..*at]);
    text.match_indices('@').map(|(at, _)| at).filter(begins).collect()
}

/// Whether a text ends in what can be the local part of an e-mail address (RFC 5321, 4.1.2, and 6531).
fn follows_local_part(before: &str) -> bool {
    let is_ascii = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let ascii = &before[before.trim_end_matches(is_ascii).len()..];
    if !ascii.is_empty() {
        // A full stop ends a sentence, but no local part.
        return ascii.contains(|c: char| c.is_ascii_alphanumeric()) && !ascii.ends_with('.');
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |c: &char| GeneralCategoryGroup::Mark.contains(categories.get(*c));
    let base = before.chars().rev().find(|c| !is_mark(c));
    base.is_some_and(|c| c == '@' || (is_word(c) && !is_without_spaces(c)))
}

/// Whether what ends at `end` is itself the local part of an address, as in `@name@example.org`.
fn is_local_part(text: &str, end: usize) -> bool {
    let domain = text[end..].strip_prefix('@');
    domain.and_then(|domain| domain.chars().next()).is_some_and(is_word)
}

/// Whether a character can be part of a name (UAX #31).
fn is_word(c: char) -> bool {
    CodePointSetData::new::<XidContinue>().contains(c)
}

/// Whether words of the character's script stand beside each other without a space (UAX #14).
fn is_without_spaces(c: char) -> bool {
    matches!(
        CodePointMapData::<LineBreak>::new().get(c),
        LineBreak::Ideographic
            | LineBreak::ConditionalJapaneseStarter
            | LineBreak::Nonstarter
            | LineBreak::ComplexContext
            | LineBreak::H2
            | LineBreak::H3
            | LineBreak::JL
            | LineBreak::JV
            | LineBreak::JT
            | LineBreak::Aksara
            | LineBreak::AksaraPrebase
            | LineBreak::AksaraStart
    )
}

/// Whether a name can end at `end`: what follows is no part of a name (UAX #31), is of another script
/// (UAX #24), or begins another word (UAX #29).
fn ends(text: &str, end: usize) -> bool {
    let Some(next) = text[end..].chars().next() else { return true };
    if !is_word(next) {
        return !CodePointSetData::new::<JoinControl>().contains(next);
    }
    let text = &text[..text.floor_char_boundary(end.saturating_add(AHEAD))];
    text.grapheme_indices(true).any(|(at, _)| at == end)
        && (is_other_script(&text[..end], next) || text.split_word_bound_indices().any(|(at, _)| at == end))
}

/// Whether a character has a script, and shares none with the last character before it that has one.
fn is_other_script(before: &str, next: char) -> bool {
    let scripts = ScriptWithExtensions::new();
    let of = |c: char| {
        let scripts = scripts.get_script_extensions_val(c);
        let has_none = scripts.contains(&Script::Common) || scripts.contains(&Script::Inherited);
        (!has_none).then_some(scripts)
    };
    let (Some(last), Some(next)) = (before.chars().rev().find_map(of), of(next)) else { return false };
    !last.iter().any(|script| next.contains(&script))
}

#[cfg(test)]
mod tests;
