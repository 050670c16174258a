//! What a document may cost, decided before anything expands it.
//!
//! Invariant: whatever is admitted is cheap to validate, and shallow enough for everything that
//! recurses over it; deciding so takes time and stack in proportion to the text. So the text is looked
//! at before the parser, which recurses; and fragments are weighed once each, however often they are
//! spread, because async-graphql expands them without such a memory.

mod documents;
mod merging;
mod text;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, ServerError};
use schemas::{ErrorCode, Refusal};
use tokio::time::timeout;

use crate::error::server_error;
use weight::Weight;

/// How long an operation may take, or a subscription to start.
pub const OPERATION_WITHIN: Duration = Duration::from_secs(10);

/// Fields in one another.
const MAX_DEPTH: usize = 10;
/// The same, of a question about the schema: tools ask one of 15.
const MAX_SCHEMA_DEPTH: usize = 16;
/// Fields, each as often as it is spread; what lists multiply is not counted.
const MAX_COMPLEXITY: usize = 1_500;
/// Aliases multiply work, and effects.
const MAX_ALIASES: usize = 20;
const MAX_DIRECTIVES: usize = 20;
/// Selections in one another, fragments included: what async-graphql recurses to.
const MAX_LEVELS: usize = 32;
/// Arguments with their variables put in: bytes of texts, and one for each value. As much as the
/// largest request carries, if each variable is used once.
const MAX_VALUES: usize = 64 * 1024;

/// What an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    pub kind: OperationType,
    /// It asks for nothing but the schema, where that is served.
    pub about_schema: bool,
}

/// Parses a request's document, if it keeps within the limits, which depends on its variables. Only
/// where `introspection` is served it may ask for the schema, alone, and then go deeper.
pub fn admit(request: &mut Request, introspection: bool) -> Result<Admitted, ServerError> {
    let known = documents::find(&request.query);
    let document = match &known {
        Some(document) => document.clone(),
        None => {
            text::check(&request.query).map_err(refused)?;
            Arc::new(parse_query(&request.query)?)
        }
    };
    let mut admitted = asked(&document, request.operation_name.as_deref());
    admitted.about_schema &= introspection;
    let weight = weight::of(&document, &request.variables).map_err(refused)?;
    within(weight, admitted.about_schema).map_err(refused)?;
    if known.is_none() {
        merging::check(&document).map_err(refused)?;
        documents::keep(&request.query, &document);
    }
    request.set_parsed_query(Arc::unwrap_or_clone(document));
    Ok(admitted)
}

/// Why a document is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    #[error("more than {most} {of}")]
    Excess { most: usize, of: &'static str },
    #[error("{0}")]
    Malformed(&'static str),
}

impl Unfit {
    /// Of what would be recursed to too deep.
    const TOO_DEEP: Self = Self::Excess { most: MAX_LEVELS, of: "selections in one another" };
}

/// Runs an operation for as long as one may take. A mutation that is cut off may have had its effect.
pub async fn in_time<T>(kind: OperationType, operation: impl Future<Output = T>) -> Result<T, Refusal> {
    timeout(OPERATION_WITHIN, operation).await.map_err(|_| match kind {
        OperationType::Mutation => {
            Refusal::new(ErrorCode::OutcomePending, "the outcome is not known yet; asking again is safe")
        }
        OperationType::Query | OperationType::Subscription => {
            Refusal::unavailable("the operation took too long")
        }
    })
}

fn within(weight: Weight, about_schema: bool) -> Result<(), Unfit> {
    let (depth, questions) = if about_schema { (MAX_SCHEMA_DEPTH, usize::MAX) } else { (MAX_DEPTH, 0) };
    for (given, most, of) in [
        (weight.questions, questions, "questions about the schema"),
        (weight.depth, depth, "fields in one another"),
        (weight.complexity, MAX_COMPLEXITY, "fields"),
        (weight.aliases, MAX_ALIASES, "aliases"),
        (weight.directives, MAX_DIRECTIVES, "directives"),
        (weight.values, MAX_VALUES, "bytes of arguments"),
    ] {
        if given > most {
            return Err(Unfit::Excess { most, of });
        }
    }
    if weight.levels > MAX_LEVELS { Err(Unfit::TOO_DEEP) } else { Ok(()) }
}

fn asked(document: &ExecutableDocument, name: Option<&str>) -> Admitted {
    let operation = document.operations.iter().find(|(operation, _)| {
        name.is_none_or(|wanted| operation.is_some_and(|operation| operation == wanted))
    });
    // An operation that is not there is told by the execution.
    Admitted {
        kind: operation.map_or(OperationType::Query, |(_, operation)| operation.node.ty),
        about_schema: operation.is_some_and(|(_, operation)| asks_schema(&operation.node.selection_set.node)),
    }
}

fn asks_schema(set: &SelectionSet) -> bool {
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type" | "__typename")
        }
        _ => false,
    })
}

fn refused(unfit: Unfit) -> ServerError {
    server_error(Refusal::bad_input("query", unfit.to_string()))
}

#[cfg(test)]
mod tests;
