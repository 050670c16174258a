//! Reactions are counted exactly, once for each user and emoji, and only for who sees the message.

use futures::future::join_all;
use musclemap_tests::acts::{REACTIONS, add_reaction, delete, people, remove_reaction, set_block};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

/// The reactions to a message as a user sees them.
async fn seen(by: &Client, message: &Value) -> Value {
    let query = format!("query($m: ID!) {{ message(id: $m) {{ {REACTIONS} }} }}");
    by.get(&query, json!({ "m": message["id"] })).await["message"]["reactions"].take()
}

fn group(emoji: &str, has_reacted: bool, users: &[&str]) -> Value {
    let named: Vec<Value> = users.iter().map(|name| json!({ "username": name })).collect();
    json!({ "emoji": emoji, "count": users.len(), "hasReacted": has_reacted, "users": named })
}

#[tokio::test]
async fn a_reaction_counts_once_and_is_seen_by_all_who_see_the_message() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let message = bob.send(&chat, "a personal best").await;
    let before = ann.balance().await;
    let mut carls = Socket::connect(&server, &carl).await;
    let cursor = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let query =
        "subscription($c: ID!) { reactionAdded(conversationId: $c) { messageId emoji user { username } } }";
    carls.subscribe("added", query, json!({ "c": chat })).await;

    let added = data(add_reaction(&ann, &message, "❤").await)["addReaction"].take();
    assert_eq!(added["reactions"], json!([group("❤️", true, &["ann"])]), "in its one form");
    for again in ["❤️", "❤"] {
        assert_eq!(data(add_reaction(&ann, &message, again).await)["addReaction"], added, "again");
    }
    data(add_reaction(&carl, &message, "❤️").await);
    data(add_reaction(&carl, &message, "👍🏽").await);
    let all = [group("❤️", false, &["ann", "carl"]), group("👍🏽", false, &["carl"])];
    assert_eq!(seen(&bob, &message).await, json!(all));
    assert_eq!(ann.balance().await, before, "free of charge");

    for (text, code_of) in [("up", "BAD_USER_INPUT"), ("👍👍", "BAD_USER_INPUT"), ("", "BAD_USER_INPUT")]
    {
        assert_eq!(code(&add_reaction(&ann, &message, text).await), Some(code_of), "{text}");
    }
    assert_eq!(code(&add_reaction(&eve, &message, "👍").await), Some("NOT_FOUND"));
    assert_eq!(code(&remove_reaction(&eve, &message, "❤").await), Some("NOT_FOUND"));

    let removed = data(remove_reaction(&carl, &message, "❤").await)["removeReaction"].take();
    assert_eq!(removed["reactions"], json!([group("❤️", false, &["ann"]), group("👍🏽", true, &["carl"])]));
    assert_eq!(data(remove_reaction(&carl, &message, "❤️").await)["removeReaction"], removed, "again");

    // Live, each change once, in both subscriptions, and again after a resume.
    let changes = [("❤️", &ann, true), ("❤️", &carl, true), ("👍🏽", &carl, true), ("❤️", &carl, false)];
    let told = changes.map(|(emoji, by, added)| {
        let reaction = json!({ "messageId": message["id"], "emoji": emoji, "user": { "id": by.user } });
        json!({ "__typename": "ReactionChanged", "reaction": reaction, "added": added })
    });
    let first = carls.next_of("added").await["reactionAdded"].take();
    assert_eq!(first, json!({ "messageId": message["id"], "emoji": "❤️", "user": { "username": "ann" } }));
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    let replayed: Vec<&Value> = frames
        .iter()
        .map(|frame| &frame["event"])
        .filter(|event| event["__typename"] == "ReactionChanged")
        .collect();
    assert_eq!(json!(replayed), json!(told));

    delete(&bob, &message).await;
    assert_eq!(seen(&ann, &message).await, json!([]));
    assert_eq!(code(&add_reaction(&ann, &message, "👍").await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn a_hundred_changes_at_once_are_counted_exactly() {
    let server = System::start().await;
    let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
    let names: [&str; 10] = std::array::from_fn(|at| names[at].as_str());
    let crowd = people(&server, names).await;
    let chat = crowd[0].create("GROUP", &crowd[1..].iter().collect::<Vec<_>>()).await;
    let message = crowd[0].send(&chat, "all at once").await;
    let emoji = ["👍", "🎉", "🙈", "🔥", "💪"];
    let adds = crowd.iter().flat_map(|by| emoji.iter().map(|emoji| add_reaction(by, &message, emoji)));
    join_all(adds).await.into_iter().for_each(|answer| drop(data(answer)));
    // Half of the crowd takes all but one back, while the others put theirs there again.
    let (taking, staying) = crowd.split_at(5);
    let takes =
        taking.iter().flat_map(|by| emoji[1..].iter().map(|emoji| remove_reaction(by, &message, emoji)));
    let again = staying.iter().flat_map(|by| emoji.iter().map(|emoji| add_reaction(by, &message, emoji)));
    let (taken, added) = futures::join!(join_all(takes), join_all(again));
    taken.into_iter().chain(added).for_each(|answer| drop(data(answer)));
    for (by, has) in [(&crowd[0], false), (&crowd[9], true)] {
        let groups = seen(by, &message).await;
        let counts: Vec<(String, i64, bool)> = groups
            .as_array()
            .unwrap()
            .iter()
            .map(|group| {
                (
                    group["emoji"].as_str().unwrap().to_owned(),
                    group["count"].as_i64().unwrap(),
                    group["hasReacted"] == true,
                )
            })
            .collect();
        let mut counts = counts;
        counts.sort();
        let mut wanted: Vec<(String, i64, bool)> = emoji[1..]
            .iter()
            .map(|emoji| ((*emoji).to_owned(), 5, has))
            .chain([("👍".to_owned(), 10, true)])
            .collect();
        wanted.sort();
        assert_eq!(counts, wanted);
        for group in groups.as_array().unwrap() {
            assert_eq!(group["users"].as_array().unwrap().len() as i64, group["count"].as_i64().unwrap());
        }
    }
}

#[tokio::test]
async fn a_block_hides_the_reactions_of_its_time_from_either() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = carl.create("GROUP", &[&ann, &bob]).await;
    let message = carl.send(&chat, "for both").await;
    let mut anns = Socket::connect(&server, &ann).await;
    anns.inbox(None).await;
    set_block(&ann, &bob, true).await;
    data(add_reaction(&bob, &message, "👍").await);
    data(add_reaction(&carl, &message, "👍").await);
    data(add_reaction(&bob, &message, "🎉").await);
    let by_carl = json!([group("👍", false, &["carl"])]);
    assert_eq!(seen(&ann, &message).await, by_carl, "of bob nothing");
    assert_eq!(
        seen(&bob, &message).await,
        json!([group("👍", true, &["bob", "carl"]), group("🎉", true, &["bob"])])
    );
    let frames = anns.frames_until("ReactionChanged").await;
    assert_eq!(frames[frames.len() - 1]["event"]["reaction"]["user"]["id"], carl.user.as_str(), "{frames:?}");
    set_block(&ann, &bob, false).await;
    assert_eq!(seen(&ann, &message).await, by_carl, "what was hidden stays hidden");
    data(add_reaction(&bob, &message, "🔥").await);
    assert_eq!(
        seen(&ann, &message).await,
        json!([group("👍", false, &["carl"]), group("🔥", false, &["bob"])])
    );

    let pair = ann.create("DIRECT", &[&bob]).await;
    let own = ann.send(&pair, "to bob").await;
    set_block(&ann, &bob, true).await;
    assert_eq!(code(&add_reaction(&ann, &own, "👍").await), Some("BLOCKED"));
    assert_eq!(code(&add_reaction(&bob, &own, "👍").await), Some("RECIPIENT_UNAVAILABLE"));
}

/// What a live payload says of reactions is what each viewer would read.
#[tokio::test]
async fn an_edit_brings_each_viewer_their_own_reactions() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let message = ann.send(&chat, "befor").await;
    data(add_reaction(&bob, &message, "👍").await);
    let query =
        format!("subscription($c: ID!) {{ messageUpdated(conversationId: $c) {{ content {REACTIONS} }} }}");
    let mut sockets = vec![];
    for by in [&bob, &carl] {
        let mut socket = Socket::connect(&server, by).await;
        socket.subscribe("updates", &query, json!({ "c": chat })).await;
        socket.inbox(None).await;
        sockets.push(socket);
    }
    data(musclemap_tests::acts::edit(&ann, &message, "before").await);
    for (socket, has) in sockets.iter_mut().zip([true, false]) {
        let updated = socket.next_of("updates").await["messageUpdated"].take();
        assert_eq!(updated, json!({ "content": "before", "reactions": [group("👍", has, &["bob"])] }));
    }
}
