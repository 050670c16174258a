//! Lists page by keyset: no page fails, and what stands still is neither missed nor doubled.

use std::path::Path;

use futures::future::join_all;
use musclemap_tests::acts::{leave, mark_read, people, remove, set_block};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const CONVERSATIONS: &str = "query($first: Int, $after: String, $filter: ConversationFilter) {
    conversations(first: $first, after: $after, filter: $filter) {
        nodes { id unreadCount } pageInfo { hasNextPage endCursor } } }";

async fn page(client: &Client, after: &Value, filter: &Value) -> Value {
    let variables = json!({ "first": 4, "after": after, "filter": filter });
    client.get(CONVERSATIONS, variables).await["conversations"].take()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn conversations_that_leave_the_filter_do_not_break_the_next_page() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut chats = vec![];
    for number in 0..10 {
        let chat = ann.create("GROUP", &[&bob]).await;
        ann.send(&chat, &format!("number {number}")).await;
        chats.insert(0, chat);
    }
    let unread = json!({ "unread": true });
    let first = page(&bob, &Value::Null, &unread).await;
    assert_eq!(ids(&first), chats[..4]);
    for id in ids(&first) {
        mark_read(&bob, &id, bob.history(&id).await.last().unwrap()).await;
    }
    let second = page(&bob, &first["pageInfo"]["endCursor"], &unread).await;
    assert_eq!(ids(&second), chats[4..8]);
    // The conversation that the cursor names is left; one that moves up is live news, not of this page.
    leave(&bob, &chats[7]).await;
    ann.send(&chats[9], "moves up").await;
    let third = page(&bob, &second["pageInfo"]["endCursor"], &unread).await;
    assert_eq!((ids(&third), &third["pageInfo"]["hasNextPage"]), (chats[8..9].to_vec(), &json!(false)));
    for cursor in ["", "x", "!!", &chats[0], "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = bob.ask(CONVERSATIONS, json!({ "after": cursor })).await;
        assert_eq!(code(&answer), Some("BAD_USER_INPUT"), "{cursor:?}: {answer}");
    }
}

#[tokio::test]
async fn participants_and_blocked_users_page_whoever_leaves() {
    let server = System::start().await;
    let [ann, bob, carl, dan, eve] = people(&server, ["ann", "bob", "carl", "dan", "eve"]).await;
    let others = [&bob, &carl, &dan, &eve];
    let chat = ann.create("GROUP", &others).await;
    let query =
        "query($c: ID!, $after: String) { conversation(id: $c) { participants(first: 2, after: $after) {
        nodes { user { username } } pageInfo { hasNextPage endCursor } } } }";
    let names = |page: &Value, path: &str| -> Vec<String> {
        let nodes = page["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node.pointer(path).unwrap().as_str().unwrap().to_owned()).collect()
    };
    let (mut seen, mut after) = (vec![], Value::Null);
    loop {
        let page =
            ann.get(query, json!({ "c": chat, "after": after })).await["conversation"]["participants"].take();
        seen.extend(names(&page, "/user/username"));
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
        // Whoever stands at the cursor is removed.
        if let Some(last) = others.iter().find(|other| other.name == seen[seen.len() - 1]) {
            remove(&ann, &chat, last).await;
        }
    }
    seen.sort();
    assert_eq!(seen, ["ann", "bob", "carl", "dan", "eve"]);

    for other in others {
        set_block(&ann, other, true).await;
    }
    let query = "query($after: String) { blockedUsers(first: 2, after: $after) {
        nodes { id username } pageInfo { hasNextPage endCursor } } }";
    let first = ann.get(query, json!({ "after": null })).await["blockedUsers"].take();
    let last = others.iter().find(|other| other.user == first["nodes"][1]["id"].as_str().unwrap()).unwrap();
    set_block(&ann, last, false).await;
    let second =
        ann.get(query, json!({ "after": first["pageInfo"]["endCursor"] })).await["blockedUsers"].take();
    let mut all = [names(&first, "/username"), names(&second, "/username")].concat();
    all.sort();
    assert_eq!(all, ["bob", "carl", "dan", "eve"]);
}

#[tokio::test]
async fn a_page_is_filled_with_what_is_visible() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = carl.create("GROUP", &[&ann, &bob]).await;
    carl.send(&chat, "first").await;
    set_block(&ann, &bob, true).await;
    for number in 0..30 {
        bob.send(&chat, &format!("hidden {number}")).await;
    }
    carl.send(&chat, "last").await;
    let query = "query($c: ID!) { messages(conversationId: $c, last: 2) { nodes { content }
        pageInfo { hasPreviousPage hasNextPage } }
        conversation(id: $c) { unreadCount lastMessage { content } } }";
    let seen = ann.get(query, json!({ "c": chat })).await;
    assert_eq!(seen["messages"]["nodes"], json!([{ "content": "first" }, { "content": "last" }]), "{seen}");
    assert_eq!(seen["messages"]["pageInfo"], json!({ "hasPreviousPage": false, "hasNextPage": false }));
    assert_eq!(seen["conversation"], json!({ "unreadCount": 2, "lastMessage": { "content": "last" } }));
}

#[tokio::test]
async fn extreme_numbers_are_refused_or_answered() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    ann.send(&chat, "hello").await;
    let query = "query($c: ID!, $after: String, $around: ID) { messages(conversationId: $c, after: $after, around: $around) {
        nodes { content } pageInfo { hasNextPage hasPreviousPage } } }";
    for number in [
        "-9223372036854775807",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999",
        "-000000000001",
    ] {
        let cursor = format!("{chat}-{number}");
        for variables in [json!({ "c": chat, "after": cursor }), json!({ "c": chat, "around": cursor })] {
            let answer = ann.ask(query, variables).await;
            let is_refused = code(&answer) == Some("BAD_USER_INPUT") || code(&answer) == Some("NOT_FOUND");
            assert!(is_refused || answer["data"]["messages"]["nodes"].is_array(), "{cursor}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_user_in_hundreds_of_groups_lists_receives_and_leaves() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy.toml");
    let server = System::with_policy(Some(&policy)).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let (mut groups, others) = (vec![], [&bob]);
    for _ in 0..30 {
        groups.extend(join_all((0..10).map(|_| ann.create("GROUP", &others))).await);
    }
    let listed = async || {
        let (mut listed, mut after) = (vec![], Value::Null);
        loop {
            let variables = json!({ "first": 50, "after": after });
            let page = bob.get(CONVERSATIONS, variables).await["conversations"].take();
            listed.extend(ids(&page));
            if page["pageInfo"]["hasNextPage"] != true {
                listed.sort();
                return listed;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    };
    groups.sort();
    assert_eq!(listed().await, groups);
    let mut socket = Socket::connect(&server, &bob).await;
    socket.inbox(None).await;
    for group in [&groups[0], &groups[groups.len() - 1]] {
        let sent = ann.send(group, "hello").await;
        assert_eq!(socket.frame_with(&sent["id"]).await["event"]["message"]["content"], "hello");
    }
    for some in groups.chunks(10) {
        for left in join_all(some.iter().map(|group| leave(&bob, group))).await {
            // One that was asked again, as its outcome was pending, may find that it is done.
            let is_left = left["data"]["leaveConversation"] == true || code(&left) == Some("NOT_FOUND");
            assert!(is_left, "{left}");
        }
    }
    assert_eq!(listed().await, [""; 0]);
}
