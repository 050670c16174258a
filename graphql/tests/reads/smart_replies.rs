//! Suggested answers, to what a viewer sees of others.

use schemas::MessageId;
use schemas::message::{Body, Message, Note, NoteKind, Removed};
use serde_json::{Value as Json, json};

use crate::world::{World, group, text};

/// The answers to a message by both of the API's fields.
async fn suggested(world: &World, viewer: &str, seq: i64) -> Json {
    let id = MessageId { conversation: group(1), seq };
    let of = |field: &str| format!("{{ all: {field}(messageId: \"{id}\") }}");
    let (one, other) = (of("smartReplies"), of("getSmartReplies"));
    let (one, other) = (world.answer(viewer, &one).await, world.answer(viewer, &other).await);
    assert_eq!(one, other);
    one
}

fn is_unknown(answer: &Json) -> bool {
    answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
}

#[tokio::test]
async fn answers_are_suggested_to_what_others_have_said_and_the_viewer_sees() {
    let world = World::new();
    let id = world.group(1, &["bob"; 5]).await;
    let put = async |seq: i64, body: Body| {
        world.message(&id, Message { body, ..text(seq, "bob") }).await;
    };
    put(1, Body::text("Thanks a lot!")).await;
    put(2, Body::text("The meeting moved to room 4.")).await;
    put(3, Body::Removed(Removed { at: 9, is_hidden: false })).await;
    put(4, Body::Removed(Removed { at: 9, is_hidden: true })).await;
    put(5, Body::Note(Note::valued(NoteKind::Renamed, vec![], "Thanks"))).await;
    let answers = json!(["You're welcome!", "Anytime!", "Happy to help 😊"]);
    for (seq, expected) in [(1, answers), (2, json!([])), (3, json!([])), (4, json!([])), (5, json!([]))] {
        assert_eq!(suggested(&world, "ann", seq).await, json!({ "data": { "all": expected } }), "{seq}");
    }
    assert_eq!(suggested(&world, "bob", 1).await, json!({ "data": { "all": [] } }), "their own");
    let (none, foreign) = (suggested(&world, "ann", 6).await, suggested(&world, "eve", 1).await);
    assert!(is_unknown(&none) && is_unknown(&foreign));
    assert_eq!(none["errors"][0]["message"], foreign["errors"][0]["message"]);
    // What a block hides is as if it were not.
    world.block("carl", "bob", 0, None).await;
    assert!(is_unknown(&suggested(&world, "carl", 1).await));
}
