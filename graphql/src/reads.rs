//! What the API reads: rows of the machines' owners, and the views.
//!
//! Invariants: a denial is read once more before it is reported; nothing here decides who may see
//! what, it only brings what [`domain::access`] decides on.

pub mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access;
use domain::account::AccountRow;
use domain::conversation::ConversationRow;
use domain::{Accounts, Conversations};
use futures::{StreamExt, TryStreamExt, stream};
use platform::ports::{Range, Row, Tables};
use schemas::avro::{self, Record};
use schemas::conversation::Message;
use schemas::fold::{Fold, StoredRow};
use schemas::owner::{self, RowKey};
use schemas::people::Profile;
use schemas::position::{Offset, Version};
use schemas::rows::{AccountState, ConversationState, LedgerEntry, Member, PairBlocks, Receipt, Stay};
use schemas::tables::views::{BlocksRow, MESSAGES_PER_BUCKET, MembershipRow, MessageRow};
use schemas::tables::{
    BLOCKS, CONVERSATIONS_BY_USER, FromValues, MESSAGES, MalformedRow, Table, USERS, Value,
};
use schemas::{ClientId, ConversationId, ErrorCode, Refusal, UserId};

use crate::error::{internal, tables_error};
use crate::paging::Window;
use whole::Unread;

/// Reads of one request that are on their way at once.
const AT_ONCE: usize = 32;
/// Rows of a conversation that are loaded with its state.
const RESIDENT_ROWS: usize = 4_096;

pub struct Reads {
    tables: Arc<dyn Tables>,
}

/// A conversation with its people.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub id: ConversationId,
    pub state: ConversationState,
    pub members: Vec<(UserId, Member)>,
    pub receipts: Vec<(UserId, Receipt)>,
}

impl Loaded {
    pub fn member(&self, user: &UserId) -> Option<&Member> {
        self.members.iter().find(|(other, _)| other == user).map(|(_, member)| member)
    }

    /// Members who are in it now, in the order of joining.
    pub fn present(&self) -> Vec<(&UserId, &Member)> {
        let mut present: Vec<_> = self
            .members
            .iter()
            .filter(|(_, member)| member.present().is_some())
            .map(|(user, member)| (user, member))
            .collect();
        present.sort_by_key(|(user, member)| (member.joined_at, (*user).clone()));
        present
    }

    pub fn receipt(&self, user: &UserId) -> Receipt {
        self.receipts
            .iter()
            .find(|(other, _)| other == user)
            .map(|(_, receipt)| receipt.clone())
            .unwrap_or_default()
    }

    /// The stay through which a viewer sees it.
    pub fn seen_by(&self, viewer: &UserId) -> Result<&Stay, Refusal> {
        access::viewing(self.member(viewer))
    }
}

/// What was read, and the version of the row that says so.
#[derive(Debug, Clone)]
pub struct Dated<T> {
    pub version: Version,
    pub value: T,
}

/// What a sender needs to know of a conversation.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Through which the sender sees it.
    pub stay: Stay,
    /// Members who are in it now.
    pub members: i32,
}

/// What stands, or once stood, between a viewer and others.
#[derive(Debug, Clone, Default)]
pub struct BlockList(BTreeMap<UserId, PairBlocks>);

impl BlockList {
    /// Whether a block of either stands now.
    pub fn stand_between(&self, other: &UserId) -> bool {
        self.0.get(other).is_some_and(PairBlocks::stand)
    }

    /// Whether the viewer does not see a message.
    pub fn hide(&self, message: &Message) -> bool {
        self.0.get(&message.sender.user).is_some_and(|blocks| blocks.hide(message.sent_at))
    }

    /// Whether anything of anyone among these may be hidden.
    pub fn touch<'a>(&self, mut users: impl Iterator<Item = &'a UserId>) -> bool {
        users.any(|user| self.0.contains_key(user))
    }

    /// Those whom the viewer blocks now.
    pub fn blocked(&self) -> impl Iterator<Item = &UserId> {
        self.0.iter().filter(|(_, blocks)| blocks.by_user.stands()).map(|(user, _)| user)
    }
}

impl Reads {
    pub fn new(tables: Arc<dyn Tables>) -> Self {
        Self { tables }
    }

    /// What the platform says of a user; NOT_FOUND if it has said nothing.
    pub async fn profile(&self, user: &UserId) -> Result<Profile, Refusal> {
        self.find_profile(user).await?.ok_or_else(Refusal::not_found)
    }

    pub async fn find_profile(&self, user: &UserId) -> Result<Option<Profile>, Refusal> {
        Ok(self.find_dated_profile(user).await?.map(|profile| profile.value))
    }

    pub async fn find_dated_profile(&self, user: &UserId) -> Result<Option<Dated<Profile>>, Refusal> {
        let partition = [Value::text(user.as_str())];
        let rows = self.tables.get(&USERS, &partition, &[vec![]]).await.map_err(tables_error)?;
        let read = |row: &Row| {
            let mut values = FromValues::new(USERS.name, &row.columns);
            let profile = Profile {
                user: user.clone(),
                username: values.text()?.to_owned(),
                display_name: values.text()?.to_owned(),
                avatar_url: values.text_or_null()?.map(str::to_owned),
            };
            Ok(Dated { version: row.version, value: profile })
        };
        rows.first().map(read).transpose().map_err(|error: MalformedRow| internal(&error))
    }

    /// A conversation that the viewer is in; NOT_FOUND otherwise, for whatever reason.
    pub async fn visible(&self, viewer: &UserId, id: &ConversationId) -> Result<Loaded, Refusal> {
        let loaded = self.load(id).await?;
        if loaded.seen_by(viewer).is_ok() {
            return Ok(loaded);
        }
        let again = self.load(id).await?;
        again.seen_by(viewer).map(|_| ())?;
        Ok(again)
    }

    /// The seat of someone who is in a conversation, as of the last change of the conversation's state;
    /// NOT_FOUND otherwise, for whatever reason. Two rows are read, however many members there are.
    pub async fn seat(&self, user: &UserId, id: &ConversationId) -> Result<Dated<Seat>, Refusal> {
        match self.find_seat(user, id).await? {
            Some(seat) => Ok(seat),
            None => self.find_seat(user, id).await?.ok_or_else(Refusal::not_found),
        }
    }

    async fn find_seat(&self, user: &UserId, id: &ConversationId) -> Result<Option<Dated<Seat>>, Refusal> {
        let rows = self.rows(id, &[RowKey::state(), RowKey::member(user)]).await?;
        let (mut state, mut member, mut version) = (Conversations::fresh(), None, Version::of(0));
        for row in &rows {
            let (key, body) = owner_row(row)?;
            if key.kind == owner::STATE {
                (state, version) = (decode(body)?, row.version);
            } else {
                member = Some(decode(body)?);
            }
        }
        let stay = access::viewing(member.as_ref()).ok().cloned();
        Ok(stay.map(|stay| Dated { version, value: Seat { stay, members: state.members } }))
    }

    /// A conversation's state, members and receipts, as of one moment.
    pub async fn load(&self, id: &ConversationId) -> Result<Loaded, Refusal> {
        let range = Range {
            from: vec![Value::Int(owner::STATE)],
            to: vec![Value::Int(Conversations::LAST_RESIDENT_KIND)],
            limit: RESIDENT_ROWS,
            ..Range::default()
        };
        let partition = [Value::text(id.as_str())];
        let page =
            self.tables.range(Conversations::table(), &partition, range).await.map_err(tables_error)?;
        let mut loaded =
            Loaded { id: id.clone(), state: Conversations::fresh(), members: vec![], receipts: vec![] };
        for row in &page.rows {
            let (key, body) = owner_row(row)?;
            match (key.kind, key.user()) {
                (owner::STATE, _) => loaded.state = decode(body)?,
                (owner::MEMBER, Some(user)) => loaded.members.push((user, decode(body)?)),
                (owner::RECEIPT, Some(user)) => loaded.receipts.push((user, decode(body)?)),
                _ => {}
            }
        }
        Ok(loaded)
    }

    /// The conversations that a user is in, the one with the newest message first.
    pub async fn conversations_of(&self, user: &UserId) -> Result<Vec<Loaded>, Refusal> {
        let present = self.memberships(user).await?.into_iter().filter(|row| row.member.present().is_some());
        let loads = present.map(|row| async move { self.load(&row.conversation).await });
        let mut loaded: Vec<Loaded> = stream::iter(loads).buffer_unordered(AT_ONCE).try_collect().await?;
        loaded.retain(|conversation| conversation.seen_by(user).is_ok());
        loaded.sort_by(|a, b| (b.state.head_at, &b.id).cmp(&(a.state.head_at, &a.id)));
        Ok(loaded)
    }

    async fn memberships(&self, user: &UserId) -> Result<Vec<MembershipRow>, Refusal> {
        let rows = self.all_rows(&CONVERSATIONS_BY_USER, &MembershipRow::partition(user)).await?;
        let read = |row: &Row| MembershipRow::from_row(user, &row.key, &row.columns);
        rows.iter().map(|row| read(row).map_err(|error| internal(&error))).collect()
    }

    /// What stands, or once stood, between a user and others.
    pub async fn blocks(&self, user: &UserId) -> Result<BlockList, Refusal> {
        let rows = self.all_rows(&BLOCKS, &BlocksRow::partition(user)).await?;
        let read = |row: &Row| BlocksRow::from_row(user, &row.key, &row.columns);
        let rows = rows.iter().map(|row| read(row).map_err(|error| internal(&error)));
        Ok(BlockList(rows.map(|row| row.map(|row| (row.other, row.blocks))).collect::<Result<_, _>>()?))
    }

    async fn all_rows(&self, table: &'static Table, partition: &[Value]) -> Result<Vec<Row>, Refusal> {
        whole::partition(&*self.tables, table, partition).await.map_err(|unread| match unread {
            Unread::Tables(error) => tables_error(error),
            Unread::TooMany { table } => Refusal {
                limit: Some(table.to_owned()),
                ..Refusal::new(ErrorCode::LimitReached, "more than can be looked at")
            },
        })
    }

    /// A message of a conversation, if the viewer sees it.
    pub async fn seen_message(
        &self,
        viewer: &UserId,
        id: &ConversationId,
        seq: i64,
    ) -> Result<Option<MessageRow>, Refusal> {
        let sees = |member: Option<Member>| {
            access::viewing(member.as_ref()).is_ok_and(|stay| access::sees_message(stay, seq))
        };
        if !sees(self.member(id, viewer).await?) && !sees(self.member(id, viewer).await?) {
            return Ok(None);
        }
        let row = self.message(id, seq).await?;
        let is_hidden = self.blocks(viewer).await?.hide(&row.message);
        Ok((!is_hidden).then_some(row))
    }

    /// A member of a conversation, present or former.
    async fn member(&self, id: &ConversationId, user: &UserId) -> Result<Option<Member>, Refusal> {
        match self.row(id, RowKey::member(user)).await? {
            Some(ConversationRow::Member(member)) => Ok(Some(member)),
            _ => Ok(None),
        }
    }

    pub async fn message(&self, id: &ConversationId, seq: i64) -> Result<MessageRow, Refusal> {
        let partition = MessageRow::partition(id, seq);
        let rows =
            self.tables.get(&MESSAGES, &partition, &[MessageRow::key(seq)]).await.map_err(tables_error)?;
        let row = rows.first().ok_or_else(Refusal::not_found)?;
        MessageRow::from_row(id, &row.columns).map_err(|error| internal(&error))
    }

    /// The messages of a window, in order.
    pub async fn messages(&self, id: &ConversationId, window: Window) -> Result<Vec<MessageRow>, Refusal> {
        let mut messages = Vec::new();
        let mut from = window.from;
        while from <= window.to {
            let to = window.to.min((from / MESSAGES_PER_BUCKET + 1) * MESSAGES_PER_BUCKET - 1);
            let range = Range {
                from: vec![Value::BigInt(from)],
                to: vec![Value::BigInt(to)],
                limit: usize::try_from(to - from + 1).unwrap_or(1),
                ..Range::default()
            };
            let partition = MessageRow::partition(id, from);
            let page = self.tables.range(&MESSAGES, &partition, range).await.map_err(tables_error)?;
            for row in &page.rows {
                messages.push(MessageRow::from_row(id, &row.columns).map_err(|e| internal(&e))?);
            }
            from = to + 1;
        }
        Ok(messages)
    }

    /// A user's account; an empty one if it was never used.
    pub async fn account(&self, user: &UserId) -> Result<AccountState, Refusal> {
        let key = [vec![Value::Int(owner::STATE), Value::blob(&[])]];
        let partition = [Value::text(user.as_str())];
        let rows = self.tables.get(Accounts::table(), &partition, &key).await.map_err(tables_error)?;
        rows.first().map_or_else(|| Ok(Accounts::fresh()), |row| decode(owner_row(row)?.1))
    }

    /// Ledger entries before an offset, newest first; at most `limit`.
    pub async fn ledger(
        &self,
        user: &UserId,
        before: Option<Offset>,
        limit: usize,
    ) -> Result<Vec<(Offset, LedgerEntry)>, Refusal> {
        let kind = Value::Int(owner::LEDGER);
        let range = Range {
            from: vec![kind.clone()],
            to: vec![kind.clone()],
            descending: true,
            limit,
            after: before.map(|offset| vec![kind, Value::blob(&RowKey::ledger(offset).key)]),
        };
        let partition = [Value::text(user.as_str())];
        let page = self.tables.range(Accounts::table(), &partition, range).await.map_err(tables_error)?;
        let mut entries = Vec::new();
        for row in &page.rows {
            let (key, body) = owner_row(row)?;
            let entry = AccountRow::decode(key.kind, body).map_err(|error| internal(&error))?;
            if let (AccountRow::Ledger(entry), Some(offset)) = (entry, key.number()) {
                entries.push((offset, entry));
            }
        }
        Ok(entries)
    }

    /// The number that a send of `user` has in a conversation, if it is there.
    pub async fn sent(
        &self,
        user: &UserId,
        id: &ConversationId,
        client: &ClientId,
    ) -> Result<Option<i64>, Refusal> {
        match self.row(id, RowKey::sent(user, client)).await? {
            Some(ConversationRow::Sent(sent)) => Ok(Some(sent.seq)),
            _ => Ok(None),
        }
    }

    /// A row of a conversation.
    async fn row(&self, id: &ConversationId, key: RowKey) -> Result<Option<ConversationRow>, Refusal> {
        let rows = self.rows(id, std::slice::from_ref(&key)).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        ConversationRow::decode(key.kind, owner_row(row)?.1).map(Some).map_err(|error| internal(&error))
    }

    /// Rows of a conversation, as of one moment.
    async fn rows(&self, id: &ConversationId, keys: &[RowKey]) -> Result<Vec<Row>, Refusal> {
        let keys: Vec<Vec<Value>> =
            keys.iter().map(|RowKey { kind, key }| vec![Value::Int(*kind), Value::blob(key)]).collect();
        let partition = [Value::text(id.as_str())];
        self.tables.get(Conversations::table(), &partition, &keys).await.map_err(tables_error)
    }
}

fn owner_row(row: &Row) -> Result<(RowKey, &[u8]), Refusal> {
    let read = || {
        let mut key = FromValues::new("owner", &row.key);
        let mut columns = FromValues::new("owner", &row.columns);
        Ok((RowKey { kind: key.int()?, key: key.blob()?.into() }, columns.blob()?))
    };
    read().map_err(|error: MalformedRow| internal(&error))
}

fn decode<T: Record>(body: &[u8]) -> Result<T, Refusal> {
    avro::decode(body).map_err(|error| internal(&error))
}
