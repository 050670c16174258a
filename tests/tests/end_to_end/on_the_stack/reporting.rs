//! Reports of messages stand in the queue of the moderators, who hide a message from everybody and show it again.

use jiff::Timestamp;
use musclemap_tests::acts::{
    QUEUE, add, answer, delete, edit, moderator, people, pin, queue, report, resolve,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

/// The message by any answer that shows it.
async fn seen(by: &Client, message: &Value) -> Value {
    let query = "query($m: ID!) { message(id: $m) { content deletedAt hiddenAt reactions { emoji } } }";
    by.get(query, json!({ "m": message["id"] })).await["message"].take()
}

/// Waits until a search finds so many messages.
async fn wait_until_found(by: &Client, words: &str, count: usize) {
    let query = "query($q: String!) { searchMessages(query: $q) { nodes { message { id } } } }";
    let (deadline, mut pause) = (Instant::now() + PATIENCE, Duration::from_millis(50));
    loop {
        let found = by.get(query, json!({ "q": words })).await["searchMessages"]["nodes"].take();
        if found.as_array().is_some_and(|found| found.len() == count) {
            return;
        }
        assert!(Instant::now() < deadline, "{count} of {found}");
        sleep(pause).await;
        pause *= 2;
    }
}

#[tokio::test]
async fn a_hidden_message_is_read_nowhere_until_its_report_is_dismissed() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut socket = Socket::connect(&server, &carl).await;
    let cursor = socket.inbox(None).await[0]["cursor"].as_str().expect("a cursor").to_owned();
    let rude = bob.send(&chat, "walrus insults").await;
    let reply = answer(&ann, &chat, &rude, "stop that").await;
    data(pin(&ann, &rude).await);
    wait_until_found(&carl, "walrus", 1).await;

    assert_eq!(
        data(report(&ann, &rude, "HARASSMENT", Some("he insults walruses")).await)["reportMessage"],
        true
    );
    assert_eq!(data(report(&ann, &rude, "SPAM", None).await)["reportMessage"], true, "again");
    let pending = queue(&mia, Some("PENDING"), 50).await;
    assert_eq!(pending.len(), 1, "{pending:?}");
    let filed = &pending[0];
    assert_eq!(filed["snapshot"], "walrus insults");
    assert_eq!((&filed["reason"], &filed["details"]), (&json!("HARASSMENT"), &json!("he insults walruses")));
    assert_eq!((&filed["reporter"]["username"], &filed["status"]), (&json!("ann"), &json!("PENDING")));
    assert_eq!(filed["message"]["content"], "walrus insults");

    let hidden = data(resolve(&mia, filed, "HIDE_MESSAGE", Some("rule 1")).await)["resolveReport"].take();
    assert_eq!(
        (&hidden["status"], &hidden["actionTaken"]),
        (&json!("ACTIONED"), &json!("HIDE_MESSAGE: rule 1"))
    );
    assert_eq!(hidden["reviewedBy"]["id"], json!(mia.user));
    assert_eq!(data(resolve(&mia, filed, "HIDE_MESSAGE", None).await)["resolveReport"], hidden, "again");
    for reader in [&ann, &bob, &carl] {
        let told = seen(reader, &rude).await;
        assert_eq!((&told["content"], &told["deletedAt"]), (&Value::Null, &Value::Null), "{}", reader.name);
        assert!(told["hiddenAt"].is_string(), "{told}");
    }
    let frame = socket.frames_until("MessageChanged").await.pop().expect("a frame");
    assert_eq!(frame["event"]["message"]["id"], rude["id"]);
    let query = "query($m: ID!, $c: ID!) { message(id: $m) { replyTo { id content hiddenAt } }
        getPinnedMessages(conversationId: $c) { id }
        conversation(id: $c) { unreadCount pinnedMessages { id } } }";
    let about = carl.get(query, json!({ "m": reply["id"], "c": chat })).await;
    assert_eq!(about["message"]["replyTo"]["content"], Value::Null);
    assert!(about["message"]["replyTo"]["hiddenAt"].is_string(), "{about}");
    assert_eq!(
        (&about["getPinnedMessages"], &about["conversation"]["pinnedMessages"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(about["conversation"]["unreadCount"], 1, "the reply alone");
    wait_until_found(&carl, "walrus", 0).await;
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    let told: Vec<&Value> =
        frames.iter().filter(|frame| frame["event"]["message"]["id"] == rude["id"]).collect();
    assert!(!told.is_empty() && !json!(told).to_string().contains("walrus"), "{told:?}");
    // Nothing is done with what is hidden.
    assert_eq!(code(&edit(&bob, &rude, "walrus again").await), Some("NOT_FOUND"));
    assert_eq!(code(&pin(&ann, &rude).await), Some("NOT_FOUND"));
    assert_eq!(code(&report(&carl, &rude, "OTHER", None).await), Some("NOT_FOUND"));

    let shown = data(resolve(&mia, filed, "DISMISS", None).await)["resolveReport"].take();
    assert_eq!(
        (&shown["status"], &shown["message"]["content"]),
        (&json!("DISMISSED"), &json!("walrus insults"))
    );
    let told = seen(&carl, &rude).await;
    assert_eq!((&told["content"], &told["hiddenAt"]), (&json!("walrus insults"), &Value::Null));
    let frame = socket.frames_until("MessageChanged").await.pop().expect("a frame");
    assert_eq!(frame["event"]["message"]["id"], rude["id"]);
    wait_until_found(&carl, "walrus", 1).await;
    assert_eq!(queue(&mia, Some("PENDING"), 50).await, [] as [Value; 0]);
    assert_eq!(queue(&mia, Some("DISMISSED"), 50).await.len(), 1);
}

#[tokio::test]
async fn a_snapshot_survives_what_becomes_of_the_message() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let rude = bob.send(&chat, "as it was").await;
    data(report(&ann, &rude, "OTHER", None).await);
    data(edit(&bob, &rude, "harmless").await);
    data(delete(&bob, &rude).await);
    let filed = queue(&mia, None, 50).await.pop().expect("a report");
    assert_eq!((&filed["snapshot"], &filed["message"]["content"]), (&json!("as it was"), &Value::Null));
    assert_eq!(code(&resolve(&mia, &filed, "HIDE_MESSAGE", None).await), Some("CONFLICT"), "it is deleted");

    // What is hidden may be deleted, and comes back no more.
    let other = bob.send(&chat, "another").await;
    data(report(&ann, &other, "OTHER", None).await);
    let filed = queue(&mia, Some("PENDING"), 50).await.pop().expect("a report");
    data(resolve(&mia, &filed, "HIDE_MESSAGE", None).await);
    assert!(data(delete(&bob, &other).await)["deleteMessage"]["deletedAt"].is_string());
    let dismissed = data(resolve(&mia, &filed, "DISMISS", None).await);
    assert_eq!(dismissed["resolveReport"]["message"]["content"], Value::Null);
    assert!(seen(&ann, &other).await["deletedAt"].is_string());
}

#[tokio::test]
async fn who_sees_a_message_reports_it_and_who_moderates_the_service_decides() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let message = bob.send(&chat, "one").await;
    assert_eq!(code(&report(&bob, &message, "SPAM", None).await), Some("BAD_USER_INPUT"), "one's own");
    assert_eq!(code(&report(&eve, &message, "SPAM", None).await), Some("NOT_FOUND"));
    data(add(&ann, &chat, &[&eve]).await);
    assert_eq!(code(&report(&eve, &message, "SPAM", None).await), Some("NOT_FOUND"), "from before she came");
    let long = "x".repeat(1_001);
    assert_eq!(code(&report(&ann, &message, "SPAM", Some(&long)).await), Some("BAD_USER_INPUT"));
    data(report(&ann, &message, "SPAM", None).await);
    let filed = queue(&mia, None, 50).await.pop().expect("a report");
    // The reporter, the owner of the group and strangers have no such right.
    for other in [&ann, &bob, &eve] {
        assert_eq!(code(&other.ask(QUEUE, json!({})).await), Some("FORBIDDEN"), "{}", other.name);
        for report in [&filed, &json!({ "id": "unknown" })] {
            assert_eq!(
                code(&resolve(other, report, "DISMISS", None).await),
                Some("FORBIDDEN"),
                "{}",
                other.name
            );
        }
    }
    assert_eq!(code(&resolve(&mia, &json!({ "id": "unknown" }), "DISMISS", None).await), Some("NOT_FOUND"));
    let other = json!({ "id": format!("{}-{}", message["id"].as_str().expect("an id"), eve.user) });
    assert_eq!(code(&resolve(&mia, &other, "DISMISS", None).await), Some("NOT_FOUND"));
}

/// Sends until the answer is as wished; that one.
async fn sent_until(by: &Client, chat: &str, is_wished: impl Fn(&Value) -> bool) -> Value {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    let (deadline, mut pause) = (Instant::now() + PATIENCE, Duration::from_millis(50));
    loop {
        let id = Uuid::new_v4();
        let input = json!({ "conversationId": chat, "content": id.to_string(), "clientMessageId": id });
        let answer = by.ask(query, json!({ "input": input })).await;
        if is_wished(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{answer}");
        sleep(pause).await;
        pause *= 2;
    }
}

#[tokio::test]
async fn a_suspended_user_writes_nothing_until_the_report_is_dismissed() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let rude = bob.send(&chat, "walrus insults").await;
    data(report(&ann, &rude, "HARASSMENT", None).await);
    let filed = queue(&mia, Some("PENDING"), 50).await.pop().expect("a report");
    let decided = data(resolve(&mia, &filed, "SUSPEND_USER", None).await)["resolveReport"].take();
    assert_eq!((&decided["status"], &decided["actionTaken"]), (&json!("ACTIONED"), &json!("SUSPEND_USER")));
    let refused = sent_until(&bob, &chat, |answer| code(answer) == Some("FORBIDDEN")).await;
    let extensions = &refused["errors"][0]["extensions"];
    assert_eq!(extensions["reason"], "SUSPENDED");
    // A week after the decision.
    let ends: Timestamp = extensions["until"].as_str().expect("a time").parse().expect("a time");
    let began: Timestamp = decided["reviewedAt"].as_str().expect("a time").parse().expect("a time");
    assert_eq!(ends.as_second() - began.as_second(), 7 * 24 * 60 * 60);
    assert_eq!(code(&edit(&bob, &rude, "another insult").await), Some("FORBIDDEN"));
    assert!(data(delete(&bob, &rude).await)["deleteMessage"]["deletedAt"].is_string(), "deleting is allowed");
    ann.send(&chat, "others write").await;
    data(resolve(&mia, &filed, "DISMISS", Some("a mistake")).await);
    sent_until(&bob, &chat, |answer| code(answer).is_none()).await;
}

#[tokio::test]
async fn the_queue_is_paged_from_the_oldest_report_on_and_every_act_is_audited() {
    let mut server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let other = ann.create("DIRECT", &[&bob]).await;
    for number in 0..5 {
        let chat = if number % 2 == 0 { &chat } else { &other };
        let message = bob.send(chat, &format!("number {number}")).await;
        data(report(&ann, &message, "SPAM", None).await);
    }
    let texts = |found: &[Value]| -> Vec<String> {
        found.iter().map(|report| report["snapshot"].as_str().expect("a text").to_owned()).collect()
    };
    let all = ["number 0", "number 1", "number 2", "number 3", "number 4"];
    for size in [1, 2, 5, 50] {
        assert_eq!(texts(&queue(&mia, Some("PENDING"), size).await), all, "in pages of {size}");
    }
    let pending = queue(&mia, Some("PENDING"), 50).await;
    data(resolve(&mia, &pending[1], "DISMISS", None).await);
    data(resolve(&mia, &pending[3], "HIDE_MESSAGE", None).await);
    assert_eq!(texts(&queue(&mia, Some("PENDING"), 2).await), ["number 0", "number 2", "number 4"]);
    assert_eq!(texts(&queue(&mia, Some("ACTIONED"), 2).await), ["number 3"]);
    assert_eq!(texts(&queue(&mia, None, 2).await), all);

    // The stores of one process belong to it while it runs.
    if server.stack == Stack::Standalone {
        assert!(server.end().await);
    }
    let told = server.operate(&["audit", "verify"]).await.expect("an unbroken log");
    assert!(told.contains("7 entries of 2 conversations, unbroken"), "{told}");
}
