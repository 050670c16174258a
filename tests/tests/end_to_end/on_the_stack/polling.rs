//! A poll is a message that costs what a send costs; its votes are counted exactly, for who sees them, until it closes.

use futures::future::join_all;
use musclemap_tests::acts::{
    POLL, add, answer, close_poll, create_poll, create_poll_as, delete, edit, forward, people, pin,
    set_block, set_role, time_in, vote_poll,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a poll says to a user, without what its question and contentType repeat.
async fn seen(by: &Client, message: &Value) -> Value {
    let query = format!("query($m: ID!) {{ message(id: $m) {{ {POLL} }} }}");
    by.get(&query, json!({ "m": message["id"] })).await["message"]["card"].take()
}

/// Votes of each option, and whether the user has chosen it.
fn votes(card: &Value) -> Vec<(i64, bool)> {
    let options = card["options"].as_array().expect("a poll");
    options
        .iter()
        .map(|option| (option["votes"].as_i64().expect("a number"), option["hasVoted"] == true))
        .collect()
}

/// Usernames by option.
fn voters(card: &Value) -> Vec<Vec<&str>> {
    let options = card["options"].as_array().expect("a poll");
    options
        .iter()
        .map(|option| {
            let users = option["voters"].as_array().expect("a list");
            users.iter().map(|user| user["username"].as_str().expect("a name")).collect()
        })
        .collect()
}

async fn poll(by: &Client, chat: &str, more: Value) -> Value {
    let mut with = more;
    with["id"] = json!(Uuid::new_v4());
    data(create_poll_as(by, chat, "lunch?", &["rice", "beans", "both"], with).await)["createPoll"].take()
}

#[tokio::test]
async fn a_poll_is_voted_in_live_and_closed() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let before = bob.balance().await;
    let mut carls = Socket::connect(&server, &carl).await;
    let cursor = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let query = format!("subscription($c: ID!) {{ messageUpdated(conversationId: $c) {{ id {POLL} }} }}");
    carls.subscribe("polls", &query, json!({ "c": chat })).await;

    let id = Uuid::new_v4();
    let create = || create_poll_as(&bob, &chat, "lunch?", &["rice", "beans"], json!({ "id": id }));
    let asked = data(create().await)["createPoll"].take();
    assert_eq!(bob.balance().await, before - 200, "two recipients");
    let option =
        |id: &str, text: &str| json!({ "id": id, "text": text, "votes": 0, "hasVoted": false, "voters": [] });
    let card = json!({ "__typename": "Poll", "question": "lunch?", "multiple": false, "anonymous": false,
        "closesAt": null, "closed": false, "options": [option("1", "rice"), option("2", "beans")] });
    assert_eq!((&asked["contentType"], &asked["content"]), (&json!("POLL"), &json!("lunch?")));
    assert_eq!(asked["card"], card);
    assert_eq!(data(create().await)["createPoll"], asked, "again");
    assert_eq!(bob.balance().await, before - 200, "charged once");
    let other = create_poll_as(&bob, &chat, "dinner?", &["rice", "beans"], json!({ "id": id })).await;
    assert_eq!(code(&other), Some("IDEMPOTENCY_CONFLICT"));
    let received = carls.frames_until("MessageCreated").await;
    assert_eq!(received[received.len() - 1]["event"]["message"]["content"], "lunch?");

    let voted = data(vote_poll(&ann, &asked, &["1"]).await)["votePoll"]["card"].take();
    assert_eq!((votes(&voted), voters(&voted)), (vec![(1, true), (0, false)], vec![vec!["ann"], vec![]]));
    assert_eq!(data(vote_poll(&ann, &asked, &["1"]).await)["votePoll"]["card"], voted, "again");
    data(vote_poll(&carl, &asked, &["1"]).await);
    data(vote_poll(&carl, &asked, &["2"]).await);
    data(vote_poll(&ann, &asked, &[]).await);
    assert_eq!(votes(&seen(&bob, &asked).await), [(0, false), (1, false)]);
    assert_eq!(bob.balance().await, before - 200);

    assert_eq!(code(&vote_poll(&ann, &asked, &["1", "2"]).await), Some("BAD_USER_INPUT"), "one choice");
    for ids in [&["3"][..], &["0"], &["rice"], &["1", "1"]] {
        assert_eq!(code(&vote_poll(&ann, &asked, ids).await), Some("BAD_USER_INPUT"), "{ids:?}");
    }
    assert_eq!(code(&vote_poll(&eve, &asked, &["1"]).await), Some("NOT_FOUND"));
    assert_eq!(code(&close_poll(&eve, &asked).await), Some("NOT_FOUND"));
    assert_eq!(code(&close_poll(&carl, &asked).await), Some("FORBIDDEN"));
    let closed = data(close_poll(&bob, &asked).await)["closePoll"]["card"].take();
    assert_eq!((&closed["closed"], votes(&closed)), (&json!(true), vec![(0, false), (1, false)]));
    assert_eq!(code(&close_poll(&bob, &asked).await), Some("CONFLICT"));
    assert_eq!(code(&close_poll(&ann, &asked).await), Some("CONFLICT"), "who owns the group");
    assert_eq!(code(&vote_poll(&ann, &asked, &["1"]).await), Some("CONFLICT"));

    // Live, as carl sees each change, and after a resume.
    let changes = [
        (vec![(1, false), (0, false)], false),
        (vec![(2, true), (0, false)], false),
        (vec![(1, false), (1, true)], false),
        (vec![(0, false), (1, true)], false),
        (vec![(0, false), (1, true)], true),
    ];
    let mut newest = vec![];
    for (_, is_closed) in &changes {
        let card = carls.next_of("polls").await["messageUpdated"]["card"].take();
        // A change is completed by rows that may be newer.
        assert!(card["closed"] == *is_closed || card["closed"] == true, "{card}");
        newest.push(votes(&card));
    }
    assert_eq!(newest.last(), changes.last().map(|(votes, _)| votes));
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    let replayed = frames.iter().filter(|frame| frame["event"]["change"] == "CARD_UPDATED");
    let replayed: Vec<&Value> = replayed.map(|frame| &frame["event"]["message"]).collect();
    assert_eq!(replayed, [&json!({ "id": asked["id"], "content": "lunch?" }); 5]);

    // Who comes later sees no poll of what was before.
    add(&ann, &chat, &[&eve]).await;
    assert_eq!(code(&vote_poll(&eve, &asked, &["1"]).await), Some("NOT_FOUND"));
    data(delete(&bob, &asked).await);
    let query = "query($m: ID!) { message(id: $m) { content card { __typename } } }";
    let gone = carl.get(query, json!({ "m": asked["id"] })).await["message"].take();
    assert_eq!(gone, json!({ "content": null, "card": null }));
    assert_eq!(code(&vote_poll(&carl, &asked, &["1"]).await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn nobody_learns_who_voted_in_an_anonymous_poll() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let asked = poll(&bob, &chat, json!({ "anonymous": true, "several": true })).await;
    let mut anns = Socket::connect(&server, &ann).await;
    let query = format!("subscription($c: ID!) {{ messageUpdated(conversationId: $c) {{ {POLL} }} }}");
    anns.subscribe("polls", &query, json!({ "c": chat })).await;
    set_block(&ann, &carl, true).await;
    data(vote_poll(&carl, &asked, &["1", "3"]).await);
    let expected = vec![(1, false), (0, false), (1, false)];
    for by in [&ann, &bob] {
        let card = seen(by, &asked).await;
        assert_eq!((votes(&card), voters(&card)), (expected.clone(), vec![vec![]; 3]), "the same for all");
        assert_eq!((&card["anonymous"], &card["multiple"]), (&json!(true), &json!(true)));
    }
    let own = seen(&carl, &asked).await;
    assert_eq!(votes(&own), [(1, true), (0, false), (1, true)]);
    assert_eq!(voters(&own), vec![Vec::<&str>::new(); 3], "not even to themselves");
    let live = anns.next_of("polls").await["messageUpdated"]["card"].take();
    assert_eq!((votes(&live), voters(&live)), (expected, vec![vec![]; 3]));
}

#[tokio::test]
async fn a_block_hides_the_votes_of_its_time_from_either() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = carl.create("GROUP", &[&ann, &bob]).await;
    let asked = poll(&carl, &chat, json!({})).await;
    let mut anns = Socket::connect(&server, &ann).await;
    let query = format!("subscription($c: ID!) {{ messageUpdated(conversationId: $c) {{ {POLL} }} }}");
    anns.subscribe("polls", &query, json!({ "c": chat })).await;
    set_block(&ann, &bob, true).await;
    data(vote_poll(&bob, &asked, &["1"]).await);
    data(vote_poll(&carl, &asked, &["2"]).await);
    // Of the two votes ann gets the one that no block hides.
    let live = anns.next_of("polls").await["messageUpdated"]["card"].take();
    let read = seen(&ann, &asked).await;
    for card in [&live, &read] {
        assert_eq!(votes(card), [(0, false), (1, false), (0, false)], "{card}");
        assert_eq!(voters(card), [vec![], vec!["carl"], vec![]]);
    }
    let own = seen(&bob, &asked).await;
    assert_eq!(
        (votes(&own), voters(&own)[0].clone()),
        (vec![(1, true), (1, false), (0, false)], vec!["bob"])
    );
    set_block(&ann, &bob, false).await;
    assert_eq!(votes(&seen(&ann, &asked).await)[0], (0, false), "what was hidden stays hidden");
    data(vote_poll(&bob, &asked, &["3"]).await);
    assert_eq!(votes(&seen(&ann, &asked).await)[2], (1, false));

    let pair = ann.create("DIRECT", &[&bob]).await;
    let own = poll(&ann, &pair, json!({})).await;
    set_block(&ann, &bob, true).await;
    assert_eq!(code(&vote_poll(&ann, &own, &["1"]).await), Some("BLOCKED"));
    assert_eq!(code(&vote_poll(&bob, &own, &["1"]).await), Some("RECIPIENT_UNAVAILABLE"));
    assert_eq!(code(&create_poll(&ann, &pair, "again?", &["yes", "no"]).await), Some("BLOCKED"));
}

#[tokio::test]
async fn fifty_votes_at_once_are_counted_exactly_and_their_voters_paged() {
    let server = System::start().await;
    let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
    let names: [&str; 10] = std::array::from_fn(|at| names[at].as_str());
    let crowd = people(&server, names).await;
    let chat = crowd[0].create("GROUP", &crowd[1..].iter().collect::<Vec<_>>()).await;
    let asked = poll(&crowd[0], &chat, json!({ "several": true })).await;
    let choices = [&["1"][..], &["2", "3"], &[], &["1", "2", "3"]];
    for options in choices {
        join_all(crowd.iter().map(|by| vote_poll(by, &asked, options))).await.into_iter().for_each(
            |answer| {
                data(answer);
            },
        );
    }
    data(vote_poll(&crowd[9], &asked, &["3"]).await);
    assert_eq!(votes(&seen(&crowd[9], &asked).await), [(9, false), (9, false), (10, true)]);
    assert_eq!(votes(&seen(&crowd[0], &asked).await), [(9, true), (9, true), (10, true)]);
    let query = "query($m: ID!, $a: ID) { message(id: $m) { card { __typename ... on Poll { options {
        voters(first: 4, after: $a) { id } } } } } }";
    let (mut found, mut after) = (vec![], Value::Null);
    loop {
        let answer = crowd[0].get(query, json!({ "m": asked["id"], "a": after })).await;
        let page = answer["message"]["card"]["options"][2]["voters"].as_array().expect("a list").clone();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4);
        after = last["id"].clone();
        found.extend(page.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
    }
    let mut all: Vec<String> = crowd.iter().map(|by| by.user.clone()).collect();
    all.sort();
    assert_eq!(found, all);
}

#[tokio::test]
async fn a_poll_ends_by_itself_and_is_quoted_pinned_and_counted_as_any_message() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    for until in ["2020-01-01T00:00:00Z".to_owned(), time_in(400 * 24 * 3_600)] {
        let more = json!({ "id": Uuid::new_v4(), "until": until });
        let answer = create_poll_as(&ann, &chat, "when?", &["now", "then"], more).await;
        assert_eq!(code(&answer), Some("BAD_USER_INPUT"));
        assert_eq!(answer["errors"][0]["extensions"]["field"], "closesAt", "{answer}");
    }
    let many: Vec<String> = (0..11).map(|number| format!("option {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for options in [&["one"][..], &many, &["twice", "twice"], &["one", " "]] {
        assert_eq!(
            code(&create_poll(&ann, &chat, "which?", options).await),
            Some("BAD_USER_INPUT"),
            "{options:?}"
        );
    }
    let short = poll(&ann, &chat, json!({ "until": time_in(3) })).await;
    data(vote_poll(&bob, &short, &["2"]).await);
    let refused = loop {
        let answers = [vote_poll(&bob, &short, &["1"]).await, vote_poll(&bob, &short, &["2"]).await];
        if let Some(code) = answers.iter().find_map(code) {
            break code.to_owned();
        }
    };
    assert_eq!(refused, "CONFLICT");
    let card = seen(&ann, &short).await;
    assert_eq!((&card["closed"], code(&close_poll(&ann, &short).await)), (&json!(true), Some("CONFLICT")));
    assert!(card["closesAt"].is_string(), "{card}");

    let asked = poll(&ann, &chat, json!({})).await;
    data(vote_poll(&bob, &asked, &["2"]).await);
    data(pin(&ann, &asked).await);
    let reply = answer(&bob, &chat, &asked, "beans").await;
    let query = format!("query($m: ID!) {{ message(id: $m) {{ replyTo {{ {POLL} pinnedAt }} }} }}");
    let quoted = ann.get(&query, json!({ "m": reply["id"] })).await["message"]["replyTo"].take();
    assert_eq!((&quoted["content"], &quoted["contentType"]), (&json!("lunch?"), &json!("POLL")));
    assert_eq!((votes(&quoted["card"])[1], quoted["pinnedAt"].is_string()), ((1, false), true));
    let query =
        format!("query($c: ID!) {{ conversation(id: $c) {{ unreadCount lastMessage {{ {POLL} }} }} }}");
    let last = poll(&bob, &chat, json!({})).await;
    let listed = ann.get(&query, json!({ "c": chat })).await["conversation"].take();
    assert_eq!((&listed["lastMessage"]["content"], &listed["unreadCount"]), (&json!("lunch?"), &json!(2)));
    assert_eq!(code(&edit(&bob, &last, "dinner?").await), Some("BAD_USER_INPUT"));
    let pair = ann.create("DIRECT", &[&bob]).await;
    assert_eq!(code(&forward(&ann, &asked, &[&pair], None).await), Some("BAD_USER_INPUT"));
    let text = ann.send(&chat, "no poll").await;
    assert_eq!(code(&vote_poll(&bob, &text, &["1"]).await), Some("BAD_USER_INPUT"));
    set_role(&ann, &chat, &bob, "MODERATOR").await;
    assert_eq!(data(close_poll(&bob, &asked).await)["closePoll"]["card"]["closed"], true);
}
