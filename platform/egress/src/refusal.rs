//! Why a request has no answer. No variant carries the address that was asked for: it is a user's.

/// Named by what was wrong. What a user chose is refused for good; what a site or a network did may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("not a URL with a host")]
    Malformed,
    #[error("a scheme other than http and https")]
    Scheme,
    #[error("a URL with a user name or a password")]
    Credentials,
    #[error("a port that is not allowed")]
    Port,
    /// The host is an address, or its name resolves to one, that is not globally reachable.
    #[error("an address that is not globally reachable")]
    NotPublic,
    #[error("a redirect from https to http")]
    Downgrade,
    #[error("too many redirects")]
    Redirects,
    #[error("more bytes than are read")]
    WireBytes,
    #[error("more bytes after decompression than are kept")]
    DecodedBytes,
    #[error("a content encoding that is unknown or damaged")]
    Encoding,
    #[error("a name without an address")]
    NoAddress,
    #[error("the name servers failed")]
    Resolution,
    #[error("no connection")]
    Unreachable,
    #[error("no TLS with a certificate of this host")]
    Tls,
    #[error("an answer that is not HTTP, or ended early")]
    Broken,
    #[error("no answer in time")]
    Deadline,
    #[error("too many requests are waiting")]
    Busy,
}

impl Refusal {
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Scheme,
        Self::Credentials,
        Self::Port,
        Self::NotPublic,
        Self::Downgrade,
        Self::Redirects,
        Self::WireBytes,
        Self::DecodedBytes,
        Self::Encoding,
        Self::NoAddress,
        Self::Resolution,
        Self::Unreachable,
        Self::Tls,
        Self::Broken,
        Self::Deadline,
        Self::Busy,
    ];

    /// As metrics and logs have it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Scheme => "scheme",
            Self::Credentials => "credentials",
            Self::Port => "port",
            Self::NotPublic => "not_public",
            Self::Downgrade => "downgrade",
            Self::Redirects => "redirects",
            Self::WireBytes => "wire_bytes",
            Self::DecodedBytes => "decoded_bytes",
            Self::Encoding => "encoding",
            Self::NoAddress => "no_address",
            Self::Resolution => "resolution",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::Deadline => "deadline",
            Self::Busy => "busy",
        }
    }

    /// Whether the same request may succeed later.
    pub fn may_pass(self) -> bool {
        match self {
            Self::NoAddress
            | Self::Resolution
            | Self::Unreachable
            | Self::Tls
            | Self::Broken
            | Self::Deadline
            | Self::Busy => true,
            Self::Malformed
            | Self::Scheme
            | Self::Credentials
            | Self::Port
            | Self::NotPublic
            | Self::Downgrade
            | Self::Redirects
            | Self::WireBytes
            | Self::DecodedBytes
            | Self::Encoding => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn labels_are_distinct_and_texts_name_no_address() {
        let labels: BTreeSet<&str> = Refusal::ALL.into_iter().map(Refusal::label).collect();
        assert_eq!(labels.len(), Refusal::ALL.len());
        let texts: BTreeSet<String> = Refusal::ALL.iter().map(Refusal::to_string).collect();
        assert_eq!(texts.len(), Refusal::ALL.len());
        assert!(texts.iter().all(|text| !text.contains("://")), "{texts:?}");
    }
}
