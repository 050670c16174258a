//! What users do beside sending: they come and go, take back, block, name each other.

use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

async fn people<const N: usize>(server: &System, names: [&str; N]) -> [Client; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(Client::login(server, name).await);
    }
    people.try_into().unwrap_or_else(|_| unreachable!())
}

async fn add(by: &Client, chat: &str, people: &[&Client]) -> Value {
    let query = "mutation($c: ID!, $u: [ID!]!) { addParticipants(conversationId: $c, userIds: $u) {
        participantCount participants { nodes { user { id } role } } } }";
    let ids: Vec<&str> = people.iter().map(|person| person.user.as_str()).collect();
    by.ask(query, json!({ "c": chat, "u": ids })).await
}

async fn remove(by: &Client, chat: &str, person: &Client) -> Value {
    let query = "mutation($c: ID!, $u: ID!) { removeParticipant(conversationId: $c, userId: $u) { participantCount } }";
    by.ask(query, json!({ "c": chat, "u": person.user })).await
}

async fn leave(by: &Client, chat: &str) -> Value {
    by.ask("mutation($c: ID!) { leaveConversation(conversationId: $c) }", json!({ "c": chat })).await
}

async fn delete(by: &Client, message: &Value) -> Value {
    let query = "mutation($m: ID!) { deleteMessage(messageId: $m) { id content deletedAt sender { id } } }";
    by.ask(query, json!({ "m": message["id"] })).await
}

/// Sends an answer to another message.
async fn answer(by: &Client, chat: &str, parent: &Value, text: &str) -> Value {
    let query =
        "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id replyTo { id content } } }";
    let input = json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(), "content": text, "replyToId": parent["id"] });
    by.get(query, json!({ "input": input })).await["sendMessage"].take()
}

async fn set_block(by: &Client, other: &Client, blocked: bool) {
    let name = if blocked { "blockUser" } else { "unblockUser" };
    let query = format!("mutation($u: ID!) {{ {name}(userId: $u) }}");
    assert_eq!(by.get(&query, json!({ "u": other.user })).await[name], true);
}

fn contents(history: &[Value]) -> Vec<Option<&str>> {
    history.iter().map(|message| message["content"].as_str()).collect()
}

#[tokio::test]
async fn who_comes_sees_from_then_on_and_who_goes_sees_no_more() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    ann.send(&chat, "before carl").await;
    let mut carls = Socket::connect(&server, &carl).await;
    carls.inbox(None).await;

    assert_eq!(code(&add(&bob, &chat, &[&carl]).await), Some("FORBIDDEN"));
    assert_eq!(code(&add(&eve, &chat, &[&eve]).await), Some("NOT_FOUND"));
    assert_eq!(add(&ann, &chat, &[&carl, &bob]).await["data"]["addParticipants"]["participantCount"], 3);
    assert_eq!(add(&ann, &chat, &[&carl]).await["data"]["addParticipants"]["participantCount"], 3);
    let frames = carls.frames_until("MessageCreated").await;
    assert_eq!(frames[0]["event"]["left"], false);
    ann.send(&chat, "with carl").await;
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("with carl")]);
    assert_eq!(contents(&bob.history(&chat).await), [Some("before carl"), None, Some("with carl")]);
    let frames = carls.frames_until("MessageCreated").await;
    let cursor = frames[frames.len() - 1]["cursor"].as_str().unwrap().to_owned();
    drop(carls);

    // Carl is away when he is removed: he hears what was said before, and that he is out.
    ann.send(&chat, "while carl was away").await;
    assert_eq!(code(&remove(&bob, &chat, &carl).await), Some("FORBIDDEN"));
    assert_eq!(remove(&ann, &chat, &carl).await["data"]["removeParticipant"]["participantCount"], 2);
    ann.send(&chat, "without carl").await;
    let denied = carl.ask("query($c: ID!) { conversation(id: $c) { id } }", json!({ "c": chat })).await;
    assert_eq!(code(&denied), Some("NOT_FOUND"));
    assert_eq!(code(&carl.try_send(&chat, Uuid::new_v4(), "hello?").await.unwrap()), Some("NOT_FOUND"));
    let mut carls = Socket::connect(&server, &carl).await;
    let frames = carls.inbox(Some(&cursor)).await;
    let heard: Vec<&Value> = frames
        .iter()
        .map(|frame| &frame["event"]["message"]["content"])
        .filter(|text| text.is_string())
        .collect();
    assert_eq!(heard, ["while carl was away"], "{frames:?}");
    assert!(frames.iter().any(|frame| frame["event"]["left"] == true), "{frames:?}");

    // Back again, Carl sees from then on; and whoever owns the group hands it over by leaving.
    add(&ann, &chat, &[&carl]).await;
    ann.send(&chat, "carl is back").await;
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("carl is back")]);
    assert_eq!(leave(&ann, &chat).await["data"]["leaveConversation"], true);
    assert_eq!(code(&leave(&ann, &chat).await), Some("NOT_FOUND"));
    assert_eq!(remove(&bob, &chat, &carl).await["data"]["removeParticipant"]["participantCount"], 1);
    let pair = bob.create("DIRECT", &[&eve]).await;
    assert_eq!(code(&leave(&bob, &pair).await), Some("BAD_USER_INPUT"));
}

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
    let mut later = Socket::connect(&server, &carl).await;
    let resumed = later.inbox(Some(&start)).await;
    for told in [carls.frames_until("MessageChanged").await, resumed] {
        let changed = told.iter().filter(|frame| frame["event"]["__typename"] == "MessageChanged");
        let changed: Vec<&Value> = changed.map(|frame| &frame["event"]["message"]["id"]).collect();
        assert_eq!(changed, [&nested["id"]], "{told:?}");
        assert!(!json!(told).to_string().contains("before carl"), "{told:?}");
    }
}

#[tokio::test]
async fn who_was_removed_gets_what_was_said_before_whatever_they_select() {
    let server = System::start().await;
    let [ann, carl] = people(&server, ["ann", "carl"]).await;
    let chat = ann.create("GROUP", &[&carl]).await;
    let mut carls = Socket::connect(&server, &carl).await;
    let cursor = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    drop(carls);
    let said = ann.send(&chat, "while carl was away").await;
    remove(&ann, &chat, &carl).await;
    ann.send(&chat, "without carl").await;
    let query = "subscription($after: String) { inbox(after: $after) { event { __typename
        ... on MessageCreated { message { id content status readByCount replyTo { id }
            conversation { id kind participantCount lastSeq unreadCount lastMessage { content } } } } } } }";
    let mut carls = Socket::connect(&server, &carl).await;
    carls.subscribe("inbox", query, json!({ "after": cursor })).await;
    let frames = carls.frames_until("Drained").await;
    let message = frames.iter().map(|frame| &frame["event"]["message"]).find(|m| m["id"] == said["id"]);
    let conversation = json!({ "id": chat, "kind": "GROUP", "participantCount": 0, "lastSeq": 0, "unreadCount": 0, "lastMessage": null });
    assert_eq!(message.unwrap()["conversation"], conversation);
    assert_eq!(message.unwrap()["content"], "while carl was away");
    assert!(!json!(frames).to_string().contains("without carl"), "{frames:?}");
}

#[tokio::test]
async fn what_is_deleted_is_told_nowhere_any_more() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut socket = Socket::connect(&server, &carl).await;
    let cursor = socket.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let secret = bob.send(&chat, "a secret").await;
    let answered = answer(&ann, &chat, &secret, "indeed").await;
    assert_eq!(answered["replyTo"]["content"], "a secret");
    socket.frame_with(&answered["id"]).await;
    let mut updates = Socket::connect(&server, &carl).await;
    let query = "subscription($c: ID!) { messageUpdated(conversationId: $c) { id content deletedAt } }";
    updates.subscribe("updates", query, json!({ "c": chat })).await;
    updates.inbox(None).await;

    assert_eq!(code(&delete(&carl, &secret).await), Some("FORBIDDEN"));
    let deleted = delete(&bob, &secret).await["data"]["deleteMessage"].clone();
    assert_eq!((&deleted["content"], deleted["deletedAt"].is_string()), (&Value::Null, true));
    assert_eq!(
        delete(&bob, &secret).await["data"]["deleteMessage"],
        deleted,
        "deleting again changes nothing"
    );
    let told = socket.frames_until("MessageChanged").await;
    assert!(told[told.len() - 1]["cursor"].is_string());
    let updated = loop {
        let said = updates.hear().await.unwrap();
        if said["id"] == "updates" {
            break said["payload"]["data"]["messageUpdated"].clone();
        }
    };
    assert_eq!((&updated["id"], &updated["content"]), (&secret["id"], &Value::Null));

    // Neither history, nor a reply, nor a resume from before tells it.
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("indeed")]);
    let query = "query($m: ID!) { message(id: $m) { replyTo { id content deletedAt } } }";
    let parent = carl.get(query, json!({ "m": answered["id"] })).await["message"]["replyTo"].clone();
    assert_eq!((&parent["id"], &parent["content"]), (&secret["id"], &Value::Null));
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    assert!(!json!(frames).to_string().contains("a secret"), "{frames:?}");
    assert!(frames.iter().any(|frame| frame["event"]["message"]["id"] == secret["id"]), "{frames:?}");
    // The owner may take back what others said.
    assert!(
        delete(&ann, &carl.send(&chat, "rude").await).await["data"]["deleteMessage"]["deletedAt"].is_string()
    );
}

#[tokio::test]
async fn blocks_stand_between_two_and_cost_nothing() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let group = carl.create("GROUP", &[&ann, &bob]).await;
    let mut anns = Socket::connect(&server, &ann).await;
    anns.inbox(None).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.inbox(None).await;
    set_block(&ann, &bob, true).await;
    set_block(&ann, &bob, true).await;
    let blocked = "{ blockedUsers { nodes { username } } }";
    assert_eq!(ann.get(blocked, json!({})).await["blockedUsers"]["nodes"], json!([{ "username": "bob" }]));
    assert_eq!(bob.get(blocked, json!({})).await["blockedUsers"]["nodes"], json!([]));

    let refused = ann.try_send(&pair, Uuid::new_v4(), "to bob").await.unwrap();
    assert_eq!(code(&refused), Some("BLOCKED"));
    let refused = bob.try_send(&pair, Uuid::new_v4(), "to ann").await.unwrap();
    assert_eq!(code(&refused), Some("RECIPIENT_UNAVAILABLE"));
    assert_eq!((ann.balance().await, bob.balance().await), (100_000, 100_000));
    let kinds: Vec<(Value, Value)> =
        ann.ledger().await.iter().map(|e| (e["type"].clone(), e["amountMilli"].clone())).collect();
    assert_eq!(kinds[..2], [(json!("REFUND"), json!(100)), (json!("MESSAGE_SEND"), json!(-100))]);
    let rejected = bobs.frames_until("SendRejected").await;
    assert_eq!(rejected[rejected.len() - 1]["event"]["code"], "RECIPIENT_UNAVAILABLE");

    // In a group both stay; neither hears, live or in history, what the other says meanwhile.
    let hidden = bob.send(&group, "not for ann").await;
    let by_carl = carl.send(&group, "for all").await;
    let frames = anns.frames_until("MessageCreated").await;
    assert_eq!(frames[frames.len() - 1]["event"]["message"]["id"], by_carl["id"], "{frames:?}");
    assert_eq!(contents(&ann.history(&group).await), [Some("for all")]);
    let query = "query($c: ID!, $m: ID!) { conversation(id: $c) { unreadCount lastMessage { content } } message(id: $m) { id } }";
    let seen = ann.ask(query, json!({ "c": group, "m": hidden["id"] })).await;
    assert_eq!(code(&seen), Some("NOT_FOUND"));
    assert_eq!(seen["data"]["conversation"]["unreadCount"], 1, "{seen}");

    set_block(&ann, &bob, false).await;
    bob.send(&group, "for ann again").await;
    assert_eq!(contents(&ann.history(&group).await), [Some("for all"), Some("for ann again")]);
    ann.send(&pair, "hello again").await;
}

#[tokio::test]
async fn who_is_named_is_told_apart() {
    let server = System::start().await;
    let [ann, bob, carl, _eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let named = bob.send(&chat, "@Carl, look! @all @eve").await;
    ann.send(&chat, "hear me, @all").await;
    let query = "query($m: ID!) { message(id: $m) { mentionsAll mentions { username } } }";
    let message = carl.get(query, json!({ "m": named["id"] })).await["message"].clone();
    assert_eq!(message, json!({ "mentionsAll": false, "mentions": [{ "username": "carl" }] }));
    let query = "query($c: ID!) { conversation(id: $c) { unreadMentionCount unreadCount } }";
    let counts = |client: Client| {
        let chat = chat.clone();
        async move { client.get(query, json!({ "c": chat })).await["conversation"].clone() }
    };
    assert_eq!(counts(carl).await, json!({ "unreadMentionCount": 2, "unreadCount": 2 }));
    assert_eq!(counts(bob).await, json!({ "unreadMentionCount": 1, "unreadCount": 1 }));
    assert_eq!(counts(ann).await, json!({ "unreadMentionCount": 0, "unreadCount": 0 }));
}
