//! The decoding of a page into text.
//!
//! Invariant: the order is that of browsers: a byte order mark, the header, a declaration in the first 1,024 bytes;
//! without any, UTF-8 where the bytes are that, else windows-1252.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// Bytes in which a page declares its encoding.
const DECLARED_WITHIN: usize = 1_024;

/// The text of a page with this header `Content-Type`. What is malformed becomes U+FFFD.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| Encoding::for_label(label(content_type?)?.as_bytes()))
        .or_else(|| declared(bytes))
        .unwrap_or_else(|| if is_utf_8(bytes) { UTF_8 } else { WINDOWS_1252 });
    encoding.decode(bytes).0.into_owned()
}

/// The encoding that the page itself declares, which can be no UTF-16: its declaration was read as ASCII.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start: String = bytes.iter().take(DECLARED_WITHIN).map(|byte| char::from(*byte)).collect();
    let encoding = Encoding::for_label(label(&start)?.as_bytes())?;
    if encoding == UTF_16LE || encoding == UTF_16BE {
        Some(UTF_8)
    } else if encoding == X_USER_DEFINED {
        Some(WINDOWS_1252)
    } else {
        Some(encoding)
    }
}

/// What stands behind the first `charset=`.
fn label(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let found = lower.match_indices("charset").find_map(|(at, name)| {
        let rest = text[at + name.len()..].trim_start();
        Some(rest.strip_prefix('=')?.trim_start())
    })?;
    let found = found.strip_prefix(['"', '\'']).unwrap_or(found);
    let end = found.find(|c: char| c.is_whitespace() || "\"';>/".contains(c)).unwrap_or(found.len());
    Some(&found[..end])
}

/// Whether the bytes are UTF-8, but for a character that is cut at their end.
fn is_utf_8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_the_encoding_that_browsers_would_take() {
        let utf_16: Vec<u8> =
            [0xfeff_u16].into_iter().chain("ü".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for (bytes, content_type, expected) in [
            (&b"plain"[..], None, "plain"),
            ("ü".as_bytes(), None, "ü"),
            (&"ü".as_bytes()[..1], None, "\u{fffd}"),
            (b"\xfc", None, "ü"),
            (b"\xfc", Some("text/html"), "ü"),
            (b"\xfc", Some("text/html; charset=ISO-8859-1"), "ü"),
            (b"\xfc", Some("text/html;charset=\"latin1\""), "ü"),
            (b"\xfc", Some("text/html; charset=utf-8"), "\u{fffd}"),
            (b"\xfc", Some("text/html; charset=unknown"), "ü"),
            (b"\x93\xfa\x96{", Some("text/html; charset=Shift_JIS"), "日本"),
            (b"<meta charset=shift_jis>\x93\xfa", None, "<meta charset=shift_jis>日"),
            (b"<META CHARSET = 'windows-1251'>\xc4", None, "<META CHARSET = 'windows-1251'>Д"),
            (
                b"<meta content=\"text/html; charset=koi8-r\">\xc4",
                None,
                "<meta content=\"text/html; charset=koi8-r\">д",
            ),
            (b"<meta charset=utf-16>\xc3\xbc", None, "<meta charset=utf-16>ü"),
            (b"\xef\xbb\xbf\xc3\xbc", Some("text/html; charset=latin1"), "ü"),
            (&utf_16, Some("text/html; charset=utf-8"), "ü"),
        ] {
            assert_eq!(decode(bytes, content_type), expected, "{bytes:?} {content_type:?}");
        }
    }

    #[test]
    fn a_declaration_counts_in_the_first_bytes_alone() {
        let late = [&b" ".repeat(DECLARED_WITHIN)[..], b"<meta charset=koi8-r>\xc4."].concat();
        assert!(decode(&late, None).ends_with("Ä."));
    }
}
