//! The texts that a message has had: read by moderators of the service, and by nobody else.

use musclemap_tests::acts::{add, admin, delete, edit, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const QUERY: &str = "query($m: ID!) { messageVersions(messageId: $m) { content at } }";

async fn versions(by: &Client, message: &str) -> Vec<Value> {
    let mut data = by.get(QUERY, json!({ "m": message })).await;
    data["messageVersions"].as_array_mut().map(std::mem::take).expect("versions")
}

fn texts(versions: &[Value]) -> Vec<&str> {
    versions.iter().map(|version| version["content"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn moderators_of_the_service_read_every_version_until_the_message_is_deleted() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let moderator = Client::login_as(&server, "mia", json!({ "roles": ["coach", "moderator"] })).await;
    let admin = admin(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let message = ann.send(&chat, "one").await;
    let id = message["id"].as_str().expect("an id");
    assert_eq!(texts(&versions(&moderator, id).await), ["one"]);
    data(edit(&ann, &message, "two").await);
    let edited = data(edit(&ann, &message, "three").await);

    for reader in [&moderator, &admin] {
        let found = versions(reader, id).await;
        assert_eq!(texts(&found), ["one", "two", "three"]);
        assert_eq!(found[0]["at"], message["createdAt"]);
        assert_eq!(found[2]["at"], edited["editMessage"]["editedAt"]);
        assert!(found[1]["at"].as_str() <= found[2]["at"].as_str(), "{found:?}");
    }
    let mut socket = Socket::connect(&server, &moderator).await;
    socket.subscribe("versions", QUERY, json!({ "m": id })).await;
    assert_eq!(socket.next_of("versions").await["messageVersions"][1]["content"], "two");

    // The sender, the owner and strangers have no such right; the role lies in the token.
    let plain = Client::login(&server, "mia").await;
    for other in [&ann, &bob, &carl, &plain] {
        for message in [id, "unknown"] {
            let answer = other.ask(QUERY, json!({ "m": message })).await;
            assert_eq!(code(&answer), Some("FORBIDDEN"), "{}: {answer}", other.name);
        }
    }
    let missing = format!("{}-{:012}", chat, 99);
    assert_eq!(code(&moderator.ask(QUERY, json!({ "m": missing })).await), Some("NOT_FOUND"));

    // A system message has no text, and a deleted message has none any more.
    data(add(&ann, &chat, &[&carl]).await);
    let note = bob.history(&chat).await.pop().expect("a note");
    assert_eq!(versions(&moderator, note["id"].as_str().expect("an id")).await, [] as [Value; 0]);
    data(delete(&ann, &message).await);
    assert_eq!(versions(&moderator, id).await, [] as [Value; 0]);
}
