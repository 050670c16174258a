//! What a page says of itself: Open Graph, Twitter's cards, its title and description, its icon.
//!
//! Invariant: at most 512 KiB of a page are read, and every value that it says is bounded.

use std::collections::BTreeMap;

use html5ever::tokenizer::{Tag, TagKind};
use url::Url;

use crate::plain::{cut, plain};
use crate::tokens::{self, Reader};

/// Bytes of the text of a page that are read.
const READ: usize = 512 * 1024;
/// Bytes of one value that are kept until it is chosen.
const VALUE: usize = 4_096;
/// Bytes of the texts of a preview.
pub const TITLE: usize = 300;
pub const DESCRIPTION: usize = 600;
pub const SITE_NAME: usize = 120;

/// Names of values in the order in which they are preferred.
const TITLES: [&str; 3] = ["og:title", "twitter:title", "title"];
const DESCRIPTIONS: [&str; 3] = ["og:description", "twitter:description", "description"];
const SITE_NAMES: [&str; 2] = ["og:site_name", "application-name"];
const IMAGES: [&str; 5] =
    ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"];
const ICONS: [&str; 2] = ["icon", "apple-touch-icon"];
const BASE: &str = "base";

/// A page, as far as a preview shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub title: Option<String>,
    pub description: Option<String>,
    pub site_name: Option<String>,
    pub image: Option<Url>,
    pub icon: Option<Url>,
}

/// Reads a page that came from a URL.
pub fn read(html: &str, url: &Url) -> Page {
    let said = tokens::read(cut(html, READ), Reading::default()).said;
    let base = said.get(BASE).and_then(|base| url.join(base).ok()).unwrap_or_else(|| url.clone());
    let text = |names: &[&str], most| names.iter().find_map(|name| plain(said.get(*name)?, most));
    let link = |names: &[&str]| names.iter().find_map(|name| web(base.join(said.get(*name)?.trim()).ok()?));
    Page {
        title: text(&TITLES, TITLE),
        description: text(&DESCRIPTIONS, DESCRIPTION),
        site_name: text(&SITE_NAMES, SITE_NAME),
        image: link(&IMAGES),
        icon: link(&ICONS).or_else(|| web(url.join("/favicon.ico").ok()?)),
    }
}

fn web(url: Url) -> Option<Url> {
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[derive(Default)]
struct Reading {
    /// By name; the first value of each stays.
    said: BTreeMap<&'static str, String>,
    in_title: bool,
}

/// The name among those that a preview uses.
fn known(name: &str) -> Option<&'static str> {
    let all = TITLES.iter().chain(&DESCRIPTIONS).chain(&SITE_NAMES).chain(&IMAGES);
    all.copied().find(|known| known.eq_ignore_ascii_case(name.trim()))
}

impl Reading {
    fn say(&mut self, name: &'static str, value: &str) {
        if !value.trim().is_empty() {
            self.said.entry(name).or_insert_with(|| cut(value, VALUE).to_owned());
        }
    }

    fn start(&mut self, tag: &Tag) {
        let attribute = |name: &str| {
            tag.attrs
                .iter()
                .find(|attribute| &*attribute.name.local == name)
                .map(|attribute| &*attribute.value)
        };
        match &*tag.name {
            // The title of an image in the page is none of the page.
            "title" => self.in_title = !self.said.contains_key("title"),
            "meta" => {
                let name = attribute("property").and_then(known).or_else(|| known(attribute("name")?));
                if let (Some(name), Some(content)) = (name, attribute("content")) {
                    self.say(name, content);
                }
            }
            "link" => {
                let relations = attribute("rel").unwrap_or_default();
                let mut relations = relations.split_ascii_whitespace();
                let icon = relations
                    .find_map(|relation| ICONS.into_iter().find(|icon| icon.eq_ignore_ascii_case(relation)));
                if let (Some(icon), Some(href)) = (icon, attribute("href")) {
                    self.say(icon, href);
                }
            }
            "base" => {
                if let Some(href) = attribute("href") {
                    self.say(BASE, href);
                }
            }
            _ => {}
        }
    }
}

impl Reader for Reading {
    fn tag(&mut self, tag: &Tag) {
        match tag.kind {
            TagKind::StartTag => self.start(tag),
            TagKind::EndTag => self.in_title = false,
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            let title = self.said.entry("title").or_default();
            title.push_str(cut(text, VALUE.saturating_sub(title.len())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use expect_test::expect;

    use super::*;

    fn shown(html: &str) -> String {
        let page = read(html, &Url::parse("https://a.example/dir/page?x").unwrap());
        let said = [("title", page.title), ("description", page.description), ("site", page.site_name)];
        let links = [("image", page.image), ("icon", page.icon)];
        let links = links.into_iter().map(|(name, url)| (name, url.map(String::from)));
        let all =
            said.into_iter().chain(links).filter_map(|(name, value)| Some(format!("{name}: {}\n", value?)));
        all.collect()
    }

    #[test]
    fn open_graph_goes_before_twitter_and_that_before_the_page() {
        let page = |head: &str| format!("<!doctype html><head><title>Plain</title>{head}</head><body>x");
        expect![[r#"
            title: Plain
            icon: https://a.example/favicon.ico
        "#]]
        .assert_eq(&shown(&page("")));
        expect![[r#"
            title: T
            description: D
            image: https://a.example/t.png
            icon: https://a.example/favicon.ico
        "#]]
        .assert_eq(&shown(&page(
            "<meta name=twitter:title content=T><meta name=description content=D>
             <meta name='twitter:image' content='/t.png'>",
        )));
        expect![[r#"
            title: O & Co
            description: D
            site: A
            image: https://img.example/o.png
            icon: https://a.example/dir/i.png
        "#]]
        .assert_eq(&shown(&page(
            "<meta name=twitter:title content=T><META PROPERTY='og:title' CONTENT='O &amp; Co'>
             <meta property=og:title content=second>
             <meta property=og:description content='D'><meta property=og:site_name content=A>
             <meta property=og:image content='http://plain.example/o.png'>
             <meta property=og:image:secure_url content='//img.example/o.png'>
             <link rel='shortcut ICON' href=i.png>",
        )));
    }

    #[test]
    fn what_a_page_must_not_do_it_does_not() {
        expect![[r#"
            title: one two
            icon: https://a.example/favicon.ico
        "#]]
        .assert_eq(&shown(
            "<script>var x = '<title>script</title><meta property=og:title content=script>'</script>
             <!-- <title>comment</title> --><title>one &lt;b&gt;two&lt;/b&gt;</title>
             <svg><title>picture</title></svg>
             <meta property=og:image content='javascript:alert(1)'><link rel=icon href='data:image/png,x'>
             <meta property=og:description content='   '>",
        ));
        expect![[r#"
            title: in the body
            image: https://b.example/x/i.png
            icon: https://a.example/favicon.ico
        "#]]
        .assert_eq(&shown(
            "<base href='https://b.example/x/'><body><meta property=og:title content='in the body'>
             <meta property=og:image content='i.png'>",
        ));
        assert_eq!(shown("\u{0}\u{1}<<<>>>"), "icon: https://a.example/favicon.ico\n");
    }

    #[test]
    fn a_bomb_of_a_page_is_read_in_a_moment_and_its_texts_are_cut() {
        let began = Instant::now();
        for bomb in ["<div>", "<b><p>", "<title>", "<a b='", "&amp;", "<!--", "<table><b>", "\u{fffd}"] {
            let page = format!("<title>{}</title>{}", "long ".repeat(100_000), bomb.repeat(200_000));
            let page = read(&page, &Url::parse("https://a.example").unwrap());
            assert!(page.title.is_some_and(|title| (TITLE - 10..=TITLE).contains(&title.len())), "{bomb}");
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
