//! What is read before a link is fetched: the policy, the tier of the sender, the message as it stands.

use std::sync::Arc;

use platform::effects::Failure;
use platform::ports::Tables;
use schemas::aspects::Aspect;
use schemas::control::Policy;
use schemas::flags::Tier;
use schemas::message::Message;
use schemas::position::Version;
use schemas::previewing::Previews;
use schemas::tables::views::{AspectBody, AspectRow, MessageRow, OfMessage};
use schemas::tables::{MESSAGES, POLICIES, PRIVATE_USERS, policies, private_users};
use schemas::{ConversationId, UserId};

pub struct Rows {
    pub tables: Arc<dyn Tables>,
}

impl Rows {
    /// The policy that was last put in force, if any was.
    pub async fn policy(&self) -> Result<Option<Policy>, Failure> {
        let rows = self.tables.get(&POLICIES, &policies::partition(), &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(policies::from_columns(&row.columns)?.policy))
    }

    /// The tier that the platform has published for a user.
    pub async fn tier(&self, user: &UserId) -> Result<Option<Tier>, Failure> {
        let rows = self.tables.get(&PRIVATE_USERS, &private_users::partition(user), &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(private_users::tier(&row.columns)?)
    }

    /// Whether the text of a message, as the command of a version left it, still waits for its previews. Rows that are
    /// behind that command do not tell.
    pub async fn waits(
        &self,
        id: &ConversationId,
        message: &Message,
        version: Version,
    ) -> Result<bool, Failure> {
        let seq = message.seq;
        let keys = [MessageRow::key(seq), AspectRow::key(seq, Aspect::Previews)];
        let rows = self.tables.get(&MESSAGES, &MessageRow::partition(id, seq), &keys).await?;
        let (mut core, mut previews) = (None, Previews::default());
        for row in rows {
            match OfMessage::from_row(&row.key, &row.columns)?.1 {
                OfMessage::Core(message) => core = Some((row.version, message)),
                OfMessage::Aspect(AspectBody::Previews(found)) => previews = found,
                OfMessage::Aspect(AspectBody::Reactions(_) | AspectBody::Pin(_) | AspectBody::Poll(_)) => {}
            }
        }
        let Some((_, core)) = core.filter(|(written, _)| *written >= version) else { return Ok(true) };
        let is_same = core.body.text_edits() == message.body.text_edits();
        Ok(is_same && previews.of(&core.body).is_empty())
    }
}
