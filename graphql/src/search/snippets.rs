//! Parts of a long text around what matches.
//!
//! Invariant: marks come in pairs, and what stands between them is part of a match.

use std::ops::Range;

use platform::ports::search::HIGHLIGHT;

/// Characters of a text that is shown whole.
const WHOLE: usize = 240;
/// Characters before the first match of a part, and of a part in all.
const BEFORE: usize = 60;
const PART: usize = 180;
/// Parts of one text.
const MOST_PARTS: usize = 3;
const CUT: char = '…';

/// The highlighted text, or its parts with matches if it is long.
pub fn snippets(highlighted: &str) -> Vec<String> {
    let (text, matches) = parse(highlighted);
    if text.len() <= WHOLE {
        return vec![render(&text, &matches, 0..text.len())];
    }
    let mut parts: Vec<Range<usize>> = Vec::new();
    for found in &matches {
        if parts.last().is_some_and(|last| found.end <= last.end) {
            continue;
        }
        if parts.len() == MOST_PARTS {
            break;
        }
        let from = found.start.saturating_sub(BEFORE).max(parts.last().map_or(0, |last| last.end));
        parts.push(from..(from + PART).max(found.end).min(text.len()));
    }
    parts.into_iter().map(|part| render(&text, &matches, part)).collect()
}

/// The characters of a text, and which of them match.
fn parse(highlighted: &str) -> (Vec<char>, Vec<Range<usize>>) {
    let (mut text, mut matches, mut begun) = (Vec::new(), Vec::new(), None);
    for c in highlighted.chars() {
        if c == HIGHLIGHT[0] {
            begun = begun.or(Some(text.len()));
        } else if c == HIGHLIGHT[1] {
            matches.extend(begun.take().map(|from| from..text.len()));
        } else {
            text.push(c);
        }
    }
    (text, matches)
}

fn render(text: &[char], matches: &[Range<usize>], part: Range<usize>) -> String {
    let mut rendered = String::new();
    if part.start > 0 {
        rendered.push(CUT);
    }
    let mut at = part.start;
    let within = matches.iter().map(|found| found.start.max(part.start)..found.end.min(part.end));
    for found in within.filter(|found| found.start < found.end) {
        rendered.extend(&text[at..found.start]);
        rendered.push(HIGHLIGHT[0]);
        rendered.extend(&text[found.clone()]);
        rendered.push(HIGHLIGHT[1]);
        at = found.end;
    }
    rendered.extend(&text[at..part.end]);
    if part.end < text.len() {
        rendered.push(CUT);
    }
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> String {
        text.replace('<', "\u{2}").replace('>', "\u{3}")
    }

    fn shown(text: &str) -> Vec<String> {
        let shown = |part: String| part.replace('\u{2}', "<").replace('\u{3}', ">");
        snippets(&marked(text)).into_iter().map(shown).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(shown("a <leg> <day>"), ["a <leg> <day>"]);
        assert_eq!(shown(""), [""]);
        let odd = snippets("\u{3}a\u{2}b\u{2}c\u{3}d\u{3}\u{2}e");
        assert_eq!(odd, ["a\u{2}bc\u{3}de"], "marks without their pairs go");
    }

    #[test]
    fn of_a_long_text_the_parts_with_matches_are_shown() {
        let gap = "é".repeat(400);
        let parts = shown(&format!("{gap}<one>{gap}<two> <three>{gap}<four>{gap}<five>{gap}"));
        assert_eq!(parts.len(), MOST_PARTS);
        for (part, words) in parts.iter().zip([&["<one>"][..], &["<two>", "<three>"], &["<four>"]]) {
            assert!(words.iter().all(|word| part.contains(word)), "{part}");
            assert!(part.starts_with('…') && part.ends_with('…'), "{part}");
            assert!(part.chars().count() <= PART + 8, "{part}");
        }
        let long = format!("<{}>", "x".repeat(1_000));
        assert_eq!(shown(&long).len(), 1);
    }
}
