//! The first thing that a newcomer sees: demo users, and how to send a message.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use ingest::Ingest;
use tokio::time::Instant;
use uuid::Uuid;

use crate::flags::Flags;

/// How long the demo users may take.
const PATIENCE: Duration = Duration::from_secs(30);
const DEMO_USERS: [&str; 3] = ["ann", "bob", "carla"];

/// Makes the demo users, where that is allowed, and says how to begin.
pub async fn greet(ingest: &Ingest, flags: &Flags) -> Result<()> {
    let (listen, admin) = (flags.listen, flags.admin());
    println!("MuscleMap Messaging: http://{listen}/graphql, operators: http://{admin}/readyz?verbose");
    if !flags.is_development() {
        return Ok(());
    }
    for username in DEMO_USERS {
        let deadline = Instant::now() + PATIENCE;
        while let Err(refusal) = ingest.welcome(username).await {
            // After a crash there may be much to decide anew before them.
            ensure!(Instant::now() < deadline, "demo users: {}", refusal.detail);
        }
    }
    println!("{}", first_session(listen));
    Ok(())
}

/// What to type for a first message. The ids are new each time; typed twice, they mean the same.
fn first_session(listen: SocketAddr) -> String {
    let (conversation, message) = (Uuid::new_v4(), Uuid::new_v4());
    format!(
        r#"
GraphiQL: http://{listen}/   demo users: {users}

A first message, in another terminal (with curl and jq):

  post() {{ curl -s http://{listen}/graphql -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" -d @-; }}
  login() {{ jq -n --arg name "$1" '{{username: $name}}' | curl -s http://{listen}/dev/login -H 'content-type: application/json' -d @-; }}
  ask() {{ jq -n --arg query "$1" '{{query: $query}}' | post; echo; }}

  BOB=$(login bob | jq -r .userId)
  TOKEN=$(login ann | jq -r .token)
  CHAT=$(ask "mutation {{ createConversation(input: {{kind: DIRECT, participantIds: [\"$BOB\"], clientConversationId: \"{conversation}\"}}) {{ id }} }}" | jq -r .data.createConversation.id)
  ask "mutation {{ sendMessage(input: {{conversationId: \"$CHAT\", clientMessageId: \"{message}\", content: \"hello\"}}) {{ id seq content }} }}"
  ask "{{ credits {{ balanceMilli }} conversations {{ nodes {{ lastMessage {{ content }} }} }} }}"
"#,
        users = DEMO_USERS.join(", ")
    )
}
