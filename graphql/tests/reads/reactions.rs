//! Reactions as a viewer sees them, from the aspect where it says all, from the rows of users where not.

use std::time::{Duration, Instant};

use schemas::reacting::{ReactionGroup, Reactions};
use schemas::tables::views::{AspectBody, AspectRow};
use serde_json::{Value as Json, json};

use crate::world::{World, group, user};

const EMOJI: [&str; 20] = [
    "👍",
    "🎉",
    "🙈",
    "🔥",
    "💪",
    "😀",
    "😎",
    "🥇",
    "🥈",
    "🥉",
    "🏃",
    "🚴",
    "🏊",
    "⛹️",
    "🤸",
    "🧘",
    "🏋️",
    "🚣",
    "🏇",
    "👨‍👩‍👧‍👦",
];

async fn reactions(world: &World, viewer: &str, id: &str, users: &str) -> Json {
    let query = format!("{{ message(id: \"{id}\") {{ reactions {{ emoji count hasReacted {users} }} }} }}");
    world.query(viewer, &query).await["message"]["reactions"].clone()
}

fn named(names: &[&str]) -> Json {
    names.iter().map(|name| json!({ "id": name })).collect()
}

#[tokio::test]
async fn counts_names_and_ones_own_reactions_are_those_of_the_rows() {
    let world = World::new();
    let id = world.group(1, &["bob"]).await;
    let by: [(&str, &[&str]); 4] =
        [("dave", &["👍"]), ("ann", &["👍", "🎉"]), ("bob", &["👍"]), ("carl", &["👍"])];
    world.reactions(&id, 1, &by).await;
    let message = format!("{id}-000000000001");
    let seen = reactions(&world, "ann", &message, "users { id }").await;
    let wanted = json!([
        { "emoji": "👍", "count": 4, "hasReacted": true, "users": named(&["dave", "ann", "bob", "carl"]) },
        { "emoji": "🎉", "count": 1, "hasReacted": true, "users": named(&["ann"]) },
    ]);
    assert_eq!(seen, wanted);
    let seen = reactions(&world, "bob", &message, "users(first: 2, after: \"ann\") { id }").await;
    assert_eq!(seen[0]["users"], named(&["bob", "carl"]));
    assert_eq!((&seen[0]["hasReacted"], &seen[1]["hasReacted"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn what_a_block_hides_is_in_no_group() {
    let world = World::new();
    let id = world.group(1, &["carl"]).await;
    // Bob's reactions are of the times 1 and 2, ann's of 3, carl's of 4.
    world.reactions(&id, 1, &[("bob", &["👍", "🎉"]), ("ann", &["👍"]), ("carl", &["👍"])]).await;
    let message = format!("{id}-000000000001");
    world.block("ann", "bob", 2, Some(3)).await;
    let all =
        json!([{ "emoji": "👍", "count": 3, "hasReacted": true, "users": named(&["bob", "ann", "carl"]) }]);
    assert_eq!(reactions(&world, "ann", &message, "users { id }").await, all, "the one from before");
    world.block("ann", "bob", 0, None).await;
    let of_others =
        json!([{ "emoji": "👍", "count": 2, "hasReacted": true, "users": named(&["ann", "carl"]) }]);
    assert_eq!(reactions(&world, "ann", &message, "users { id }").await, of_others);
    let seen = reactions(&world, "bob", &message, "users(first: 1) { id }").await;
    assert_eq!((&seen[0]["count"], &seen[0]["users"]), (&json!(2), &named(&["bob"])));
}

/// 50 members put each 20 emoji on one message of a page of 50.
#[tokio::test]
async fn a_thousand_reactions_to_one_message_leave_a_page_small_and_fast() {
    let world = World::new();
    let id = world.group(1, &["bob"; 50]).await;
    let names: Vec<String> = (0..50).map(|number| format!("member{number:02}")).collect();
    let mut by: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &EMOJI[..])).collect();
    by[0].0 = "ann";
    world.reactions(&id, 25, &by).await;
    let query = format!(
        "{{ messages(conversationId: \"{id}\", last: 50) {{ nodes {{ seq content
            reactions {{ emoji count hasReacted users(first: 3) {{ id }} }} }} }} }}"
    );
    let (mut fastest, mut bytes) = (Duration::MAX, 0);
    for _ in 0..20 {
        let begun = Instant::now();
        let page = world.query("ann", &query).await;
        fastest = fastest.min(begun.elapsed());
        let nodes = page["messages"]["nodes"].as_array().unwrap();
        let counts: i64 =
            nodes[24]["reactions"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum();
        assert_eq!((nodes.len(), counts), (50, 1_000));
        assert!(nodes[24]["reactions"].as_array().unwrap().iter().all(|one| one["hasReacted"] == true));
        bytes = page.to_string().len();
    }
    assert!(bytes < 10_000, "{bytes} bytes");
    assert!(fastest < Duration::from_millis(20), "{fastest:?}");
}

#[test]
fn the_aspect_of_as_many_emoji_as_a_message_may_have_is_at_most_2_kb() {
    let long = |number: usize| user(&format!("{number:020}"));
    let group_of = |emoji: &&str| {
        let first = (0..ReactionGroup::FIRST).map(long).collect();
        ReactionGroup { emoji: (*emoji).to_owned(), count: 50, first }
    };
    let body = AspectBody::Reactions(Reactions { groups: EMOJI.iter().map(group_of).collect() });
    let row = AspectRow { conversation: group(1), seq: 1, at: 0, body }.to_row();
    let schemas::tables::Value::Blob(bytes) = &row.columns[3] else { panic!("a body") };
    assert!(bytes.len() <= 2_048, "{} bytes", bytes.len());
}
