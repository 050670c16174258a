//! Rules of validation that apollo leaves out: variables and repeated keys within literals, null as a
//! default, the form of custom scalars, one response key at the root of a subscription.
//!
//! Invariant: these run over a document that apollo finds valid otherwise, once for each operation and
//! fragment.

use std::collections::HashSet;

use apollo_compiler::ast::{Argument, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::executable::{DirectiveList, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use async_graphql::{Pos, ServerError};

use super::conversion::constant;
use super::scalars;
use crate::error::{MOST_ERRORS, request_error};

/// What is wrong with a document.
pub fn check(schema: &Schema, document: &ExecutableDocument) -> Vec<ServerError> {
    let mut errors = Vec::new();
    for operation in document.operations.iter() {
        let mut check = Check { schema, document, operation, spread: HashSet::new(), errors: &mut errors };
        check.operation();
    }
    errors.truncate(MOST_ERRORS);
    errors
}

struct Check<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    operation: &'a Node<Operation>,
    /// Fragments that have been checked for this operation.
    spread: HashSet<&'a Name>,
    errors: &'a mut Vec<ServerError>,
}

impl<'a> Check<'a> {
    fn operation(&mut self) {
        let operation = self.operation;
        self.directives(&operation.directives);
        for variable in &operation.variables {
            self.directives(&variable.directives);
            if let Some(default) = &variable.default_value {
                self.value(default, &variable.ty, false);
            }
        }
        self.set(&operation.selection_set);
        if operation.is_subscription() {
            let mut keys = HashSet::new();
            root_keys(self.document, &operation.selection_set, &mut HashSet::new(), &mut keys);
            if keys.len() != 1 {
                let message = "a subscription has exactly one root field".to_owned();
                let place = operation.line_column_range(&self.document.sources);
                let place = place.map(|range| Pos { line: range.start.line, column: range.start.column });
                self.errors.push(request_error("query", message, place));
            }
        }
    }

    fn set(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.directives(&field.directives);
                    self.arguments(&field.arguments, &field.definition.arguments);
                    self.set(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    self.set(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment.filter(|_| self.spread.insert(&spread.fragment_name)) {
                        self.directives(&fragment.directives);
                        self.set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a DirectiveList) {
        for directive in directives.iter() {
            if let Some(definition) = self.schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments);
            }
        }
    }

    fn arguments(&mut self, given: &'a [Node<Argument>], defined: &'a [Node<InputValueDefinition>]) {
        for argument in given {
            if let Some(definition) = defined.iter().find(|definition| definition.name == argument.name) {
                self.value(&argument.value, &definition.ty, definition.default_value.is_some());
            }
        }
    }

    /// A value where `wanted` is expected; `has_default` says whether the place has a default.
    fn value(&mut self, value: &'a Node<Value>, wanted: &Type, has_default: bool) {
        match (&**value, wanted) {
            (Value::Null, _) => {}
            (Value::Variable(name), _) => {
                let variables = &self.operation.variables;
                let variable = variables.iter().find(|variable| variable.name == *name);
                if variable.is_some_and(|variable| !fits(variable, wanted, has_default)) {
                    self.wrong(
                        value,
                        format!("the variable ${name} does not fit where {wanted} is expected"),
                    );
                }
            }
            (Value::List(items), Type::List(item) | Type::NonNullList(item)) => {
                items.iter().for_each(|each| self.value(each, item, false));
            }
            (_, Type::List(item) | Type::NonNullList(item)) => self.value(value, item, false),
            (Value::Object(fields), Type::Named(name) | Type::NonNullNamed(name)) => {
                if let Some(ExtendedType::InputObject(definition)) = self.schema.types.get(name) {
                    let mut names = HashSet::new();
                    for (name, field) in fields {
                        if !names.insert(name) {
                            self.wrong(field, format!("the field {name} is given twice"));
                        }
                        if let Some(defined) = definition.fields.get(name) {
                            self.value(field, &defined.ty, defined.default_value.is_some());
                        }
                    }
                }
            }
            (_, Type::Named(name) | Type::NonNullNamed(name)) => {
                if !scalars::accepts(name, &constant(value)) {
                    self.wrong(value, format!("not a value of type {name}"));
                }
            }
        }
    }

    fn wrong(&mut self, value: &Node<Value>, message: String) {
        let place = value.line_column_range(&self.document.sources).map(|range| range.start);
        let place = place.map(|place| Pos { line: place.line, column: place.column });
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(request_error("query", message, place));
        }
    }
}

/// Whether a variable may stand where `wanted` is expected (IsVariableUsageAllowed).
fn fits(variable: &VariableDefinition, wanted: &Type, has_default: bool) -> bool {
    if wanted.is_non_null() && !variable.ty.is_non_null() {
        let default = variable.default_value.as_ref().is_some_and(|default| !default.is_null());
        return (default || has_default) && variable.ty.is_assignable_to(&wanted.clone().nullable());
    }
    variable.ty.is_assignable_to(wanted)
}

/// Response keys at the root of an operation, fragments put in.
fn root_keys<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    spread: &mut HashSet<&'a Name>,
    keys: &mut HashSet<&'a Name>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                keys.insert(field.response_key());
            }
            Selection::InlineFragment(fragment) => {
                root_keys(document, &fragment.selection_set, spread, keys);
            }
            Selection::FragmentSpread(each) => {
                let fragment = document.fragments.get(&each.fragment_name);
                if let Some(fragment) = fragment.filter(|_| spread.insert(&each.fragment_name)) {
                    root_keys(document, &fragment.selection_set, spread, keys);
                }
            }
        }
    }
}
