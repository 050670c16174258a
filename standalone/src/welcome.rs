//! The first thing that a newcomer sees: demo users, and how to send a message.

use anyhow::{Context, Result};

use crate::flags::Flags;
use crate::system::System;

const DEMO_USERS: [&str; 3] = ["ann", "bob", "carla"];

/// Makes the demo users, where that is allowed, and says how to begin.
pub async fn greet(system: &System, flags: &Flags) -> Result<()> {
    let (listen, admin) = (flags.listen, flags.admin());
    println!("MuscleMap Messaging: http://{listen}/graphql, operators: http://{admin}/readyz?verbose");
    if !flags.is_development() {
        return Ok(());
    }
    for username in DEMO_USERS {
        let user = system.ingest.welcome(username).await;
        user.map_err(|refusal| anyhow::anyhow!(refusal.detail)).context("demo users")?;
    }
    println!(
        "
GraphiQL: http://{listen}/   demo users: {}

A first message, in another terminal (with curl and jq):

  login() {{ curl -s http://{listen}/dev/login -H 'content-type: application/json' -d '{{\"username\":\"'$1'\"}}'; }}
  ask() {{ curl -s http://{listen}/graphql -H 'content-type: application/json' -H \"authorization: Bearer $TOKEN\" -d \"$1\"; }}
  BOB=$(login bob | jq -r .userId); TOKEN=$(login ann | jq -r .token)
  CHAT=$(ask '{{\"query\":\"mutation {{ createConversation(input: {{kind: DIRECT, participantIds: [\\\"'$BOB'\\\"], clientConversationId: \\\"'$(uuidgen)'\\\"}}) {{ id }} }}\"}}' | jq -r .data.createConversation.id)
  ask '{{\"query\":\"mutation {{ sendMessage(input: {{conversationId: \\\"'$CHAT'\\\", clientMessageId: \\\"'$(uuidgen)'\\\", content: \\\"hello\\\"}}) {{ id seq content }} }}\"}}'
",
        DEMO_USERS.join(", ")
    );
    Ok(())
}
