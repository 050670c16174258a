//! The first thing that a newcomer sees: a link to a conversation, or how to send a message.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use platform::clock::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use crate::demo::{self, Demo};
use crate::flags::Flags;
use crate::system::Inside;

/// How long the demo users may take.
const PATIENCE: Duration = Duration::from_secs(30);
const DEMO_USERS: [&str; 3] = ["ann", "bob", "carla"];

/// Makes the demo users, where that is allowed, and says how to begin.
pub async fn greet(inside: &Inside, flags: &Flags, clock: &dyn Clock) -> Result<()> {
    let (listen, admin) = (flags.listen, flags.admin());
    let scheme = if flags.tls_certificate.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://{listen}");
    println!("MuscleMap Messaging: {base}/graphql, operators: http://{admin}/readyz?verbose");
    if !flags.dev_login {
        return Ok(());
    }
    for username in DEMO_USERS {
        let deadline = Instant::now() + PATIENCE;
        while let Err(refusal) = inside.ingest.welcome(username, username).await {
            // After a crash there may be much to decide anew before them.
            ensure!(Instant::now() < deadline, "demo users: {}", refusal.detail);
        }
    }
    if flags.demo {
        let (requests, authenticator) = (&inside.requests, &*inside.authenticator);
        Demo { requests, ingest: &inside.ingest, authenticator, clock }.tell().await.context("the demo")?;
        if let (true, [first, ..]) = (inside.has_web, &*demo::users()) {
            println!("\nOpen {base}/#/as/{first}");
            return Ok(());
        }
    }
    println!("\nDemo users: {}", DEMO_USERS.join(", "));
    println!("\nA first message, in another terminal (with curl and jq):\n\n{}", first_session(&base));
    Ok(())
}

/// Where the README's first session stands, and what it says of the place and of ids.
const SESSION: [&str; 2] = ["```sh\npost()", "```"];
const BASE: &str = "http://127.0.0.1:8080";
const IDS: [&str; 2] = ["c597aca0-d9de-488c-b90d-7c6d2e91b6db", "e1e0a750-e49f-4dbd-b34a-1c2ee68b09fe"];

/// What to type for a first message: the README's, at this address. The ids are new each time; typed
/// twice, they mean the same.
fn first_session(base: &str) -> String {
    let [begin, end] = SESSION;
    let readme = include_str!("../../README.md");
    let session = readme.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let session = session.map_or_else(String::new, |(session, _)| format!("post(){session}"));
    IDS.iter()
        .fold(session.replace(BASE, base), |session, id| session.replace(id, &Uuid::new_v4().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_session_is_the_readmes_at_the_systems_address_with_ids_of_its_own() {
        let bases = ["http://127.0.0.1:1", "https://127.0.0.1:2"];
        let sessions = bases.map(first_session);
        for (session, address) in sessions.iter().zip(["http://127.0.0.1:1/", "https://127.0.0.1:2/"]) {
            assert_eq!(session.matches(address).count(), 2, "{session}");
            assert_eq!(session.lines().count(), 9, "{session}");
            assert!(IDS.iter().all(|id| !session.contains(id)), "{session}");
        }
        let differ = sessions[0].lines().zip(sessions[1].lines()).filter(|(one, other)| one != other);
        assert_eq!(differ.count(), 4, "two addresses and two ids");
    }
}
