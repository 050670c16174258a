//! What the platform says of a user to nobody else: e-mail, locale, tier. All are null once it has erased them.

use super::PRIVATE_USERS;
use super::values::{FromValues, MalformedRow, Value};
use super::views::{ProfileRow, ViewRow};
use crate::flags::Tier;
use crate::ids::UserId;
use crate::people::PlatformUser;

/// The column of the tier.
const TIER: usize = 2;

pub fn partition(user: &UserId) -> Vec<Value> {
    ProfileRow::partition(user)
}

pub fn row(user: &UserId, said: Option<&PlatformUser>) -> ViewRow {
    let own = said.map_or([None; 3], |said| [&said.email, &said.locale, &said.tier].map(Option::as_deref));
    ViewRow {
        table: &PRIVATE_USERS,
        partition: partition(user),
        key: vec![],
        columns: own.map(Value::text_or_null).to_vec(),
        time_to_live: None,
    }
}

/// The tier of a user, if the platform has said one.
pub fn tier(columns: &[Value]) -> Result<Option<Tier>, MalformedRow> {
    let malformed = || MalformedRow { table: PRIVATE_USERS.name, column: TIER };
    let tier = columns.get(TIER..).ok_or_else(malformed)?;
    let tier = FromValues::new(PRIVATE_USERS.name, tier).text_or_null().map_err(|_| malformed())?;
    tier.map(str::parse).transpose().map_err(|_| malformed())
}
