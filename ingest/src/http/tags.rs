//! Entity tags of conditional requests (RFC 9110, 13.1.2).

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names this tag, by the weak comparison.
pub fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn named(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
        }
        knows(&headers, "\"a\"")
    }

    #[test]
    fn a_tag_is_found_among_others() {
        assert!(named(&["\"a\""]) && named(&["\"b\", W/\"a\""]) && named(&["*"]));
        assert!(named(&["\"b\"", "\"a\""]), "on a line of its own");
        assert!(!named(&["\"b\""]) && !named(&["a"]) && !named(&[""]) && !named(&[]));
    }
}
