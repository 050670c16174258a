//! Previews of links in the text of a message.
//!
//! Invariants: a preview is shown beside the text that it is of, and beside no other; its images are served from here.

use async_graphql::{Context, Object};
use schemas::Refusal;
use schemas::previewing::{LinkPreview as Found, PreviewImage};

use super::{Message, Origin};
use crate::Result;
use crate::attachment;

impl Message {
    async fn standing_previews(&self, ctx: &Context<'_>) -> Result<Vec<Found>> {
        let Some(edits) = self.body.text_edits() else { return Ok(vec![]) };
        if let Some(told) = self.previews.as_ref().filter(|told| told.edits == edits) {
            return Ok(told.all.clone());
        }
        match &self.origin {
            Origin::Accepted(_) => Ok(vec![]),
            Origin::Completed(None, ..) => Err(Refusal::unavailable("the previews could not be read").into()),
            Origin::Completed(Some(_), completed, _) => {
                Ok(completed.aspects.previews.of(&self.body).to_vec())
            }
            Origin::Read => {
                let written = self.written(ctx).await?;
                Ok(written.aspects.previews.of(&written.core.body).to_vec())
            }
        }
    }
}

/// Fields of a message about the links of its text.
pub struct MessagePreviews<'a>(pub &'a Message);

#[Object]
impl MessagePreviews<'_> {
    /// of the first links of the text, at most three; they come some moments after it
    async fn link_previews(&self, ctx: &Context<'_>) -> Result<Vec<LinkPreview>> {
        Ok(self.0.standing_previews(ctx).await?.into_iter().map(LinkPreview).collect())
    }
}

/// What a page says of itself, as plain text.
pub struct LinkPreview(Found);

#[Object]
impl LinkPreview {
    /// the link; a host in ASCII
    async fn url(&self) -> &str {
        &self.0.url
    }

    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// encoded anew and served from here; valid for at least half a day
    async fn image_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.0.image.as_ref().map(|image| url(ctx, image)).transpose()
    }

    async fn site_name(&self) -> Option<&str> {
        self.0.site_name.as_deref()
    }

    /// encoded anew and served from here; valid for at least half a day
    async fn favicon_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.0.favicon.as_ref().map(|image| url(ctx, image)).transpose()
    }
}

/// What an image is called where it is saved.
const FILE_NAME: &str = "preview";

fn url(ctx: &Context<'_>, image: &PreviewImage) -> Result<String> {
    attachment::whole(ctx, &image.object, FILE_NAME, &image.content_type)
}
