//! Push subscriptions are bounded, a user's own, and known by their address.

use musclemap_tests::acts::people;
use musclemap_tests::client::code;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};

/// The generator of P-256, which is a point of it.
const POINT: &str = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
const AUTH: &str = "AAAAAAAAAAAAAAAAAAAAAA";

async fn register(by: &Client, input: Value) -> Value {
    let query = "mutation($i: PushSubscriptionInput!) { registerPushSubscription(input: $i) }";
    by.ask(query, json!({ "i": input })).await
}

async fn remove(by: &Client, address: &str, value: &str) -> Value {
    let query = format!("mutation($v: String!) {{ removePushSubscription({address}: $v) }}");
    by.ask(&query, json!({ "v": value })).await
}

fn web(endpoint: &str) -> Value {
    json!({ "webPush": { "endpoint": endpoint, "p256dh": POINT, "auth": AUTH }, "deviceType": "WEB" })
}

fn app(token: &str) -> Value {
    json!({ "fcmToken": token, "deviceType": "MOBILE" })
}

#[tokio::test]
async fn subscriptions_are_known_by_their_address_and_bounded_by_user() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let is_done = |answer: Value, name: &str| assert_eq!(answer["data"][name], true, "{answer}");
    for number in 0..19 {
        let endpoint = format!("https://push.example/{number}");
        for _ in 0..2 {
            is_done(register(&ann, web(&endpoint)).await, "registerPushSubscription");
        }
    }
    is_done(register(&ann, app("token-of-a-phone")).await, "registerPushSubscription");
    let refused = register(&ann, app("one-more")).await;
    assert_eq!(code(&refused), Some("LIMIT_REACHED"), "{refused}");
    assert_eq!(refused["errors"][0]["extensions"]["limit"], "push_subscriptions");
    is_done(register(&ann, app("token-of-a-phone")).await, "registerPushSubscription");
    // Bob may have the same address; what he removes is his own.
    is_done(register(&bob, web("https://push.example/0")).await, "registerPushSubscription");
    is_done(remove(&bob, "endpoint", "https://push.example/0").await, "removePushSubscription");
    assert_eq!(code(&register(&ann, app("one-more")).await), Some("LIMIT_REACHED"));
    for _ in 0..2 {
        is_done(remove(&ann, "endpoint", "https://PUSH.example:443/0").await, "removePushSubscription");
    }
    is_done(register(&ann, app("one-more")).await, "registerPushSubscription");
    assert_eq!(code(&register(&ann, web("https://push.example/0")).await), Some("LIMIT_REACHED"));
    is_done(remove(&ann, "fcmToken", "one-more").await, "removePushSubscription");
    is_done(register(&ann, web("https://push.example/0")).await, "registerPushSubscription");
}

#[tokio::test]
async fn addresses_that_no_push_service_has_are_refused() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let with = |p256dh: &str, auth: &str| {
        let endpoint = "https://push.example/x";
        json!({ "webPush": { "endpoint": endpoint, "p256dh": p256dh, "auth": auth }, "deviceType": "WEB" })
    };
    let mut both = web("https://push.example/x");
    both["fcmToken"] = "token".into();
    for (input, field) in [
        (json!({ "deviceType": "WEB" }), "fcmToken"),
        (both, "fcmToken"),
        (app(""), "fcmToken"),
        (app("a b"), "fcmToken"),
        (app(&"x".repeat(1_025)), "fcmToken"),
        (web("http://push.example/x"), "endpoint"),
        (web("https://127.0.0.1/x"), "endpoint"),
        (web("https://[::1]/x"), "endpoint"),
        (web("https://localhost/x"), "endpoint"),
        (web("https://printer.local/x"), "endpoint"),
        (web(&format!("https://push.example/{}", "x".repeat(1_024))), "endpoint"),
        (with(&POINT.replace('B', "C"), AUTH), "p256dh"),
        (with("", AUTH), "p256dh"),
        (with(POINT, "AAAA"), "auth"),
    ] {
        let refused = register(&ann, input).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{field}: {refused}");
        assert_eq!(refused["errors"][0]["extensions"]["field"], field, "{refused}");
    }
    let neither = ann.ask("mutation { removePushSubscription }", json!({})).await;
    assert_eq!(code(&neither), Some("BAD_USER_INPUT"));
}

#[tokio::test]
async fn browsers_are_given_the_public_key_of_the_deployment() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let mut seen = vec![];
    // Of every process.
    for _ in server.urls("/graphql") {
        let key = ann.get("{ vapidPublicKey }", json!({})).await["vapidPublicKey"].take();
        let key = key.as_str().expect("a key").to_owned();
        assert!(key.len() == 87 && key.starts_with('B'), "an uncompressed point: {key}");
        seen.push(key);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
}
