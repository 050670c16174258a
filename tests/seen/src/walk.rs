//! The parts that one exchange shows: the document along its answer.

use std::collections::{BTreeSet, HashMap};

use apollo_compiler::Schema;
use apollo_compiler::ast::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, Value as Literal,
};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};
use serde_json::Value;

use crate::exchange::Exchange;
use crate::parts::Part;

struct Walk<'a> {
    schema: &'a Schema,
    variables: &'a Value,
    fragments: HashMap<&'a Name, &'a Node<FragmentDefinition>>,
    seen: BTreeSet<Part>,
}

/// The parts that an exchange shows; none of a document that does not parse.
pub fn seen(schema: &Schema, exchange: &Exchange) -> BTreeSet<Part> {
    let mut codes = BTreeSet::new();
    let errors = exchange.answer["errors"].as_array();
    for error in errors.into_iter().flatten() {
        codes.extend(error["extensions"]["code"].as_str().map(Part::code));
    }
    let Ok(document) = Document::parse(exchange.document.as_str(), "document") else { return codes };
    let mut fragments = HashMap::new();
    let mut operations: Vec<&Node<OperationDefinition>> = vec![];
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => operations.push(operation),
            Definition::FragmentDefinition(fragment) => {
                fragments.insert(&fragment.name, fragment);
            }
            _ => {}
        }
    }
    let is_refused = errors.is_some_and(|errors| !errors.is_empty());
    let mut walk = Walk { schema, variables: &exchange.variables, fragments, seen: codes };
    for operation in operations {
        if let Some(root) = schema.root_operation(operation.operation_type)
            && !is_refused
        {
            walk.selections(root.as_str(), &operation.selection_set, &exchange.answer["data"]);
            walk.variables(operation);
        }
    }
    walk.seen
}

impl<'a> Walk<'a> {
    /// Selections on an object of a type.
    fn selections(&mut self, of: &str, selections: &'a [Selection], answer: &Value) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(of, field, answer),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|condition| condition == of) {
                        self.selections(of, &fragment.selection_set, answer);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragments.get(&spread.fragment_name).copied();
                    if let Some(fragment) = fragment.filter(|fragment| fragment.type_condition == of) {
                        self.selections(of, &fragment.selection_set, answer);
                    }
                }
            }
        }
    }

    fn field(&mut self, of: &str, field: &'a Node<Field>, answer: &Value) {
        let value = answer.get(field.response_name().as_str());
        let schema = self.schema;
        let Ok(definition) = schema.type_field(of, &field.name) else { return };
        // A meta-field has no part of its own.
        let Some(value) = value.filter(|_| !field.name.starts_with("__")) else { return };
        self.seen.insert(Part::field(of, &field.name));
        for argument in &field.arguments {
            self.seen.insert(Part::argument(of, &field.name, &argument.name));
            if let Some(known) = definition.arguments.iter().find(|known| known.name == argument.name) {
                self.literal(known.ty.inner_named_type(), &argument.value);
            }
        }
        self.value(definition.ty.inner_named_type(), field, value);
    }

    /// An answer of a field, whose type is this within lists.
    fn value(&mut self, ty: &Name, field: &'a Node<Field>, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.value(ty, field, value)),
            Value::Object(_) => {
                let named = value["__typename"].as_str();
                match self.schema.types.get(ty) {
                    Some(ExtendedType::Union(_)) => {
                        if let Some(member) = named {
                            self.seen.insert(Part::member(ty, member));
                            self.selections(member, &field.selection_set, value);
                        }
                    }
                    _ => self.selections(named.unwrap_or(ty.as_str()), &field.selection_set, value),
                }
            }
            Value::String(text) => self.text(ty, text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, ty: &Name, text: &str) {
        if let Some(ExtendedType::Enum(values)) = self.schema.types.get(ty)
            && values.values.contains_key(text)
        {
            self.seen.insert(Part::value(ty, text));
        }
    }

    fn variables(&mut self, operation: &OperationDefinition) {
        for variable in &operation.variables {
            if let Some(value) = self.variables.get(variable.name.as_str()) {
                self.input(variable.ty.inner_named_type(), value);
            }
        }
    }

    /// A value of an input, of a type within lists.
    fn input(&mut self, ty: &Name, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.input(ty, value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(of) = self.input_field(ty, name) {
                        self.input(of, value);
                    }
                }
            }
            Value::String(text) => self.text(ty, text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn literal(&mut self, ty: &Name, literal: &Literal) {
        match literal {
            Literal::List(values) => values.iter().for_each(|value| self.literal(ty, value)),
            Literal::Object(fields) => {
                for (name, value) in fields {
                    if let Some(of) = self.input_field(ty, name) {
                        self.literal(of, value);
                    }
                }
            }
            Literal::Enum(value) => self.text(ty, value),
            Literal::Null
            | Literal::Variable(_)
            | Literal::String(_)
            | Literal::Float(_)
            | Literal::Int(_)
            | Literal::Boolean(_) => {}
        }
    }

    /// Notes a field of an input, and gives its type within lists.
    fn input_field(&mut self, ty: &Name, name: &str) -> Option<&'a Name> {
        let Some(ExtendedType::InputObject(input)) = self.schema.types.get(ty) else { return None };
        let field = input.fields.get(name)?;
        self.seen.insert(Part::field(ty, name));
        Some(field.ty.inner_named_type())
    }
}
