//! What is indexed from rows: conversations with the names of their members.
//!
//! Invariant: rows that are behind an event are read again, so an index is never older than its events.

use std::sync::Arc;
use std::time::Duration;

use domain::indexing;
use fold::Fold;
use futures::{StreamExt, TryStreamExt, stream};
use platform::clock::Clock;
use platform::effects::Failure;
use platform::ports::{Range, Row, Tables};
use schemas::avro;
use schemas::membership::Member;
use schemas::people::Profile;
use schemas::position::Version;
use schemas::rows::{LAST_RESIDENT, RowKey, STATE};
use schemas::search::{self, Change, Index};
use schemas::states::ConversationState;
use schemas::tables::views::{CREATED, MESSAGES_PER_BUCKET, MembershipRow, MessageRow, ProfileRow};
use schemas::tables::{CONVERSATIONS_BY_USER, MESSAGES, USERS, Value};
use schemas::{ConversationId, MessageId, UserId};

use crate::AT_ONCE;

/// Between two reads of rows that are behind.
const AGAIN: Duration = Duration::from_millis(20);
/// Reads of such rows; then the machine that writes them is taken for away.
const READS: usize = 100;
/// Names of one conversation. A channel has more members, and is found by its title.
const MOST_NAMES: usize = 100;
const PAGE: usize = 100;

#[derive(Clone)]
pub struct Rows {
    pub tables: Arc<dyn Tables>,
    pub clock: Arc<dyn Clock>,
}

impl Rows {
    /// What the index is to say of a conversation; nothing of one that was never opened.
    pub async fn conversation(
        &self,
        id: &ConversationId,
        at_least: Version,
    ) -> Result<Option<Change>, Failure> {
        let mut reads = 1;
        let mut resident = self.resident(id).await?;
        while resident.0 < at_least {
            self.wait(&mut reads).await?;
            if self.state(id).await?.0 >= at_least {
                resident = self.resident(id).await?;
            }
        }
        let (version, state, members) = resident;
        let Some(opened) = state.opened else { return Ok(None) };
        let reads: Vec<_> = members.iter().map(|user| self.profile(user)).collect();
        let profiles: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let profiles: Vec<Profile> =
            profiles.into_iter().flatten().filter_map(|(_, profile)| profile).collect();
        Ok(Some(indexing::conversation(id, opened.title.as_deref(), &profiles, version)))
    }

    /// The version of a conversation's state, and the state.
    async fn state(&self, id: &ConversationId) -> Result<(Version, ConversationState), Failure> {
        let (partition, key) = ([Value::text(id.as_str())], RowKey::state().to_values());
        let rows = self.tables.get(domain::Conversations::table(), &partition, &[key]).await?;
        let Some(row) = rows.first() else { return Ok((Version(0), domain::Conversations::fresh())) };
        Ok((row.version, avro::decode(owner_row(row)?.1)?))
    }

    /// The version of a conversation's state, the state, and its present members, as of one moment.
    async fn resident(
        &self,
        id: &ConversationId,
    ) -> Result<(Version, ConversationState, Vec<UserId>), Failure> {
        let (table, partition) = (domain::Conversations::table(), [Value::text(id.as_str())]);
        let bounds = (vec![Value::Int(STATE)], vec![Value::Int(LAST_RESIDENT)]);
        let (mut version, mut state) = (Version(0), domain::Conversations::fresh());
        let (mut members, mut after) = (vec![], None);
        loop {
            let (from, to) = bounds.clone();
            let range = Range { from, to, limit: PAGE, after: after.take(), ..Range::default() };
            let page = self.tables.range(table, &partition, range).await?;
            for row in &page.rows {
                let (key, body) = owner_row(row)?;
                if key.kind == STATE {
                    (version, state) = (row.version, avro::decode(body)?);
                } else if let Some(user) = key.names::<Member>()
                    && avro::decode::<Member>(body)?.present().is_some()
                {
                    members.push(user);
                }
            }
            after = page.next;
            if after.is_none() || members.len() >= MOST_NAMES {
                members.truncate(MOST_NAMES);
                return Ok((version, state, members));
            }
        }
    }

    /// Waits until the row of a user is as new as what the platform has published.
    pub async fn until_renamed(&self, user: &UserId, at_least: Version) -> Result<(), Failure> {
        let mut reads = 1;
        while self.profile(user).await?.is_none_or(|(version, _)| version < at_least) {
            self.wait(&mut reads).await?;
        }
        Ok(())
    }

    /// Waits between two reads of rows that are behind, a bounded number of times.
    async fn wait(&self, reads: &mut usize) -> Result<(), Failure> {
        if *reads >= READS {
            return Err(Failure::Away("rows are behind their events".to_owned()));
        }
        *reads += 1;
        self.clock.sleep(AGAIN).await;
        Ok(())
    }

    /// The newest profile; none of an erased user.
    async fn profile(&self, user: &UserId) -> Result<Option<(Version, Option<Profile>)>, Failure> {
        let rows = self.tables.get(&USERS, &ProfileRow::partition(user), &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some((row.version, ProfileRow::from_row(user, &row.columns)?.profile)))
    }

    /// Whether a user was erased.
    pub async fn is_erased(&self, user: &UserId) -> Result<bool, Failure> {
        Ok(self.profile(user).await?.is_some_and(|(version, _)| version == Version::ERASED))
    }

    /// Whether there is what a document of an index is about.
    pub async fn has(&self, index: &'static Index, id: &str) -> Result<bool, Failure> {
        if index == &search::USERS {
            let Ok(user) = id.parse() else { return Ok(false) };
            return Ok(self.profile(&user).await?.is_some_and(|(_, profile)| profile.is_some()));
        }
        if index == &search::CONVERSATIONS {
            let Ok(id) = id.parse() else { return Ok(false) };
            return Ok(self.state(&id).await?.1.opened.is_some());
        }
        let Ok(MessageId { conversation, seq }) = id.parse() else { return Ok(false) };
        let (partition, key) = (MessageRow::partition(&conversation, seq), MessageRow::key(seq));
        let rows = self.tables.get(&MESSAGES, &partition, &[key]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let row = MessageRow::from_row(&conversation, &row.columns)?;
        Ok(indexing::text(&row.message).is_some())
    }

    /// The messages of a conversation, a page at a time.
    pub async fn messages_of(&self, id: &ConversationId) -> Result<MessagesOf<'_>, Failure> {
        let (_, state) = self.state(id).await?;
        let last_bucket = state.head / MESSAGES_PER_BUCKET;
        Ok(MessagesOf { rows: self, id: id.clone(), bucket: 0, last_bucket, after: None })
    }

    /// The conversations that a user is in, a page at a time.
    pub fn conversations_of<'a>(&'a self, user: &'a UserId) -> ConversationsOf<'a> {
        ConversationsOf { rows: self, user, after: None, is_over: false }
    }
}

pub struct ConversationsOf<'a> {
    rows: &'a Rows,
    user: &'a UserId,
    after: Option<Vec<Value>>,
    is_over: bool,
}

impl ConversationsOf<'_> {
    pub async fn next(&mut self) -> Result<Option<Vec<ConversationId>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let range = Range { limit: PAGE, after: self.after.take(), ..Range::default() };
        let partition = MembershipRow::partition(self.user);
        let page = self.rows.tables.range(&CONVERSATIONS_BY_USER, &partition, range).await?;
        (self.is_over, self.after) = (page.next.is_none(), page.next);
        let mut ids = Vec::new();
        for row in &page.rows {
            let row = MembershipRow::from_row(self.user, &row.key, &row.columns)?;
            if row.member.present().is_some() {
                ids.push(row.conversation);
            }
        }
        Ok(Some(ids))
    }
}

/// The messages of a conversation, as the index is to say them, a page at a time.
pub struct MessagesOf<'a> {
    rows: &'a Rows,
    id: ConversationId,
    bucket: i64,
    last_bucket: i64,
    after: Option<Vec<Value>>,
}

impl MessagesOf<'_> {
    pub async fn next(&mut self) -> Result<Option<Vec<Change>>, Failure> {
        if self.bucket > self.last_bucket {
            return Ok(None);
        }
        let partition = MessageRow::partition(&self.id, self.bucket * MESSAGES_PER_BUCKET);
        let range = Range { limit: PAGE, after: self.after.take(), ..Range::default() };
        let page = self.rows.tables.range(&MESSAGES, &partition, range).await?;
        self.after = page.next;
        if self.after.is_none() {
            self.bucket += 1;
        }
        let mut changes = Vec::with_capacity(page.rows.len());
        for row in page.rows.iter().filter(|row| row.key.get(1) == Some(&Value::text(CREATED))) {
            let MessageRow { message, .. } = MessageRow::from_row(&self.id, &row.columns)?;
            changes.push(indexing::message(&self.id, &message, row.version));
        }
        Ok(Some(changes))
    }
}

/// Key and body of an owner's row.
fn owner_row(row: &Row) -> Result<(RowKey, &[u8]), Failure> {
    Ok(RowKey::of_row("owner", &row.key, &row.columns)?)
}
