//! What a URL leads to, and whether it may be asked for at all.
//!
//! Invariant: the host is what the parser of URLs made of it, so every encoding of an address is that
//! address, and the connection goes to what was looked at.

use std::net::IpAddr;

use hyper::Uri;
use rustls::pki_types::ServerName;
use url::{Host, Position, Url};

use crate::Refusal;

/// Longer URLs are refused.
const MOST_BYTES: usize = 4096;

/// A URL that may be asked for, once its address was checked.
#[derive(Clone)]
pub struct Target {
    url: Url,
    host: Named,
    port: u16,
}

/// A host: an address, or a name without its last dot.
#[derive(Clone)]
pub enum Named {
    Address(IpAddr),
    Name(String),
}

impl Target {
    pub fn parse(text: &str, ports: &[u16]) -> Result<Self, Refusal> {
        if text.len() > MOST_BYTES {
            return Err(Refusal::Malformed);
        }
        Self::of(Url::parse(text).map_err(|_| Refusal::Malformed)?, ports)
    }

    /// Where a redirect of this target leads.
    pub fn redirected(&self, location: &str, ports: &[u16]) -> Result<Self, Refusal> {
        if location.len() > MOST_BYTES {
            return Err(Refusal::Malformed);
        }
        let next = Self::of(self.url.join(location).map_err(|_| Refusal::Malformed)?, ports)?;
        if self.is_encrypted() && !next.is_encrypted() { Err(Refusal::Downgrade) } else { Ok(next) }
    }

    fn of(mut url: Url, ports: &[u16]) -> Result<Self, Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        if !ports.contains(&port) {
            return Err(Refusal::Port);
        }
        let host = match url.host().ok_or(Refusal::Malformed)? {
            Host::Ipv4(address) => Named::Address(address.into()),
            Host::Ipv6(address) => Named::Address(address.into()),
            Host::Domain(name) => match name.strip_suffix('.').unwrap_or(name) {
                "" => return Err(Refusal::Malformed),
                name => Named::Name(name.to_owned()),
            },
        };
        url.set_fragment(None);
        Ok(Self { url, host, port })
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn host(&self) -> &Named {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What places are counted by.
    pub fn key(&self) -> String {
        match &self.host {
            Named::Address(address) => address.to_string(),
            Named::Name(name) => name.clone(),
        }
    }

    /// The name that the certificate has to carry.
    pub fn server_name(&self) -> Result<ServerName<'static>, Refusal> {
        match &self.host {
            Named::Address(address) => Ok(ServerName::IpAddress((*address).into())),
            Named::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Refusal::Tls),
        }
    }

    /// The header `Host`.
    pub fn authority(&self) -> String {
        let host = match &self.host {
            Named::Address(IpAddr::V6(address)) => format!("[{address}]"),
            Named::Address(IpAddr::V4(address)) => address.to_string(),
            Named::Name(name) => name.clone(),
        };
        self.url.port().map_or(host.clone(), |port| format!("{host}:{port}"))
    }

    /// Path and query.
    pub fn path(&self) -> Result<Uri, Refusal> {
        self.url[Position::BeforePath..Position::AfterQuery].parse().map_err(|_| Refusal::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: [u16; 2] = [80, 443];

    fn parsed(url: &str) -> Result<String, Refusal> {
        Target::parse(url, &PORTS).map(|target| {
            format!("{} {} {} {}", target.key(), target.port(), target.authority(), target.path().unwrap())
        })
    }

    #[test]
    fn a_url_is_http_at_an_allowed_port_without_credentials() {
        for (url, expected) in [
            ("http://site.test", Ok("site.test 80 site.test /")),
            ("HTTPS://Site.Test.:443/a?b#c", Ok("site.test 443 site.test /a?b")),
            ("http://site.test:443/", Ok("site.test 443 site.test:443 /")),
            ("http://0x7f.1/", Ok("127.0.0.1 80 127.0.0.1 /")),
            ("https://[::ffff:127.0.0.1]/", Ok("::ffff:127.0.0.1 443 [::ffff:127.0.0.1] /")),
            ("http://straße.test/ö", Ok("xn--strae-oqa.test 80 xn--strae-oqa.test /%C3%B6")),
            ("http://@site.test/", Ok("site.test 80 site.test /")),
            ("http://user@site.test/", Err(Refusal::Credentials)),
            ("http://:secret@site.test/", Err(Refusal::Credentials)),
            ("http://site.test:22/", Err(Refusal::Port)),
            ("http://site.test:0/", Err(Refusal::Port)),
            ("http://site.test:8080/", Err(Refusal::Port)),
            ("ftp://site.test/", Err(Refusal::Scheme)),
            ("file:///etc/passwd", Err(Refusal::Scheme)),
            ("gopher://site.test:80/", Err(Refusal::Scheme)),
            ("data:text/html,x", Err(Refusal::Scheme)),
            ("javascript:alert(1)", Err(Refusal::Scheme)),
            ("//site.test/", Err(Refusal::Malformed)),
            ("http://", Err(Refusal::Malformed)),
            ("http://./", Err(Refusal::Malformed)),
            ("http://a b/", Err(Refusal::Malformed)),
            ("http://256.1.1.1/", Err(Refusal::Malformed)),
            ("http://[fe80::1%25eth0]/", Err(Refusal::Malformed)),
            ("", Err(Refusal::Malformed)),
        ] {
            assert_eq!(parsed(url), expected.map(str::to_owned), "{url}");
        }
        let long = format!("http://site.test/{}", "a".repeat(MOST_BYTES));
        assert_eq!(parsed(&long), Err(Refusal::Malformed));
    }

    #[test]
    fn a_redirect_is_held_to_the_same_and_never_leaves_https() {
        for (from, location, expected) in [
            ("http://a.test/b/c", "d", Ok("http://a.test/b/d")),
            ("http://a.test/b", "//c.test/d#e", Ok("http://c.test/d")),
            ("http://a.test/", "https://a.test/", Ok("https://a.test/")),
            ("https://a.test/", "/b", Ok("https://a.test/b")),
            ("https://a.test/", "http://a.test/", Err(Refusal::Downgrade)),
            ("http://a.test/", "http://a.test:25/", Err(Refusal::Port)),
            ("http://a.test/", "http://u:p@a.test/", Err(Refusal::Credentials)),
            ("http://a.test/", "file:///etc/passwd", Err(Refusal::Scheme)),
            ("http://a.test/", "http://[", Err(Refusal::Malformed)),
        ] {
            let next = Target::parse(from, &PORTS).unwrap().redirected(location, &PORTS);
            let next = next.map(|target| target.url().to_string());
            assert_eq!(next, expected.map(str::to_owned), "{from} {location}");
        }
    }
}
