//! Parsing and validation, by apollo and by the rules that it leaves out.
//!
//! Invariant: nothing is parsed whose text is over the limits; apollo's rule of one root field counts
//! fields instead of response keys, so [`rules`] takes its place.

use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::diagnostic::Diagnostic;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList, Valid};
use async_graphql::{Pos, ServerError};

use super::documents::Document;
use super::{conversion, refused, rules, text};
use crate::error::{MOST_ERRORS, request_error};

/// Nodes in one another; the text's own limit is lower, so this holds where the two count otherwise.
const MAX_RECURSION: usize = 128;

/// Parses a document whose text is within the limits.
pub fn parse(query: &str) -> Result<(Document, ast::Document), Vec<ServerError>> {
    let descriptions = text::check(query).map_err(refused)?;
    for place in &descriptions {
        // A string is valid as a description where it is valid as a value.
        syntax_tree(&format!("{{ a(b: {}) }}", &query[place.clone()]))?;
    }
    let query = text::without(query, &descriptions);
    let ast = syntax_tree(&query)?;
    let document = conversion::document(&query, &ast).map_err(refused)?;
    Ok((document, ast))
}

fn syntax_tree(text: &str) -> Result<ast::Document, Vec<ServerError>> {
    let ast = Parser::new().recursion_limit(MAX_RECURSION).parse_ast(text, "query");
    ast.map_err(|invalid| errors(&invalid.errors))
}

/// Says what is wrong with a document; it is one that has been weighed.
pub fn validate(schema: &Valid<Schema>, ast: &ast::Document) -> Result<(), Vec<ServerError>> {
    let document = match ast.to_executable_validate(schema) {
        Ok(valid) => valid.into_inner(),
        Err(invalid) if invalid.errors.iter().all(|error| is_replaced(&error)) => invalid.partial,
        Err(invalid) => return Err(errors(&invalid.errors)),
    };
    let broken = rules::check(schema, &document);
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

fn is_replaced(error: &Diagnostic<'_, DiagnosticData>) -> bool {
    error.error.unstable_error_name() == Some("SubscriptionUsesMultipleFields")
}

fn errors(all: &DiagnosticList) -> Vec<ServerError> {
    let told = all.iter().filter(|error| !is_replaced(error)).take(MOST_ERRORS);
    let error = |error: Diagnostic<'_, DiagnosticData>| {
        let place = error.line_column_range().map(|range| range.start);
        let place = place.map(|place| Pos { line: place.line, column: place.column });
        request_error("query", error.error.to_string(), place)
    };
    told.map(error).collect()
}
