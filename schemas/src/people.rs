//! People, as the platform publishes them and as messages carry them.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

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

impl PlatformFollow {
    /// The key of the pair: no user id holds a slash.
    pub fn key(&self) -> String {
        format!("{}/{}", self.follower, self.followed)
    }
}

/// Value of `platform.user.v1`: the whole of a user as of now, keyed by their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.platform")]
pub struct PlatformUser {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub avatar_url: Option<String>,
}
