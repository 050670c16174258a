//! A scheduled message is sent once, at its time, and charged then; until then its user changes or cancels it.

use futures::future::join_all;
use musclemap_tests::acts::{
    SCHEDULED, cancel_scheduled, leave, people, reschedule, schedule, schedule_as, scheduled, time_in, update,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

/// Before the pending ones of a test are due, in seconds.
const LONG: u64 = 24 * 3_600;
/// Messages that are due about when every process is killed.
const MANY: usize = 24;

fn made(answer: Value) -> Value {
    data(answer)["scheduleMessage"].take()
}

/// Waits until a scheduled message has come to its end, as its user's devices are told.
async fn settled(by: &Client, device: &mut Socket, id: &Value) -> Value {
    loop {
        let all = scheduled(by, None).await;
        let one = all.into_iter().find(|one| one["id"] == *id).expect("it is listed");
        if one["status"] != "PENDING" {
            return one;
        }
        device.account_changed("SCHEDULE").await;
    }
}

#[tokio::test]
async fn a_message_is_sent_at_its_time_and_charged_then() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.inbox(None).await;
    let before = ann.balance().await;
    let input = json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(), "content": "good morning, @bob",
        "scheduledFor": time_in(3), "timeZone": "europe/berlin" });
    let first = made(schedule_as(&ann, &input).await);
    assert_eq!(
        (&first["status"], &first["timeZone"], &first["content"], &first["conversationId"]),
        (&json!("PENDING"), &json!("Europe/Berlin"), &json!("good morning, @bob"), &json!(chat))
    );
    assert_eq!(
        (&first["sentAt"], &first["messageId"], &first["failure"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    device.account_changed("SCHEDULE").await;
    assert_eq!(made(schedule_as(&ann, &input).await), first, "again");
    let other = json!({ "content": "good evening" });
    let mut changed = input.clone();
    changed["content"] = other["content"].clone();
    assert_eq!(code(&schedule_as(&ann, &changed).await), Some("IDEMPOTENCY_CONFLICT"));
    assert_eq!(scheduled(&ann, Some(&chat)).await, std::slice::from_ref(&first));
    assert_eq!(scheduled(&bob, None).await, Vec::<Value>::new(), "of ann alone");
    assert_eq!(ann.balance().await, before, "nothing is sent yet");

    let frames = bobs.frames_until("MessageCreated").await;
    let message = &frames[frames.len() - 1]["event"]["message"];
    assert_eq!(message["content"], "good morning, @bob");
    let sent = settled(&ann, &mut device, &first["id"]).await;
    assert_eq!((&sent["status"], &sent["messageId"]), (&json!("SENT"), &message["id"]));
    assert!(sent["sentAt"].as_str() >= sent["scheduledFor"].as_str(), "{sent}");
    assert_eq!(ann.balance().await, before - 100);
    let stored = ann.history(&chat).await;
    assert_eq!(stored.len(), 1);
    let query = "query($m: ID!) { message(id: $m) { clientMessageId mentions { username } createdAt } }";
    let message = ann.get(query, json!({ "m": sent["messageId"] })).await["message"].take();
    assert_eq!(message["clientMessageId"], first["id"]);
    assert_eq!(message["mentions"], json!([{ "username": "bob" }]));
    assert!(message["createdAt"].as_str() >= first["scheduledFor"].as_str(), "not early: {message}");
    assert_eq!(made(schedule_as(&ann, &input).await), sent, "the first once more");
    for answer in [cancel_scheduled(&ann, &first).await, reschedule(&ann, &first, other).await] {
        assert_eq!(code(&answer), Some("CONFLICT"));
    }
}

#[tokio::test]
async fn until_its_time_it_is_changed_and_cancelled_by_its_user_alone() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let [one, two] = [LONG, 2 * LONG].map(|seconds| schedule(&ann, &chat, "later", seconds));
    let (one, two) = (made(one.await), made(two.await));
    assert_eq!(one["timeZone"], "UTC");
    let changed =
        data(reschedule(&ann, &one, json!({ "content": "sooner" })).await)["updateScheduledMessage"].take();
    assert_eq!((&changed["content"], &changed["scheduledFor"]), (&json!("sooner"), &one["scheduledFor"]));
    let at = time_in(3 * LONG);
    let moved =
        data(reschedule(&ann, &one, json!({ "scheduledFor": at })).await)["updateScheduledMessage"].take();
    assert_eq!(moved["content"], "sooner");
    let listed = scheduled(&ann, None).await;
    assert_eq!(listed, [two.clone(), moved.clone()], "in the order of their times");
    for answer in
        [cancel_scheduled(&bob, &one).await, reschedule(&bob, &one, json!({ "content": "mine" })).await]
    {
        assert_eq!(code(&answer), Some("NOT_FOUND"), "bob has none of this id");
    }
    let cancelled = data(cancel_scheduled(&ann, &two).await)["cancelScheduledMessage"].take();
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(data(cancel_scheduled(&ann, &two).await)["cancelScheduledMessage"], cancelled, "again");
    assert_eq!(code(&reschedule(&ann, &two, json!({ "content": "still" })).await), Some("CONFLICT"));
    // Moved to an early time, it is sent then.
    data(reschedule(&ann, &one, json!({ "scheduledFor": time_in(2) })).await);
    let sent = settled(&ann, &mut device, &one["id"]).await;
    assert_eq!(sent["status"], "SENT");
    let texts: Vec<Value> =
        bob.history(&chat).await.into_iter().map(|message| message["content"].clone()).collect();
    assert!(texts.contains(&json!("sooner")) && !texts.contains(&json!("later")), "{texts:?}");
}

#[tokio::test]
async fn what_is_refused_at_its_time_fails_costs_nothing_and_says_why() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let left = bob.create("GROUP", &[&ann]).await;
    let quiet = bob.create("GROUP", &[&ann]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let before = ann.balance().await;
    let gone = made(schedule(&ann, &left, "are you there?", 2).await);
    let refused = made(schedule(&ann, &quiet, "may I?", 2).await);
    data(leave(&ann, &left).await);
    data(update(&bob, &quiet, "announcementsOnly: true").await);
    for (one, why) in [(gone, "NOT_FOUND"), (refused, "ANNOUNCEMENTS_ONLY")] {
        let failed = settled(&ann, &mut device, &one["id"]).await;
        assert_eq!((&failed["status"], &failed["failure"]), (&json!("FAILED"), &json!(why)));
        assert_eq!((&failed["sentAt"], &failed["messageId"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(ann.balance().await, before);
}

#[tokio::test]
async fn malformed_requests_schedule_nothing() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let good = json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(), "content": "later",
        "scheduledFor": time_in(LONG) });
    for (name, value, field) in [
        ("scheduledFor", json!("2020-01-01T00:00:00Z"), "scheduledFor"),
        ("scheduledFor", json!(time_in(370 * LONG)), "scheduledFor"),
        ("timeZone", json!("Mars/Phobos"), "timeZone"),
        ("content", json!(" \u{200b}"), "content"),
        ("content", json!("x".repeat(4_001)), "content"),
    ] {
        let mut input = good.clone();
        input[name] = value;
        let answer = schedule_as(&ann, &input).await;
        assert_eq!(code(&answer), Some("BAD_USER_INPUT"), "{name}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{answer}");
    }
    assert_eq!(code(&schedule_as(&carl, &good).await), Some("NOT_FOUND"), "carl is no member");
    assert_eq!(scheduled(&ann, None).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_sent_once_though_every_process_is_killed_about_its_time() {
    let mut system = System::start().await;
    let [ann, bob, carl] = people(&system, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let made_by = async |by: &Client, nth: usize| {
        let input = json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(),
            "content": format!("number {nth}"), "scheduledFor": time_in(3 + nth as u64 / 8) });
        made(schedule_as(by, &input).await)
    };
    let users = [&ann, &bob, &carl];
    join_all((0..MANY).map(|nth| made_by(users[nth % 3], nth))).await;
    for _ in 0..3 {
        system.kill_and_restart().await;
    }
    let pending = async |by: &Client| {
        let query = format!("{{ getScheduledMessages {{ {SCHEDULED} }} }}");
        let data = by.get(&query, json!({})).await;
        let all = data["getScheduledMessages"].as_array().expect("a list").clone();
        all.iter().filter(|one| one["status"] != "SENT").count()
    };
    // Whatever is in flight is sent in the end.
    let mut device = Socket::connect(&system, &ann).await;
    device.inbox(None).await;
    for by in users {
        while pending(by).await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
    let history = ann.history(&chat).await;
    let mut texts: Vec<&str> = history.iter().filter_map(|message| message["content"].as_str()).collect();
    texts.retain(|text| text.starts_with("number"));
    texts.sort_unstable();
    let mut wanted: Vec<String> = (0..MANY).map(|nth| format!("number {nth}")).collect();
    wanted.sort_unstable();
    assert_eq!(texts, wanted);
}
