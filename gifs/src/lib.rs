//! GIFs of a provider: searched, found by id, and their images.
//!
//! Invariants: the key of a provider stays in this process; a user's address reaches no provider, as queries and
//! images go through here; what a provider says is taken as data, within bounds.

mod catalogue;
mod drawn;
mod giphy;
mod images;
mod klipy;
mod settings;

use async_trait::async_trait;
use schemas::gifs::{Gif, GifId, GifRating, GifSource};
use serde::{Deserialize, Serialize};
use url::Url;

pub use catalogue::Gifs;
pub use drawn::Drawn;
pub use giphy::Giphy;
pub use images::{Image, ImageError};
pub use klipy::Klipy;
pub use settings::{Settings, SettingsError};

/// GIFs that a provider is asked for at once.
pub const PAGE: usize = 50;
/// Bytes of an address at a provider.
const MOST_URL_BYTES: usize = 1_000;
/// Unicode scalar values of a title.
const MOST_TITLE_CHARACTERS: usize = 200;
/// Pixels of a side.
const MOST_PIXELS: i32 = 10_000;

/// A page of what a query finds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    pub gifs: Vec<Gif>,
    pub has_more: bool,
}

/// Who searches GIFs.
#[async_trait]
pub trait GifProvider: Send + Sync + 'static {
    fn source(&self) -> GifSource;

    /// The page of this number, from 0, of what a query finds; at most [`PAGE`].
    async fn page(&self, asked: &Asked<'_>, number: usize) -> Result<Page, Unavailable>;

    /// The GIF of an id; `None` if the provider has none.
    async fn find(&self, id: &str) -> Result<Option<Gif>, Unavailable>;
}

/// What a provider is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub query: &'a str,
    /// BCP 47.
    pub locale: &'a str,
    pub rating: GifRating,
}

/// The provider does not answer, or not as it should; with what is said of it in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider of GIFs: {0}")]
pub struct Unavailable(pub String);

/// What a provider says of one GIF.
struct Said<'a> {
    id: &'a str,
    title: &'a str,
    url: &'a str,
    preview_url: &'a str,
    width: i64,
    height: i64,
}

/// A GIF as messages keep it; `None` of one that is not well said.
fn gif(source: GifSource, said: &Said<'_>) -> Option<Gif> {
    let side = |pixels: i64| i32::try_from(pixels).ok().filter(|side| (1..=MOST_PIXELS).contains(side));
    let is_address = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        text.len() <= MOST_URL_BYTES && url.is_some_and(|url| url.host_str().is_some())
    };
    let is_whole = GifId::is_valid(said.id) && is_address(said.url) && is_address(said.preview_url);
    let title = said.title.chars().filter(|c| !c.is_control()).take(MOST_TITLE_CHARACTERS);
    Some(Gif {
        source,
        id: said.id.to_owned(),
        title: title.collect::<String>().trim().to_owned(),
        url: said.url.to_owned(),
        preview_url: said.preview_url.to_owned(),
        width: side(said.width)?,
        height: side(said.height)?,
    })
    .filter(|_| is_whole)
}
