//! JSON with half a surrogate pair: text that a client has cut within a character.
//!
//! Invariant: one pass without recursion over the text, outside of escapes unchanged; whether the rest
//! is valid JSON the parser says.

use schemas::Refusal;

/// What a JSON text is with U+FFFD in place of each half, and where the first half stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaired {
    pub repaired: String,
    /// Keys on the way to it, outermost first, as they are written.
    pub path: Vec<String>,
}

/// Finds half surrogate pairs in a JSON text, if it has any.
pub fn find(json: &str) -> Option<Unpaired> {
    let mut scan = Scan { open: vec![], expects_key: false, first: None };
    let (mut repaired, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(begin) = rest.find(['"', '{', '}', '[', ']', ':', ',']) {
        let (before, here) = rest.split_at(begin);
        repaired.push_str(before);
        if here.starts_with('"') {
            let length = string_length(here);
            let (text, after) = here.split_at(length);
            scan.string(text, &mut repaired);
            rest = after;
        } else {
            scan.punctuation(here.as_bytes()[0]);
            repaired.push_str(&here[..1]);
            rest = &here[1..];
        }
    }
    repaired.push_str(rest);
    scan.first.map(|path| Unpaired { repaired, path })
}

/// Bytes of the string that `text` begins with, quotes included; all of it if the string has no end.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            // The character behind a backslash may have several bytes; none of them is a quote.
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The refusal of a field whose text has half a surrogate pair.
pub fn refusal(field: &str) -> Refusal {
    Refusal::bad_input(field, "half a surrogate pair is no text")
}

struct Scan<'a> {
    /// Objects and lists that are open; of an object the last key.
    open: Vec<Option<&'a str>>,
    expects_key: bool,
    first: Option<Vec<String>>,
}

impl<'a> Scan<'a> {
    fn punctuation(&mut self, mark: u8) {
        match mark {
            b'{' => {
                self.open.push(Some(""));
                self.expects_key = true;
            }
            b'[' => {
                self.open.push(None);
                self.expects_key = false;
            }
            b'}' | b']' => {
                self.open.pop();
                self.expects_key = false;
            }
            b',' => self.expects_key = self.open.last().is_some_and(Option::is_some),
            _ => self.expects_key = false,
        }
    }

    /// Copies a string; `text` has its quotes.
    fn string(&mut self, text: &'a str, repaired: &mut String) {
        let is_key = std::mem::take(&mut self.expects_key);
        if is_key && let Some(last) = self.open.last_mut() {
            *last = Some("");
        }
        if repair(text, repaired) && self.first.is_none() {
            let keys = self.open.iter().filter_map(|key| key.filter(|key| !key.is_empty()));
            self.first = Some(keys.map(str::to_owned).collect());
        }
        if is_key && let Some(last) = self.open.last_mut() {
            *last = Some(text.trim_matches('"'));
        }
    }
}

/// Copies a string with U+FFFD for each half of a pair; says whether there was any.
fn repair(text: &str, repaired: &mut String) -> bool {
    let (mut found, mut rest) = (false, text);
    while let Some(begin) = rest.find('\\') {
        let (before, here) = rest.split_at(begin);
        repaired.push_str(before);
        let length = match (unit(here), here.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                found = true;
                repaired.push_str("\\ufffd");
                rest = &here[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 1 + here[1..].chars().next().map_or(0, char::len_utf8),
        };
        repaired.push_str(&here[..length]);
        rest = &here[length..];
    }
    repaired.push_str(rest);
    found
}

/// The code unit of a `\uXXXX` that a text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_on_the_way_is_known() {
        for (json, expected) in [
            (r#"{"query":"\ud83d"}"#, Some("query")),
            (r#"{"query":"x","variables":{"input":{"content":"\ud83d"}}}"#, Some("variables input content")),
            (r#"{"a":{"b":1},"c":"\uDE00"}"#, Some("c")),
            (r#"{"a":["x",{"b":"y"},"\ud83d"]}"#, Some("a")),
            (r#"{"a":[[{"b":["\ud83dx"]}]]}"#, Some("a b")),
            (r#"{"a":"\ude00\ud83d"}"#, Some("a")),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, Some("a")),
            (r#"{"a":{"\ud83d":1}}"#, Some("a")),
            (r#"{"\ud83d":1}"#, Some("")),
            (r#""\ud83d""#, Some("")),
            (r#"{"a":"{\"b\":","c":"\ud83d"}"#, Some("c")),
            (r#"{"a":"\\","c":"\ud83d"}"#, Some("c")),
            (r#"{"a":"\ud83d\ude00"}"#, None),
            (r#"{"a":"\\ud83d"}"#, None),
            (r#"{"a":"\ud83"}"#, None),
            (r#"{"a":"😀\é"}"#, None),
            (r#"{"a":"no end \"#, None),
            ("{", None),
            ("", None),
        ] {
            assert_eq!(find(json).map(|found| found.path.join(" ")).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let json = r#"{"a":"😀\ud83d\ude00 \ud83d \"\\","b":[1,"\udc00"],"c":null}"#;
        let found = find(json).unwrap();
        assert_eq!(found.repaired, json.replace("\\ud83d ", "\\ufffd ").replace("\\udc00", "\\ufffd"));
        assert!(serde_json::from_str::<serde_json::Value>(&found.repaired).is_ok());
        assert!(serde_json::from_str::<serde_json::Value>(json).is_err());
    }

    #[test]
    fn a_body_of_nothing_but_halves_is_read_in_one_pass() {
        let start = std::time::Instant::now();
        for text in ["\\ud83d", "{\"a\":", "[", "\"", "\\", "{\"\\ud83d\":["] {
            find(&format!("{{\"a\":\"{}", text.repeat(64 * 1024 / text.len())));
            find(&text.repeat(64 * 1024 / text.len()));
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(1), "{:?}", start.elapsed());
    }
}
