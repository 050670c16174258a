//! How often one request may name fields anew: aliases multiply work, and effects.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response};
use schemas::Refusal;

/// The most aliases of one request.
const MAX_ALIASES: usize = 20;

/// The type of the operation, unless the document is malformed or has too many aliases.
pub fn check(request: &mut Request) -> Result<OperationType, Response> {
    let name = request.operation_name.clone();
    let document = request.parsed_query().map_err(|error| Response::from_errors(vec![error]))?;
    if aliases(document) > MAX_ALIASES {
        return Err(super::refused(Refusal::bad_input("query", "more than 20 aliases")));
    }
    let operation = document.operations.iter().find(|(operation, _)| {
        name.as_deref().is_none_or(|wanted| operation.is_some_and(|operation| operation == wanted))
    });
    // An operation that is not there is told by the execution.
    Ok(operation.map_or(OperationType::Query, |(_, operation)| operation.node.ty))
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
        assert_eq!(check(&mut query(20)).unwrap(), OperationType::Query);
        assert!(check(&mut query(21)).is_err());
        assert!(check(&mut Request::new("{")).is_err());
    }
}
