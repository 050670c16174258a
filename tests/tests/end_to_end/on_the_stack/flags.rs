//! Features that a policy switches: who has them, what a mutation without them answers, and how soon.

use musclemap_tests::acts::{acknowledge, admin, edit, people};
use musclemap_tests::client::code;
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const EDITING: &str = "messaging.message_editing";

/// The shipped policy with another rule of editing.
fn with(rule: &str) -> String {
    let shipped = format!(r#"{{ key = "{EDITING}", percentage = 100 }}"#);
    changed(SHIPPED, &[(&shipped, &format!(r#"{{ key = "{EDITING}", {rule} }}"#))])
}

/// Puts a policy in force, of the distributed stack while it serves.
async fn apply(server: &mut System, file: &PolicyFile, policy: &str) {
    file.write(policy);
    let path = file.path();
    let arguments = ["policy", "apply", path.to_str().expect("text")];
    match server.stack {
        Stack::Distributed => {
            server.operate(&arguments).await.expect("a policy");
        }
        Stack::Standalone => {
            assert!(server.end().await);
            server.operate(&arguments).await.expect("a policy");
            server.restart().await;
        }
    }
}

async fn enabled(client: &Client, key: &str) -> bool {
    let data = client.get("{ featureFlags { key enabled } }", json!({})).await;
    let flags = data["featureFlags"].as_array().expect("flags");
    let flag = flags.iter().find(|flag| flag["key"] == key).expect(key);
    flag["enabled"].as_bool().expect("a flag")
}

#[tokio::test]
async fn a_feature_is_there_for_those_who_are_drawn_chosen_or_of_a_tier() {
    let file = PolicyFile::with(SHIPPED);
    let mut server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let premium = Client::login_as(&server, "bob", json!({ "tier": "premium" })).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let (of_ann, of_bob) = (ann.send(&chat, "one").await, bob.send(&chat, "two").await);
    for client in [&ann, &bob, &premium] {
        assert!(enabled(client, EDITING).await);
    }

    let rule = format!(r#"percentage = 100, tiers = ["premium"], users = ["{}"]"#, ann.user);
    apply(&mut server, &file, &with(&rule)).await;
    let in_force = Instant::now();
    // Through every node.
    for client in [&bob, &bob, &Client::login(&server, "bob").await] {
        loop {
            let answer = edit(client, &of_bob, "disabled").await;
            if code(&answer) == Some("FEATURE_DISABLED") {
                break;
            }
            assert!(in_force.elapsed() < Duration::from_secs(2) && code(&answer).is_none(), "{answer}");
            sleep(Duration::from_millis(20)).await;
        }
        assert!(!enabled(client, EDITING).await);
        assert!(enabled(client, "messaging.polls").await);
    }
    for (client, message) in [(&ann, &of_ann), (&premium, &of_bob)] {
        assert!(enabled(client, EDITING).await);
        assert_eq!(code(&edit(client, message, "enabled").await), None, "{}", client.name);
    }
    // One of two root fields is refused, and the other runs.
    let both =
        "mutation($c: ID!, $m: ID!) { a: archiveConversation(conversationId: $c, archived: true) { id }
        e: editMessage(messageId: $m, content: \"three\") { id } }";
    let answer = bob.ask(both, json!({ "c": chat, "m": of_bob["id"] })).await;
    assert_eq!(code(&answer), Some("FEATURE_DISABLED"), "{answer}");
    assert_eq!(answer["errors"].as_array().expect("errors").len(), 1, "{answer}");

    // The kill switch is above all of it; and what it took comes back.
    apply(&mut server, &file, &with(&format!("{rule}, off = true"))).await;
    let deadline = Instant::now() + PATIENCE;
    while enabled(&ann, EDITING).await || code(&edit(&ann, &of_ann, "off").await).is_none() {
        assert!(Instant::now() < deadline, "off in time");
        sleep(Duration::from_millis(20)).await;
    }
    acknowledge(&ann, &chat, &of_bob).await;
    apply(&mut server, &file, SHIPPED).await;
    let deadline = Instant::now() + PATIENCE;
    while code(&edit(&bob, &of_bob, "on again").await).is_some() {
        assert!(Instant::now() < deadline, "on in time");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Says what a user is, with a tier.
async fn publish(server: &System, admin: &Client, user: &Client, tier: &str) {
    let said = json!({ "username": user.name, "displayName": user.name, "tier": tier });
    admin.administered(server, "PUT", &format!("/users/{}", user.user), said).await;
}

/// Waits until editing is enabled or disabled, and the machine decides so too.
async fn wait_until(client: &Client, is_enabled: bool, message: &Value) {
    let deadline = Instant::now() + PATIENCE;
    let is_so = async || {
        let text = uuid::Uuid::new_v4().to_string();
        let decided = code(&edit(client, message, &text).await) != Some("FEATURE_DISABLED");
        enabled(client, EDITING).await == is_enabled && decided == is_enabled
    };
    while !is_so().await {
        assert!(Instant::now() < deadline, "{} enabled: {is_enabled}, in time", client.name);
        sleep(Duration::from_millis(50)).await;
    }
}

async fn told_of_flags(socket: &mut Socket) {
    assert_eq!(socket.account_changed("FLAGS").await["cursor"], Value::Null);
}

#[tokio::test]
async fn the_tier_that_the_platform_says_counts_and_open_sockets_learn_of_changes() {
    let policy = changed(
        &with(r#"percentage = 100, tiers = ["premium"]"#),
        &[
            ("edit = { count = 10,", "edit = { count = 1000,"),
            ("edits_per_message = 5", "edits_per_message = 100"),
        ],
    );
    let file = PolicyFile::with(&policy);
    let mut server = System::with_policy(Some(&file.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let admin = admin(&server).await;
    let chat = ann.create("GROUP", &[]).await;
    let message = ann.send(&chat, "one").await;
    let (mut of_ann, mut of_bob) =
        (Socket::connect(&server, &ann).await, Socket::connect(&server, &bob).await);
    of_ann.inbox(None).await;
    of_bob.inbox(None).await;
    wait_until(&ann, false, &message).await;
    publish(&server, &admin, &ann, "premium").await;
    told_of_flags(&mut of_ann).await;
    wait_until(&ann, true, &message).await;
    // It is newer than what a token says.
    let premium = Client::login_as(&server, "ann", json!({ "tier": "premium" })).await;
    publish(&server, &admin, &ann, "free").await;
    told_of_flags(&mut of_ann).await;
    wait_until(&premium, false, &message).await;
    assert!(!enabled(&bob, EDITING).await);

    // A policy reaches the sockets of a system that serves meanwhile.
    if server.stack == Stack::Distributed {
        let begun = Instant::now();
        apply(&mut server, &file, &changed(&policy, &[(r#", tiers = ["premium"]"#, "")])).await;
        told_of_flags(&mut of_bob).await;
        told_of_flags(&mut of_ann).await;
        while !enabled(&bob, EDITING).await {
            assert!(begun.elapsed() < PATIENCE);
            sleep(Duration::from_millis(50)).await;
        }
    }
}
