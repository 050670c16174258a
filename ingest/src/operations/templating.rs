//! Templates of the caller.

use async_graphql::{Context, ID, Object};
use domain::account::check_template;
use graphql::Result;
use graphql::account::templates::{MessageTemplate, MessageTemplateInput};
use graphql::ids::parse_id;
use schemas::control::Policy;
use schemas::templating::{DeleteTemplate, SaveTemplate};
use schemas::{Refusal, TemplateId};
use uuid::Uuid;

use super::{caller, done};
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Templating;

#[Object]
impl Templating {
    /// At most 200 of a user. A repeat is answered alike.
    async fn save_message_template(
        &self,
        ctx: &Context<'_>,
        input: MessageTemplateInput,
    ) -> Result<MessageTemplate> {
        let caller = caller(ctx)?;
        let (named, written) = (input.id.as_ref().map(parse_id::<TemplateId>).transpose()?, input.written());
        caller.ingest.policy.check(|policy: &Policy| check_template(&written, &policy.limits)).await?;
        let is_new = named.is_none();
        let template = named.unwrap_or_else(|| Uuid::new_v4().into());
        let save = SaveTemplate { template: template.clone(), is_new, written: written.clone() };
        caller.run(RequestKind::Direct, save).await?;
        let mut all = caller.access.templates().await.map_err(done)?;
        let place = all.iter().position(|(id, _)| *id == template);
        // An equal one stood already. One that another device removes meanwhile is gone.
        let place =
            place.or_else(|| all.iter().position(|(_, row)| row.written.as_deref() == Some(&written)));
        let (id, row) = all.swap_remove(place.ok_or_else(Refusal::not_found)?);
        Ok(MessageTemplate::of(&id, row).ok_or_else(Refusal::not_found)?)
    }

    /// Messages that were sent with it stay.
    async fn delete_message_template(&self, ctx: &Context<'_>, id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let template: TemplateId = parse_id(&id)?;
        caller.run(RequestKind::Direct, DeleteTemplate { template }).await?;
        Ok(true)
    }
}
