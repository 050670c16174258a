//! What documents cost over the API's own queries.

use async_graphql::{EmptyMutation, Request, Schema, Variables};
use serde_json::json;

use musclemap_graphql::admission::{Admission, Cost};
use musclemap_graphql::limits::{Asker, Limits, Options};
use musclemap_graphql::{Query, Subscription};

fn sdl() -> String {
    Schema::build(Query, EmptyMutation, Subscription).finish().sdl()
}

fn cost_of(document: &str, variables: serde_json::Value) -> Cost {
    let mut request = Request::new(document).variables(Variables::from_json(variables));
    Admission::new(&sdl(), false).unwrap().admit(&mut request).unwrap().cost
}

#[test]
fn a_field_costs_one_multiplied_by_the_sizes_of_the_lists_around_it() {
    let paged =
        "query($n: Int = 3) { conversations(first: $n) { nodes { id participants { nodes { role } } } } }";
    for (document, variables, fields) in [
        ("{ me { id username } }", json!({}), 3),
        ("{ __typename }", json!({}), 1),
        ("{ conversations { nodes { id } pageInfo { hasNextPage } } }", json!({}), 1 + 1 + 50 + 2),
        ("{ conversations(first: 7) { nodes { id } } }", json!({}), 1 + 1 + 7),
        ("{ conversations(first: null) { nodes { id } } }", json!({}), 1 + 1 + 50),
        ("{ conversations(first: 9000) { nodes { id } } }", json!({}), 1 + 1 + 50),
        ("{ conversations(first: -1) { nodes { id } } }", json!({}), 1 + 1 + 1),
        ("query($n: Int) { conversations(first: $n) { nodes { id } } }", json!({}), 1 + 1 + 50),
        ("query($n: Int) { conversations(first: $n) { nodes { id } } }", json!({ "n": 4.0 }), 1 + 1 + 4),
        (paged, json!({}), 2 + 3 * (1 + 2 + 50)),
        (paged, json!({ "n": 10 }), 2 + 10 * (1 + 2 + 50)),
        ("{ messages(conversationId: 1, last: 5) { nodes { seq mentions { id } } } }", json!({}), 2 + 5 * 12),
        ("{ message(id: 1) { readBy(first: 20) { readAt } } }", json!({}), 2 + 20),
        ("{ ...F } fragment F on Query { a: me { id } b: me { ... { id } } }", json!({}), 4),
        ("subscription { inbox { event { ... on MessageCreated { message { id } } } } }", json!({}), 4),
    ] {
        assert_eq!(cost_of(document, variables).fields, fields, "{document}");
    }
}

#[test]
fn each_alias_of_a_root_field_is_a_root() {
    for (document, roots) in [
        ("{ me { id } me { username } }", 1),
        ("{ a: me { id } b: me { id } me { id } }", 3),
        ("{ ...F ... { b: me { id } } } fragment F on Query { a: me { id } b: me { username } }", 2),
    ] {
        assert_eq!(cost_of(document, json!({})).roots, roots, "{document}");
    }
}

/// The attack: 15 KB of text that selects 50 × 50 participants with twenty names of each.
#[test]
fn a_short_document_with_a_huge_answer_is_refused() {
    let names: String = (0..19).map(|at| format!("a{at}: avatarUrl ")).collect();
    let document = format!(
        "{{ conversations(first: 50) {{ nodes {{ participants(first: 50) {{ nodes {{ user {{ {names} }} }} }} }} }} }}"
    );
    assert!(document.len() < 15 * 1024);
    let admission = Admission::new(&sdl(), false).unwrap();
    let limits = Limits::new(Options::default());
    let asker = Asker { user: None, peer: None };
    let refused = limits.admit(&admission, &mut Request::new(document), asker).unwrap_err();
    let extensions = refused[0].extensions.as_ref().unwrap();
    assert_eq!(extensions.get("code"), Some(&"BAD_USER_INPUT".into()));
    assert_eq!(extensions.get("cost"), Some(&(2 + 50 * (2 + 50 * 20)).into()), "{refused:?}");
    let page = "{ messages(conversationId: 1) { nodes { id content sender { id username displayName avatarUrl }
        createdAt mentions { id username } system { kind targets { id username } } replyTo { id content } } } }";
    assert!(limits.admit(&admission, &mut Request::new(page), asker).is_ok(), "a page as a client reads it");
}
