//! Whether users are there, as a viewer may see it.

use async_graphql::{Enum, ID, SimpleObject};
use awareness::presence::Seen;
use domain::presence::Status;
use schemas::{Refusal, UserId};

use crate::ids::parse_id;
use crate::scalars::DateTime;
use crate::{Access, Result};

/// Users whom one request, or one subscription, may name.
pub const MOST: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum PresenceStatus {
    Online,
    Away,
    Offline,
}

#[derive(SimpleObject)]
pub struct UserPresence {
    user_id: ID,
    status: PresenceStatus,
    last_seen: Option<DateTime>,
}

impl From<&Seen> for UserPresence {
    fn from(seen: &Seen) -> Self {
        Self {
            user_id: seen.user.as_str().into(),
            status: seen.status.into(),
            last_seen: seen.last_seen.map(DateTime),
        }
    }
}

/// The users whom a request names.
pub fn named(ids: &[ID]) -> Result<Vec<UserId>, Refusal> {
    if ids.len() > MOST {
        return Err(Refusal::bad_input("userIds", format!("more than {MOST} users")));
    }
    ids.iter().map(parse_id).collect()
}

/// The presence of users; what the viewer may not see looks as if they were never there.
pub async fn of(access: &Access<'_>, users: &[UserId]) -> Result<Vec<UserPresence>, Refusal> {
    let seen = access.presence(users).await?;
    Ok(seen
        .iter()
        .map(|(seen, is_shown)| match is_shown {
            true => UserPresence::from(seen),
            false => UserPresence::from(&seen.hidden()),
        })
        .collect())
}
