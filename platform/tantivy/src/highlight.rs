//! What of a text matches a query, by the rules that the query itself is built by.

use platform::ports::search::HIGHLIGHT;

use crate::query::Unit;
use crate::tokens::{Piece, are_pair, pair, pieces};

/// The text with marks around what matches.
pub fn highlight(text: &str, units: &[Unit]) -> String {
    let pieces = pieces(text);
    let mut marked = vec![false; pieces.len()];
    for unit in units {
        mark(&pieces, unit, &mut marked);
    }
    let [begin, end] = HIGHLIGHT;
    let mut highlighted = String::with_capacity(text.len() + 16);
    let (mut at, mut open): (usize, Option<usize>) = (0, None);
    for (piece, _) in pieces.iter().zip(&marked).filter(|(_, is_marked)| **is_marked) {
        if open == Some(piece.from) {
            open = Some(piece.to);
            continue;
        }
        if let Some(to) = open {
            highlighted.push_str(&text[at..to]);
            highlighted.push(end);
            at = to;
        }
        highlighted.push_str(&text[at..piece.from]);
        highlighted.push(begin);
        (at, open) = (piece.from, Some(piece.to));
    }
    if let Some(to) = open {
        highlighted.push_str(&text[at..to]);
        highlighted.push(end);
        at = to;
    }
    highlighted.push_str(&text[at..]);
    highlighted
}

fn mark(pieces: &[Piece], unit: &Unit, marked: &mut [bool]) {
    match unit {
        Unit::Word { text, typos, is_prefix } => {
            for (piece, marked) in pieces.iter().zip(marked) {
                let is_like = !piece.is_ideograph && is_within(text, &piece.text, usize::from(*typos));
                *marked |= is_like || (*is_prefix && piece.text.starts_with(text.as_str()));
            }
        }
        Unit::Run(run) => match run.as_slice() {
            [single] => {
                for (piece, marked) in pieces.iter().zip(marked) {
                    *marked |= piece.text == *single;
                }
            }
            several => {
                let pairs: Vec<String> = several.windows(2).map(<[String]>::concat).collect();
                for at in 1..pieces.len() {
                    let (one, other) = (&pieces[at - 1], &pieces[at]);
                    if are_pair(one, other) && pairs.contains(&pair(one, other)) {
                        (marked[at - 1], marked[at]) = (true, true);
                    }
                }
            }
        },
        Unit::Phrase(phrase) => {
            for at in 0..pieces.len().saturating_sub(phrase.len().saturating_sub(1)) {
                let window = &pieces[at..at + phrase.len()];
                if window.iter().zip(phrase).all(|(piece, wanted)| piece.text == *wanted) {
                    marked[at..at + phrase.len()].fill(true);
                }
            }
        }
    }
}

/// Whether two words differ by at most `typos` edits: insertion, deletion, substitution, transposition.
pub fn is_within(one: &str, other: &str, typos: usize) -> bool {
    if typos == 0 {
        return one == other;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > typos {
        return false;
    }
    let width = other.len() + 1;
    let mut before = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, b) in other.iter().enumerate() {
            let cost = usize::from(a != b);
            row[j + 1] = (last[j] + cost).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[width - 1] <= typos
}

#[cfg(test)]
mod tests {
    use platform::ports::search::terms;

    use super::*;
    use crate::query::units;

    fn shown(text: &str, query: &str) -> String {
        highlight(text, &units(&terms(query))).replace(HIGHLIGHT[0], "<").replace(HIGHLIGHT[1], ">")
    }

    #[test]
    fn what_matches_is_marked_and_nothing_else() {
        for (text, query, wanted) in [
            ("Leg day, leg DAY", "leg", "<Leg> day, <leg> DAY"),
            ("leg day and day leg", "\"leg day\"", "<leg> <day> and day leg"),
            ("my protien shake", "protein shake", "my <protien> <shake>"),
            ("training tomorrow", "tom", "training <tomorrow>"),
            ("training tomorrow", "train tomorrow", "training <tomorrow>"),
            ("Die Füße", "fusse", "Die <Füße>"),
            ("明天跑步计划", "跑步", "明天<跑步>计划"),
            ("明天跑", "跑", "明天<跑>"),
            ("no match", "squat", "no match"),
            ("", "x", ""),
        ] {
            assert_eq!(shown(text, query), wanted, "{query} in {text}");
        }
    }

    #[test]
    fn typos_are_letters_more_less_other_or_turned() {
        for (one, other, typos, wanted) in [
            ("squat", "squat", 0, true),
            ("squat", "sqaut", 1, true),
            ("squat", "squats", 1, true),
            ("squat", "quat", 1, true),
            ("squat", "spuat", 1, true),
            ("squat", "spuats", 1, false),
            ("deadlifts", "daedlitfs", 2, true),
        ] {
            assert_eq!(is_within(one, other, typos), wanted, "{one} {other}");
        }
    }
}
