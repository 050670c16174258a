//! Variables that a request leaves out.
//!
//! Invariant: an argument or input field whose value is such a variable is absent in the execution, so
//! its own default applies; in a list the variable counts as null (GraphQL, CoerceArgumentValues).

use std::collections::HashSet;

use async_graphql::Name;
use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql_value::Value;

use super::roots::operations_mut;

/// Removes omitted variables from a document.
pub fn remove(document: &mut ExecutableDocument, omitted: &HashSet<Name>) {
    if omitted.is_empty() {
        return;
    }
    for operation in operations_mut(&mut document.operations) {
        set(&mut operation.node.selection_set.node, omitted);
    }
    for fragment in document.fragments.values_mut() {
        set(&mut fragment.node.selection_set.node, omitted);
    }
}

fn set(selections: &mut SelectionSet, omitted: &HashSet<Name>) {
    for item in &mut selections.items {
        directives(item.node.directives_mut(), omitted);
        match &mut item.node {
            Selection::Field(field) => {
                field.node.arguments.retain_mut(|(_, value)| is_given(&mut value.node, omitted));
                set(&mut field.node.selection_set.node, omitted);
            }
            Selection::InlineFragment(fragment) => set(&mut fragment.node.selection_set.node, omitted),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn directives(directives: &mut [Positioned<Directive>], omitted: &HashSet<Name>) {
    for directive in directives {
        directive.node.arguments.retain_mut(|(_, value)| is_given(&mut value.node, omitted));
    }
}

/// Whether a value is given; removes what is omitted within it.
fn is_given(value: &mut Value, omitted: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => return !omitted.contains(name),
        Value::List(items) => {
            for item in items {
                if !is_given(item, omitted) {
                    *item = Value::Null;
                }
            }
        }
        Value::Object(fields) => fields.retain(|_, field| is_given(field, omitted)),
        _ => {}
    }
    true
}
