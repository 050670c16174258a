//! Web pushes of a distributed system, opened by `http_ece` in Python.

use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use musclemap_tests::System;
use musclemap_tests::acts::people;
use musclemap_tests::push_service::{Browser, HOSTS, PushService};
use serde_json::{Value, json};

use crate::{python, turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_browser_opens_pushes_and_checks_who_signed_them() {
    let _turn = turn().await;
    let service = PushService::start().await;
    let system = System::distributed_with_pushes(&service).await;
    let [ann, bob] = &people(&system, ["ann", "bob"]).await;
    let texts = ["short", &"long ".repeat(40), "\u{1f3cb}\u{fe0f} 重い"];
    let mut wanted = vec![];
    let browser = Browser::at(service.endpoint(HOSTS[0], "/bob"));
    let subscribe = "mutation($i: PushSubscriptionInput!) { registerPushSubscription(input: $i) }";
    bob.get(subscribe, json!({ "i": browser.subscription() })).await;
    for (count, text) in (1..).zip(texts) {
        let chat = ann.create("GROUP", &[bob]).await;
        let message = ann.send(&chat, text).await;
        service.until("/bob", count).await;
        wanted.push((chat, message));
    }
    let pushed = service.pushed("/bob");
    let told: Vec<Value> = pushed
        .iter()
        .map(|one| {
            let secrets = browser.secrets();
            json!({ "key": secrets["key"], "auth": secrets["auth"], "body": URL_SAFE_NO_PAD.encode(&one.body),
                "authorization": one.headers["authorization"], "aud": service.origin(HOSTS[0]) })
        })
        .collect();
    let opened: Vec<Value> = serde_json::from_str(&open(&Value::from(told))).expect("a list");
    assert_eq!(opened.len(), wanted.len());
    for (payload, (chat, message)) in opened.iter().zip(&wanted) {
        assert_eq!((&payload["conversationId"], &payload["messageId"]), (&json!(chat), &message["id"]));
        let content = message["content"].as_str().expect("a text");
        assert!(payload["body"].as_str().expect("a text").ends_with(content), "{payload}");
    }
}

/// What the foreign browser says of pushes.
fn open(told: &Value) -> String {
    let mut input = tempfile::tempfile().expect("a file");
    input.write_all(told.to_string().as_bytes()).and_then(|()| input.rewind()).expect("it is written");
    let mut command = Command::new(python::programs_for_pushes().join("python"));
    command
        .arg(Path::new(python::FOREIGN).join("push/open_pushes.py"))
        .stdin(input)
        .envs([("PYTHONUTF8", "1"), ("PYTHONDONTWRITEBYTECODE", "1")]);
    tokio::task::block_in_place(|| python::run(&mut command))
}
