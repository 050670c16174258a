//! Which links of which messages have a preview.
//!
//! Invariants: full matches only; pure. A link is named as the URL standard writes it, so one page has one name. A
//! link that its writer has put into `<…>` or into code has no preview.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};
use schemas::ConversationFact;
use schemas::editing::MessageEdited;
use schemas::message::{Body, Message};
use schemas::position::LogTime;
use schemas::previewing::{MAX_LINK_BYTES, MAX_PREVIEWS};
use schemas::reporting::MessageShown;
use schemas::sending::MessageCreated;
use url::Url;

/// The age from which the text of a message gets no previews, in milliseconds.
pub const LATE_MS: LogTime = 24 * 60 * 60 * 1_000;

/// The message whose text may have got new links by a fact.
pub fn previewed(fact: &ConversationFact) -> Option<&Message> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessageShown(MessageShown { message }) => Some(message),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}

/// The links of a message that have a preview; none of a sealed text.
pub fn links_of(message: &Message) -> Vec<String> {
    match &message.body {
        Body::Text(text) if text.content.key_id.is_none() => links(&text.content.text),
        Body::Text(_) | Body::Poll(_) | Body::Note(_) | Body::Removed(_) => vec![],
    }
}

/// The first links of a text, each once, as the URL standard writes them without their fragment.
pub fn links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = vec![];
    if !text.contains("://") {
        return links;
    }
    let code = code(text);
    for found in places(text) {
        let is_of_code = code.iter().any(|code| code.start < found.end && found.start < code.end);
        let is_in_brackets = text[..found.start].ends_with('<') && text[found.end..].starts_with('>');
        if is_of_code || is_in_brackets {
            continue;
        }
        let Some(link) = canonical(&text[found]).filter(|link| !links.contains(link)) else { continue };
        links.push(link);
        if links.len() == MAX_PREVIEWS {
            break;
        }
    }
    links
}

/// Where links stand, in order. The finder takes no domain whose last label is not ASCII for one.
pub(crate) fn places(text: &str) -> Vec<Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut places: Vec<Range<usize>> = finder.links(text).map(|link| link.start()..link.end()).collect();
    let ends = |c: char| c.is_whitespace() || "<>\"'`".contains(c);
    for (at, _) in text.match_indices("://") {
        let start = text[..at].trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        let end = text[at..].find(ends).map_or(text.len(), |end| at + end);
        let link = text[start..end].trim_end_matches(|c: char| ".,;:!?)]}".contains(c));
        let is_found = places.iter().any(|place| place.start < end && start < place.end);
        if !is_found && has_international_end(link) {
            places.push(start..start + link.len());
        }
    }
    places.sort_unstable_by_key(|place| place.start);
    places
}

fn has_international_end(link: &str) -> bool {
    let url = Url::parse(link).ok();
    let end = url.as_ref().and_then(|url| url.domain()?.rsplit('.').next());
    end.is_some_and(|end| end.starts_with("xn--"))
}

/// A link that a preview can be of: to a host, over HTTP, without credentials.
pub fn canonical(link: &str) -> Option<String> {
    let mut url = Url::parse(link).ok()?;
    url.set_fragment(None);
    let is_web = matches!(url.scheme(), "http" | "https");
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let has_host = url.has_host();
    let link = String::from(url);
    (is_web && has_host && !has_credentials && link.len() <= MAX_LINK_BYTES).then_some(link)
}

/// Where code stands: between runs of backticks of one length. A run without its like is text.
pub(crate) fn code(text: &str) -> Vec<Range<usize>> {
    let runs = runs(text);
    let (mut code, mut at) = (vec![], 0);
    while let Some(open) = runs.get(at) {
        let closing = runs[at + 1..].iter().position(|run| run.len() == open.len());
        match closing {
            Some(next) => {
                code.push(open.start..runs[at + 1 + next].end);
                at += next + 2;
            }
            None => at += 1,
        }
    }
    code
}

/// Runs of backticks.
fn runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = vec![];
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            Some(_) | None => runs.push(at..at + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_where_a_reader_sees_them_and_written_as_the_standard_does() {
        let long = format!("https://a.example/{}", "x".repeat(MAX_LINK_BYTES));
        for (text, expected) in [
            ("no link", &[][..]),
            ("see https://a.example", &["https://a.example/"]),
            ("see https://a.example/x?y=1#part.", &["https://a.example/x?y=1"]),
            (
                "HTTPS://A.Example:443/X and http://a.example:80",
                &["https://a.example/X", "http://a.example/"],
            ),
            ("(https://a.example/b_(c)), ok", &["https://a.example/b_(c)"]),
            ("https://a.example https://a.example/#again", &["https://a.example/"]),
            ("https://a.example.", &["https://a.example/"]),
            ("a.example without a scheme", &[]),
            ("mail ann@a.example or mailto:ann@a.example", &[]),
            ("ftp://a.example javascript://a.example file:///etc/passwd data:text/html,x", &[]),
            ("https://ann:secret@a.example https://ann@b.example", &[]),
            ("https://bücher.example/ü", &["https://xn--bcher-kva.example/%C3%BC"]),
            (
                "https://例え.テスト, https://b.example",
                &["https://xn--r8jz45g.xn--zckzah/", "https://b.example/"],
            ),
            ("(https://例え.テスト/x?y) `https://a.テスト`", &["https://xn--r8jz45g.xn--zckzah/x?y"]),
            ("<https://a.example>", &[]),
            ("<https://a.example/x?y> https://b.example", &["https://b.example/"]),
            ("a < https://a.example", &["https://a.example/"]),
            ("`https://a.example`", &[]),
            ("``a ` https://a.example`` https://b.example", &["https://b.example/"]),
            ("```\nhttps://a.example\n```\nhttps://b.example", &["https://b.example/"]),
            ("one ` https://a.example", &["https://a.example/"]),
            ("` `` https://a.example `", &[]),
            (
                "https://1.example https://2.example https://3.example https://4.example",
                &["https://1.example/", "https://2.example/", "https://3.example/"],
            ),
            ("http://127.0.0.1/x http://0x7f.1/y http://[::1]/", &["http://127.0.0.1/x"]),
            (&long, &[]),
        ] {
            assert_eq!(links(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_backticks_takes_no_time() {
        let text = format!("https://a.example {}", "` `` ".repeat(3_000));
        assert_eq!(links(&text), ["https://a.example/"]);
    }
}
