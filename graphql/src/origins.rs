//! Origins that browsers may connect from, for sockets and for requests alike.
//!
//! Invariant: a page of a foreign origin gets no socket and reads no answer. A browser always sends the
//! origin of a page, and the page cannot change it; a client without an origin is no browser.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderValue, header};

/// The allowed origins of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    listed: Vec<String>,
    /// Any port of this machine is allowed, over http.
    development: bool,
}

impl Origins {
    pub fn new(listed: Vec<String>, development: bool) -> Self {
        Self { listed, development }
    }

    /// Whether a page of this origin is allowed. Schemes and hosts are compared without regard to case.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        let is_listed = |text: &str| self.listed.iter().any(|listed| listed.eq_ignore_ascii_case(text));
        origin.to_str().is_ok_and(is_listed) || (self.development && is_local(origin))
    }

    /// Whether a request with these headers is allowed: it has one allowed origin or none at all.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => self.allows(origin),
            (Some(_), Some(_)) => false,
        }
    }
}

/// Whether an origin is `http://` and this machine, with any port.
pub fn is_local(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    origin.strip_prefix("http://").is_some_and(is_this_machine)
}

/// Whether a host, with a port or without one, is `localhost` or a loopback address.
pub fn is_this_machine(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((host, port)) if host.parse().is_ok_and(|host: Ipv6Addr| host.is_loopback()) => {
                ("localhost", port)
            }
            _ => return false,
        },
        None => authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon)),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && (host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(|host: Ipv4Addr| host.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.musclemap.example";
    const STAGE: &str = "https://stage.musclemap.example:8443";

    /// Asserts what is allowed by the list and what in development.
    fn check(origins: &[&[u8]], listed: bool, development: bool) {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_bytes(origin).unwrap());
        }
        let list = || vec![APP.to_owned(), STAGE.to_owned()];
        let shown: Vec<_> = origins.iter().map(|origin| String::from_utf8_lossy(origin)).collect();
        for (origins, expected) in [
            (Origins::new(list(), false), listed),
            (Origins::new(list(), true), listed || development),
            (Origins::new(vec![], false), origins.is_empty()),
            (Origins::new(vec![], true), development || origins.is_empty()),
        ] {
            assert_eq!(origins.allow(&headers), expected, "{shown:?}: {origins:?}");
        }
    }

    #[test]
    fn of_browsers_only_listed_origins_connect() {
        for origin in [APP, STAGE, "HTTPS://APP.MUSCLEMAP.EXAMPLE", "https://Stage.MuscleMap.example:8443"] {
            check(&[origin.as_bytes()], true, false);
        }
        let foreign: [&[u8]; 22] = [
            b"http://app.musclemap.example",
            b"https://app.musclemap.example:443",
            b"https://app.musclemap.example:8443",
            b"https://stage.musclemap.example",
            b"https://app.musclemap.example/",
            b"https://app.musclemap.example/path",
            b"https://app.musclemap.example.evil.example",
            b"https://app.musclemap.example@evil.example",
            b"https://evil.example#https://app.musclemap.example",
            b"https://evil.example?https://app.musclemap.example",
            b"https://xapp.musclemap.example",
            b"https://musclemap.example",
            b"https://app.musclemap.example.",
            b"https://app.musclemap.exampl",
            b"app.musclemap.example",
            b"//app.musclemap.example",
            b"https://app.musclemap.example https://evil.example",
            b"https://app.musclemap.example,https://evil.example",
            b"null",
            b"",
            b"*",
            b"https://app.musclemap.ex\xe4mple",
        ];
        for origin in foreign {
            check(&[origin], false, false);
        }
    }

    #[test]
    fn in_development_pages_of_this_machine_connect() {
        for (origin, expected) in [
            ("http://localhost", true),
            ("http://localhost:3000", true),
            ("HTTP://LocalHost:3000", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.8.9.10", true),
            ("http://[::1]", true),
            ("http://[::1]:5173", true),
            ("https://localhost", false),
            ("http://localhost.evil.example", false),
            ("http://localhost:3000.evil.example", false),
            ("http://localhost:3000/path", false),
            ("http://localhost:", false),
            ("http://localhost:99999", false),
            ("http://localhost@evil.example", false),
            ("http://evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://128.0.0.1", false),
            ("http://[::2]", false),
            ("http://[::1]evil.example", false),
            ("http://10.0.0.1", false),
        ] {
            check(&[origin.as_bytes()], false, expected);
        }
    }

    #[test]
    fn a_client_without_an_origin_connects_and_two_origins_are_none() {
        check(&[], true, true);
        check(&[APP.as_bytes(), APP.as_bytes()], false, false);
        check(&[APP.as_bytes(), b"https://evil.example"], false, false);
        check(&[b"https://evil.example", APP.as_bytes()], false, false);
    }
}
