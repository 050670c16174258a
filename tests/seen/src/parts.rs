//! The parts of the API: fields and their arguments, values of enums, members of unions, fields of inputs, and
//! error codes.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::schema::{Component, ExtendedType};
use schemas::ErrorCode;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(String);

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Part {
    pub fn field(of: &str, field: &str) -> Self {
        Self(format!("{of}.{field}"))
    }

    pub fn argument(of: &str, field: &str, argument: &str) -> Self {
        Self(format!("{of}.{field}({argument})"))
    }

    pub fn value(of: &str, value: &str) -> Self {
        Self(format!("{of}.{value}"))
    }

    pub fn member(union: &str, member: &str) -> Self {
        Self(format!("{union} = {member}"))
    }

    pub fn code(code: &str) -> Self {
        Self(code.to_owned())
    }
}

/// Every part of a schema, and every error code.
pub fn of(schema: &Schema) -> BTreeSet<Part> {
    let own = schema.types.iter().filter(|(_, definition)| !definition.is_built_in());
    let mut all: BTreeSet<Part> =
        own.flat_map(|(name, definition)| of_type(name.as_str(), definition)).collect();
    all.extend(ErrorCode::ALL.iter().map(|code| Part::code(code.as_str())));
    all
}

fn of_type(name: &str, definition: &ExtendedType) -> Vec<Part> {
    let field = |(field, definition): (&apollo_compiler::Name, &Component<FieldDefinition>)| {
        let argument = |argument: &apollo_compiler::Node<InputValueDefinition>| {
            Part::argument(name, field, argument.name.as_str())
        };
        let mut parts: Vec<Part> = definition.arguments.iter().map(argument).collect();
        parts.push(Part::field(name, field));
        parts
    };
    match definition {
        ExtendedType::Object(object) => object.fields.iter().flat_map(field).collect(),
        ExtendedType::Interface(interface) => interface.fields.iter().flat_map(field).collect(),
        ExtendedType::Union(union) => {
            union.members.iter().map(|member| Part::member(name, member.name.as_str())).collect()
        }
        ExtendedType::Enum(values) => values.values.keys().map(|value| Part::value(name, value)).collect(),
        ExtendedType::InputObject(input) => {
            input.fields.keys().map(|field| Part::field(name, field)).collect()
        }
        ExtendedType::Scalar(_) => vec![],
    }
}
