//! Users and conversations with more rows than one read brings.

use domain::Conversations;
use futures::StreamExt;
use platform::runner::io;
use schemas::membership::Member;
use schemas::rows::{Keyed, RowKey};
use serde_json::{Value as Json, json};

use crate::world::{World, group, interval, state, text, user};

/// More than twenty pages of rows.
const MANY: u64 = 21_000;
/// More than a machine loads at once.
const FORMER: u64 = 4_200;
const AT_ONCE: usize = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_in_very_many_conversations_lists_the_newest_first_and_pages_on() {
    let world = &World::new();
    let joins = async |number: u64| {
        let id = group(number);
        world.state(&id, &state(number as i64)).await;
        // Of every tenth the membership has ended.
        world.member(&id, "ann", vec![interval(0, number.is_multiple_of(10).then_some(5))]).await;
    };
    futures::stream::iter(1..=MANY).map(joins).buffer_unordered(AT_ONCE).collect::<()>().await;
    let list = async |arguments: &str| {
        let page = "nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }";
        let mut answer = world.query("ann", &format!("{{ conversations({arguments}) {{ {page} }} }}")).await;
        answer["conversations"].take()
    };
    let number = |node: &Json| u64::from_str_radix(node["id"].as_str().unwrap(), 16).unwrap();
    let numbers = |page: &Json| page["nodes"].as_array().unwrap().iter().map(number).collect::<Vec<_>>();
    let expected: Vec<u64> = (1..=MANY).rev().filter(|number| !number.is_multiple_of(10)).take(100).collect();
    let first = list("first: 50").await;
    assert_eq!(numbers(&first), expected[..50]);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = list(&format!("first: 50, after: {}", first["pageInfo"]["endCursor"])).await;
    assert_eq!(numbers(&second), expected[50..]);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let unread = list("first: 50, filter: { unread: true }").await;
    assert_eq!(numbers(&unread), expected[..50]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_very_many_former_members_no_answer_misses_a_present_one() {
    let world = &World::new();
    let id = &world.group(1, &["bob"]).await;
    // Their rows stand before those of the present members.
    let leaves = async |number: u64| {
        let name = format!("a{number:06}");
        world.member(id, &name, vec![interval(0, Some(50))]).await;
        world.ended_receipt(id, &name).await;
        world.former(id, &name, 50, 1).await;
    };
    futures::stream::iter(0..FORMER).map(leaves).buffer_unordered(AT_ONCE).collect::<()>().await;
    let recipients = FORMER as i32 + 2;
    world.message(id, schemas::message::Message { recipients, ..text(1, "bob") }).await;
    let query = format!(
        "{{ conversation(id: \"{id}\") {{ participants {{ nodes {{ user {{ id }} }} }} lastMessage {{ readByCount }} }} }}"
    );
    let answer = world.query("ann", &query).await["conversation"].take();
    let names = ["ann", "bob", "carl"].map(|name| json!({ "user": { "id": name } }));
    assert_eq!(answer["participants"]["nodes"], json!(names));
    assert_eq!(answer["lastMessage"]["readByCount"], FORMER);

    // The machine that decides who inherits the group knows all of them as well.
    let (rows, is_complete) = io::load::<Conversations>(&*world.tables, id).await.unwrap();
    assert!(is_complete);
    for name in ["ann", "bob", "carl"] {
        let key = RowKey::of::<Member>(&user(name));
        assert!(rows.iter().any(|row| row.key == key), "{name}");
    }
    assert_eq!(rows.iter().filter(|row| row.key.kind == Member::KIND).count() as u64, FORMER + 3);
}
