//! How a user keeps their conversations is theirs alone, and the same on all their devices.

use musclemap_tests::acts::{mark_read, organize, people};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

async fn listed(client: &Client, filter: Value) -> Vec<String> {
    let query = "query($f: ConversationFilter) { conversations(filter: $f) { nodes { id } } }";
    let data = client.get(query, json!({ "f": filter })).await;
    let nodes = data["conversations"]["nodes"].as_array().expect("an array of ids");
    nodes.iter().map(|node| node["id"].as_str().expect("an array of ids").to_owned()).collect()
}

/// Waits for an update of a conversation; a subscription is first told what came shortly before it.
async fn is_told(device: &mut Socket, wanted: &Value) {
    while device.next_of("kept").await["conversationUpdated"] != *wanted {}
}

#[tokio::test]
async fn the_archive_gives_back_what_has_news_unless_it_is_muted() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let loud = ann.create("GROUP", &[&bob]).await;
    let quiet = ann.create("GROUP", &[&bob]).await;
    for chat in [&loud, &quiet] {
        let kept = organize(&ann, chat, "archiveConversation(conversationId: $c, archived: true)").await;
        assert!(kept["archivedAt"].is_string(), "{kept}");
    }
    let kept = organize(&ann, &quiet, "muteConversation(conversationId: $c)").await;
    assert_eq!((&kept["muted"], &kept["mutedUntil"]), (&json!(true), &Value::Null));
    assert_eq!(listed(&ann, json!({})).await, Vec::<String>::new());
    assert_eq!(listed(&ann, json!({ "archived": true })).await.len(), 2);
    assert_eq!(listed(&bob, json!({})).await.len(), 2, "it is ann's archive");

    bob.send(&loud, "news").await;
    bob.send(&quiet, "news").await;
    assert_eq!(listed(&ann, json!({})).await, [loud.as_str()]);
    assert_eq!(listed(&ann, json!({ "archived": true })).await, [quiet.as_str()]);
    let query = "{ unreadSummary { conversations messages mentions } }";
    let summary = ann.get(query, json!({})).await["unreadSummary"].take();
    assert_eq!(summary, json!({ "conversations": 1, "messages": 1, "mentions": 0 }));
    let kept = organize(&ann, &quiet, "unmuteConversation(conversationId: $c)").await;
    assert_eq!((&kept["muted"], kept["archivedAt"].is_string()), (&json!(false), true));
    bob.send(&quiet, "more news").await;
    assert_eq!(listed(&ann, json!({})).await.len(), 2);
    let past = "muteConversation(conversationId: $c, until: \"2020-01-01T00:00:00Z\")";
    assert_eq!(organize(&ann, &loud, past).await["muted"], false);
    let until = "2099-01-01T00:00:00.000Z";
    let kept = format!("muteConversation(conversationId: $c, until: \"{until}\")");
    assert_eq!(organize(&ann, &loud, &kept).await["mutedUntil"], until);
}

#[tokio::test]
async fn stars_levels_labels_and_drafts_reach_ones_other_devices_and_nobody_else() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let other = ann.create("GROUP", &[&bob]).await;
    let mut device = Socket::connect(&server, &ann).await;
    let query = "subscription { conversationUpdated { id starred draft labels } }";
    device.subscribe("kept", query, json!({})).await;
    device.inbox(None).await;
    let kept = organize(&ann, &chat, "starConversation(conversationId: $c, starred: true)").await;
    assert_eq!(kept["starred"], true);
    let told = json!({ "id": chat, "starred": true, "draft": null, "labels": [] });
    is_told(&mut device, &told).await;

    let kept = organize(&ann, &chat, "setNotificationLevel(conversationId: $c, level: MENTIONS)").await;
    assert_eq!(kept["notificationLevel"], "MENTIONS");
    let labels = "setConversationLabels(conversationId: $c, labels: [\" gym\", \"crew\"])";
    assert_eq!(organize(&ann, &chat, labels).await["labels"], json!(["gym", "crew"]));
    organize(&ann, &other, "setConversationLabels(conversationId: $c, labels: [\"crew\"])").await;
    assert_eq!(
        ann.get("{ conversationLabels }", json!({})).await["conversationLabels"],
        json!(["crew", "gym"])
    );
    assert_eq!(listed(&ann, json!({ "label": "gym" })).await, [chat.as_str()]);
    assert_eq!(listed(&ann, json!({ "starred": false })).await, [other.as_str()]);
    let twice =
        "mutation($c: ID!) { setConversationLabels(conversationId: $c, labels: [\"a\", \"a\"]) { id } }";
    assert_eq!(code(&ann.ask(twice, json!({ "c": chat })).await), Some("BAD_USER_INPUT"));

    let save = "mutation($c: ID!, $t: String) { saveDraft(conversationId: $c, content: $t) }";
    assert_eq!(ann.get(save, json!({ "c": chat, "t": "see you at" })).await["saveDraft"], true);
    let query = "query($c: ID!) { conversation(id: $c) { draft starred labels notificationLevel } }";
    let kept = json!({ "draft": "see you at", "starred": true, "labels": ["gym", "crew"],
        "notificationLevel": "MENTIONS" });
    assert_eq!(ann.get(query, json!({ "c": chat })).await["conversation"], kept);
    let untouched = json!({ "draft": null, "starred": false, "labels": [], "notificationLevel": "ALL" });
    assert_eq!(bob.get(query, json!({ "c": chat })).await["conversation"], untouched);
    ann.get(save, json!({ "c": chat })).await;
    assert_eq!(ann.get(query, json!({ "c": chat })).await["conversation"]["draft"], Value::Null);
    assert_eq!(
        code(&ann.ask(save, json!({ "c": chat, "t": "x".repeat(4_001) })).await),
        Some("BAD_USER_INPUT")
    );
    assert_eq!(code(&eve.ask(save, json!({ "c": chat, "t": "hi" })).await), Some("NOT_FOUND"));
    let star = "mutation($c: ID!) { starConversation(conversationId: $c, starred: true) { id } }";
    assert_eq!(code(&eve.ask(star, json!({ "c": chat })).await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn a_conversation_is_marked_as_unread_until_one_reads_or_sends() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let sent = ann.send(&chat, "hello").await;
    mark_read(&bob, &chat, &sent).await;
    let mut device = Socket::connect(&server, &bob).await;
    device.subscribe("kept", "subscription { conversationUpdated { id markedUnread } }", json!({})).await;
    device.inbox(None).await;
    for _ in 0..2 {
        let kept = organize(&bob, &chat, "markUnread(conversationId: $c)").await;
        assert_eq!(kept["markedUnread"], true);
        assert_eq!(listed(&bob, json!({ "unread": true })).await, [chat.as_str()]);
    }
    is_told(&mut device, &json!({ "id": chat, "markedUnread": true })).await;
    // The read mark stands where it stood, and the mark is off.
    mark_read(&bob, &chat, &sent).await;
    is_told(&mut device, &json!({ "id": chat, "markedUnread": false })).await;
    assert_eq!(listed(&bob, json!({ "unread": true })).await, Vec::<String>::new());
    organize(&bob, &chat, "markUnread(conversationId: $c)").await;
    bob.send(&chat, "an answer").await;
    assert_eq!(listed(&bob, json!({ "unread": true })).await, Vec::<String>::new());
}

#[tokio::test]
async fn settings_are_ones_own_and_in_canonical_form() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let query = "mutation($i: UserSettingsInput!) { updateSettings(input: $i) { locale autoTranslate } }";
    let set = async |input: Value| ann.ask(query, json!({ "i": input })).await;
    let settings = set(json!({ "locale": "pt-br" })).await["data"]["updateSettings"].take();
    assert_eq!(settings, json!({ "locale": "pt-BR", "autoTranslate": false }));
    device.account_changed("SETTINGS").await;
    let settings = set(json!({ "autoTranslate": true })).await["data"]["updateSettings"].take();
    assert_eq!(settings, json!({ "locale": "pt-BR", "autoTranslate": true }));
    assert_eq!(code(&set(json!({ "locale": "no such locale" })).await), Some("BAD_USER_INPUT"));
    let read = "{ settings { locale autoTranslate } }";
    assert_eq!(ann.get(read, json!({})).await["settings"], settings);
    let untouched = json!({ "locale": "en", "autoTranslate": false });
    assert_eq!(bob.get(read, json!({})).await["settings"], untouched);
}
