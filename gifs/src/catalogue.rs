//! Searching GIFs: pages of a provider, remembered for an hour over all processes.
//!
//! Invariant: what is remembered was found under the same rating; while the memory is away, the provider is asked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egress::Egress;
use futures::future::join_all;
use platform::ports::Ephemeral;
use schemas::gifs::{Gif, GifId};
use schemas::{ErrorCode, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::images::Images;
use crate::{Asked, GifProvider, Page, Unavailable};

const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// Pages that one search looks through.
const MOST_PAGES: usize = 10;

/// GIFs as the API uses them.
pub struct Gifs {
    /// Absent in a deployment without one.
    provider: Option<Arc<dyn GifProvider>>,
    memory: Arc<dyn Ephemeral>,
    pub images: Images,
}

impl Gifs {
    pub fn new(
        provider: Option<Arc<dyn GifProvider>>,
        egress: Egress,
        memory: Arc<dyn Ephemeral>,
    ) -> Arc<Self> {
        Arc::new(Self { provider, memory, images: Images::new(egress) })
    }

    /// What a query finds, from the one behind `after` on.
    pub async fn search(
        &self,
        asked: &Asked<'_>,
        limit: usize,
        after: Option<&GifId>,
    ) -> Result<Vec<Gif>, Refusal> {
        let provider = self.provider()?;
        let (mut found, mut is_behind) = (Vec::new(), after.is_none());
        for number in 0..MOST_PAGES {
            let page = self.page(provider, asked, number).await?;
            for gif in page.gifs {
                if is_behind && found.len() < limit {
                    found.push(gif);
                } else {
                    is_behind = is_behind || after == Some(&gif.name());
                }
            }
            if found.len() >= limit || !page.has_more {
                break;
            }
        }
        if !is_behind {
            return Err(Refusal::bad_input("after", "not a GIF of this search"));
        }
        join_all(found.iter().map(|gif| self.remember(one(&gif.name()), gif))).await;
        Ok(found)
    }

    /// The GIF of an id. NOT_FOUND for one that the provider does not have.
    pub async fn find(&self, id: &GifId) -> Result<Gif, Refusal> {
        let provider = self.provider()?;
        if id.source != provider.source() {
            return Err(Refusal::not_found());
        }
        if let Some(known) = self.recall(&one(id)).await {
            return Ok(known);
        }
        let gif = provider.find(&id.id).await.map_err(away)?.ok_or_else(Refusal::not_found)?;
        self.remember(one(id), &gif).await;
        Ok(gif)
    }

    fn provider(&self) -> Result<&Arc<dyn GifProvider>, Refusal> {
        let disabled = || Refusal::new(ErrorCode::FeatureDisabled, "there is no provider of GIFs");
        self.provider.as_ref().ok_or_else(disabled)
    }

    async fn page(
        &self,
        provider: &Arc<dyn GifProvider>,
        asked: &Asked<'_>,
        number: usize,
    ) -> Result<Page, Refusal> {
        let Asked { query, locale, rating } = asked;
        let what = format!("{:?}\0{rating:?}\0{locale}\0{number}\0{query}", provider.source());
        let hash: String = Sha256::digest(what).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("gifs:page:{hash}");
        if let Some(known) = self.recall(&key).await {
            return Ok(known);
        }
        let page = provider.page(asked, number).await.map_err(away)?;
        self.remember(key, &page).await;
        Ok(page)
    }

    async fn recall<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.memory.get(&[key.to_owned()]).await.ok()?.pop().flatten()?;
        serde_json::from_slice(&value).ok()
    }

    /// A failure means that the provider is asked once more.
    async fn remember<T: Serialize>(&self, key: String, value: &T) {
        if let Ok(bytes) = serde_json::to_vec(value) {
            let _ = self.memory.set(&key, Bytes::from(bytes), REMEMBERED).await;
        }
    }
}

fn one(id: &GifId) -> String {
    format!("gifs:one:{id}")
}

fn away(error: Unavailable) -> Refusal {
    tracing::warn!(%error, "GIFs unavailable");
    Refusal::unavailable("GIFs are not available, try again")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use platform::in_process::InProcess;
    use schemas::gifs::{GifRating, GifSource};

    use super::*;

    /// 120 GIFs for every query, and how often it was asked.
    #[derive(Default)]
    struct Counting {
        asked: AtomicUsize,
    }

    fn gif(number: usize) -> Gif {
        let url = format!("https://gifs.example/{number}.gif");
        Gif {
            url: url.clone(),
            preview_url: url,
            ..GifId { source: GifSource::Giphy, id: number.to_string() }.unknown()
        }
    }

    #[async_trait]
    impl GifProvider for Counting {
        fn source(&self) -> GifSource {
            GifSource::Giphy
        }

        async fn page(&self, _: &Asked<'_>, number: usize) -> Result<Page, Unavailable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let all = (number * 50)..(number * 50 + 50).min(120);
            Ok(Page { gifs: all.map(gif).collect(), has_more: number < 2 })
        }

        async fn find(&self, id: &str) -> Result<Option<Gif>, Unavailable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Ok(id.parse().ok().filter(|number| *number < 120).map(gif))
        }
    }

    fn catalogue(provider: Option<Arc<Counting>>) -> Arc<Gifs> {
        let provider = provider.map(|one| one as Arc<dyn GifProvider>);
        let egress = Egress::new(egress::Settings::default()).unwrap();
        Gifs::new(provider, egress, Arc::new(InProcess::default()))
    }

    const CATS: Asked<'_> = Asked { query: "cats", locale: "en", rating: GifRating::G };

    #[tokio::test]
    async fn pages_are_one_list_and_are_asked_for_once() {
        let provider = Arc::new(Counting::default());
        let gifs = catalogue(Some(provider.clone()));
        let (mut all, mut after) = (vec![], None);
        loop {
            let page = gifs.search(&CATS, 30, after.as_ref()).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.name());
            all.extend(page);
        }
        assert_eq!(all, (0..120).map(gif).collect::<Vec<_>>());
        assert_eq!(provider.asked.load(Ordering::Relaxed), 3, "each page once");
        // What was listed is known by its id, another rating is another search.
        assert_eq!(gifs.find(&gif(7).name()).await.unwrap(), gif(7));
        assert_eq!(provider.asked.load(Ordering::Relaxed), 3);
        gifs.search(&Asked { rating: GifRating::Pg, ..CATS }, 1, None).await.unwrap();
        assert_eq!(provider.asked.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused() {
        let gifs = catalogue(Some(Arc::default()));
        let nowhere = gif(500).name();
        let refused = gifs.search(&CATS, 5, Some(&nowhere)).await.unwrap_err();
        assert_eq!((refused.code, refused.field.as_deref()), (ErrorCode::BadUserInput, Some("after")));
        assert_eq!(gifs.find(&nowhere).await.unwrap_err().code, ErrorCode::NotFound);
        let of_another = GifId { source: GifSource::Klipy, id: "7".to_owned() };
        assert_eq!(gifs.find(&of_another).await.unwrap_err().code, ErrorCode::NotFound);
        let none = catalogue(None);
        assert_eq!(none.search(&CATS, 5, None).await.unwrap_err().code, ErrorCode::FeatureDisabled);
        assert_eq!(none.find(&nowhere).await.unwrap_err().code, ErrorCode::FeatureDisabled);
    }
}
