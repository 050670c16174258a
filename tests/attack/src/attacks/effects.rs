//! Attacks by mutations: refused ones, and those that undo each other.

use anyhow::Result;
use serde_json::json;
use uuid::Uuid;

use super::Inputs;
use super::requests::ask;
use crate::ground::Ground;

/// More characters than a message may have.
const TOO_LONG: usize = 4_500;

/// Sends that are refused: too long, or to a conversation that the sender is not in.
pub async fn refused_sends(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker).clone();
    // The group of the account two further on: this one is not in it.
    let foreign = ground.account(worker + 2).group.clone();
    let document = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id } }";
    let long = "x".repeat(TOO_LONG);
    ask(&ground, worker, &inputs, |number| {
        let (conversation, content) = if number % 2 == 0 {
            (&account.group, long.clone())
        } else {
            (&foreign, format!("number {number}"))
        };
        let input =
            json!({ "conversationId": conversation, "clientMessageId": Uuid::new_v4(), "content": content });
        (account.token.clone(), document.to_owned(), json!({ "i": input }))
    })
    .await
}

/// One person comes to a group and goes.
pub async fn members(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker).clone();
    let guest = ground.account(worker + 2).user.clone();
    ask(&ground, worker, &inputs, |number| {
        let document = if number % 2 == 0 {
            "mutation($c: ID!, $u: ID!) { addParticipants(conversationId: $c, userIds: [$u]) { id } }"
        } else {
            "mutation($c: ID!, $u: ID!) { removeParticipant(conversationId: $c, userId: $u) { id } }"
        };
        (account.token.clone(), document.to_owned(), json!({ "c": account.group, "u": guest }))
    })
    .await
}

pub async fn blocks(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let token = ground.account(worker).token.clone();
    let victim = ground.account(worker + 3).user.clone();
    ask(&ground, worker, &inputs, |number| {
        let name = if number % 2 == 0 { "blockUser" } else { "unblockUser" };
        (token.clone(), format!("mutation($u: ID!) {{ {name}(userId: $u) }}"), json!({ "u": victim }))
    })
    .await
}
