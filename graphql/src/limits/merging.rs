//! Fields that are answered under one name.
//!
//! Invariant: they are the same field with the same arguments. Validation would say so too, but once
//! for each pair and argument: 64 KiB of text can make it say so for gigabytes.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use super::Unfit;

/// Says whether two fields of a document are at odds. It is one that has been weighed.
pub fn check(document: &ExecutableDocument) -> Result<(), Unfit> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).try_for_each(|set| check_set(document, set))
}

fn check_set(document: &ExecutableDocument, set: &SelectionSet) -> Result<(), Unfit> {
    Answered { document, fields: HashMap::new(), spread: HashSet::new() }.take_in(None, set)?;
    set.items.iter().try_for_each(|item| match &item.node {
        Selection::Field(field) => check_set(document, &field.node.selection_set.node),
        Selection::InlineFragment(fragment) => check_set(document, &fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => Ok(()),
    })
}

/// What one selection set answers.
struct Answered<'a> {
    document: &'a ExecutableDocument,
    /// By the type that they are asked of, where one is named, and the name of the answer.
    fields: HashMap<(Option<&'a str>, &'a str), &'a Field>,
    spread: HashSet<&'a str>,
}

impl<'a> Answered<'a> {
    fn take_in(&mut self, on: Option<&'a str>, set: &'a SelectionSet) -> Result<(), Unfit> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let first = self.fields.entry((on, &field.response_key().node)).or_insert(field);
                    if !is_same(first, field) {
                        return Err(Unfit::Malformed("two fields of one name differ: give one an alias"));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.take_in(on, &fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) =
                        self.document.fragments.get(name).filter(|_| self.spread.insert(name))
                    {
                        let on = Some(fragment.node.type_condition.node.on.node.as_str());
                        self.take_in(on, &fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_same(first: &Field, field: &Field) -> bool {
    first.name.node == field.name.node
        && first.arguments.len() == field.arguments.len()
        && first
            .arguments
            .iter()
            .all(|(name, value)| field.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}
