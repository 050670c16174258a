//! GIFs of GIPHY (developers.giphy.com), by its API of version 1: the key is a parameter.

use std::sync::Arc;

use async_trait::async_trait;
use egress::Egress;
use schemas::gifs::{Gif, GifRating, GifSource};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::settings::{Provider, answer};
use crate::{Asked, GifProvider, PAGE, Page, Said, Unavailable, gif};

/// GIPHY takes a query of so many characters.
const MOST_CHARACTERS: usize = 50;
/// Renditions by how well they suit a message, and a preview.
const WHOLE: [&str; 3] = ["downsized", "fixed_width", "original"];
const PREVIEW: [&str; 3] = ["fixed_width", "fixed_height", "downsized"];

pub struct Giphy {
    provider: Provider,
    egress: Arc<Egress>,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Value>,
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    total_count: usize,
}

#[derive(Deserialize)]
struct One {
    data: Value,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    title: String,
    images: serde_json::Map<String, Value>,
}

/// Numbers are texts here.
#[derive(Deserialize)]
struct Rendition {
    url: String,
    width: String,
    height: String,
}

impl Giphy {
    pub const BASE: &str = "https://api.giphy.com/v1";

    pub(crate) fn new(provider: Provider, egress: Arc<Egress>) -> Self {
        Self { provider, egress }
    }

    fn url(&self, path: &str) -> Result<Url, Unavailable> {
        let mut url = self.provider.url(&["gifs", path])?;
        url.query_pairs_mut().append_pair("api_key", self.provider.key());
        Ok(url)
    }
}

#[async_trait]
impl GifProvider for Giphy {
    fn source(&self) -> GifSource {
        GifSource::Giphy
    }

    async fn page(&self, asked: &Asked<'_>, number: usize) -> Result<Page, Unavailable> {
        let (query, offset): (String, usize) =
            (asked.query.chars().take(MOST_CHARACTERS).collect(), number * PAGE);
        let rating = match asked.rating {
            GifRating::G => "g",
            GifRating::Pg => "pg",
            GifRating::Pg13 => "pg-13",
        };
        let language = asked.locale.split('-').next().unwrap_or_default();
        let mut url = self.url("search")?;
        url.query_pairs_mut()
            .append_pair("q", &query)
            .append_pair("limit", &PAGE.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("rating", rating)
            .append_pair("lang", language);
        let none = || Unavailable("no list of GIFs".to_owned());
        let Found { data, pagination } = answer(&self.egress, &url).await?.ok_or_else(none)?;
        let has_more = offset + data.len() < pagination.total_count && !data.is_empty();
        Ok(Page { gifs: data.into_iter().filter_map(read).take(PAGE).collect(), has_more })
    }

    async fn find(&self, id: &str) -> Result<Option<Gif>, Unavailable> {
        let found: Option<One> = answer(&self.egress, &self.url(id)?).await?;
        Ok(found.and_then(|one| read(one.data)).filter(|gif| gif.id == id))
    }
}

fn read(item: Value) -> Option<Gif> {
    let item: Item = serde_json::from_value(item).ok()?;
    let rendition = |names: [&str; 3]| {
        names
            .into_iter()
            .find_map(|name| serde_json::from_value::<Rendition>(item.images.get(name)?.clone()).ok())
    };
    let (whole, preview) = (rendition(WHOLE)?, rendition(PREVIEW)?);
    let said = Said {
        id: &item.id,
        title: &item.title,
        url: &whole.url,
        preview_url: &preview.url,
        width: whole.width.parse().ok()?,
        height: whole.height.parse().ok()?,
    };
    gif(GifSource::Giphy, &said)
}

/// Where a provider is by default.
pub(crate) fn base() -> Option<Url> {
    Url::parse(Giphy::BASE).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gif_is_read_without_its_large_rendition() {
        let rendition = |name: &str, side: &str| json!({ "url": format!("https://media.giphy.com/{name}.gif"), "width": side, "height": side, "size": "1" });
        let item = json!({ "id": "a1", "title": "Squat GIF", "rating": "g", "images": {
            "original": rendition("original", "500"), "downsized": rendition("downsized", "400"),
            "fixed_width": rendition("200w", "200") } });
        let read = read(item.clone()).unwrap();
        assert_eq!((read.url.as_str(), read.width), ("https://media.giphy.com/downsized.gif", 400));
        assert_eq!(read.preview_url, "https://media.giphy.com/200w.gif");
        for (name, value) in [("id", json!("../x")), ("images", json!({})), ("images", json!([]))] {
            let mut broken = item.clone();
            broken[name] = value;
            assert_eq!(super::read(broken), None, "{name}");
        }
    }
}
