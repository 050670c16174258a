//! Admission: parses, weighs and validates a document and coerces its variables before it is executed.
//!
//! Invariants: an admitted document is valid and its variables have the declared types, so the executor
//! checks neither again; time and stack are in proportion to the text. The text is therefore checked
//! before the parser, which recurses, and the weight before validation, which expands fragments.

mod coercion;
mod conversion;
mod cost;
mod documents;
mod omitted;
mod roots;
mod rules;
mod scalars;
mod text;
mod validation;
mod weight;

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, ServerError, Variables};
use schemas::Refusal;

use crate::error::server_error;
pub use cost::Cost;
use documents::Documents;
pub use roots::{fields as root_fields, named as named_operations};
use weight::Weight;

/// Fields in one another.
const MAX_DEPTH: usize = 10;
/// The same, of a question about the schema: tools ask one of 15.
const MAX_SCHEMA_DEPTH: usize = 16;
/// Fields, each as often as it is spread; lists multiply the cost, not this.
const MAX_COMPLEXITY: usize = 1_500;
/// Aliases multiply work, and effects.
const MAX_ALIASES: usize = 20;
const MAX_DIRECTIVES: usize = 20;
/// Selections in one another, fragments included: the depth to which validation and execution recurse.
const MAX_LEVELS: usize = 32;
/// Arguments with their variables put in: bytes of texts, and one for each value. As much as the
/// largest request carries, if each variable is used once.
const MAX_VALUES: usize = 64 * 1024;

/// Admits the documents of one schema. Ports that serve the schema hold clones, which share what is cached.
#[derive(Clone)]
pub struct Admission {
    schema: Arc<Valid<Schema>>,
    introspection: bool,
    documents: Documents,
}

/// An admitted operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    pub kind: OperationType,
    /// It selects nothing but the schema, and introspection is served.
    pub about_schema: bool,
    pub cost: Cost,
}

/// The schema's text is not a valid schema.
#[derive(Debug, thiserror::Error)]
#[error("invalid schema: {0}")]
pub struct InvalidSchema(String);

impl Admission {
    /// An admission for the schema that `sdl` defines. With `introspection` a document may select the
    /// schema, alone, and then be deeper.
    pub fn new(sdl: &str, introspection: bool) -> Result<Self, InvalidSchema> {
        let schema = Schema::parse_and_validate(sdl, "api.graphql");
        let schema = schema.map_err(|invalid| InvalidSchema(invalid.errors.to_string()))?;
        Ok(Self { schema: Arc::new(schema), introspection, documents: Documents::default() })
    }

    /// The same for a port that serves introspection, or does not.
    pub fn serving_introspection(&self, introspection: bool) -> Self {
        Self { introspection, ..self.clone() }
    }

    /// Puts the parsed document and the coerced variables into the request, or says why the request is
    /// not executed.
    pub fn admit(&self, request: &mut Request) -> Result<Admitted, Vec<ServerError>> {
        let known = self.documents.find(&request.query);
        let (document, ast) = match known {
            Some(document) => (document, None),
            None => {
                let (document, ast) = validation::parse(&request.query)?;
                (Arc::new(document), Some(ast))
            }
        };
        let operation = document.operation(request.operation_name.as_deref());
        let about_schema = self.introspection && operation.as_ref().is_ok_and(|found| found.about_schema);
        let weight = weight::of(&document.parsed, &request.variables).map_err(refused)?;
        within(weight, about_schema).map_err(refused)?;
        if let Some(ast) = ast {
            validation::validate(&self.schema, &ast)?;
            self.documents.keep(&request.query, &document);
        }
        let operation = operation?;
        let coerced = coercion::variables(&self.schema, &operation.variables, &request.variables)?;
        let kind = operation.kind;
        let mut parsed = document.parsed.clone();
        omitted::remove(&mut parsed, &coerced.omitted);
        roots::merge(&mut parsed);
        let cost = self.cost(&parsed, request.operation_name.as_deref(), &coerced.values);
        request.variables = coerced.values;
        request.set_parsed_query(parsed);
        Ok(Admitted { kind, about_schema, cost })
    }

    fn cost(&self, parsed: &ExecutableDocument, name: Option<&str>, variables: &Variables) -> Cost {
        let chosen = roots::named(parsed, name).next();
        let cost = chosen.map(|chosen| cost::of(&self.schema, parsed, chosen, variables));
        cost.unwrap_or(Cost { fields: 0, roots: 0 })
    }
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

fn refused(unfit: Unfit) -> Vec<ServerError> {
    vec![server_error(Refusal::bad_input("query", unfit.to_string()))]
}

#[cfg(test)]
mod tests;
