//! Links: which domains a text leads to, and how it hides that.
//!
//! Source of what an address is: the URL standard, as browsers read it.

use std::collections::HashMap;

use linkify::{LinkFinder, LinkKind};
use schemas::moderation::{LinkTrick, Moderation};
use unicode_security::MixedScript;
use url::{Host, Url};

use super::folding::{Form, folded, readable};

pub struct Links {
    /// The rules of a domain.
    domains: HashMap<String, Vec<usize>>,
    tricks: Vec<(usize, LinkTrick)>,
    trusted: Vec<Trusted>,
}

struct Trusted {
    domain: String,
    labels: usize,
    looks: String,
}

impl Links {
    pub fn new(rules: &Moderation) -> Self {
        let mut domains: HashMap<String, Vec<usize>> = HashMap::new();
        let mut tricks = vec![];
        for (at, rule) in rules.rules().iter().enumerate() {
            for domain in rule.domains.iter().filter_map(|domain| ascii(domain)) {
                domains.entry(domain).or_default().push(at);
            }
            tricks.extend(rule.links.iter().map(|trick| (at, *trick)));
        }
        let trusted = rules.trusted_domains().iter().filter_map(|domain| {
            let domain = ascii(domain)?;
            Some(Trusted { labels: domain.split('.').count(), looks: looks(&domain), domain })
        });
        Self { domains, tricks, trusted: trusted.collect() }
    }

    /// Names the rules that the links of a text meet.
    pub fn find(&self, text: &str, mut met: impl FnMut(usize)) {
        // Without a dot, a colon and a bracket no text has a link.
        if (self.domains.is_empty() && self.tricks.is_empty()) || !text.contains(['.', ':', '[', '\u{3002}'])
        {
            return;
        }
        let readable = readable(text);
        for link in links(&readable) {
            if link
                .host()
                .is_some_and(|host| self.trusted.iter().any(|trusted| is_below(host, &trusted.domain)))
                && !link.has_userinfo
            {
                continue;
            }
            for rules in link.host().into_iter().flat_map(parents).filter_map(|host| self.domains.get(host)) {
                rules.iter().for_each(|rule| met(*rule));
            }
            let used = self.tricks.iter().filter(|(_, trick)| self.uses(&link, *trick));
            used.for_each(|(rule, _)| met(*rule));
        }
    }

    fn uses(&self, link: &Link, trick: LinkTrick) -> bool {
        match trick {
            LinkTrick::IpLiteral => link.is_address(),
            LinkTrick::Userinfo => link.has_userinfo,
            LinkTrick::Punycode => link.host().is_some_and(|host| unicode(host).split('.').any(is_disguised)),
            LinkTrick::LookAlike => link
                .host()
                .is_some_and(|host| self.trusted.iter().any(|trusted| trusted.is_imitated_by(host))),
        }
    }
}

impl Trusted {
    /// Whether another domain ends like this one, or has it as a part before its end.
    fn is_imitated_by(&self, host: &str) -> bool {
        if is_below(host, &self.domain) {
            return false;
        }
        let inside = format!("{}.", self.domain);
        let has_it = host.starts_with(&inside) || host.contains(&format!(".{inside}"));
        let unicode = unicode(host);
        let labels: Vec<&str> = unicode.split('.').collect();
        let end = labels[labels.len().saturating_sub(self.labels)..].join(".");
        has_it || looks(&end) == self.looks
    }
}

struct Link {
    host: Host<String>,
    has_userinfo: bool,
    /// Without one, four numbers with dots are no address.
    has_scheme: bool,
}

impl Link {
    /// The domain in ASCII, if it is one.
    fn host(&self) -> Option<&str> {
        match &self.host {
            Host::Domain(domain) => Some(domain.trim_end_matches('.')),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }

    fn is_address(&self) -> bool {
        self.has_scheme && self.host().is_none()
    }
}

fn links(readable: &str) -> Vec<Link> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    let found = finder.links(readable).map(|link| link.as_str());
    found.chain(with_schemes(readable)).filter_map(link).collect()
}

/// What stands on both sides of `://`: a browser opens addresses too that do not look like one.
fn with_schemes(readable: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || "<>\"'`".contains(c);
    readable.match_indices("://").map(move |(at, _)| {
        let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let start = readable[..at].trim_end_matches(of_scheme).len();
        let end = readable[at..].find(ends).map_or(readable.len(), |end| at + end);
        &readable[start..end]
    })
}

fn link(text: &str) -> Option<Link> {
    let has_scheme = text.contains("://");
    let url = if has_scheme { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&url).ok()?;
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    Some(Link { host: url.host()?.to_owned(), has_userinfo, has_scheme })
}

/// A domain as hosts are compared, if it is one.
pub fn ascii(domain: &str) -> Option<String> {
    match Host::parse(domain).ok()? {
        Host::Domain(domain) if domain.contains('.') => Some(domain),
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn unicode(host: &str) -> String {
    idna::domain_to_unicode(host).0
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A host and each domain that it is below of.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent))
}

fn looks(domain: &str) -> String {
    folded(&readable(domain), Form::Alike)
}

/// Whether a label, in Unicode, is not what it seems: of several scripts, or ASCII by its looks.
fn is_disguised(label: &str) -> bool {
    !label.is_ascii() && (!label.is_single_script() || looks(label).is_ascii())
}
