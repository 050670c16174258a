//! GIFs of KLIPY (docs.klipy.com), by its API of version 1: the key is a part of the path.

use std::sync::Arc;

use async_trait::async_trait;
use egress::Egress;
use schemas::gifs::{Gif, GifRating, GifSource};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::settings::{Provider, answer};
use crate::{Asked, GifProvider, PAGE, Page, Said, Unavailable, gif};

/// Names no user: KLIPY sees one customer.
const CUSTOMER: &str = "messaging";
/// Renditions by how well they suit a message, and a preview.
const WHOLE: [&str; 4] = ["md", "hd", "sm", "xs"];
const PREVIEW: [&str; 4] = ["sm", "xs", "md", "hd"];

pub struct Klipy {
    provider: Provider,
    egress: Arc<Egress>,
}

#[derive(Deserialize)]
struct Answer {
    data: Items,
}

/// A page of a search, or the items that were named.
#[derive(Deserialize)]
#[serde(untagged)]
enum Items {
    Page {
        data: Vec<Value>,
        #[serde(default)]
        has_next: bool,
    },
    Named(Vec<Value>),
}

#[derive(Deserialize)]
struct Item {
    slug: String,
    #[serde(default)]
    title: Option<String>,
    file: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Rendition {
    url: String,
    width: i64,
    height: i64,
}

impl Klipy {
    pub const BASE: &str = "https://api.klipy.com/api/v1";

    pub(crate) fn new(provider: Provider, egress: Arc<Egress>) -> Self {
        Self { provider, egress }
    }

    async fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> Result<Option<Answer>, Unavailable> {
        let mut url = self.provider.url(&[self.provider.key(), "gifs", path])?;
        url.query_pairs_mut().extend_pairs(pairs).append_pair("customer_id", CUSTOMER);
        answer(&self.egress, &url).await
    }
}

#[async_trait]
impl GifProvider for Klipy {
    fn source(&self) -> GifSource {
        GifSource::Klipy
    }

    async fn page(&self, asked: &Asked<'_>, number: usize) -> Result<Page, Unavailable> {
        let (page, count, locale) =
            ((number + 1).to_string(), PAGE.to_string(), asked.locale.replace('-', "_"));
        let filter = match asked.rating {
            GifRating::G => "high",
            GifRating::Pg => "medium",
            GifRating::Pg13 => "low",
        };
        let pairs = [
            ("q", asked.query),
            ("page", &page),
            ("per_page", &count),
            ("locale", &locale),
            ("content_filter", filter),
            ("format_filter", "gif"),
        ];
        let none = || Unavailable("no list of GIFs".to_owned());
        let (items, has_more) = match self.ask("search", &pairs).await?.ok_or_else(none)?.data {
            Items::Page { data, has_next } => (data, has_next),
            Items::Named(items) => (items, false),
        };
        Ok(Page { gifs: items.into_iter().filter_map(read).take(PAGE).collect(), has_more })
    }

    async fn find(&self, id: &str) -> Result<Option<Gif>, Unavailable> {
        let items = match self.ask("items", &[("slugs", id)]).await?.map(|answer| answer.data) {
            Some(Items::Page { data, .. } | Items::Named(data)) => data,
            None => return Ok(None),
        };
        Ok(items.into_iter().filter_map(read).find(|gif| gif.id == id))
    }
}

/// `None` of what is no GIF, such as an advertisement.
fn read(item: Value) -> Option<Gif> {
    let item: Item = serde_json::from_value(item).ok()?;
    let rendition = |sizes: [&str; 4]| {
        sizes.into_iter().find_map(|size| {
            let value = item.file.get(size)?.get("gif")?.clone();
            serde_json::from_value::<Rendition>(value).ok()
        })
    };
    let (whole, preview) = (rendition(WHOLE)?, rendition(PREVIEW)?);
    let title = item.title.as_deref().unwrap_or_default();
    let said = Said {
        id: &item.slug,
        title,
        url: &whole.url,
        preview_url: &preview.url,
        width: whole.width,
        height: whole.height,
    };
    gif(GifSource::Klipy, &said)
}

/// Where a provider is by default.
pub(crate) fn base() -> Option<Url> {
    Url::parse(Klipy::BASE).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(slug: &str) -> Value {
        let gif = |name: &str, side: i64| {
            json!({ "gif": { "url": format!("https://static.klipy.com/{name}.gif"), "width": side, "height": side },
                "webp": { "url": "https://static.klipy.com/x.webp", "width": 1, "height": 1 } })
        };
        json!({ "id": 7, "slug": slug, "title": " Squat\n", "type": "gif",
            "file": { "hd": gif("hd", 500), "md": gif("md", 300), "sm": gif("sm", 200), "xs": gif("xs", 90) } })
    }

    #[test]
    fn a_gif_is_read_in_the_middle_size_with_a_small_preview() {
        let read = read(item("squat-7")).unwrap();
        assert_eq!((read.id.as_str(), read.title.as_str(), read.width), ("squat-7", "Squat", 300));
        assert_eq!(read.url, "https://static.klipy.com/md.gif");
        assert_eq!(read.preview_url, "https://static.klipy.com/sm.gif");
    }

    #[test]
    fn what_is_no_gif_is_passed_over() {
        let mut no_address = item("a");
        no_address["file"] =
            json!({ "md": { "gif": { "url": "javascript:alert(1)", "width": 1, "height": 1 } } });
        let mut huge = item("b");
        huge["file"]["md"]["gif"]["width"] = json!(1_000_000);
        for value in
            [json!({ "type": "ad", "content": "<b>" }), json!(7), no_address, huge, item("a b"), item("")]
        {
            assert_eq!(read(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn pages_and_named_items_are_read() {
        for (text, wanted) in [
            (json!({ "result": true, "data": { "data": [item("a")], "has_next": true } }), (1, true)),
            (json!({ "result": true, "data": { "data": [] } }), (0, false)),
            (json!({ "result": true, "data": [item("a"), item("b")] }), (2, false)),
        ] {
            let found = match serde_json::from_value::<Answer>(text).unwrap().data {
                Items::Page { data, has_next } => (data.len(), has_next),
                Items::Named(data) => (data.len(), false),
            };
            assert_eq!(found, wanted);
        }
    }
}
