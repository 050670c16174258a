//! Rows of an account.

use std::collections::HashMap;

use domain::Accounts;
use fold::Fold;
use platform::ports::{Range, Row};
use schemas::avro::Record;
use schemas::charging::ClientRequest;
use schemas::credits::LedgerEntry;
use schemas::limits::Usage;
use schemas::organizing::Organized;
use schemas::position::Offset;
use schemas::privacy::Privacy;
use schemas::rows::{Keyed, RowKey, Schedule, Schedules};
use schemas::states::AccountState;
use schemas::tables::Value;
use schemas::templating::{Template, Templates};
use schemas::{ClientId, ConversationId, Refusal, TemplateId, UserId};

use super::{MAX_KEYS, Pages, Rows, Versioned, bounds_of, decode, keyed, owner_row};
use crate::error::tables_error;

impl Rows {
    /// The state of a user's account; a fresh one if it was never used.
    pub async fn account(&self, user: &UserId) -> Result<AccountState, Refusal> {
        Ok(self.versioned_account(user).await?.map_or_else(Accounts::fresh, |state| state.value))
    }

    /// The state with the version of its row, if the account was ever used.
    pub async fn versioned_account(&self, user: &UserId) -> Result<Option<Versioned<AccountState>>, Refusal> {
        let row = self.account_row(user, &RowKey::state()).await?;
        let state = row.map(|row| Ok(Versioned { version: row.version, value: decode(owner_row(&row)?.1)? }));
        state.transpose()
    }

    /// A user's privacy settings; those of a fresh account if it was never used.
    pub async fn privacy(&self, user: &UserId) -> Result<Privacy, Refusal> {
        Ok(self.account(user).await?.privacy)
    }

    /// What an account remembers of a request with a client id, if its charge stands.
    pub async fn client_request(
        &self,
        user: &UserId,
        client: &ClientId,
    ) -> Result<Option<ClientRequest>, Refusal> {
        let request = self.account_value::<ClientRequest>(user, client).await?;
        Ok(request.filter(|request| request.live))
    }

    /// Ledger entries before an offset, newest first; at most `limit`.
    pub async fn ledger(
        &self,
        user: &UserId,
        before: Option<Offset>,
        limit: usize,
    ) -> Result<Vec<(Offset, LedgerEntry)>, Refusal> {
        let (from, to) = bounds_of::<LedgerEntry>();
        let after = before.map(|offset| RowKey::of::<LedgerEntry>(&offset).to_values());
        let range = Range { from, to, descending: true, limit, after };
        let partition = [Value::text(user.as_str())];
        let page = self.tables.range(Accounts::table(), &partition, range).await.map_err(tables_error)?;
        keyed(&page.rows)
    }

    /// How a user keeps their conversations, as far as they have set it.
    pub async fn organized(&self, user: &UserId) -> Result<Vec<(ConversationId, Organized)>, Refusal> {
        self.account_values(user).await
    }

    /// What the limits of a user count, by the name of each.
    pub async fn usage(&self, user: &UserId) -> Result<Vec<(String, Usage)>, Refusal> {
        self.account_values(user).await
    }

    /// A schedule of a user, if it is kept.
    pub async fn schedule(&self, user: &UserId, id: &ClientId) -> Result<Option<Schedule>, Refusal> {
        self.account_value(user, id).await
    }

    /// The schedules that a user's account lists.
    pub async fn schedules(&self, user: &UserId) -> Result<Vec<(ClientId, Schedule)>, Refusal> {
        let Schedules { open, settled } = self.account_value(user, &()).await?.unwrap_or_default();
        let (mut found, ids) = (vec![], open.into_iter().chain(settled).collect::<Vec<ClientId>>());
        for ids in ids.chunks(MAX_KEYS) {
            let keys: Vec<Vec<Value>> = ids.iter().map(|id| RowKey::of::<Schedule>(id).to_values()).collect();
            let partition = [Value::text(user.as_str())];
            let rows = self.tables.get(Accounts::table(), &partition, &keys).await.map_err(tables_error)?;
            found.extend(keyed(&rows)?);
        }
        Ok(found)
    }

    /// The templates that a user has, in the order in which they were made.
    pub async fn templates(&self, user: &UserId) -> Result<Vec<(TemplateId, Template)>, Refusal> {
        let all = self.account_value::<Templates>(user, &()).await?.unwrap_or_default().all;
        let mut rows = HashMap::with_capacity(all.len());
        let keys: Vec<Vec<Value>> =
            all.iter().map(|mark| RowKey::of::<Template>(&mark.template).to_values()).collect();
        for keys in keys.chunks(MAX_KEYS) {
            let partition = [Value::text(user.as_str())];
            let found = self.tables.get(Accounts::table(), &partition, keys).await.map_err(tables_error)?;
            rows.extend(keyed::<Template>(&found)?);
        }
        // One that went between the two reads has no text any more.
        let standing = all.into_iter().filter_map(|mark| {
            let row = rows.remove(&mark.template).filter(|row| row.written.is_some())?;
            Some((mark.template, row))
        });
        Ok(standing.collect())
    }

    /// Every row of one kind of a user's account.
    async fn account_values<T: Keyed + Record>(&self, user: &UserId) -> Result<Vec<(T::Key, T)>, Refusal> {
        let partition = vec![Value::text(user.as_str())];
        let pages = Pages::between(&*self.tables, Accounts::table(), partition, bounds_of::<T>());
        keyed(&pages.all().await.map_err(tables_error)?)
    }

    /// One row of a user's account, if it is there.
    pub async fn account_value<T: Keyed + Record>(
        &self,
        user: &UserId,
        key: &T::Key,
    ) -> Result<Option<T>, Refusal> {
        let row = self.account_row(user, &RowKey::of::<T>(key)).await?;
        row.map(|row| decode(owner_row(&row)?.1)).transpose()
    }

    async fn account_row(&self, user: &UserId, key: &RowKey) -> Result<Option<Row>, Refusal> {
        let partition = [Value::text(user.as_str())];
        let rows = self.tables.get(Accounts::table(), &partition, &[key.to_values()]).await;
        Ok(rows.map_err(tables_error)?.into_iter().next())
    }
}
