//! Where a handshake may come from.
//!
//! Invariant: a page of a foreign origin gets no socket. Browsers always say where a page is from, and
//! a page cannot change it; who says nothing is no browser.

use axum::http::{HeaderMap, header};

/// Whether a handshake may go on. Without a list browsers connect in development alone.
pub fn is_allowed(headers: &HeaderMap, allowed: &[String], development: bool) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(_), None) if allowed.is_empty() => development,
        (Some(origin), None) => allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const APP: &str = "https://app.musclemap.example";
    const STAGE: &str = "https://stage.musclemap.example:8443";

    fn check(origins: &[&[u8]], listed: bool, development: bool, expected: bool) {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_bytes(origin).unwrap());
        }
        let allowed = if listed { vec![APP.to_owned(), STAGE.to_owned()] } else { vec![] };
        let shown: Vec<_> = origins.iter().map(|origin| String::from_utf8_lossy(origin)).collect();
        let given = is_allowed(&headers, &allowed, development);
        assert_eq!(given, expected, "{shown:?}, listed: {listed}, development: {development}");
    }

    #[test]
    fn of_browsers_only_listed_origins_connect() {
        let listed: [(&[u8], bool); 26] = [
            (APP.as_bytes(), true),
            (STAGE.as_bytes(), true),
            (b"http://app.musclemap.example", false),
            (b"https://app.musclemap.example:443", false),
            (b"https://app.musclemap.example:8443", false),
            (b"https://stage.musclemap.example", false),
            (b"https://app.musclemap.example/", false),
            (b"https://app.musclemap.example/path", false),
            (b"https://app.musclemap.example.evil.example", false),
            (b"https://app.musclemap.example@evil.example", false),
            (b"https://evil.example#https://app.musclemap.example", false),
            (b"https://evil.example?https://app.musclemap.example", false),
            (b"https://xapp.musclemap.example", false),
            (b"https://musclemap.example", false),
            (b"https://www.app.musclemap.example", false),
            (b"HTTPS://APP.MUSCLEMAP.EXAMPLE", false),
            (b"https://app.musclemap.example.", false),
            (b"https://app.musclemap.exampl", false),
            (b"app.musclemap.example", false),
            (b"//app.musclemap.example", false),
            (b"https://app.musclemap.example https://evil.example", false),
            (b"https://app.musclemap.example,https://evil.example", false),
            (b"null", false),
            (b"", false),
            (b"*", false),
            (b"https://app.musclemap.ex\xe4mple", false),
        ];
        for (origin, expected) in listed {
            check(&[origin], true, false, expected);
            check(&[origin], true, true, expected);
            check(&[origin], false, false, false);
            check(&[origin], false, true, true);
        }
    }

    #[test]
    fn whoever_is_no_browser_connects_and_two_origins_are_none() {
        for (listed, development) in [(true, false), (true, true), (false, false), (false, true)] {
            check(&[], listed, development, true);
            check(&[APP.as_bytes(), APP.as_bytes()], listed, development, false);
            check(&[APP.as_bytes(), b"https://evil.example"], listed, development, false);
            check(&[b"https://evil.example", APP.as_bytes()], listed, development, false);
        }
    }
}
