//! Conversion of literals and of references to types.
//!
//! Invariant: an integer that no number of the executor holds keeps its digits as a text, which ID and
//! custom scalars accept and validation refuses everywhere else.

use apollo_compiler::ast;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Number, Value as Constant};
use async_graphql_value::Value;

/// A literal in the executor's form.
pub fn value(literal: &ast::Value) -> Value {
    match literal {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
        ast::Value::Variable(name) => Value::Variable(Name::new(name.as_str())),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Float(float) => number(float.try_to_f64().ok(), float.as_str()),
        ast::Value::Int(int) => match int.as_str().parse::<i64>() {
            Ok(small) => Value::Number(small.into()),
            Err(_) => number(int.try_to_f64().ok(), int.as_str()),
        },
        ast::Value::Boolean(boolean) => Value::Boolean(*boolean),
        ast::Value::List(items) => Value::List(items.iter().map(|item| value(item)).collect()),
        ast::Value::Object(fields) => {
            let field = |(name, field): &(_, apollo_compiler::Node<ast::Value>)| -> (Name, Value) {
                let name: &apollo_compiler::Name = name;
                (Name::new(name.as_str()), value(field))
            };
            Value::Object(fields.iter().map(field).collect::<IndexMap<_, _>>())
        }
    }
}

/// A literal without variables; validation refuses one that has any.
pub fn constant(literal: &ast::Value) -> Constant {
    value(literal).into_const().unwrap_or_default()
}

fn number(float: Option<f64>, text: &str) -> Value {
    match float.and_then(Number::from_f64) {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}

/// A reference to a type in the executor's form.
pub fn type_of(reference: &ast::Type) -> Type {
    let named = |name: &apollo_compiler::Name| BaseType::Named(Name::new(name.as_str()));
    let (base, nullable) = match reference {
        ast::Type::Named(name) => (named(name), true),
        ast::Type::NonNullNamed(name) => (named(name), false),
        ast::Type::List(item) => (BaseType::List(Box::new(type_of(item))), true),
        ast::Type::NonNullList(item) => (BaseType::List(Box::new(type_of(item))), false),
    };
    Type { base, nullable }
}
