//! Fields, arguments and values that tests of a capability have no reason to ask for, each with what it must be.

use musclemap_tests::acts::{
    acknowledge, add_reaction, edit, mark_read, organize, people, presence, remove_reaction, set_privacy,
    update,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::files::{PNG, complete, put, settled};
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};
use uuid::Uuid;

/// More than a hundredth of the window, so that the window ends before the count of edits does.
const BETWEEN_EDITS: Duration = Duration::from_millis(50);
const SHA256_OF_PNG: &str = "a1abfd410973b0111c215baa879b9edcd739e601659ba44168269767cc2e9108";
const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async fn created(by: &Client, input: Value) -> Value {
    let query = "mutation($i: CreateConversationInput!) { createConversation(input: $i) {
        id kind title createdAt createdBy { username } lastMessageAt
        participants { nodes { joinedAt user { username } } } } }";
    data(by.ask(query, json!({ "i": input })).await)["createConversation"].take()
}

/// Ids of the listed conversations of a kind.
async fn of_kind(by: &Client, kind: &str) -> Vec<Value> {
    let query = "query($k: ConversationKind!) { conversations(filter: { kind: $k }) { nodes { id kind } } }";
    let mut listed = by.get(query, json!({ "k": kind })).await["conversations"]["nodes"].take();
    let nodes = listed.as_array_mut().expect("a list");
    nodes.iter_mut().map(|node| json!([node["id"], node["kind"]])).collect()
}

#[tokio::test]
async fn a_conversation_says_who_made_it_when_and_what_was_last() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let input = json!({ "kind": "GROUP", "title": "Runners", "participantIds": [bob.user],
        "clientConversationId": Uuid::new_v4() });
    let group = created(&ann, input).await;
    let chat = group["id"].as_str().expect("an id");
    assert_eq!(
        (&group["kind"], &group["title"], &group["createdBy"]["username"]),
        (&json!("GROUP"), &json!("Runners"), &json!("ann"))
    );
    for member in group["participants"]["nodes"].as_array().expect("a list") {
        assert_eq!(member["joinedAt"], group["createdAt"], "{member}");
    }
    let sent = ann.send(chat, "first").await;
    assert_eq!(sent["contentType"], Value::Null, "it was not asked for");
    let query = "query($c: ID!, $m: ID!) { conversation(id: $c) { lastMessageAt createdAt }
        message(id: $m) { createdAt contentType } }";
    let read = bob.get(query, json!({ "c": chat, "m": sent["id"] })).await;
    assert_eq!(read["conversation"]["lastMessageAt"], read["message"]["createdAt"]);
    assert_eq!(read["conversation"]["createdAt"], group["createdAt"]);
    assert_eq!(read["message"]["contentType"], "TEXT");
    assert_eq!(of_kind(&bob, "GROUP").await, [json!([chat, "GROUP"])]);
    assert_eq!(of_kind(&bob, "DIRECT").await, [json!([pair, "DIRECT"])]);
    assert_eq!(of_kind(&bob, "CHANNEL").await, Vec::<Value>::new());

    data(update(&ann, chat, "announcementsOnly: true").await);
    let query = "query($c: ID!) { messages(conversationId: $c, last: 1) { nodes { system { kind value
        actor { username } } } } }";
    let noted = bob.get(query, json!({ "c": chat })).await["messages"]["nodes"][0]["system"].take();
    assert_eq!((&noted["kind"], &noted["actor"]["username"]), (&json!("SETTINGS_CHANGED"), &json!("ann")));
}

#[tokio::test]
async fn lists_of_users_at_a_message_are_paged() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let message = ann.send(&chat, "to both").await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let query = "subscription($c: ID!) { reactionRemoved(conversationId: $c) {
        messageId conversationId emoji user { username } } }";
    bobs.subscribe("removed", query, json!({ "c": chat })).await;
    for reader in [&bob, &carl] {
        acknowledge(reader, &chat, &message).await;
        mark_read(reader, &chat, &message).await;
        data(add_reaction(reader, &message, "👍").await);
    }
    for field in ["deliveredTo", "readBy"] {
        let query = format!(
            "query($m: ID!, $a: ID) {{ message(id: $m) {{ {field}(first: 1, after: $a) {{
                messageId conversationId user {{ id }} }} }} }}"
        );
        let (mut found, mut after) = (vec![], Value::Null);
        loop {
            let answer = ann.get(&query, json!({ "m": message["id"], "a": after })).await;
            let page = answer["message"][field].as_array().expect("a list").clone();
            let Some(receipt) = page.first() else { break };
            assert_eq!(page.len(), 1, "{field}");
            assert_eq!(
                (&receipt["messageId"], &receipt["conversationId"]),
                (&message["id"], &json!(chat)),
                "{field}"
            );
            after = receipt["user"]["id"].clone();
            found.push(after.clone());
        }
        let mut both = [json!(bob.user), json!(carl.user)];
        both.sort_by_key(Value::to_string);
        found.sort_by_key(Value::to_string);
        assert_eq!(found, both, "{field}");
    }
    let query =
        "query($m: ID!, $a: ID) { message(id: $m) { reactions { users(first: 1, after: $a) { id } } } }";
    for (after, next) in
        [(Value::Null, json!([{ "id": bob.user }])), (json!(bob.user), json!([{ "id": carl.user }]))]
    {
        let answer = ann.get(query, json!({ "m": message["id"], "a": after })).await;
        assert_eq!(answer["message"]["reactions"][0]["users"], next);
    }
    data(remove_reaction(&carl, &message, "👍").await);
    let told = bobs.next_of("removed").await["reactionRemoved"].take();
    let removed = json!({ "messageId": message["id"], "conversationId": chat, "emoji": "👍",
        "user": { "username": "carl" } });
    assert_eq!(told, removed);
}

#[tokio::test]
async fn a_level_of_none_and_devices_of_each_kind_are_said_as_they_are() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let changed = organize(&ann, &chat, "setNotificationLevel(conversationId: $c, level: NONE)").await;
    let query = "query($c: ID!) { conversation(id: $c) { notificationLevel } }";
    let level = ann.get(query, json!({ "c": chat })).await["conversation"]["notificationLevel"].take();
    assert_eq!(level, "NONE", "{changed}");

    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    for device in ["MOBILE", "DESKTOP"] {
        let query = format!("mutation {{ heartbeat(device: {device}, active: false) }}");
        assert_eq!(bob.get(&query, json!({})).await["heartbeat"], true);
    }
    let status = presence(&ann, &bob).await["status"].take();
    assert_eq!(status, "ONLINE", "he is there for five minutes after his last act");
}

#[tokio::test]
async fn an_edit_comes_too_late_after_its_window() {
    let policy = PolicyFile::with(&changed(
        SHIPPED,
        &[
            ("edit_window_seconds = 900", "edit_window_seconds = 1"),
            ("edits_per_message = 5", "edits_per_message = 100"),
            ("edit = { count = 10, seconds = 3600 }", "edit = { count = 100, seconds = 3600 }"),
        ],
    ));
    let server = System::with_policy(Some(&policy.path())).await;
    let [ann] = people(&server, ["ann"]).await;
    let chat = ann.create("GROUP", &[]).await;
    let message = ann.send(&chat, "as it was").await;
    let (mut stands, mut edits) = ("as it was".to_owned(), 0);
    let refused = loop {
        let text = format!("edit {edits}");
        let answer = edit(&ann, &message, &text).await;
        if let Some(code) = code(&answer) {
            break code.to_owned();
        }
        (stands, edits) = (text, edits + 1);
        sleep(BETWEEN_EDITS).await;
    };
    assert_eq!(refused, "EDIT_WINDOW_CLOSED");
    assert_eq!(ann.history(&chat).await[0]["content"], stands.as_str());
}

#[tokio::test]
async fn an_upload_holds_to_the_hash_that_it_announced() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    for (sha256, state) in [(SHA256_OF_PNG, "READY"), (SHA256_OF_NOTHING, "REJECTED")] {
        let query = "mutation($i: CreateUploadInput!) { createUpload(input: $i) { attachmentId url } }";
        let input = json!({ "clientUploadId": Uuid::new_v4(), "fileName": "dot.png", "contentType": "image/png",
            "byteSize": PNG.len(), "sha256": sha256 });
        let ticket = data(ann.ask(query, json!({ "i": input })).await)["createUpload"].take();
        let answer = put(&server, ticket["url"].as_str().expect("a link"), None, PNG.to_vec()).await;
        assert!(answer.status().is_success(), "{}", answer.status());
        data(complete(&ann, &ticket["attachmentId"]).await);
        assert_eq!(settled(&ann, &ticket["attachmentId"]).await["state"], state);
    }
}
