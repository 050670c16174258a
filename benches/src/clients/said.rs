//! What a server says in a text, found by looking for a few names: a client that parsed every frame
//! would take more of the machine than the server.
//!
//! Invariant: content starts with the moment at which it was due, so what is found in it is a number.

use std::str;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    Acknowledged,
    Ping {
        cursor: Option<&'a str>,
    },
    /// A message of the conversation, due at a moment of the monotonic clock.
    Message {
        seq: i64,
        due: u64,
        cursor: Option<&'a str>,
    },
    /// Everything that was missed has been sent.
    Drained {
        cursor: Option<&'a str>,
    },
    /// Anything else: an error, a gap, the end of the operation.
    Unexpected,
}

pub fn read(text: &[u8]) -> Said<'_> {
    if let Some(rest) = after(text, b"\"seq\":") {
        let due = after(rest, b"\"content\":\"").and_then(number);
        return match (number(rest), due) {
            (Some(seq), Some(due)) => Said::Message { seq: seq as i64, due, cursor: cursor(text) },
            _ => Said::Unexpected,
        };
    }
    if after(text, b"\"replayed\":").is_some() {
        Said::Drained { cursor: cursor(text) }
    } else if after(text, b"\"type\":\"connection_ack\"").is_some() {
        Said::Acknowledged
    } else if after(text, b"\"type\":\"ping\"").is_some() {
        Said::Ping { cursor: after(text, b"\"inbox\":\"").and_then(quoted) }
    } else {
        Said::Unexpected
    }
}

fn cursor(text: &[u8]) -> Option<&str> {
    after(text, b"\"cursor\":\"").and_then(quoted)
}

fn after<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(name.len()).position(|window| window == name)?;
    Some(&text[at + name.len()..])
}

/// The digits that the text begins with.
fn number(text: &[u8]) -> Option<u64> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// What stands before the next quotation mark; cursors have none in them.
fn quoted(text: &[u8]) -> Option<&str> {
    let end = text.iter().position(|byte| *byte == b'"')?;
    str::from_utf8(&text[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Said<'_>) {
        assert_eq!(read(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn what_a_node_says_is_told_apart() {
        check(r#"{"type":"connection_ack"}"#, Said::Acknowledged);
        check(r#"{"type":"ping"}"#, Said::Ping { cursor: None });
        let ping = r#"{"type":"ping","payload":{"cursors":{"inbox":"a.b"}}}"#;
        check(ping, Said::Ping { cursor: Some("a.b") });
        let frame = |event: &str| {
            let data = format!(r#"{{"inbox":{{"cursor":"a.b","event":{event}}}}}"#);
            format!(r#"{{"id":"inbox","type":"next","payload":{{"data":{data}}}}}"#)
        };
        let message = frame(r#"{"message":{"seq":12,"content":"345 xx"}}"#);
        check(&message, Said::Message { seq: 12, due: 345, cursor: Some("a.b") });
        check(&frame(r#"{"replayed":0}"#), Said::Drained { cursor: Some("a.b") });
        check(&frame(r#"{"reason":"cursor too old"}"#), Said::Unexpected);
        check(&frame(r#"{"message":{"seq":12,"content":"hello"}}"#), Said::Unexpected);
        check(r#"{"type":"error","id":"inbox","payload":[]}"#, Said::Unexpected);
        check("", Said::Unexpected);
    }
}
