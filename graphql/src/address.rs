//! The address of a client: its peer's, or the one that trusted proxies name.
//!
//! Invariant: a forwarding header is believed only as far as trusted proxies wrote it. Headers are read
//! from the right, where the nearest proxy writes, up to the first address that is no trusted proxy's.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies whose forwarding headers are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct NoNetwork(String);

impl TrustedProxies {
    /// Reads addresses and networks, by commas.
    pub fn parse(list: &str) -> Result<Self, NoNetwork> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            let network = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| NoNetwork(part.to_owned()))
        });
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    /// The address that the limits of a request count by.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let forwarded = list(headers, &header::FORWARDED).map(|hops| hops.map(by_forwarded).collect());
        let x_forwarded = list(headers, &X_FORWARDED_FOR).map(|hops| hops.map(address).collect());
        match (forwarded, x_forwarded) {
            (None, None) => peer,
            (Some(hops), None) | (None, Some(hops)) => self.walk(peer, hops),
            (Some(one), Some(other)) => {
                // A proxy writes one of the headers and may pass the other as the client sent it.
                let (one, other) = (self.walk(peer, one), self.walk(peer, other));
                if one == other { one } else { peer }
            }
        }
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// From the peer towards the client, as long as hops are trusted.
    fn walk(&self, peer: IpAddr, hops: Vec<Option<IpAddr>>) -> IpAddr {
        let mut nearest = peer;
        for hop in hops.into_iter().rev() {
            // A hop that is hidden or malformed ends what is known.
            let Some(hop) = hop else { return nearest };
            nearest = hop;
            if !self.trust(hop) {
                return nearest;
            }
        }
        nearest
    }
}

/// The items of a header that may stand in several lines; none if it is not there.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<impl Iterator<Item = &'a str>> {
    let lines = headers.get_all(name);
    // A line that is no text has an item that is no address.
    let items = lines.iter().flat_map(|line| split(line.to_str().unwrap_or("?"), ','));
    headers.contains_key(name).then_some(items)
}

/// Splits a text where `separator` stands outside quotes.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c| {
        let is_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !is_escaped => escaped = true,
            '"' if !is_escaped => quoted = !quoted,
            _ => {}
        }
        c == separator && !quoted
    })
    .map(str::trim)
}

/// The address that an element of `Forwarded` names (RFC 7239, 4): the one `for` in it.
fn by_forwarded(element: &str) -> Option<IpAddr> {
    let mut named = split(element, ';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let node = named.next()?;
    let node = node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(node);
    if named.next().is_some() { None } else { address(node) }
}

/// An address with or without a port; version 6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXIES: &str = "10.0.0.0/8, 192.0.2.1, 2001:db8:ff::/48";

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies = TrustedProxies::parse(PROXIES).unwrap();
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_what_they_wrote() {
        let (forwarded, x) = ("forwarded", "x-forwarded-for");
        let cases: &[(&str, &[(&'static str, &str)], &str)] = &[
            ("203.0.113.7", &[], "203.0.113.7"),
            ("203.0.113.7", &[(x, "198.51.100.9")], "203.0.113.7"),
            ("203.0.113.7", &[(forwarded, "for=198.51.100.9")], "203.0.113.7"),
            ("10.1.1.1", &[], "10.1.1.1"),
            ("10.1.1.1", &[(x, "198.51.100.9")], "198.51.100.9"),
            ("192.0.2.1", &[(x, "198.51.100.9")], "198.51.100.9"),
            ("192.0.2.2", &[(x, "198.51.100.9")], "192.0.2.2"),
            ("::ffff:10.1.1.1", &[(x, "198.51.100.9")], "198.51.100.9"),
            // What the client wrote stands on the left of what proxies wrote.
            ("10.1.1.1", &[(x, "6.6.6.6, 198.51.100.9")], "198.51.100.9"),
            ("10.1.1.1", &[(x, "6.6.6.6, 198.51.100.9, 10.2.2.2")], "198.51.100.9"),
            ("10.1.1.1", &[(x, "6.6.6.6"), (x, "198.51.100.9, 10.2.2.2")], "198.51.100.9"),
            ("10.1.1.1", &[(x, "10.3.3.3, 10.2.2.2")], "10.3.3.3"),
            // What cannot be read ends what is known.
            ("10.1.1.1", &[(x, "198.51.100.9, nobody")], "10.1.1.1"),
            ("10.1.1.1", &[(x, "198.51.100.9, nobody, 10.2.2.2")], "10.2.2.2"),
            ("10.1.1.1", &[(x, "")], "10.1.1.1"),
            ("10.1.1.1", &[(x, "198.51.100.9,")], "10.1.1.1"),
            ("10.1.1.1", &[(x, "198.51.100.999")], "10.1.1.1"),
            ("10.1.1.1", &[(x, "\u{e4}")], "10.1.1.1"),
            ("10.1.1.1", &[(x, "198.51.100.9:4711")], "198.51.100.9"),
            ("10.1.1.1", &[(x, "2001:db8::9")], "2001:db8::9"),
            ("10.1.1.1", &[(x, "[2001:db8::9]:4711")], "2001:db8::9"),
            ("10.1.1.1", &[(x, "::ffff:198.51.100.9")], "198.51.100.9"),
            ("2001:db8:ff::1", &[(x, "2001:db8::9")], "2001:db8::9"),
            ("10.1.1.1", &[(forwarded, "for=198.51.100.9")], "198.51.100.9"),
            (
                "10.1.1.1",
                &[(forwarded, "proto=http; For=\"198.51.100.9:4711\" ;by=10.1.1.1")],
                "198.51.100.9",
            ),
            ("10.1.1.1", &[(forwarded, "for=\"[2001:db8::9]:4711\"")], "2001:db8::9"),
            (
                "10.1.1.1",
                &[(forwarded, "for=6.6.6.6, for=198.51.100.9;host=\"a,b;for=7.7.7.7\"")],
                "198.51.100.9",
            ),
            ("10.1.1.1", &[(forwarded, "for=198.51.100.9;host=\"a\\\",for=7.7.7.7\"")], "198.51.100.9"),
            ("10.1.1.1", &[(forwarded, "for=198.51.100.9, for=unknown")], "10.1.1.1"),
            ("10.1.1.1", &[(forwarded, "for=_hidden")], "10.1.1.1"),
            ("10.1.1.1", &[(forwarded, "for=198.51.100.9;for=6.6.6.6")], "10.1.1.1"),
            ("10.1.1.1", &[(forwarded, "by=198.51.100.9")], "10.1.1.1"),
            ("10.1.1.1", &[(forwarded, "for=\"198.51.100.9")], "10.1.1.1"),
            // A client cannot name itself by the header that its proxy does not write.
            ("10.1.1.1", &[(forwarded, "for=6.6.6.6"), (x, "198.51.100.9")], "10.1.1.1"),
            ("10.1.1.1", &[(forwarded, "for=198.51.100.9"), (x, "198.51.100.9")], "198.51.100.9"),
        ];
        for (peer, headers, expected) in cases {
            assert_eq!(client(peer, headers), *expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_an_error_and_nothing_trusts_nobody() {
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0", "10.0.0.1/8/8"] {
            assert!(TrustedProxies::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(TrustedProxies::parse(" , ").unwrap(), TrustedProxies::default());
        assert!(!TrustedProxies::default().trust([127, 0, 0, 1].into()));
    }
}
