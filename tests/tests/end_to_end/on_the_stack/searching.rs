//! Search finds what its viewer sees, in their words, and nothing else.

use musclemap_tests::acts::{accept, add, delete, edit, leave, people, rename, set_block, set_privacy};
use musclemap_tests::client::{code, data};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The answer of `searchMessages`; each client has its own quota.
async fn messages(by: &Client, query: &str, more: Value) -> Value {
    let document = "query($q: String!, $c: ID, $f: ID, $s: DateTime, $u: DateTime, $l: Int, $o: Int, $a: String) {
        searchMessages(query: $q, conversationId: $c, from: $f, since: $s, until: $u, limit: $l, offset: $o, after: $a) {
            nodes { message { id content sender { id } } conversation { id } highlights score }
            totalCount hasMore pageInfo { hasNextPage endCursor } } }";
    let mut variables = json!({ "q": query });
    for (name, value) in more.as_object().expect("an object") {
        variables[name] = value.clone();
    }
    by.ask(document, variables).await
}

fn contents(answer: &Value) -> Vec<&str> {
    let nodes = answer["data"]["searchMessages"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().map(|node| node["message"]["content"].as_str().expect("a text")).collect()
}

async fn users(by: &Client, query: &str) -> Value {
    by.ask("query($q: String!) { searchUsers(query: $q) { username } }", json!({ "q": query })).await
}

async fn conversations(by: &Client, query: &str) -> Vec<String> {
    let document = "query($q: String!) { searchConversations(query: $q) { id } }";
    let mut data = by.get(document, json!({ "q": query })).await;
    let found = data["searchConversations"].take();
    found
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Asks until the answer is as wanted; the quota bounds how often, so each look may take its time.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> T, is_wanted: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = BETWEEN_LOOKS;
    loop {
        let found = look().await;
        if is_wanted(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        sleep(pause).await;
        pause *= 2;
    }
}

/// Waits until a message is found by its sender.
async fn until_found(by: &Client, query: &str, count: usize) -> Value {
    let look = async || messages(by, query, json!({})).await;
    until(query, look, |answer| answer.get("errors").is_none() && contents(answer).len() == count).await
}

#[tokio::test]
async fn messages_are_found_by_those_who_see_them() {
    let server = System::start().await;
    let [ann, bob, carl, dora] = people(&server, ["ann", "bob", "carl", "dora"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let group = ann.create("GROUP", &[&bob, &carl]).await;
    let sent = ann.send(&pair, "Leg day with <b>squats</b> and a protein shake").await;
    ann.send(&group, "squats for all of us").await;
    ann.send(&pair, "nothing of that kind").await;
    let answer = until_found(&ann, "squats", 2).await;
    let found = &answer["data"]["searchMessages"];
    assert_eq!((&found["totalCount"], &found["hasMore"]), (&json!(2), &json!(false)), "{answer}");
    let nodes = found["nodes"].as_array().unwrap();
    let of_pair = nodes.iter().find(|node| node["conversation"]["id"] == pair.as_str()).unwrap();
    assert_eq!(of_pair["message"]["id"], sent["id"]);
    assert_eq!(of_pair["highlights"], json!(["Leg day with <b>\u{2}squats\u{3}</b> and a protein shake"]));
    assert!(nodes.iter().all(|node| (0.0..=1.0).contains(&node["score"].as_f64().unwrap())), "{answer}");

    // A typo, a phrase, a prefix; one conversation, one sender, a time.
    for (query, more, count) in [
        ("protien shake", json!({}), 1),
        ("\"leg day\"", json!({}), 1),
        ("\"day leg\"", json!({}), 0),
        ("squa", json!({}), 2),
        ("squats", json!({ "c": group }), 1),
        ("squats", json!({ "f": bob.user }), 0),
        ("squats", json!({ "f": ann.user, "s": "2020-01-01T00:00:00Z" }), 2),
        ("squats", json!({ "u": "2020-01-01T00:00:00Z" }), 0),
        ("squats", json!({ "l": 1 }), 1),
    ] {
        let answer = messages(&ann, query, more.clone()).await;
        assert_eq!(contents(&answer).len(), count, "{query} {more}: {answer}");
    }
    assert_eq!(contents(&messages(&bob, "squats", json!({})).await).len(), 2);
    assert_eq!(contents(&messages(&carl, "squats", json!({})).await), ["squats for all of us"]);
    assert_eq!(contents(&messages(&dora, "squats", json!({})).await), [""; 0]);
    // A conversation that is not the viewer's answers as one that does not exist.
    for id in [pair.as_str(), "0123456789abcdef0123456789abcdef", "x"] {
        assert_eq!(code(&messages(&dora, "squats", json!({ "c": id })).await), Some("NOT_FOUND"), "{id}");
    }
    // A member who joins later finds what was sent since.
    add(&ann, &group, &[&dora]).await;
    ann.send(&group, "squats for dora").await;
    let found = until_found(&dora, "squats", 1).await;
    assert_eq!(contents(&found), ["squats for dora"]);
    // Pages: by offset and by cursor.
    let first = messages(&ann, "squats", json!({ "l": 2 })).await;
    let page = &first["data"]["searchMessages"];
    assert_eq!((contents(&first).len(), &page["hasMore"], &page["totalCount"]), (2, &json!(true), &json!(3)));
    let second = messages(&ann, "squats", json!({ "l": 2, "a": page["pageInfo"]["endCursor"] })).await;
    let by_offset = messages(&ann, "squats", json!({ "l": 2, "o": 2 })).await;
    assert_eq!(contents(&second), contents(&by_offset));
    assert_eq!((contents(&second).len(), &second["data"]["searchMessages"]["hasMore"]), (1, &json!(false)));
}

#[tokio::test]
async fn what_is_edited_deleted_left_or_blocked_is_not_found() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let group = ann.create("GROUP", &[&bob]).await;
    let (edited, deleted) = (ann.send(&group, "burpees").await, ann.send(&group, "lunges").await);
    ann.send(&group, "planks").await;
    until_found(&bob, "burpees", 1).await;
    until_found(&bob, "lunges", 1).await;
    edit(&ann, &edited, "crunches").await;
    delete(&ann, &deleted).await;
    // From the answer on the old text is found no more; the new one within moments.
    assert_eq!(contents(&messages(&bob, "burpees", json!({})).await), [""; 0]);
    assert_eq!(contents(&messages(&bob, "lunges", json!({})).await), [""; 0]);
    until_found(&bob, "crunches", 1).await;

    set_block(&bob, &ann, true).await;
    ann.send(&group, "hidden rowing").await;
    until_found(&ann, "rowing", 1).await;
    assert_eq!(contents(&messages(&bob, "rowing", json!({})).await), [""; 0]);
    assert_eq!(contents(&messages(&bob, "planks", json!({})).await), ["planks"], "sent before the block");
    set_block(&bob, &ann, false).await;
    assert_eq!(contents(&messages(&bob, "rowing", json!({})).await), [""; 0], "sent while it stood");

    leave(&bob, &group).await;
    assert_eq!(contents(&messages(&bob, "planks", json!({})).await), [""; 0]);
    assert_eq!(contents(&messages(&ann, "planks", json!({})).await), ["planks"]);
}

#[tokio::test]
async fn users_are_found_by_name_but_not_through_a_block() {
    let server = System::start().await;
    let [ann, bob, _] = people(&server, ["annabel", "bobby", "anneliese"]).await;
    let names = |answer: &Value| {
        let found = answer["data"]["searchUsers"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        found.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of_both = |answer: &Value| {
        let mut found = names(answer);
        found.retain(|name| name.starts_with("anne") || name.starts_with("anna"));
        found.sort();
        found == ["annabel", "anneliese"]
    };
    until("both", async || users(&bob, "ann").await, of_both).await;
    assert_eq!(names(&users(&bob, "anabel").await), ["annabel"], "a typo");
    let one = bob.ask("{ searchUsers(query: \"ann\", limit: 1) { username } }", json!({})).await;
    assert_eq!(names(&one).len(), 1);
    set_block(&ann, &bob, true).await;
    for (by, query) in [(&bob, "annabel"), (&ann, "bobby")] {
        assert_eq!(names(&users(by, query).await), [""; 0], "{query}");
    }
    set_block(&ann, &bob, false).await;
    assert_eq!(names(&users(&bob, "annabel").await), ["annabel"]);
    for bad in ["", " a ", "-", "!!", &"x".repeat(201)] {
        let answer = users(&bob, bad).await;
        assert_eq!(code(&answer), Some("BAD_USER_INPUT"), "{bad}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], "query");
    }
}

#[tokio::test]
async fn conversations_are_found_by_title_and_by_the_names_of_others() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["annabel", "bobby", "carlotta"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let group = ann.create("GROUP", &[&bob, &carl]).await;
    rename(&ann, &group, "Marathon Berlin").await;
    let look = async || conversations(&ann, "marathon").await;
    assert_eq!(until("a title", look, |found| !found.is_empty()).await, std::slice::from_ref(&group));
    let look = async || conversations(&ann, "bobby").await;
    let mut of_bob = until("names", look, |found| found.len() == 2).await;
    of_bob.sort();
    let mut wanted = [pair.clone(), group.clone()];
    wanted.sort();
    assert_eq!(of_bob, wanted);
    let one = "{ searchConversations(query: \"bobby\", limit: 1) { id } }";
    assert_eq!(ann.get(one, json!({})).await["searchConversations"].as_array().map(Vec::len), Some(1));
    assert_eq!(conversations(&ann, "carlotta").await, std::slice::from_ref(&group));
    assert_eq!(conversations(&ann, "annabel").await, [""; 0], "one's own name");
    assert_eq!(conversations(&bob, "annabel").await.len(), 2);
    leave(&carl, &group).await;
    assert_eq!(conversations(&carl, "marathon").await, [""; 0]);
    let look = async || conversations(&ann, "carlotta").await;
    until("who has left", look, Vec::is_empty).await;
}

#[tokio::test]
async fn a_request_is_found_by_whom_it_asks_only_once_it_is_accepted() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["annabel", "bobby"]).await;
    set_privacy(&bob, json!({ "whoCanMessageMe": "NO_ONE" })).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let look = async || conversations(&ann, "bobby").await;
    assert_eq!(until("by who asks", look, |found| !found.is_empty()).await, std::slice::from_ref(&chat));
    assert_eq!(conversations(&bob, "annabel").await, [""; 0]);
    data(accept(&bob, &chat).await);
    // The name of who asks may reach the index after the conversation.
    let look = async || conversations(&bob, "annabel").await;
    assert_eq!(until("by whom it asks", look, |found| !found.is_empty()).await, [chat]);
}

#[tokio::test]
async fn a_user_has_thirty_searches_a_minute_of_all_kinds() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let ten: String = (0..10).map(|n| format!("q{n}: searchUsers(query: \"bob\") {{ id }} ")).collect();
    let ask = format!("{{ {ten} }}");
    // Over all processes together.
    let (begun, mut limited) = (Instant::now(), None);
    for _ in 0..4 {
        let answer = ann.ask(&ask, json!({})).await;
        if let Some(error) = answer["errors"].as_array().and_then(|errors| errors.first()) {
            limited = Some(error["extensions"].clone());
            break;
        }
    }
    if begun.elapsed() < Duration::from_secs(50) {
        let limited = limited.expect("a limit");
        assert_eq!((&limited["code"], &limited["limit"]), (&json!("RATE_LIMITED"), &json!("search")));
        assert_eq!((&limited["windowSeconds"], &limited["quota"]), (&json!(60), &json!(30)));
        assert!(limited["retryAfterMs"].as_i64().unwrap() > 0);
    }
    assert_eq!(users(&bob, "ann").await.get("errors"), None, "another user");
}

/// Takes away what the index has, as a disk that is lost does.
fn lose_index(server: &System) {
    match &server.search {
        Some(search) => search.clear(),
        None => std::fs::remove_dir_all(server.data().join("search")).expect("an index"),
    }
}

#[tokio::test]
async fn an_index_that_is_lost_is_built_again_from_the_tables() {
    let mut server = System::start().await;
    let [ann, bob] = people(&server, ["annabel", "bobby"]).await;
    let group = ann.create("GROUP", &[&bob]).await;
    rename(&ann, &group, "Marathon Berlin").await;
    let (edited, deleted) = (ann.send(&group, "burpees").await, ann.send(&group, "lunges").await);
    edit(&ann, &edited, "crunches").await;
    delete(&ann, &deleted).await;
    until_found(&bob, "crunches", 1).await;
    let look = async || conversations(&bob, "marathon").await;
    until("a title", look, |found| !found.is_empty()).await;

    // A distributed system goes on meanwhile; the folder of a standalone one has one process.
    let is_running = server.search.is_some();
    if !is_running {
        assert!(server.end().await);
    }
    let same = server.operate(&["search", "rebuild", "--verify"]).await.unwrap();
    assert!(same.contains("documents, as the tables say"), "{same}");
    lose_index(&server);
    let lost = server.operate(&["search", "rebuild", "--verify"]).await.unwrap_err();
    assert!(lost.contains("differences"), "{lost}");
    let built = server.operate(&["search", "rebuild", "--resume"]).await.unwrap();
    assert!(
        built.contains("messages: 1 documents") && built.contains("conversations: 1 documents"),
        "{built}"
    );
    server.operate(&["search", "rebuild", "--verify"]).await.unwrap();
    // Again, beside the one that is there.
    server.operate(&["search", "rebuild"]).await.unwrap();
    server.operate(&["search", "rebuild", "--verify"]).await.unwrap();
    if !is_running {
        server.restart().await;
    }
    assert_eq!(contents(&messages(&bob, "crunches", json!({})).await), ["crunches"]);
    assert_eq!(contents(&messages(&bob, "lunges", json!({})).await), [""; 0]);
    assert_eq!(conversations(&bob, "marathon").await, std::slice::from_ref(&group));
    ann.send(&group, "squats after that").await;
    until_found(&bob, "squats", 1).await;
}
