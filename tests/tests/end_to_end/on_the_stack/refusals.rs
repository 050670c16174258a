//! What no policy allows is refused before the log; an answer says what it cost.

use musclemap_tests::acts::{edit, people, rename};
use musclemap_tests::client::code;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use uuid::Uuid;

/// Refused requests of each kind: an attack in small.
const TIMES: usize = 20;

/// Commands that the machines have decided.
async fn decided(server: &System) -> f64 {
    let mut sum = 0.0;
    for process in &server.processes {
        let text = process.operators("/metrics").await;
        let decisions = text.lines().filter(|line| line.starts_with("musclemap_decisions_total{"));
        sum += decisions.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
    }
    sum
}

async fn create(by: &Client, kind: &str, people: &[String], title: Option<&str>) -> Value {
    let query = "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }";
    let input = json!({ "kind": kind, "participantIds": people, "title": title, "clientConversationId": Uuid::new_v4() });
    by.ask(query, json!({ "i": input })).await
}

/// The attack: 13,000 refused sends wrote 866 MB.
#[tokio::test]
async fn what_no_policy_allows_never_reaches_the_log() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let message = ann.send(&chat, "first").await;
    let (long, many) = ("x".repeat(60_000), vec![carl.user.clone(); 2]);
    let crowd: Vec<String> =
        (0..60).map(|at| format!("{}{at:02}", &carl.user[..carl.user.len() - 2])).collect();
    let before = decided(&server).await;
    for _ in 0..TIMES {
        let send = async |text: &str| ann.try_send(&chat, Uuid::new_v4(), text).await.expect("an answer");
        for (name, answer, expected) in [
            ("a long text", send(&long).await, "BAD_USER_INPUT"),
            ("no text", send(" \u{3164}").await, "BAD_USER_INPUT"),
            ("a long edit", edit(&ann, &message, &long).await, "BAD_USER_INPUT"),
            ("a long title", rename(&ann, &chat, &long).await, "BAD_USER_INPUT"),
            ("a group with a long title", create(&ann, "GROUP", &many, Some(&long)).await, "BAD_USER_INPUT"),
            ("a pair with a title", create(&ann, "DIRECT", &many, Some("x")).await, "BAD_USER_INPUT"),
            ("a crowd", create(&ann, "GROUP", &crowd, None).await, "GROUP_FULL"),
        ] {
            assert_eq!(code(&answer), Some(expected), "{name}: {answer}");
        }
    }
    // What came before the attack may be counted after it has begun.
    let commands = decided(&server).await - before;
    assert!(commands < TIMES as f64, "{commands} commands");
}

#[tokio::test]
async fn the_cost_of_a_request_is_told() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let answer = ann.ask("{ conversations(first: 10) { nodes { id title } } }", json!({})).await;
    assert_eq!(answer["extensions"]["cost"], 1 + 1 + 10 * 2, "{answer}");
    let nodes = "conversations { nodes { participants { nodes { user { id username displayName avatarUrl } role joinedAt } } } }";
    let refused = ann.ask(&format!("{{ {nodes} a: {nodes} }}"), json!({})).await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"));
    assert!(refused["errors"][0]["extensions"]["cost"].as_i64() > Some(20_000), "{refused}");
}
