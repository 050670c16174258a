//! What a selection asks for, as a text: equal texts and equal variables, equal renderings.
//!
//! Invariant: whatever changes a payload is in the text, or among the variables that it uses.

use std::collections::BTreeSet;

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql_value::Value as Literal;

/// A text that is equal for equal selections: fields with arguments and directives, fragments spelled
/// out, the root field's own arguments left out. Collects the variables that occur in it.
pub fn shape(document: &ExecutableDocument, root: &Field, used: &mut BTreeSet<String>) -> String {
    let mut text = root.response_key().node.to_string() + ":" + &root.name.node;
    directives(&root.directives, &mut text, used);
    selection(document, &root.selection_set.node, &mut text, used);
    text
}

fn selection(
    document: &ExecutableDocument,
    set: &SelectionSet,
    text: &mut String,
    used: &mut BTreeSet<String>,
) {
    text.push('{');
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                text.push_str(&field.node.response_key().node);
                text.push(':');
                text.push_str(&field.node.name.node);
                for (name, value) in &field.node.arguments {
                    text.push_str(&format!("({}={})", name.node, value.node));
                    variables(&value.node, used);
                }
                directives(&field.node.directives, text, used);
                if !field.node.selection_set.node.items.is_empty() {
                    selection(document, &field.node.selection_set.node, text, used);
                }
            }
            Selection::InlineFragment(fragment) => {
                text.push_str(&format!(
                    "...{:?}",
                    fragment.node.type_condition.as_ref().map(|on| &on.node.on.node)
                ));
                directives(&fragment.node.directives, text, used);
                selection(document, &fragment.node.selection_set.node, text, used);
            }
            Selection::FragmentSpread(spread) => {
                directives(&spread.node.directives, text, used);
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    text.push_str(&format!("...{}", fragment.node.type_condition.node.on.node));
                    selection(document, &fragment.node.selection_set.node, text, used);
                }
            }
        }
        text.push(' ');
    }
    text.push('}');
}

fn directives(directives: &[Positioned<Directive>], text: &mut String, used: &mut BTreeSet<String>) {
    for directive in directives {
        text.push_str(&format!("@{}", directive.node.name.node));
        for (name, value) in &directive.node.arguments {
            text.push_str(&format!("({}={})", name.node, value.node));
            variables(&value.node, used);
        }
    }
}

fn variables(value: &Literal, used: &mut BTreeSet<String>) {
    match value {
        Literal::Variable(name) => {
            used.insert(name.to_string());
        }
        Literal::List(items) => items.iter().for_each(|item| variables(item, used)),
        Literal::Object(fields) => fields.values().for_each(|field| variables(field, used)),
        _ => {}
    }
}
