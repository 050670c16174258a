//! Admitted documents, cached by their text: clients send the same few again and again.
//!
//! Invariant: only valid documents are cached, and each under its whole text.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::VariableDefinition;
use async_graphql::ServerError;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use moka::sync::Cache;
use schemas::Refusal;

use crate::error::server_error;

/// Bytes of all cached texts; their documents take some thirty times as much.
const MOST_BYTES: u64 = 512 * 1024;
/// The longest text that is cached.
const LONGEST: usize = 8 * 1024;

/// A parsed document.
pub struct Document {
    /// In the executor's form.
    pub parsed: ExecutableDocument,
    pub operations: Vec<Operation>,
}

/// What admission has to know of one operation of a document.
pub struct Operation {
    pub name: Option<String>,
    pub kind: OperationType,
    /// Each root field is an introspection field.
    pub about_schema: bool,
    pub variables: Vec<Node<VariableDefinition>>,
}

impl Document {
    /// The operation that a request names; a name is needed only where there are several.
    pub fn operation(&self, name: Option<&str>) -> Result<&Operation, Vec<ServerError>> {
        let refused = |detail| vec![server_error(Refusal::bad_input("operationName", detail))];
        match (name, self.operations.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(refused("the document has several operations: name one")),
            (Some(name), operations) => operations
                .iter()
                .find(|operation| operation.name.as_deref() == Some(name))
                .ok_or_else(|| refused("the document has no operation of this name")),
        }
    }
}

/// Clones share the documents.
#[derive(Clone)]
pub struct Documents(Cache<String, Arc<Document>>);

impl Default for Documents {
    fn default() -> Self {
        let weight = |text: &String, _: &Arc<Document>| text.len() as u32;
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weight).build())
    }
}

impl Documents {
    pub fn find(&self, text: &str) -> Option<Arc<Document>> {
        self.0.get(text)
    }

    /// Caches a valid document.
    pub fn keep(&self, text: &str, document: &Arc<Document>) {
        if text.len() <= LONGEST {
            self.0.insert(text.to_owned(), document.clone());
        }
    }
}
