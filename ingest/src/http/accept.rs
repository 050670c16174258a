//! Content negotiation: which media type an answer has (RFC 9110, section 12.5.1; GraphQL over HTTP).
//!
//! Invariant: a type is given only where the client accepts it. `application/json` is the answer to a
//! client that says nothing or `*/*`, as clients of before the new type expect it.

use axum::http::{HeaderMap, HeaderValue, header};
use graphql::address::split;

/// Media types of responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: a well-formed request is always answered with 200.
    Json,
    /// `application/graphql-response+json`: the status says whether the operation was executed.
    GraphqlResponse,
}

impl Media {
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        })
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::GraphqlResponse => "graphql-response+json",
        }
    }
}

/// The type that the client prefers, if it accepts any.
pub fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<Range> = values.flat_map(|value| split(value, ',')).filter_map(Range::parse).collect();
    if ranges.is_empty() {
        return Some(Media::Json);
    }
    let [json, graphql] = [Media::Json, Media::GraphqlResponse].map(|media| {
        let matching = ranges.iter().filter_map(|range| Some((range.matches(media)?, range.quality)));
        // The most specific range says the quality.
        matching.max_by_key(|(precision, _)| *precision).unwrap_or((Precision::All, 0))
    });
    match (json.1, graphql.1) {
        (0, 0) => None,
        (json, graphql) if json > graphql => Some(Media::Json),
        (json, graphql) if json < graphql => Some(Media::GraphqlResponse),
        // Of equal quality: the new type only for a client that names it.
        _ if graphql.0 == Precision::Exact => Some(Media::GraphqlResponse),
        _ => Some(Media::Json),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    All,
    Type,
    Exact,
}

/// One range of an Accept header.
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    quality: u16,
}

impl Range {
    /// Nothing where the text is no media range; a charset but UTF-8 is no range of ours.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, ';');
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range =
            Self { kind: kind.to_ascii_lowercase(), subtype: subtype.to_ascii_lowercase(), quality: 1_000 };
        for parameter in parts.filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => range.quality = quality(value)?,
                "charset" if !value.eq_ignore_ascii_case("utf-8") => range.quality = 0,
                _ => {}
            }
        }
        Some(range)
    }

    fn matches(&self, media: Media) -> Option<Precision> {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(Precision::All),
            ("application", "*") => Some(Precision::Type),
            ("application", subtype) if subtype == media.subtype() => Some(Precision::Exact),
            _ => None,
        }
    }
}

/// A weight from 0 to 1 with up to three digits, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && fraction.len() <= 3;
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" if digits => Some(thousandths),
        "1" if digits && thousandths == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_given_what_it_prefers() {
        let json = Some(Media::Json);
        let graphql = Some(Media::GraphqlResponse);
        for (accept, expected) in [
            (&[][..], json),
            (&[""], json),
            (&["*/*"], json),
            (&["application/*"], json),
            (&["application/json"], json),
            (&["application/graphql-response+json"], graphql),
            (&["APPLICATION/GraphQL-Response+JSON"], graphql),
            (&["application/graphql-response+json; charset=utf-8"], graphql),
            (&["application/graphql-response+json; charset=\"UTF-8\""], graphql),
            (&["application/graphql-response+json; charset=latin1"], None),
            (&["application/graphql-response+json, application/json"], graphql),
            (&["application/json, application/graphql-response+json"], graphql),
            (&["application/json", "application/graphql-response+json"], graphql),
            (&["application/graphql-response+json, application/json;q=0.9"], graphql),
            (&["application/graphql-response+json;q=0.8, application/json;q=0.9"], json),
            (&["application/graphql-response+json;q=0.9, */*;q=0.1"], graphql),
            (&["application/json, */*"], json),
            (&["application/graphql-response+json;q=0, */*"], json),
            (&["application/json;q=0, */*"], graphql),
            (&["application/json ; Q=0.001"], json),
            (&["text/html, application/xhtml+xml, */*;q=0.8"], json),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["*/*;q=0"], None),
            (&["application/jsonx"], None),
            (&["application/xml;a=\"x, application/json\""], None),
            (&["application/json;a=\"x;q=0\""], json),
            (&["application/graphql-response+json;q=2, application/json"], json),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(negotiate(&headers), expected, "{accept:?}");
        }
    }
}
