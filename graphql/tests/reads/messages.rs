//! Pages of messages are filled with what the viewer sees.

use serde_json::{Value as Json, json};

use crate::world::World;

fn seqs(page: &Json) -> Vec<i64> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["seq"].as_i64().unwrap()).collect()
}

fn query(id: &str, arguments: &str) -> String {
    format!(
        "{{ messages(conversationId: \"{id}\" {arguments}) {{ nodes {{ seq }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    )
}

#[tokio::test]
async fn hidden_messages_do_not_shorten_a_page() {
    let world = World::new();
    let senders: Vec<&str> = (1..=30).map(|seq| if seq % 3 == 0 { "ann" } else { "bob" }).collect();
    let id = world.group(1, &senders).await;
    // Of bob's, ann sees those before 4 and from 25 on.
    world.block("ann", "bob", 4, Some(25)).await;
    let visible = [1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 25, 26, 27, 28, 29, 30];
    let page =
        async |arguments: &str| world.query("ann", &query(id.as_str(), arguments)).await["messages"].clone();

    let newest = page("last: 8").await;
    assert_eq!(seqs(&newest), visible[8..]);
    assert_eq!(
        (&newest["pageInfo"]["hasNextPage"], &newest["pageInfo"]["hasPreviousPage"]),
        (&json!(false), &json!(true))
    );
    for size in [1, 3, 5, 50] {
        let (mut forward, mut after) = (vec![], String::new());
        loop {
            let part = page(&format!("first: {size} {after}")).await;
            forward.extend(seqs(&part));
            after = format!("after: {}", part["pageInfo"]["endCursor"]);
            if part["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forward, visible, "forward by {size}");
        let (mut backward, mut before) = (vec![], String::new());
        loop {
            let part = page(&format!("last: {size} {before}")).await;
            backward.splice(0..0, seqs(&part));
            before = format!("before: {}", part["pageInfo"]["startCursor"]);
            if part["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(backward, visible, "backward by {size}");
    }
    let around = page(&format!("first: 5 around: \"{id}-000000000015\"")).await;
    assert_eq!(seqs(&around), [9, 12, 15, 18, 21]);
    let others = world.query("carl", &query(id.as_str(), "last: 30")).await;
    assert_eq!(seqs(&others["messages"]).len(), 30);
}

/// A look ends after 1,000 rows; its cursor goes on from there.
#[tokio::test]
async fn a_long_hidden_stretch_is_walked_through() {
    let world = World::new();
    let senders: Vec<&str> = (1..=2_300).map(|seq| if seq == 1 { "carl" } else { "bob" }).collect();
    let id = world.group(1, &senders).await;
    world.block("ann", "bob", 0, None).await;
    let (mut seen, mut before, mut pages) = (vec![], String::new(), 0);
    loop {
        let answer = world.query("ann", &query(id.as_str(), &format!("last: 10 {before}"))).await;
        let page = &answer["messages"];
        seen.extend(seqs(page));
        pages += 1;
        before = format!("before: {}", page["pageInfo"]["startCursor"]);
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!((seen, pages), (vec![1], 3));
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_found() {
    let world = World::new();
    let id = world.group(1, &["bob", "bob", "ann"]).await;
    world.block("ann", "bob", 2, None).await;
    for (viewer, seq, is_found) in [("ann", 1, true), ("ann", 2, false), ("carl", 2, true), ("eve", 1, false)]
    {
        let query = format!("{{ message(id: \"{id}-{seq:012}\") {{ seq }} }}");
        let answer = world.answer(viewer, &query).await;
        assert_eq!(answer["data"]["message"]["seq"] == seq, is_found, "{viewer} {seq}");
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(*code == "NOT_FOUND", !is_found, "{answer}");
    }
    for bad in ["after: \"x\"", "before: \"1\"", "around: \"x\""] {
        let answer = world.answer("ann", &query(id.as_str(), bad)).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{bad}");
    }
}
