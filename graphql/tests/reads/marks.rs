//! Status and readers of a message look at the members of its moment.

use schemas::message::Message;
use serde_json::{Value as Json, json};

use crate::world::{World, interval, text};

async fn marks(world: &World, viewer: &str, id: &str) -> Json {
    let query = format!(
        "{{ message(id: \"{id}\") {{ status readByCount recipientCount readBy {{ user {{ id }} }} deliveredTo {{ user {{ id }} }} }} }}"
    );
    world.query(viewer, &query).await["message"].clone()
}

fn expected(status: &str, recipients: i32, readers: &[&str]) -> Json {
    let users: Vec<Json> = readers.iter().map(|name| json!({ "user": { "id": name } })).collect();
    json!({
        "status": status,
        "readByCount": readers.len(),
        "recipientCount": recipients,
        "readBy": users,
        "deliveredTo": users,
    })
}

#[tokio::test]
async fn newcomers_never_count_and_former_members_keep_what_they_had_read() {
    let world = World::new();
    let id = world.group(1, &["ann"; 3]).await;
    // dora was there, read it, and has left; eve has joined since.
    world.message(&id, Message { recipients: 3, ..text(2, "ann") }).await;
    world.former(&id, "dora", 3, 2).await;
    world.member(&id, "eve", vec![interval(9, None)]).await;
    let message = format!("{id}-000000000002");
    assert_eq!(marks(&world, "ann", &message).await, expected("SENT", 3, &["dora"]));
    world.receipt(&id, "bob", 2).await;
    world.receipt(&id, "carl", 1).await;
    assert_eq!(marks(&world, "ann", &message).await, expected("SENT", 3, &["bob", "dora"]));
    world.receipt(&id, "carl", 3).await;
    assert_eq!(marks(&world, "ann", &message).await, expected("READ", 3, &["bob", "carl", "dora"]));
}

#[tokio::test]
async fn a_block_leaves_a_recipient_out() {
    let world = World::new();
    let id = world.group(1, &["ann"]).await;
    world.message(&id, Message { recipients: 2, ..text(1, "ann") }).await;
    world.receipt(&id, "bob", 1).await;
    world.receipt(&id, "carl", 0).await;
    let message = format!("{id}-000000000001");
    world.block("carl", "ann", 5, None).await;
    assert_eq!(marks(&world, "ann", &message).await, expected("READ", 2, &["bob"]));
    assert_eq!(marks(&world, "bob", &message).await, expected("SENT", 2, &["bob"]));
    world.block("ann", "bob", 5, None).await;
    assert_eq!(marks(&world, "ann", &message).await, expected("SENT", 2, &[]));
}
