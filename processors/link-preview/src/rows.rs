//! What is read before a link is fetched: the policy, the tier of the sender, the message as it stands.

use std::sync::Arc;

use platform::effects::Failure;
use platform::ports::Tables;
use schemas::aspects::Aspect;
use schemas::avro;
use schemas::control::{Policy, PolicyVersion};
use schemas::flags::Tier;
use schemas::message::Message;
use schemas::position::Version;
use schemas::previewing::Previews;
use schemas::tables::views::{AspectBody, AspectRow, MessageRow, OfMessage};
use schemas::tables::{FromValues, MESSAGES, MalformedRow, POLICIES, PRIVATE_USERS, Value};
use schemas::{ConversationId, UserId};

/// The column of the tier, behind those that nothing here reads.
const TIER: usize = 2;

pub struct Rows {
    pub tables: Arc<dyn Tables>,
}

impl Rows {
    /// The policy that was last put in force, if any was.
    pub async fn policy(&self) -> Result<Option<Policy>, Failure> {
        let rows = self.tables.get(&POLICIES, &[Value::text("policy")], &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body = FromValues::new(POLICIES.name, &row.columns).blob()?;
        Ok(Some(avro::decode::<PolicyVersion>(body)?.policy))
    }

    /// The tier that the platform has published for a user.
    pub async fn tier(&self, user: &UserId) -> Result<Option<Tier>, Failure> {
        let rows = self.tables.get(&PRIVATE_USERS, &[Value::text(user.as_str())], &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let malformed = || MalformedRow { table: PRIVATE_USERS.name, column: TIER };
        let columns = row.columns.get(TIER..).ok_or_else(malformed)?;
        let tier = FromValues::new(PRIVATE_USERS.name, columns).text_or_null()?;
        Ok(tier.map(str::parse).transpose().map_err(|_| malformed())?)
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
        Ok(is_same && previews.of(&core).is_empty())
    }
}
