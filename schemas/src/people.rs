//! People, as the platform publishes them and as messages carry them.

use std::fmt;

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::avro;
use crate::flags::Tier;
use crate::ids::UserId;
use crate::position::{LogTime, Offset, Version};

/// What others see of a person; embedded in commands and events so that rendering reads no table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Profile {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub avatar_url: Option<String>,
}

/// Value of `platform.follow.v1`: whether one user follows another as of now, under [`PlatformFollow::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.platform")]
pub struct PlatformFollow {
    pub follower: UserId,
    pub followed: UserId,
    /// False once the follower has unfollowed.
    pub follows: bool,
}

impl Profile {
    /// What others see of an erased user.
    pub fn of_erased(user: UserId) -> Self {
        let (username, display_name) = ("deleted".to_owned(), "Deleted user".to_owned());
        Self { user, username, display_name, avatar_url: None }
    }
}

impl PlatformFollow {
    /// The key of the pair: no user id holds a slash.
    pub fn key(&self) -> String {
        format!("{}/{}", self.follower, self.followed)
    }
}

/// Value of `platform.user.v1`: the whole of a user as of now, keyed by their id. A record without a value erases
/// the user, for good.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.platform")]
pub struct PlatformUser {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub avatar_url: Option<String>,
    /// Private to the user, as are the fields below.
    pub email: Option<String>,
    /// BCP 47.
    pub locale: Option<String>,
    /// The class of their subscription, in place of what a token says.
    pub tier: Option<String>,
}

/// Logs and errors never show what is the user's own.
impl fmt::Debug for PlatformUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformUser").field("user", &self.user).finish_non_exhaustive()
    }
}

impl PlatformUser {
    /// The user that a record names, and what it says of them: nothing of one who is erased. All readers take the
    /// same records for poison. An error never shows the value.
    pub fn read(key: Option<&str>, value: &[u8]) -> Result<(UserId, Option<Self>), String> {
        let user: Option<UserId> = key.and_then(|key| key.parse().ok());
        let user = user.ok_or("the key is no user's")?;
        if value.is_empty() {
            return Ok((user, None));
        }
        let said: Self = avro::decode(value).map_err(|error| error.to_string())?;
        if said.user != user {
            return Err("the key is not the user's".to_owned());
        }
        if said.tier.as_ref().is_some_and(|tier| tier.parse::<Tier>().is_err()) {
            return Err("the tier has no tier's name".to_owned());
        }
        Ok((user, Some(said)))
    }

    /// The version of what stands of a user after a record: an erasure is for good.
    pub fn version(value: &[u8], offset: Offset) -> Version {
        if value.is_empty() { Version::ERASED } else { Version::of(offset) }
    }

    /// What others see.
    pub fn profile(&self) -> Profile {
        Profile {
            user: self.user.clone(),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            avatar_url: self.avatar_url.clone(),
        }
    }
}

/// Value of `messaging.erasures.v1`, keyed by the user: the platform has erased them. It is never withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UserErased {
    pub user: UserId,
}

/// Value of `platform.ban.v1`, keyed by the user: nothing is served to them. A record without a value ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.platform")]
pub struct PlatformBan {
    pub user: UserId,
    /// Milliseconds since 1970; absent for good.
    pub until: Option<LogTime>,
}

/// Value of `platform.revocation.v1`, keyed by the user: tokens that were issued earlier are not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.platform")]
pub struct PlatformRevocation {
    pub user: UserId,
    /// Milliseconds since 1970.
    pub not_before: LogTime,
}
