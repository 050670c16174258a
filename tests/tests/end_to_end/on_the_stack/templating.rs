//! Templates are a user's own, the same on all their devices, and count each message that was sent with them once.

use futures::future::join_all;
use futures::{StreamExt, stream};
use musclemap_tests::acts::{
    delete_template, people, save_template, send_with_template, set_block, templates,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

/// Saves of a user on their way.
const AT_ONCE: usize = 16;

async fn made(by: &Client, input: Value) -> Value {
    data(save_template(by, input).await)["saveMessageTemplate"].take()
}

async fn uses(of: &Client) -> Vec<i64> {
    templates(of, None).await.iter().map(|one| one["useCount"].as_i64().expect("a number")).collect()
}

fn names(of: &[Value]) -> Vec<&str> {
    of.iter().map(|one| one["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn templates_are_made_changed_listed_and_removed_on_all_devices_of_their_user_alone() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let mut of_bob = Socket::connect(&server, &bob).await;
    of_bob.inbox(None).await;
    assert_eq!(templates(&ann, None).await, [] as [Value; 0]);

    let warm = json!({ "name": " Warm-up ", "content": "Ten minutes, {name}!\r\nOn {date}.", "shortcut": " /WarmUp",
        "category": "Gym" });
    let first = made(&ann, warm.clone()).await;
    let shown = json!({ "id": first["id"], "name": "Warm-up", "content": "Ten minutes, {name}!\nOn {date}.",
        "shortcut": "/warmup", "category": "Gym", "useCount": 0, "createdAt": first["createdAt"] });
    assert_eq!(first, shown, "as it was written");
    device.account_changed("TEMPLATES").await;
    // A repeat makes nothing, on whichever node.
    for _ in server.urls("/graphql") {
        assert_eq!(made(&ann, warm.clone()).await, first);
    }
    let second = made(&ann, json!({ "name": "Bye", "content": "Bye!" })).await;
    device.account_changed("TEMPLATES").await;
    assert_eq!(names(&templates(&ann, None).await), ["Warm-up", "Bye"]);
    assert_eq!(names(&templates(&ann, Some(" Gym")).await), ["Warm-up"]);
    assert_eq!(names(&templates(&ann, Some("home")).await), [] as [&str; 0]);

    // Written anew: what is absent goes, and the shortcut is free.
    let change = json!({ "id": first["id"], "name": "Cool-down", "content": "Slowly, {name}" });
    let changed = made(&ann, change.clone()).await;
    assert_eq!((&changed["id"], &changed["createdAt"]), (&first["id"], &first["createdAt"]));
    assert_eq!((&changed["shortcut"], &changed["category"]), (&Value::Null, &Value::Null));
    device.account_changed("TEMPLATES").await;
    assert_eq!(made(&ann, change).await, changed);
    let moved = json!({ "id": second["id"], "name": "Bye", "content": "Bye!", "shortcut": "/WARMUP" });
    assert_eq!(made(&ann, moved).await["shortcut"], "/warmup");
    device.account_changed("TEMPLATES").await;
    let taken = save_template(&ann, json!({ "name": "x", "content": "x", "shortcut": "/warmup" })).await;
    assert_eq!(code(&taken), Some("CONFLICT"), "{taken}");

    // To bob they do not exist; he may have the same.
    let foreign = json!({ "id": first["id"], "name": "mine", "content": "mine" });
    let (foreign, none) = (save_template(&bob, foreign).await, json!({ "id": Uuid::new_v4().simple() }));
    let refused = delete_template(&bob, &none).await;
    let malformed = delete_template(&bob, &json!({ "id": "x" })).await;
    for answer in [&foreign, &refused, &malformed, &delete_template(&bob, &first).await] {
        assert_eq!(code(answer), Some("NOT_FOUND"), "{answer}");
        assert_eq!(answer["errors"][0]["message"], refused["errors"][0]["message"]);
    }
    assert_eq!(templates(&bob, None).await, [] as [Value; 0]);
    made(&bob, json!({ "name": "Bye", "content": "Bye!", "shortcut": "/warmup" })).await;
    of_bob.account_changed("TEMPLATES").await;

    for _ in 0..2 {
        assert_eq!(data(delete_template(&ann, &first).await)["deleteMessageTemplate"], true);
    }
    device.account_changed("TEMPLATES").await;
    assert_eq!(names(&templates(&ann, None).await), ["Bye"]);
    assert_eq!(templates(&bob, None).await.len(), 1);
}

#[tokio::test]
async fn what_is_malformed_or_one_too_many_changes_nothing() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    for (input, field) in [
        (json!({ "name": " ", "content": "x" }), "name"),
        (json!({ "name": "x".repeat(101), "content": "x" }), "name"),
        (json!({ "name": "x", "content": "\u{200b}" }), "content"),
        (json!({ "name": "x", "content": "x".repeat(4_001) }), "content"),
        (json!({ "name": "x", "content": "x", "shortcut": "warmup" }), "shortcut"),
        (json!({ "name": "x", "content": "x", "shortcut": "/warm up" }), "shortcut"),
        (json!({ "name": "x", "content": "x", "category": "x".repeat(51) }), "category"),
    ] {
        let refused = save_template(&ann, input.clone()).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{input}");
        assert_eq!(refused["errors"][0]["extensions"]["field"], field, "{input}");
    }
    let many = (0..200).map(|number| json!({ "name": "x", "content": format!("text {number}") }));
    // As many at once as a user may have executed.
    let mut saved = stream::iter(many.map(|input| save_template(&ann, input))).buffer_unordered(AT_ONCE);
    while let Some(answer) = saved.next().await {
        assert_eq!(code(&answer), None, "{answer}");
    }
    let refused = save_template(&ann, json!({ "name": "x", "content": "one more" })).await;
    assert_eq!(code(&refused), Some("LIMIT_REACHED"), "{refused}");
    assert_eq!(refused["errors"][0]["extensions"]["limit"], "templates");
    assert_eq!(templates(&ann, None).await.len(), 200);
}

#[tokio::test]
async fn a_message_counts_its_template_once_and_a_refused_send_counts_none() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let hello = made(&ann, json!({ "name": "Hello", "content": "Hello, {name}!" })).await;
    let other = made(&ann, json!({ "name": "Bye", "content": "Bye!" })).await;
    let of_bob = made(&bob, json!({ "name": "Hi", "content": "Hi" })).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let id = Uuid::new_v4();
    let repeats = (0..5).map(|_| send_with_template(&ann, &pair, id, "Hello, Bob!", &hello));
    for answer in join_all(repeats).await {
        let sent = data(answer);
        assert_eq!(
            (&sent["sendMessage"]["seq"], &sent["sendMessage"]["content"]),
            (&json!(1), &json!("Hello, Bob!"))
        );
    }
    assert_eq!(uses(&ann).await, [1, 0]);
    let conflict = send_with_template(&ann, &pair, id, "Hello, Bob!", &other).await;
    assert_eq!(code(&conflict), Some("IDEMPOTENCY_CONFLICT"), "{conflict}");

    // What does not exist, and what is bob's, have one answer; nothing is charged.
    let (balance, none) = (ann.balance().await, json!({ "id": Uuid::new_v4().simple() }));
    let unknown = send_with_template(&ann, &pair, Uuid::new_v4(), "x", &none).await;
    for template in [&none, &of_bob, &json!({ "id": "x" })] {
        let refused = send_with_template(&ann, &pair, Uuid::new_v4(), "x", template).await;
        assert_eq!(code(&refused), Some("NOT_FOUND"), "{refused}");
        assert_eq!(refused["errors"][0]["message"], unknown["errors"][0]["message"]);
    }
    // Refused by the account, and by the conversation, which sends the charge back.
    let blank = send_with_template(&ann, &pair, Uuid::new_v4(), " ", &hello).await;
    assert_eq!(code(&blank), Some("BAD_USER_INPUT"), "{blank}");
    set_block(&bob, &ann, true).await;
    let blocked = send_with_template(&ann, &pair, Uuid::new_v4(), "Hello again!", &hello).await;
    assert_eq!(code(&blocked), Some("RECIPIENT_UNAVAILABLE"), "{blocked}");
    assert_eq!((uses(&ann).await, ann.balance().await), (vec![1, 0], balance));
    set_block(&bob, &ann, false).await;
    for (text, template) in [("Hello, you!", &hello), ("Bye!", &other)] {
        data(send_with_template(&ann, &pair, Uuid::new_v4(), text, template).await);
    }
    assert_eq!((uses(&ann).await, uses(&bob).await), (vec![2, 1], vec![0]));

    // The first send's id gives its message also once its template is gone; a new send does not.
    data(delete_template(&ann, &hello).await);
    let again = data(send_with_template(&ann, &pair, id, "Hello, Bob!", &hello).await);
    assert_eq!(again["sendMessage"]["seq"], 1);
    let gone = send_with_template(&ann, &pair, Uuid::new_v4(), "Hello!", &hello).await;
    assert_eq!(code(&gone), Some("NOT_FOUND"), "{gone}");
    assert_eq!(uses(&ann).await, [1]);
    assert_eq!(bob.history(&pair).await.len(), 3, "messages stay");
}
