//! What is looked at in a document before it runs: its kind, and how often it names fields anew,
//! because aliases multiply work, and effects.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response};
use schemas::Refusal;

/// The most aliases of one request.
const MAX_ALIASES: usize = 20;

/// What an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub kind: OperationType,
    /// It asks for nothing but the schema.
    pub about_schema: bool,
}

/// What the operation is, unless the document is malformed or has too many aliases.
pub fn check(request: &mut Request) -> Result<Checked, Response> {
    let name = request.operation_name.clone();
    let document = request.parsed_query().map_err(|error| Response::from_errors(vec![error]))?;
    if aliases(document) > MAX_ALIASES {
        return Err(super::refused(Refusal::bad_input("query", "more than 20 aliases")));
    }
    let operation = document.operations.iter().find(|(operation, _)| {
        name.as_deref().is_none_or(|wanted| operation.is_some_and(|operation| operation == wanted))
    });
    // An operation that is not there is told by the execution.
    Ok(Checked {
        kind: operation.map_or(OperationType::Query, |(_, operation)| operation.node.ty),
        about_schema: operation.is_some_and(|(_, operation)| asks_schema(&operation.node.selection_set.node)),
    })
}

fn asks_schema(set: &SelectionSet) -> bool {
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type" | "__typename")
        }
        _ => false,
    })
}

fn aliases(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).map(count).sum()
}

fn count(set: &SelectionSet) -> usize {
    let each = |selection: &Selection| match selection {
        Selection::Field(field) => {
            usize::from(field.node.alias.is_some()) + count(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => count(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(|item| each(&item.node)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_aliases_pass_and_one_more_does_not() {
        let query = |count: usize| {
            let fields: String = (0..count).map(|i| format!("a{i}: me {{ id }} ")).collect();
            Request::new(format!("{{ {fields} }}"))
        };
        let asked = Checked { kind: OperationType::Query, about_schema: false };
        assert_eq!(check(&mut query(20)).unwrap(), asked);
        assert!(check(&mut query(21)).is_err());
        assert!(check(&mut Request::new("{")).is_err());
    }

    #[test]
    fn questions_about_the_schema_are_told_apart() {
        for (query, about_schema) in [
            ("{ __schema { types { name } } __typename }", true),
            ("query A { __type(name: \"User\") { name } } query B { me { id } }", true),
            ("query B { me { id } } query A { me { id } }", false),
            ("{ __schema { types { name } } me { id } }", false),
        ] {
            let mut request = Request::new(query);
            if query.starts_with("query") {
                request = request.operation_name("A");
            }
            assert_eq!(check(&mut request).unwrap().about_schema, about_schema, "{query}");
        }
    }
}
