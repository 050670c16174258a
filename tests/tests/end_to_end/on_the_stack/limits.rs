//! The limits of a user: what is left of them, and what an answer says that meets one.

use musclemap_tests::acts::{edit, people};
use musclemap_tests::client::code;
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

const QUERY: &str = "{ rateLimits { name limit windowSeconds remaining resetsAt } }";

/// The shipped policy with three sends in ten minutes.
fn policy() -> PolicyFile {
    let sends = ("send = { count = 60, seconds = 60 }", "send = { count = 3, seconds = 600 }");
    PolicyFile::with(&changed(SHIPPED, &[sends]))
}

fn named(limits: &Value, name: &str) -> Value {
    let all = limits["rateLimits"].as_array().expect("limits");
    all.iter().find(|limit| limit["name"] == name).expect(name).clone()
}

async fn limit(of: &Client, name: &str) -> Value {
    named(&of.get(QUERY, json!({})).await, name)
}

#[tokio::test]
async fn what_is_left_of_a_limit_is_the_same_on_every_device_and_node() {
    let policy = policy();
    let server = System::with_policy(Some(&policy.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let other_device = Client::login(&server, "ann").await;
    let unused =
        json!({ "name": "send", "limit": 3, "windowSeconds": 600, "remaining": 3, "resetsAt": null });
    assert_eq!(limit(&ann, "send").await, unused);

    let chat = ann.create("GROUP", &[&bob]).await;
    let first = ann.send(&chat, "one").await;
    other_device.send(&chat, "two").await;
    let mut socket = Socket::connect(&server, &ann).await;
    socket.subscribe("limits", QUERY, json!({})).await;
    let on_socket = named(&socket.next_of("limits").await, "send");
    for seen in [limit(&ann, "send").await, limit(&other_device, "send").await, on_socket] {
        assert_eq!(seen["remaining"], 1, "{seen}");
        // Ten minutes after the first, to the second.
        let resets: jiff::Timestamp = seen["resetsAt"].as_str().expect("a time").parse().expect("a time");
        let sent: jiff::Timestamp = first["createdAt"].as_str().expect("a time").parse().expect("a time");
        assert!((resets.as_second() - sent.as_second() - 600).abs() <= 1, "{seen}");
    }
    assert_eq!(limit(&bob, "send").await, unused, "another user has another count");
    assert_eq!(limit(&ann, "create_conversation").await["remaining"], 19);

    // An edit to the same text counts nothing; what is over a limit counts nothing.
    edit(&ann, &first, "one").await;
    assert_eq!(limit(&ann, "edit").await["remaining"], 10);
    edit(&ann, &first, "another").await;
    assert_eq!(limit(&ann, "edit").await["remaining"], 9);
    ann.send(&chat, "three").await;
    for _ in 0..3 {
        let refused = ann.try_send(&chat, Uuid::new_v4(), "four").await.expect("an answer");
        assert_eq!(code(&refused), Some("RATE_LIMITED"));
        assert_eq!(limit(&other_device, "send").await["remaining"], 0);
    }
    assert_eq!(code(&server_without_token(&server).await), Some("UNAUTHENTICATED"));
}

async fn server_without_token(server: &System) -> Value {
    let request = reqwest::Client::new().post(server.url("/graphql")).json(&json!({ "query": QUERY }));
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn an_answer_that_meets_limits_names_each_in_its_headers() {
    let policy = policy();
    let server = System::with_policy(Some(&policy.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let document = "mutation($a: SendMessageInput!, $b: SendMessageInput!) {
        a: sendMessage(input: $a) { id } b: sendMessage(input: $b) { id } }";
    let input =
        |text: &str| json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(), "content": text });
    let twice = async |first: &str, second: &str| {
        ann.respond(document, json!({ "a": input(first), "b": input(second) })).await.expect("an answer")
    };
    let passed = twice("one", "two").await;
    for header in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(passed.headers().get(header).is_none(), "{header}");
    }
    let half = twice("three", "four").await;
    let header = |name: &str| half.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("ratelimit-policy"), r#""send";q=3;w=600"#);
    let wait: i64 = header("retry-after").parse().expect("seconds");
    assert!((590..=600).contains(&wait), "{wait}");
    assert_eq!(header("ratelimit"), format!(r#""send";r=0;t={wait}"#));
    let body: Value = half.json().await.expect("JSON");
    assert!(body["data"]["a"].is_object() && body["errors"].as_array().expect("errors").len() == 1, "{body}");
    assert_eq!(body["errors"][0]["extensions"]["quota"], 3);
}
