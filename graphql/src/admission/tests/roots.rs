//! Roots of subscriptions, as the executor gets them.

use async_graphql::parser::types::{DocumentOperations, Selection};

use super::*;

#[test]
fn a_subscription_is_given_one_field_with_all_that_is_selected() {
    let fragment = "fragment f on Subscription { inbox { cursor } }";
    for (document, expected) in [
        ("subscription { inbox { cursor } }", vec!["cursor"]),
        (&format!("subscription {{ ...f }} {fragment}"), vec!["cursor"]),
        ("subscription { ... { ... on Subscription { inbox { cursor } } } }", vec!["cursor"]),
        ("subscription { inbox { cursor } inbox { either { __typename } } }", vec!["cursor", "either"]),
        (
            &format!("subscription {{ ...f ...f inbox {{ either {{ __typename }} }} }} {fragment}"),
            vec!["cursor", "either"],
        ),
    ] {
        let mut request = Request::new(document);
        assert_eq!(admission().admit(&mut request).unwrap().kind, OperationType::Subscription);
        let DocumentOperations::Single(operation) = &request.parsed_query().unwrap().operations else {
            panic!("one operation")
        };
        let [root] = operation.node.selection_set.node.items.as_slice() else { panic!("{document}") };
        let Selection::Field(root) = &root.node else { panic!("{document}") };
        let selected = root.node.selection_set.node.items.iter().map(|item| match &item.node {
            Selection::Field(field) => field.node.name.node.as_str(),
            other => panic!("{other:?}"),
        });
        assert_eq!(selected.collect::<Vec<_>>(), expected, "{document}");
    }
}
