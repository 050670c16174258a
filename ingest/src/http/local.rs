//! Who may log in without a password: a program or a page on this machine.
//!
//! Invariant: a request that a proxy passed on, or that a browser sends for a page from elsewhere, is
//! refused. The name in `Host` is checked because a foreign name can resolve to a loopback address.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use graphql::origins;
use graphql::problem::Problem;

use super::connections::Connected;

/// Refuses what does not come from this machine.
pub async fn only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get().copied();
    match refusal(peer, request.uri(), request.headers()) {
        None => next.run(request).await,
        Some(why) => Problem::new(StatusCode::FORBIDDEN, format!("log-in is local: {why}")).into_response(),
    }
}

/// Why a request is not from this machine.
fn refusal(peer: Option<Connected>, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    if !peer.is_some_and(|Connected(address)| address.to_canonical().is_loopback()) {
        return Some("the connection comes from elsewhere");
    }
    if headers.keys().any(|name| *name == header::FORWARDED || name.as_str().starts_with("x-forwarded-")) {
        return Some("the request was passed on");
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let is_local = |host: &Authority| origins::is_this_machine(host.as_str());
    if hosts.next().is_some()
        || !host.is_some_and(|host| is_local(&host))
        || !uri.authority().is_none_or(is_local)
    {
        return Some("the host is not this machine");
    }
    let sites = headers.get_all("sec-fetch-site");
    if !sites.iter().all(|site| ["same-origin", "same-site", "none"].iter().any(|known| site == known)) {
        return Some("the page is of another site");
    }
    if !headers.get_all(header::ORIGIN).iter().all(origins::is_local) {
        return Some("the page is of another origin");
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderValue;

    use super::*;

    fn check(peer: Option<&str>, uri: &str, given: &[(&'static str, &str)], is_refused: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let peer = peer.map(|peer| Connected(peer.parse::<IpAddr>().unwrap()));
        let why = refusal(peer, &uri.parse().unwrap(), &headers);
        assert_eq!(why.is_some(), is_refused, "{peer:?} {uri} {given:?}: {why:?}");
    }

    #[test]
    fn only_what_comes_from_this_machine_logs_in() {
        let (here, path, host) = (Some("127.0.0.1"), "/dev/login", ("host", "localhost:8080"));
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            check(Some(peer), path, &[host], false);
        }
        for peer in [None, Some("10.0.0.1"), Some("203.0.113.7"), Some("::2"), Some("::ffff:10.0.0.1")] {
            check(peer, path, &[host], true);
        }
        for name in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            check(here, path, &[("host", name)], false);
        }
        for name in
            ["evil.example", "localhost.evil.example:8080", "10.0.0.1", "0.0.0.0", "localhost@evil", ""]
        {
            check(here, path, &[("host", name)], true);
        }
        check(here, path, &[], true);
        check(here, path, &[host, host], true);
        check(here, "http://localhost:8080/dev/login", &[host], false);
        check(here, "http://evil.example/dev/login", &[host], true);
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-x"]
        {
            check(here, path, &[host, (name, "127.0.0.1")], true);
        }
        for (site, is_refused) in
            [("same-origin", false), ("same-site", false), ("none", false), ("cross-site", true), ("?", true)]
        {
            check(here, path, &[host, ("sec-fetch-site", site)], is_refused);
        }
        for (origin, is_refused) in [
            ("http://localhost:3000", false),
            ("http://127.0.0.1:8080", false),
            ("https://app.musclemap.example", true),
            ("null", true),
            ("", true),
        ] {
            check(here, path, &[host, ("origin", origin)], is_refused);
        }
        check(here, path, &[host, ("origin", "http://localhost"), ("origin", "https://evil.example")], true);
    }
}
