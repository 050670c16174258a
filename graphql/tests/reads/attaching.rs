//! Files of a conversation, page by page, as far as their viewer sees the messages that carry them.

use schemas::membership::MembershipInterval;

use crate::world::{World, group, interval, state, text};

/// Messages of ann and bob with one to three files, and texts between them.
const HEAD: i64 = 120;
const DELETED: i64 = 60;

fn sender(seq: i64) -> &'static str {
    if seq % 4 == 0 { "bob" } else { "ann" }
}

/// Names of the files of a message.
fn names(seq: i64) -> Vec<String> {
    let count = if seq % 2 == 0 && seq != DELETED { seq % 3 + 1 } else { 0 };
    (0..count).map(|nth| format!("{seq}-{nth}.jpg")).collect()
}

/// Names of files in pages of a size, and the number of pages.
async fn walk(world: &World, viewer: &str, size: usize) -> (Vec<String>, usize) {
    let (mut found, mut after, mut pages) = (vec![], "null".to_owned(), 0);
    loop {
        let query = format!(
            "{{ conversationMedia(conversationId: \"{}\", first: {size}, after: {after}) {{
                nodes {{ fileName state }} pageInfo {{ hasNextPage endCursor }} }} }}",
            group(1)
        );
        let page = world.query(viewer, &query).await["conversationMedia"].take();
        let nodes = page["nodes"].as_array().unwrap();
        assert!(nodes.len() <= size);
        found.extend(nodes.iter().map(|node| node["fileName"].as_str().unwrap().to_owned()));
        pages += 1;
        if page["pageInfo"]["hasNextPage"] == false {
            return (found, pages);
        }
        after = page["pageInfo"]["endCursor"].to_string();
    }
}

#[tokio::test]
async fn each_file_of_a_visible_message_is_on_one_page() {
    let world = World::new();
    let id = group(1);
    world.state(&id, &state(HEAD)).await;
    for name in ["ann", "carl"] {
        world.member(&id, name, vec![interval(0, None)]).await;
    }
    let late = MembershipInterval { first_seq: 90, first_ordinal: 89, ..interval(89, None) };
    world.member(&id, "dora", vec![late]).await;
    world.block("carl", "bob", 0, None).await;
    for seq in 1..=HEAD {
        match names(seq) {
            none if none.is_empty() => world.message(&id, text(seq, sender(seq))).await,
            names => world.files(&id, seq, sender(seq), &names).await,
        }
    }
    world.files(&id, DELETED, sender(DELETED), &[]).await;
    world.message(&id, text(DELETED, sender(DELETED)).removed(HEAD)).await;
    let of = |is_seen: &dyn Fn(i64) -> bool| -> Vec<String> {
        (1..=HEAD).rev().filter(|seq| is_seen(*seq)).flat_map(names).collect()
    };
    for size in [1, 3, 50] {
        assert_eq!(walk(&world, "ann", size).await.0, of(&|_| true), "{size}");
        assert_eq!(walk(&world, "carl", size).await.0, of(&|seq| sender(seq) != "bob"), "{size}");
        assert_eq!(walk(&world, "dora", size).await.0, of(&|seq| seq >= 90), "{size}");
    }
    let denied = format!("{{ conversationMedia(conversationId: \"{id}\") {{ nodes {{ id }} }} }}");
    let denied = world.answer("eve", &denied).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_page_behind_very_many_hidden_files_has_a_cursor_to_go_on() {
    const HIDDEN: i64 = 1_100;
    let world = World::new();
    let id = group(1);
    world.state(&id, &state(HIDDEN + 1)).await;
    world.member(&id, "carl", vec![interval(0, None)]).await;
    world.block("carl", "bob", 0, None).await;
    world.files(&id, 1, "ann", &["first.jpg".to_owned()]).await;
    for seq in 2..=HIDDEN + 1 {
        world.files(&id, seq, "bob", &["hidden.jpg".to_owned()]).await;
    }
    assert_eq!(walk(&world, "carl", 50).await, (vec!["first.jpg".to_owned()], 2));
}
