//! Replies quote what their reader may see, live, in history and on resume.

use musclemap_tests::acts::{add, answer, delete, people};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_said_before_one_came_is_told_them_by_nothing_later() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut carls = Socket::connect(&server, &carl).await;
    let start = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.inbox(None).await;
    let before = bob.send(&chat, "before carl").await;
    add(&ann, &chat, &[&carl]).await;
    let answered = answer(&ann, &chat, &before, "an answer").await;
    let nested = answer(&ann, &chat, &answered, "an answer to it").await;

    // Live.
    let quoted = bobs.frame_with(&answered["id"]).await["event"]["message"]["replyTo"].clone();
    assert_eq!(quoted, json!({ "id": before["id"], "content": "before carl" }));
    let frame = carls.frame_with(&answered["id"]).await;
    assert_eq!(frame["event"]["message"]["replyTo"], Value::Null);
    assert_eq!(frame["event"]["message"]["content"], "an answer");
    let quoted = carls.frame_with(&nested["id"]).await["event"]["message"]["replyTo"].clone();
    assert_eq!(quoted, json!({ "id": answered["id"], "content": "an answer" }));

    // In history, however deep one asks.
    let query = "query($c: ID!) { messages(conversationId: $c) { nodes {
        content replyTo { content replyTo { content } } } } }";
    let answers = async |client: &Client| {
        let nodes = client.get(query, json!({ "c": chat })).await["messages"]["nodes"].take();
        nodes.as_array().unwrap()[nodes.as_array().unwrap().len() - 2..].to_vec()
    };
    let with = |quoted: Value| {
        let answer = json!({ "content": "an answer", "replyTo": quoted });
        [json!({ "content": "an answer to it", "replyTo": answer }), answer]
    };
    let [nested_to_bob, _] = with(json!({ "content": "before carl" }));
    let [nested_to_carl, answer_to_carl] = with(Value::Null);
    assert_eq!(answers(&bob).await[1], nested_to_bob);
    assert_eq!(answers(&carl).await, [answer_to_carl, nested_to_carl]);
    let mut deep = Socket::connect(&server, &carl).await;
    let query = "subscription($after: String) { inbox(after: $after) { event { __typename
        ... on MessageCreated { message { id replyTo { content replyTo { content } } } } } } }";
    deep.subscribe("inbox", query, json!({ "after": start })).await;
    let frame = deep.frame_with(&nested["id"]).await;
    assert_eq!(frame["event"]["message"]["replyTo"], json!({ "content": "an answer", "replyTo": null }));

    // What was said before may be taken back without carl's hearing of it; not what was said since.
    delete(&bob, &before).await;
    delete(&ann, &nested).await;
    let told = bobs.frames_until("MessageChanged").await;
    assert_eq!(told[told.len() - 1]["event"]["message"]["id"], before["id"]);
    let live = carls.frames_until("MessageChanged").await;
    let mut later = Socket::connect(&server, &carl).await;
    for told in [live, later.inbox(Some(&start)).await] {
        let changed = told.iter().filter(|frame| frame["event"]["__typename"] == "MessageChanged");
        let changed: Vec<&Value> = changed.map(|frame| &frame["event"]["message"]["id"]).collect();
        assert_eq!(changed, [&nested["id"]], "{told:?}");
        assert!(!json!(told).to_string().contains("before carl"), "{told:?}");
    }
}
