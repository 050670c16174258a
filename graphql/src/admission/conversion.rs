//! Conversion of apollo's syntax tree to the executor's.
//!
//! Invariants: the conversion is total, so the weight of a document is known before it is validated; no
//! operation or fragment is lost, because equal names are refused first. Positions are given to fields
//! and arguments alone: no error of the executor refers to anything else.

mod places;
mod values;

use std::collections::HashMap;

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::{Name as ApolloName, Node};
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, TypeCondition,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned};

use super::Unfit;
use super::documents::{Document, Operation};
use places::Places;
pub use values::constant;
use values::{type_of, value};

/// The document of a syntax tree without syntax errors.
pub fn document(text: &str, ast: &ast::Document) -> Result<Document, Unfit> {
    let mut conversion = Conversion { places: Places::new(text) };
    let mut operations = Vec::new();
    let mut anonymous = None;
    let mut named = HashMap::new();
    let mut fragments = HashMap::new();
    for definition in &ast.definitions {
        match definition {
            Definition::OperationDefinition(definition) => {
                operations.push(described(definition));
                let converted = unplaced(conversion.operation(definition));
                let replaced = match &definition.name {
                    Some(name) => named.insert(self::name(name), converted),
                    None => anonymous.replace(converted),
                };
                if replaced.is_some() {
                    return Err(Unfit::Malformed("two operations have the same name, or none"));
                }
            }
            Definition::FragmentDefinition(definition) => {
                let converted = unplaced(conversion.fragment(definition));
                if fragments.insert(name(&definition.name), converted).is_some() {
                    return Err(Unfit::Malformed("two fragments have the same name"));
                }
            }
            _ => return Err(Unfit::Malformed("a document has operations and fragments alone")),
        }
    }
    let operations_of = match (anonymous, named.is_empty()) {
        (Some(only), true) => DocumentOperations::Single(only),
        (None, false) => DocumentOperations::Multiple(named),
        (Some(_), false) => return Err(Unfit::Malformed("an operation without a name stands alone")),
        (None, true) => return Err(Unfit::Malformed("the document has no operation")),
    };
    Ok(Document { parsed: ExecutableDocument { operations: operations_of, fragments }, operations })
}

fn described(definition: &ast::OperationDefinition) -> Operation {
    let about_schema = definition.selection_set.iter().all(|selection| {
        selection
            .as_field()
            .is_some_and(|field| matches!(field.name.as_str(), "__schema" | "__type" | "__typename"))
    });
    Operation {
        name: definition.name.as_ref().map(ToString::to_string),
        kind: kind(definition.operation_type),
        about_schema,
        variables: definition.variables.clone(),
    }
}

fn kind(kind: ast::OperationType) -> OperationType {
    match kind {
        ast::OperationType::Query => OperationType::Query,
        ast::OperationType::Mutation => OperationType::Mutation,
        ast::OperationType::Subscription => OperationType::Subscription,
    }
}

fn name(name: &ApolloName) -> Name {
    Name::new(name.as_str())
}

fn unplaced<T>(node: T) -> Positioned<T> {
    Positioned::new(node, Pos::default())
}

struct Conversion<'a> {
    places: Places<'a>,
}

impl Conversion<'_> {
    fn operation(&mut self, definition: &ast::OperationDefinition) -> OperationDefinition {
        let variables = definition.variables.iter().map(|variable| {
            unplaced(VariableDefinition {
                name: unplaced(name(&variable.name)),
                var_type: unplaced(type_of(&variable.ty)),
                directives: self.directives(&variable.directives),
                default_value: variable.default_value.as_ref().map(|default| unplaced(constant(default))),
            })
        });
        let variable_definitions = variables.collect();
        OperationDefinition {
            ty: kind(definition.operation_type),
            variable_definitions,
            directives: self.directives(&definition.directives),
            selection_set: self.set(&definition.selection_set),
        }
    }

    fn fragment(&mut self, definition: &ast::FragmentDefinition) -> FragmentDefinition {
        FragmentDefinition {
            type_condition: unplaced(TypeCondition { on: unplaced(name(&definition.type_condition)) }),
            directives: self.directives(&definition.directives),
            selection_set: self.set(&definition.selection_set),
        }
    }

    fn set(&mut self, set: &[ast::Selection]) -> Positioned<SelectionSet> {
        let items = set.iter().map(|selection| unplaced(self.selection(selection))).collect();
        unplaced(SelectionSet { items })
    }

    fn selection(&mut self, selection: &ast::Selection) -> Selection {
        match selection {
            ast::Selection::Field(field) => {
                let place = self.places.of(field.location());
                Selection::Field(Positioned::new(self.field(field), place))
            }
            ast::Selection::FragmentSpread(spread) => Selection::FragmentSpread(unplaced(FragmentSpread {
                fragment_name: unplaced(name(&spread.fragment_name)),
                directives: self.directives(&spread.directives),
            })),
            ast::Selection::InlineFragment(fragment) => {
                let on = |on: &ApolloName| unplaced(TypeCondition { on: unplaced(name(on)) });
                Selection::InlineFragment(unplaced(InlineFragment {
                    type_condition: fragment.type_condition.as_ref().map(on),
                    directives: self.directives(&fragment.directives),
                    selection_set: self.set(&fragment.selection_set),
                }))
            }
        }
    }

    fn field(&mut self, field: &ast::Field) -> Field {
        Field {
            alias: field.alias.as_ref().map(|alias| unplaced(name(alias))),
            name: unplaced(name(&field.name)),
            arguments: self.arguments(&field.arguments),
            directives: self.directives(&field.directives),
            selection_set: self.set(&field.selection_set),
        }
    }

    fn directives(&mut self, directives: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
        let directive = |directive: &Node<ast::Directive>| {
            unplaced(Directive {
                name: unplaced(name(&directive.name)),
                arguments: self.arguments(&directive.arguments),
            })
        };
        directives.iter().map(directive).collect()
    }

    fn arguments(
        &mut self,
        arguments: &[Node<ast::Argument>],
    ) -> Vec<(Positioned<Name>, Positioned<async_graphql_value::Value>)> {
        let argument = |argument: &Node<ast::Argument>| {
            let place = self.places.of(argument.location());
            (Positioned::new(name(&argument.name), place), Positioned::new(value(&argument.value), place))
        };
        arguments.iter().map(argument).collect()
    }
}
