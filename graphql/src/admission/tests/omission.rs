//! Omitted variables: what the executor is given in their place.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, Selection};
use serde_json::json;

use super::*;

/// The arguments of the first field, and those of its first directive.
fn arguments(document: &ExecutableDocument) -> Vec<String> {
    let DocumentOperations::Single(operation) = &document.operations else { panic!("one operation") };
    let mut set = &operation.node.selection_set.node;
    if let Selection::FragmentSpread(spread) = &set.items[0].node {
        set = &document.fragments[&spread.node.fragment_name.node].node.selection_set.node;
    }
    let Selection::Field(field) = &set.items[0].node else { panic!("a field") };
    field.node.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect()
}

#[test]
fn an_argument_whose_variable_is_omitted_is_absent() {
    for (document, given, expected) in [
        ("query($v: Int) { int(of: $v) }", json!({}), vec![]),
        ("query($v: Int) { int(of: $v) }", json!({ "v": null }), vec!["of: $v"]),
        ("query($v: Int = 1) { int(of: $v) }", json!({}), vec!["of: $v"]),
        ("query($v: Int) { paged(first: $v) }", json!({}), vec![]),
        ("query($v: Int) { ints(of: [1, $v]) }", json!({}), vec!["of: [1, null]"]),
        ("query($v: Int) { grid(of: [[$v]]) }", json!({}), vec!["of: [[null]]"]),
        ("query($v: Int) { input(of: {text: \"x\", count: $v}) }", json!({}), vec!["of: {text: \"x\"}"]),
        (
            "query($v: Any, $w: Any) { a(b: {c: $v, d: [$w]}, c: $v) { on } }",
            json!({ "w": 1 }),
            vec!["b: {d: [$w]}"],
        ),
        ("query($v: Int) { ...f } fragment f on Query { int(of: $v) }", json!({}), vec![]),
    ] {
        // Cached or not, each request has its own.
        let admission = admission();
        for given in [json!({ "v": 1, "w": 1 }), given] {
            let mut request = Request::new(document).variables(variables(given.clone()));
            admission.admit(&mut request).unwrap();
            let whole = given == json!({ "v": 1, "w": 1 });
            let arguments = arguments(request.parsed_query().unwrap());
            assert!(whole || arguments == expected, "{document} {given}: {arguments:?}");
        }
    }
}
