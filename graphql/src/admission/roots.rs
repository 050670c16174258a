//! Fields at the root of an operation; that of a subscription in the form that the executor runs: one field.
//!
//! Invariant: a valid subscription has one response key at its root; fragments there are put in, and
//! occurrences of the field are merged, because the executor would run each as a stream of its own.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Leaves one field at the root of each subscription.
pub fn merge(document: &mut ExecutableDocument) {
    let ExecutableDocument { operations, fragments } = document;
    for operation in operations_mut(operations) {
        let set = &mut operation.node.selection_set.node;
        if operation.node.ty != OperationType::Subscription
            || matches!(set.items[..], [ref only] if is_field(only))
        {
            continue;
        }
        if let Some((first, others)) = fields(fragments, set).split_first() {
            let mut merged = Positioned::<Field>::clone(first);
            let more = others.iter().flat_map(|other| &other.node.selection_set.node.items);
            merged.node.selection_set.node.items.extend(more.cloned());
            let pos = merged.pos;
            set.items = vec![Positioned::new(Selection::Field(merged), pos)];
        }
    }
}

/// Every operation of a document.
pub(super) fn operations_mut(
    operations: &mut DocumentOperations,
) -> Vec<&mut Positioned<OperationDefinition>> {
    match operations {
        DocumentOperations::Single(only) => vec![only],
        DocumentOperations::Multiple(several) => several.values_mut().collect(),
    }
}

/// The operations that a request by this name is about: one of an admitted document.
pub fn named<'a>(
    document: &'a ExecutableDocument,
    name: Option<&'a str>,
) -> impl Iterator<Item = &'a OperationDefinition> {
    let all = document.operations.iter();
    let wanted = all.filter(move |(named, _)| name.is_none() || named.map(Name::as_str) == name);
    wanted.map(|(_, operation)| &operation.node)
}

fn is_field(selection: &Positioned<Selection>) -> bool {
    matches!(selection.node, Selection::Field(_))
}

/// The fields at a root, also those of fragments, each fragment once.
pub fn fields<'a>(fragments: &'a Fragments, set: &'a SelectionSet) -> Vec<&'a Positioned<Field>> {
    let mut roots = vec![];
    collect(fragments, set, &mut HashSet::new(), &mut roots);
    roots
}

fn collect<'a>(
    fragments: &'a Fragments,
    set: &'a SelectionSet,
    spread: &mut HashSet<&'a Name>,
    roots: &mut Vec<&'a Positioned<Field>>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => roots.push(field),
            Selection::InlineFragment(fragment) => {
                collect(fragments, &fragment.node.selection_set.node, spread, roots);
            }
            Selection::FragmentSpread(each) => {
                let name = &each.node.fragment_name.node;
                if let Some(fragment) = fragments.get(name).filter(|_| spread.insert(name)) {
                    collect(fragments, &fragment.node.selection_set.node, spread, roots);
                }
            }
        }
    }
}
