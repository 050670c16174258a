//! Log-in for development: publishes the user as the platform would, grants first credits, and issues a
//! token. Served to this machine alone.
//!
//! Invariant: names that differ in case alone are one user; a name that could pass for the system's is
//! nobody's.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemas::credits::GrantCredits;
use schemas::people::PlatformUser;
use schemas::topics::PLATFORM_USERS;
use schemas::{ErrorCode, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::http::Http;
use crate::{Asked, Ingest};
use graphql::limits::Peer;
use graphql::problem::Problem;

/// The first credits of a new user, in milli-credits.
const WELCOME_MILLI: i64 = 100_000;
/// Names that nobody may have, with marks between their letters or without.
const RESERVED: [&str; 23] = [
    "admin",
    "administrator",
    "all",
    "anonymous",
    "channel",
    "deleted",
    "everybody",
    "everyone",
    "help",
    "here",
    "me",
    "mod",
    "moderator",
    "musclemap",
    "nobody",
    "noreply",
    "null",
    "official",
    "root",
    "security",
    "staff",
    "support",
    "system",
];
/// How long the profile of a new user may take to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    username: String,
    /// Roles that the token names.
    #[serde(default)]
    roles: Vec<String>,
    /// Tier that it names.
    tier: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoggedIn {
    user_id: String,
    token: String,
}

pub async fn login(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    body: Result<Json<Login>, JsonRejection>,
) -> Response {
    if let Err(refused) = http.attempt(peer) {
        return refused.into_response();
    }
    let login = match body {
        Ok(Json(login)) => login,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    match http.ingest.welcome(&login.username, &login.username).await {
        Ok(user) => match http.authenticator.issue(&user, login.roles, login.tier, http.clock.now()) {
            Ok(token) => Json(LoggedIn { user_id: user.to_string(), token }).into_response(),
            Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Err(refusal) if refusal.code == ErrorCode::BadUserInput => {
            Problem::of(StatusCode::BAD_REQUEST, refusal).into_response()
        }
        Err(refusal) => Problem::of(StatusCode::SERVICE_UNAVAILABLE, refusal).into_response(),
    }
}

/// Whether a username may be had.
fn check(username: &str) -> Result<(), Refusal> {
    let is_valid = (1..=32).contains(&username.len())
        && username.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if !is_valid {
        return Err(Refusal::bad_input("username", "1 to 32 letters, digits, dots, dashes, underscores"));
    }
    let letters: String = username.chars().filter(char::is_ascii_alphanumeric).collect();
    if letters.is_empty() || RESERVED.contains(&letters.to_ascii_lowercase().as_str()) {
        return Err(Refusal::bad_input("username", "the name is reserved"));
    }
    Ok(())
}

impl Ingest {
    /// Publishes a user and grants them their first credits, if that has not happened yet.
    pub async fn welcome(&self, username: &str, display_name: &str) -> Result<UserId, Refusal> {
        check(username)?;
        let user = UserId::of_username(username);
        if self.rows.profile(&user).await?.is_none() {
            self.publish_named(&user, username, display_name).await?;
        }
        let grant = GrantCredits { once: "welcome".to_owned(), amount_milli: WELCOME_MILLI };
        self.run_on_account(Asked::direct(&user), grant.into()).await?;
        Ok(user)
    }

    async fn publish_named(&self, user: &UserId, username: &str, display_name: &str) -> Result<(), Refusal> {
        let value = PlatformUser {
            user: user.clone(),
            username: username.to_owned(),
            display_name: display_name.to_owned(),
            avatar_url: None,
            email: None,
            locale: None,
            tier: None,
        };
        self.publish(&PLATFORM_USERS, user, Some(&value)).await?;
        let stored = async {
            while self.rows.profile(user).await?.is_none() {
                self.clock.sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        tokio::time::timeout(STORED_WITHIN, stored)
            .await
            .unwrap_or_else(|_| Err(Refusal::unavailable("the user is not stored yet")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_system_is_nobodys_however_it_is_written() {
        for name in
            RESERVED.into_iter().chain(["Admin", "ADMIN", "a.d.m.i.n", "-all-", "Sup_port", "...", "_"])
        {
            let refusal = check(name).unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::BadUserInput, Some("username")));
        }
        for name in ["ann", "Ann", "admin2", "allan", "allison", "0", "a-b.c_d"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "a b", "ann\n", "änn", &"a".repeat(33)] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_that_differ_in_case_alone_are_one_user() {
        assert_eq!(UserId::of_username("Ann"), UserId::of_username("aNN"));
        assert_ne!(UserId::of_username("ann"), UserId::of_username("an-n"));
    }
}
