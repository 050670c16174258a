//! Smart replies: short answers to what others have said, in the language of the reader.

use musclemap_tests::acts::{delete, edit, people, pin};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};

/// The whole answer, which both of the API's fields give alike.
async fn ask(by: &Client, message: &Value) -> Value {
    let of = |field: &str| format!("query($m: ID!) {{ all: {field}(messageId: $m) }}");
    let variables = json!({ "m": message["id"] });
    let one = by.ask(&of("smartReplies"), variables.clone()).await;
    let other = by.ask(&of("getSmartReplies"), variables).await;
    assert_eq!((&one["data"], code(&one)), (&other["data"], code(&other)));
    one
}

async fn suggested(by: &Client, message: &Value) -> Value {
    data(ask(by, message).await)["all"].take()
}

#[tokio::test]
async fn answers_are_suggested_to_the_readers_of_a_message_in_their_languages() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let thanks = bob.send(&chat, "¡Muchas gracias por la rutina!").await;
    assert_eq!(suggested(&ann, &thanks).await, json!(["You're welcome!", "Anytime!", "Happy to help 😊"]));
    let german = "mutation { updateSettings(input: { locale: \"de-AT\" }) { locale } }";
    data(ann.ask(german, json!({})).await);
    assert_eq!(suggested(&ann, &thanks).await, json!(["Gern geschehen!", "Jederzeit!", "Kein Problem 😊"]));

    // An edit is another text; what says nothing that is recognised has no answers.
    data(edit(&bob, &thanks, "New PR on bench: 100 kg").await);
    let record = json!(["Glückwunsch zum Rekord! 🎉", "Unglaublich!", "Wie fühlt sich das an?"]);
    assert_eq!(suggested(&ann, &thanks).await, record);
    let plain = bob.send(&chat, "The meeting moved to room 4.").await;
    assert_eq!(suggested(&ann, &plain).await, json!([]));

    // Neither one's own, nor a deleted one, nor what the service says.
    assert_eq!(suggested(&bob, &thanks).await, json!([]));
    data(pin(&ann, &thanks).await);
    let history = bob.history(&chat).await;
    assert_eq!(suggested(&bob, history.last().expect("a note")).await, json!([]));
    data(delete(&bob, &thanks).await);
    assert_eq!(suggested(&ann, &thanks).await, json!([]));

    // To a stranger the message is none.
    let unknown = json!({ "id": format!("{chat}-{:012}", 999) });
    let (foreign, none) = (ask(&eve, &plain).await, ask(&eve, &unknown).await);
    for answer in [&foreign, &none, &ask(&ann, &unknown).await, &ask(&ann, &json!({ "id": "x" })).await] {
        assert_eq!(code(answer), Some("NOT_FOUND"), "{answer}");
        assert_eq!(answer["errors"][0]["message"], none["errors"][0]["message"]);
    }
}
