//! Rows of a conversation, and of a user's conversations.

use domain::{Conversations, access};
use fold::Fold;
use platform::ports::{Range, Row};
use schemas::membership::{Former, Member};
use schemas::position::Version;
use schemas::receipts::Receipt;
use schemas::rows::{Carried, Keyed, LAST_RESIDENT, RowKey, STATE, Sent};
use schemas::states::ConversationState;
use schemas::tables::views::MembershipRow;
use schemas::tables::{CONVERSATIONS_BY_USER, Value};
use schemas::{ClientId, ConversationId, Refusal, UserId};

use super::{Pages, Rows, Versioned, bounds_of, decode, keyed, malformed, owner_row};
use crate::error::tables_error;
use crate::people::People;

/// A conversation's state, with the rows of one user in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRows {
    pub state: ConversationState,
    pub member: Option<Member>,
    pub receipt: Option<Receipt>,
}

/// Of a conversation that does not exist, or that the user is not in.
impl Default for MemberRows {
    fn default() -> Self {
        Self { state: Conversations::fresh(), member: None, receipt: None }
    }
}

/// A conversation's state with its resident people, as of one moment.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub state: ConversationState,
    pub people: People,
}

/// The conversations that a user is or was in, a page at a time.
pub struct Memberships<'a> {
    user: &'a UserId,
    pages: Pages<'a>,
}

impl Memberships<'_> {
    /// The next page; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<MembershipRow>>, Refusal> {
        let Some(page) = self.pages.next().await.map_err(tables_error)? else { return Ok(None) };
        let read = |row: &Row| MembershipRow::from_row(self.user, &row.key, &row.columns).map_err(malformed);
        page.iter().map(read).collect::<Result<_, _>>().map(Some)
    }
}

/// The most users of whom [`Rows::any_member`] reads the rows.
const MAX_ASKED: usize = 50;

impl Rows {
    /// Numbers of messages that carry files, between two numbers, the newest first; at most `limit`.
    pub async fn carrying(
        &self,
        id: &ConversationId,
        oldest: i64,
        newest: i64,
        limit: usize,
    ) -> Result<Vec<i64>, Refusal> {
        let bound = |seq: i64| RowKey::of::<Carried>(&seq).to_values();
        let range = Range { from: bound(oldest), to: bound(newest), descending: true, limit, after: None };
        let partition = [Value::text(id.as_str())];
        let page =
            self.tables.range(Conversations::table(), &partition, range).await.map_err(tables_error)?;
        Ok(keyed::<Carried>(&page.rows)?.into_iter().map(|(seq, _)| seq).collect())
    }

    /// The state and one user's rows, as of the version of the state. Three rows are read, however many
    /// members there are.
    pub async fn member(&self, id: &ConversationId, user: &UserId) -> Result<Versioned<MemberRows>, Refusal> {
        let keys = [RowKey::state(), RowKey::of::<Member>(user), RowKey::of::<Receipt>(user)];
        let mut found = MemberRows::default();
        let mut version = Version::of(0);
        for row in self.conversation_rows(id, &keys).await? {
            let (key, body) = owner_row(&row)?;
            if key.kind == STATE {
                (found.state, version) = (decode(body)?, row.version);
            } else if key.kind == Member::KIND {
                found.member = Some(decode(body)?);
            } else {
                found.receipt = Some(decode(body)?);
            }
        }
        Ok(Versioned { version, value: found })
    }

    /// The same of a user who is in the conversation; read a second time before it is denied, as rows may be
    /// behind. A denial reads the user's own row alone, so its cost does not depend on whether the conversation
    /// exists.
    pub async fn of_member(
        &self,
        user: &UserId,
        id: &ConversationId,
    ) -> Result<Option<Versioned<MemberRows>>, Refusal> {
        for _ in 0..2 {
            if !self.is_member(user, id).await? {
                continue;
            }
            let rows = self.member(id, user).await?;
            if access::viewing(rows.value.member.as_ref()).is_ok() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// Whether a user is in a conversation, by the user's own row of it. All such rows of a user stand together,
    /// so the read costs the same whether the conversation exists or not.
    async fn is_member(&self, user: &UserId, id: &ConversationId) -> Result<bool, Refusal> {
        let (partition, keys) = (MembershipRow::partition(user), [MembershipRow::key(id)]);
        let rows = self.tables.get(&CONVERSATIONS_BY_USER, &partition, &keys).await.map_err(tables_error)?;
        let row = rows.first().map(|row| MembershipRow::from_row(user, &row.key, &row.columns));
        Ok(row.transpose().map_err(malformed)?.is_some_and(|row| row.member.present().is_some()))
    }

    /// The state alone.
    pub async fn state(&self, id: &ConversationId) -> Result<ConversationState, Refusal> {
        let rows = self.conversation_rows(id, &[RowKey::state()]).await?;
        rows.first().map_or_else(|| Ok(Conversations::fresh()), |row| decode(owner_row(row)?.1))
    }

    /// The state and the resident people.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Conversation, Refusal> {
        let bounds = (vec![Value::Int(STATE)], vec![Value::Int(LAST_RESIDENT)]);
        let mut found = Conversation { state: Conversations::fresh(), people: People::default() };
        for row in self.conversation_range(id, bounds).await? {
            let (key, body) = owner_row(&row)?;
            if key.kind == STATE {
                found.state = decode(body)?;
            } else if let Some(user) = key.names::<Member>() {
                found.people.members.push((user, decode(body)?));
            } else if let Some(user) = key.names::<Receipt>() {
                found.people.receipts.push((user, decode(body)?));
            }
        }
        Ok(found)
    }

    /// Everyone whose membership has ended.
    pub async fn former(&self, id: &ConversationId) -> Result<Vec<(UserId, Former)>, Refusal> {
        keyed(&self.conversation_range(id, bounds_of::<Former>()).await?)
    }

    /// Whether any of these users is or was in a conversation. Of too many it is assumed.
    pub async fn any_member(&self, id: &ConversationId, users: &[&UserId]) -> Result<bool, Refusal> {
        if users.len() > MAX_ASKED {
            return Ok(true);
        }
        let keys = users.iter().flat_map(|user| [RowKey::of::<Member>(user), RowKey::of::<Former>(user)]);
        let keys: Vec<RowKey> = keys.collect();
        Ok(!keys.is_empty() && !self.conversation_rows(id, &keys).await?.is_empty())
    }

    /// The number of a send of `user`, if it is stored.
    pub async fn sent(
        &self,
        user: &UserId,
        id: &ConversationId,
        client: &ClientId,
    ) -> Result<Option<i64>, Refusal> {
        let key = RowKey::of::<Sent>(&(user.clone(), client.clone()));
        let rows = self.conversation_rows(id, std::slice::from_ref(&key)).await?;
        let sent = rows.first().map(|row| decode::<Sent>(owner_row(row)?.1)).transpose()?;
        Ok(sent.map(|sent| sent.seq))
    }

    /// The conversations that a user is or was in.
    pub fn memberships<'a>(&'a self, user: &'a UserId) -> Memberships<'a> {
        let partition = MembershipRow::partition(user);
        Memberships { user, pages: Pages::of(&*self.tables, &CONVERSATIONS_BY_USER, partition) }
    }

    /// Up to `most` conversations that a user is in.
    pub async fn conversations_of(&self, user: &UserId, most: usize) -> Result<Vec<ConversationId>, Refusal> {
        let (mut memberships, mut found) = (self.memberships(user), vec![]);
        while found.len() < most
            && let Some(page) = memberships.next().await?
        {
            let present = page.into_iter().filter(|row| row.member.present().is_some());
            found.extend(present.map(|row| row.conversation).take(most - found.len()));
        }
        Ok(found)
    }

    /// Every row of a conversation between two bounds.
    pub(super) async fn conversation_range(
        &self,
        id: &ConversationId,
        bounds: (Vec<Value>, Vec<Value>),
    ) -> Result<Vec<Row>, Refusal> {
        let partition = vec![Value::text(id.as_str())];
        let pages = Pages::between(&*self.tables, Conversations::table(), partition, bounds);
        pages.all().await.map_err(tables_error)
    }

    /// The rows that exist among these keys, as of one moment.
    pub(super) async fn conversation_rows(
        &self,
        id: &ConversationId,
        keys: &[RowKey],
    ) -> Result<Vec<Row>, Refusal> {
        let keys: Vec<Vec<Value>> = keys.iter().map(RowKey::to_values).collect();
        let partition = [Value::text(id.as_str())];
        self.tables.get(Conversations::table(), &partition, &keys).await.map_err(tables_error)
    }
}
