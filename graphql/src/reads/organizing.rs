//! How the viewer keeps their conversations.
//!
//! Invariant: archived is what has no message above the archived ones that the viewer sees, or is muted.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::code::Refusal;
use schemas::organizing::{Draft, Labels, Organized};
use schemas::position::LogTime;
use schemas::preferences::Preferences;
use schemas::privacy::Privacy;
use schemas::rows::Schedule;
use schemas::templating::Template;
use schemas::{ClientId, ConversationId, TemplateId};

use super::{Access, ConversationSight};

/// What a viewer has said of their conversations.
pub type OrganizedById = HashMap<ConversationId, Arc<Organized>>;

impl Access<'_> {
    /// How the viewer keeps a conversation.
    pub async fn organized(&self, id: &ConversationId) -> Result<Arc<Organized>, Refusal> {
        if let Some(all) = self.rights.organized().get() {
            return Ok(all.get(id).cloned().unwrap_or_default());
        }
        let known = self.rights.conversation(id);
        let read = async || {
            let row = self.reads.rows.account_value::<Organized>(self.viewer, id).await?;
            Ok(Arc::new(row.unwrap_or_default()))
        };
        known.organized.get_or_try_init(read).await.cloned()
    }

    /// The same of all conversations, read at once.
    pub async fn all_organized(&self) -> Result<Arc<OrganizedById>, Refusal> {
        let cell = self.rights.organized();
        let read = async || {
            let rows = self.reads.rows.organized(self.viewer).await?;
            Ok(Arc::new(rows.into_iter().map(|(id, row)| (id, Arc::new(row))).collect()))
        };
        cell.get_or_try_init(read).await.cloned()
    }

    /// Since when a conversation is archived, if it is.
    pub async fn archived_at(
        &self,
        sight: &ConversationSight,
        organized: &Organized,
    ) -> Result<Option<LogTime>, Refusal> {
        if organized.archived.is_none() {
            return Ok(None);
        }
        let newest = self.newest_place(sight).await?.map_or(0, |newest| newest.seq);
        Ok(organized.archived_at(newest, self.reads.now()))
    }

    pub async fn draft(&self, id: &ConversationId) -> Result<Option<String>, Refusal> {
        let draft = self.reads.rows.account_value::<Draft>(self.viewer, id).await?;
        Ok(draft.map(|draft| draft.content).filter(|content| !content.is_empty()))
    }

    /// The labels that the viewer uses, in the order of their text.
    pub async fn labels(&self) -> Result<Vec<String>, Refusal> {
        let labels = self.reads.rows.account_value::<Labels>(self.viewer, &()).await?;
        Ok(labels.unwrap_or_default().used.into_iter().map(|used| used.label).collect())
    }

    /// The viewer's schedules, in the order of their times.
    pub async fn schedules(&self) -> Result<Vec<(ClientId, Schedule)>, Refusal> {
        let mut all = self.reads.rows.schedules(self.viewer).await?;
        all.sort_by(|(one, of), (other, than)| (of.due, one).cmp(&(than.due, other)));
        Ok(all)
    }

    /// The viewer's own privacy settings.
    pub async fn privacy(&self) -> Result<Privacy, Refusal> {
        let cell = self.rights.privacy();
        cell.get_or_try_init(|| self.reads.rows.privacy(self.viewer)).await.copied()
    }

    /// The templates that the viewer has, in the order in which they were made.
    pub async fn templates(&self) -> Result<Vec<(TemplateId, Template)>, Refusal> {
        self.reads.rows.templates(self.viewer).await
    }

    pub async fn preferences(&self) -> Result<Preferences, Refusal> {
        let row = self.reads.rows.account_value::<Preferences>(self.viewer, &()).await?;
        Ok(row.unwrap_or_default())
    }
}
