//! What is read before a push is decided: the message as it stands, its conversation, its recipients' settings.
//!
//! Invariant: rows of a conversation that are behind the message are not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Accounts, Conversations};
use fold::Fold;
use platform::effects::Failure;
use platform::ports::{Range, Row, Tables};
use schemas::avro;
use schemas::blocking::PairBlocks;
use schemas::creating::Opened;
use schemas::membership::Member;
use schemas::message::Message;
use schemas::notifications::Notifications;
use schemas::organizing::Organized;
use schemas::position::Version;
use schemas::preferences::Preferences;
use schemas::push::{PushSubscription, PushSubscriptions};
use schemas::receipts::{Receipt, Watermarks};
use schemas::rows::{Keyed, LAST_RESIDENT, RowKey, STATE};
use schemas::sending::MessageHead;
use schemas::states::{AccountState, ConversationState};
use schemas::tables::views::{BlocksRow, MessageRow};
use schemas::tables::{BLOCKS, MESSAGES, Table, Value};
use schemas::{ConversationId, UserId};

/// Rows of a conversation that are read at once: members, receipts and blocks of the largest group.
const PAGE: usize = 256;

pub struct Rows {
    pub tables: Arc<dyn Tables>,
}

/// A conversation with its present members.
pub struct Conversation {
    pub about: Opened,
    pub members: Vec<Recipient>,
}

pub struct Recipient {
    pub user: UserId,
    pub member: Member,
    pub marks: Watermarks,
}

/// What a user's account says of pushes for a conversation.
pub struct Settings {
    pub subscriptions: Vec<PushSubscription>,
    pub notifications: Notifications,
    pub organized: Organized,
    pub locale: String,
}

impl Rows {
    /// The conversation, at least as new as a version; `None` of one that was never opened.
    pub async fn conversation(
        &self,
        id: &ConversationId,
        at_least: Version,
    ) -> Result<Option<Conversation>, Failure> {
        let (table, partition) = (Conversations::table(), [Value::text(id.as_str())]);
        let mut state: Option<(Version, ConversationState)> = None;
        let mut members: Vec<(UserId, Member)> = vec![];
        let mut receipts: BTreeMap<UserId, Receipt> = BTreeMap::new();
        let mut after = None;
        loop {
            let (from, to) = (vec![Value::Int(STATE)], vec![Value::Int(LAST_RESIDENT)]);
            let page = self.tables.range(
                table,
                &partition,
                Range { from, to, limit: PAGE, after, ..Range::default() },
            );
            let page = page.await?;
            for row in &page.rows {
                let (key, body) = owner_row(row)?;
                if key == RowKey::state() {
                    state = Some((row.version, avro::decode(body)?));
                } else if let Some(user) = key.names::<Member>() {
                    members.push((user, avro::decode(body)?));
                } else if let Some(user) = key.names::<Receipt>() {
                    receipts.insert(user, avro::decode(body)?);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let Some((_, state)) = state.filter(|(version, _)| *version >= at_least) else {
            return Err(Failure::Away("rows of a conversation are behind its events".to_owned()));
        };
        let Some(about) = state.opened else { return Ok(None) };
        let present = members.into_iter().filter(|(_, member)| member.present().is_some());
        let members = present.map(|(user, member)| Recipient {
            marks: member.marks(receipts.get(&user)),
            user,
            member,
        });
        Ok(Some(Conversation { about, members: members.collect() }))
    }

    /// A message as it stands.
    pub async fn message(&self, id: &ConversationId, seq: i64) -> Result<Option<Message>, Failure> {
        let (partition, key) = (MessageRow::partition(id, seq), MessageRow::key(seq));
        let rows = self.tables.get(&MESSAGES, &partition, &[key]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(MessageRow::from_row(id, &row.columns)?.message))
    }

    /// Whether a message is the first that a member may see.
    pub async fn is_first(&self, id: &ConversationId, seq: i64, member: &Member) -> Result<bool, Failure> {
        let key = RowKey::of::<MessageHead>(&seq);
        let rows = self.owner_rows(Conversations::table(), id.as_str(), &[key]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let head: MessageHead = avro::decode(owner_row(row)?.1)?;
        Ok(member.present().is_some_and(|interval| head.ordinal - interval.first_ordinal <= 1))
    }

    /// The settings of a user; `None` of one without a subscription.
    pub async fn settings(
        &self,
        user: &UserId,
        conversation: &ConversationId,
    ) -> Result<Option<Settings>, Failure> {
        let keys = [
            RowKey::state(),
            RowKey::of::<PushSubscriptions>(&()),
            RowKey::of::<Organized>(conversation),
            RowKey::of::<Preferences>(&()),
        ];
        let mut settings = Settings {
            subscriptions: vec![],
            notifications: Notifications::default(),
            organized: Organized::default(),
            locale: Preferences::default().locale,
        };
        for row in &self.owner_rows(Accounts::table(), user.as_str(), &keys).await? {
            let (RowKey { kind, key: _ }, body) = owner_row(row)?;
            match kind {
                STATE => settings.notifications = avro::decode::<AccountState>(body)?.notifications,
                PushSubscriptions::KIND => {
                    settings.subscriptions = avro::decode::<PushSubscriptions>(body)?.all;
                }
                Organized::KIND => settings.organized = avro::decode(body)?,
                Preferences::KIND => settings.locale = avro::decode::<Preferences>(body)?.locale,
                _ => {}
            }
        }
        Ok((!settings.subscriptions.is_empty()).then_some(settings))
    }

    /// What stands between a user and another.
    pub async fn blocks(&self, user: &UserId, other: &UserId) -> Result<PairBlocks, Failure> {
        let rows = self.tables.get(&BLOCKS, &BlocksRow::partition(user), &[BlocksRow::key(other)]).await?;
        let Some(row) = rows.first() else { return Ok(PairBlocks::default()) };
        Ok(BlocksRow::from_row(user, &row.key, &row.columns)?.blocks)
    }

    async fn owner_rows(
        &self,
        table: &'static Table,
        owner: &str,
        keys: &[RowKey],
    ) -> Result<Vec<Row>, Failure> {
        let keys: Vec<Vec<Value>> = keys.iter().map(RowKey::to_values).collect();
        Ok(self.tables.get(table, &[Value::text(owner)], &keys).await?)
    }
}

/// Key and body of an owner's row.
fn owner_row(row: &Row) -> Result<(RowKey, &[u8]), Failure> {
    Ok(RowKey::of_row("owner", &row.key, &row.columns)?)
}
