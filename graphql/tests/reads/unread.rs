//! Unread messages are those that a member could read.

use schemas::membership::MembershipInterval;
use schemas::message::{Body, Note, NoteKind};
use schemas::states::ConversationState;
use serde_json::json;

use crate::world::{World, group, profile, state, text};

async fn unread(world: &World, viewer: &str, number: u64) -> i64 {
    let query = format!("{{ conversation(id: \"{}\") {{ unreadCount }} }}", group(number));
    world.query(viewer, &query).await["conversation"]["unreadCount"].as_i64().unwrap()
}

#[tokio::test]
async fn a_count_is_a_difference_less_removals_and_what_blocks_hide() {
    let world = World::new();
    let id = world.group(1, &["bob"; 20]).await;
    assert_eq!(unread(&world, "ann", 1).await, 20);
    world.receipt(&id, "ann", 5).await;
    assert_eq!(unread(&world, "ann", 1).await, 15);

    world.state(&id, &ConversationState { removed: vec![4, 6, 9], ..state(20) }).await;
    for seq in [4, 6, 9] {
        world.message(&id, text(seq, "bob").removed(99)).await;
    }
    assert_eq!(unread(&world, "ann", 1).await, 13);
    // The removal of 6 is forgotten: rows are looked at.
    world.state(&id, &ConversationState { removed: vec![9], removed_dropped: 6, ..state(20) }).await;
    assert_eq!(unread(&world, "ann", 1).await, 13);

    world.block("ann", "bob", 8, Some(11)).await;
    assert_eq!(unread(&world, "ann", 1).await, 11, "8 and 10 are hidden, 9 is removed");
    assert_eq!(unread(&world, "carl", 1).await, 17);
}

/// Whose sender has left since: there is no member row of theirs any more.
#[tokio::test]
async fn a_former_members_hidden_messages_do_not_count() {
    let world = World::new();
    let id = world.group(1, &["dora", "dora", "bob"]).await;
    world.former(&id, "dora", 10, 0).await;
    assert_eq!(unread(&world, "ann", 1).await, 3);
    world.block("ann", "dora", 2, None).await;
    assert_eq!(unread(&world, "ann", 1).await, 2);
}

#[tokio::test]
async fn newcomers_and_notes_are_left_out_and_a_hundred_means_more() {
    let world = World::new();
    let id = world.group(1, &["bob"; 120]).await;
    assert_eq!(unread(&world, "ann", 1).await, 100);
    world.receipt(&id, "ann", 21).await;
    assert_eq!(unread(&world, "ann", 1).await, 99);
    let interval = MembershipInterval { from: 100, to: None, first_seq: 101, first_ordinal: 100 };
    world.member(&id, "dora", vec![interval]).await;
    assert_eq!(unread(&world, "dora", 1).await, 20);
    // A note has a number, and no ordinal.
    world.state(&id, &ConversationState { head: 121, head_at: 121, ..state(120) }).await;
    let note = Body::Note(Note::new(NoteKind::Left, vec![]));
    world.message(&id, schemas::message::Message { body: note, ..text(121, "bob") }).await;
    assert_eq!(unread(&world, "dora", 1).await, 20);
    world.block("dora", "carl", 0, None).await;
    assert_eq!(unread(&world, "dora", 1).await, 20, "by rows");
}

#[tokio::test]
async fn mentions_count_where_they_are_visible() {
    let world = World::new();
    let id = world.group(1, &["bob", "carl", "bob", "bob"]).await;
    for (seq, sender, all) in [(1, "bob", false), (2, "carl", true), (3, "bob", true)] {
        let mut message = text(seq, sender);
        message.mentions.all = all;
        if seq == 1 {
            message.mentions.people.push(profile("ann"));
        }
        world.message(&id, message).await;
    }
    let count = async || {
        let query = format!(
            "{{ conversation(id: \"{id}\") {{ unreadMentionCount lastMessage {{ seq }} lastMessageAt lastSeq }} }}"
        );
        world.query("ann", &query).await["conversation"].clone()
    };
    assert_eq!(count().await["unreadMentionCount"], 3);
    world.block("ann", "bob", 3, None).await;
    assert_eq!(
        count().await,
        json!({
            "unreadMentionCount": 2,
            "lastMessage": { "seq": 2 },
            "lastMessageAt": "1970-01-01T00:00:00.002Z",
            "lastSeq": 4,
        })
    );
}
