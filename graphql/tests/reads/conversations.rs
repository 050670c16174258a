//! Lists of conversations and their people.

use schemas::membership::MembershipInterval;
use serde_json::{Value as Json, json};

use crate::world::{World, group, interval, state};

const PAGE: &str = "nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }";

fn numbers(page: &Json) -> Vec<u64> {
    let nodes = page["nodes"].as_array().unwrap().iter();
    nodes.map(|node| u64::from_str_radix(node["id"].as_str().unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn the_list_is_in_the_order_of_what_the_viewer_sees() {
    let world = World::new();
    for (number, senders) in [(1, &["bob"; 5][..]), (2, &["carl", "carl", "bob"]), (3, &["carl", "carl"])] {
        world.group(number, senders).await;
    }
    let list = async |arguments: &str| {
        world.query("ann", &format!("{{ conversations{arguments} {{ {PAGE} }} }}")).await["conversations"]
            .clone()
    };
    assert_eq!(numbers(&list("").await), [1, 2, 3]);
    // Nothing of 1 is visible, of 2 the first two.
    world.block("ann", "bob", 0, None).await;
    assert_eq!(numbers(&list("").await), [3, 2, 1]);
    assert_eq!(numbers(&list("(filter: { unread: true })").await), [3, 2]);
    assert_eq!(numbers(&list("(filter: { unread: false })").await), [1]);
    assert_eq!(numbers(&list("(filter: { kind: DIRECT })").await), [] as [u64; 0]);
}

/// The item of a cursor leaves, moves, or is read: what stood still comes once.
#[tokio::test]
async fn a_cursor_stays_valid_whatever_its_item_does() {
    let world = World::new();
    for number in 1..=4 {
        world.group(number, &vec!["bob"; 10 - number as usize]).await;
    }
    let list = async |arguments: &str| {
        world.query("ann", &format!("{{ conversations({arguments}) {{ {PAGE} }} }}")).await["conversations"]
            .clone()
    };
    let first = list("first: 2, filter: { unread: true }").await;
    assert_eq!(numbers(&first), [1, 2]);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let after = format!("first: 2, after: {}, filter: {{ unread: true }}", first["pageInfo"]["endCursor"]);
    let rest = async || {
        let page = list(&after).await;
        assert_eq!(
            (&page["pageInfo"]["hasNextPage"], &page["pageInfo"]["hasPreviousPage"]),
            (&json!(false), &json!(true))
        );
        numbers(&page)
    };
    world.receipt(&group(2), "ann", 8).await;
    assert_eq!(rest().await, [3, 4], "2 is read");
    world.state(&group(2), &state(90)).await;
    assert_eq!(rest().await, [3, 4], "2 has moved to the beginning");
    world.member(&group(2), "ann", vec![interval(0, Some(50))]).await;
    assert_eq!(rest().await, [3, 4], "ann has left 2");
    let malformed = world.answer("ann", "{ conversations(after: \"x\") { nodes { id } } }").await;
    assert_eq!(malformed["errors"][0]["extensions"], json!({ "code": "BAD_USER_INPUT", "field": "after" }));
}

#[tokio::test]
async fn a_block_hides_marks_and_an_ex_member_sees_nothing() {
    let world = World::new();
    let id = world.group(1, &["bob", "carl"]).await;
    for name in ["ann", "bob", "carl"] {
        world.receipt(&id, name, 2).await;
    }
    let people = "participants { nodes { user { id } lastReadMessageId lastDeliveredMessageId } } participantCount canPost";
    let query = format!("{{ conversation(id: \"{id}\") {{ {people} }} }}");
    world.block("bob", "ann", 0, None).await;
    let answer = world.query("ann", &query).await;
    let mark = json!(format!("{id}-000000000002"));
    let one = |name: &str, mark: &Json| json!({ "user": { "id": name }, "lastReadMessageId": mark, "lastDeliveredMessageId": mark });
    let nodes = json!([one("ann", &mark), one("bob", &Json::Null), one("carl", &mark)]);
    assert_eq!(answer["conversation"]["participants"]["nodes"], nodes);
    assert_eq!(answer["conversation"]["canPost"], true);

    world.member(&id, "ann", vec![MembershipInterval { to: Some(9), ..interval(0, None) }]).await;
    let answer = world.answer("ann", &query).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn blocked_users_are_paged_by_id() {
    let world = World::new();
    for other in ["dora", "bob", "carl"] {
        world.block("ann", other, 0, None).await;
    }
    world.block("ann", "eve", 0, Some(1)).await;
    let (mut ids, mut after) = (vec![], "null".to_owned());
    loop {
        let query = format!("{{ blockedUsers(first: 2, after: {after}) {{ {PAGE} }} }}");
        let page = world.query("ann", &query).await["blockedUsers"].clone();
        ids.extend(
            page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        after = page["pageInfo"]["endCursor"].to_string();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(ids, ["bob", "carl", "dora"]);
}
