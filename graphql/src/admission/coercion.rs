//! Coercion of variables to their declared types (GraphQL, CoerceVariableValues and "Input Coercion").
//!
//! Invariant: a coerced value is one that the executor's parsers accept; the error names the last input
//! field on the way to the value, or the variable.

use std::collections::HashSet;

use apollo_compiler::ast::{self, Type, VariableDefinition};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Node, Schema};
use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, ServerError, Value, Variables};
use schemas::Refusal;

use super::conversion::constant;
use super::scalars;
use crate::error::{MOST_ERRORS, server_error};

/// Characters of a name that an error repeats.
const LONGEST_NAME: usize = 64;

/// Variables of one execution.
#[derive(Debug, Default)]
pub struct Coerced {
    pub values: Variables,
    /// Variables that are neither given nor have a default.
    pub omitted: HashSet<Name>,
}

/// Coerces the given values to the types of an operation's variables.
pub fn variables(
    schema: &Schema,
    definitions: &[Node<VariableDefinition>],
    given: &Variables,
) -> Result<Coerced, Vec<ServerError>> {
    let (mut coerced, mut errors) = (Coerced::default(), Vec::new());
    for definition in definitions {
        let name = Name::new(definition.name.as_str());
        let at = Place { schema, field: &definition.name };
        match at.given(given.get(&name), definition.default_value.as_ref(), &definition.ty) {
            Ok(Some(value)) => drop(coerced.values.insert(name, value)),
            Ok(None) => drop(coerced.omitted.insert(name)),
            Err(wrong) => errors.push(wrong),
        }
    }
    if errors.is_empty() {
        return Ok(coerced);
    }
    errors.truncate(MOST_ERRORS);
    Err(errors.into_iter().map(server_error).collect())
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    schema: &'a Schema,
    field: &'a str,
}

impl Place<'_> {
    /// The value of a variable or an input field; `None` if it is neither given nor has a default.
    fn given(
        self,
        given: Option<&Value>,
        default: Option<&Node<ast::Value>>,
        wanted: &Type,
    ) -> Result<Option<Value>, Refusal> {
        match (given, default) {
            (Some(value), _) => self.coerce(value, wanted).map(Some),
            (None, Some(default)) => self.coerce(&constant(default), wanted).map(Some),
            (None, None) if wanted.is_non_null() => Err(self.wrong("is required")),
            (None, None) => Ok(None),
        }
    }

    fn coerce(self, value: &Value, wanted: &Type) -> Result<Value, Refusal> {
        match (value, wanted) {
            (Value::Null, Type::NonNullNamed(_) | Type::NonNullList(_)) => {
                Err(self.wrong("must not be null"))
            }
            (Value::Null, Type::Named(_) | Type::List(_)) => Ok(Value::Null),
            (Value::List(items), Type::List(item) | Type::NonNullList(item)) => {
                items.iter().map(|each| self.coerce(each, item)).collect::<Result<_, _>>().map(Value::List)
            }
            // A single value stands for a list of one.
            (_, Type::List(item) | Type::NonNullList(item)) => {
                self.coerce(value, item).map(|only| Value::List(vec![only]))
            }
            (_, Type::Named(name) | Type::NonNullNamed(name)) => match self.schema.types.get(name) {
                Some(ExtendedType::InputObject(definition)) => self.object(value, definition),
                Some(ExtendedType::Enum(definition)) => enum_name(value)
                    .filter(|given| definition.values.contains_key(*given))
                    .map(|given| Value::Enum(Name::new(given)))
                    .ok_or_else(|| self.not_of(name)),
                _ => scalar(name, value).ok_or_else(|| self.not_of(name)),
            },
        }
    }

    fn object(self, value: &Value, definition: &InputObjectType) -> Result<Value, Refusal> {
        let Value::Object(given) = value else { return Err(self.not_of(&definition.name)) };
        if let Some(unknown) = given.keys().find(|name| !definition.fields.contains_key(name.as_str())) {
            let place = Place { field: unknown, ..self };
            return Err(place.wrong(&format!("is not a field of {}", definition.name)));
        }
        let mut fields = IndexMap::new();
        for (name, defined) in &definition.fields {
            let place = Place { field: name, ..self };
            let given = given.get(name.as_str());
            if let Some(value) = place.given(given, defined.default_value.as_ref(), &defined.ty)? {
                fields.insert(Name::new(name.as_str()), value);
            }
        }
        Ok(Value::Object(fields))
    }

    fn not_of(self, name: &str) -> Refusal {
        self.wrong(&format!("is not a value of type {name}"))
    }

    fn wrong(self, how: &str) -> Refusal {
        let field: String = self.field.chars().take(LONGEST_NAME).collect();
        Refusal::bad_input(&field, format!("{field} {how}"))
    }
}

/// JSON says a name as a text; a default in the document says it as a name.
fn enum_name(value: &Value) -> Option<&str> {
    match value {
        Value::String(name) => Some(name),
        Value::Enum(name) => Some(name.as_str()),
        _ => None,
    }
}

fn scalar(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        ("Int", Value::Number(_)) => {
            i32::try_from(integer(value)?).ok().map(|small| Value::Number(small.into()))
        }
        ("ID", Value::Number(number)) => match (number.as_u64(), integer(value)) {
            (Some(large), _) => Some(Value::String(large.to_string())),
            (None, signed) => signed.map(|signed| Value::String(signed.to_string())),
        },
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => Some(value.clone()),
        ("Int" | "ID" | "Float" | "String" | "Boolean", _) => None,
        _ => scalars::accepts(name, value).then(|| value.clone()),
    }
}

/// The integer that a number is, also where it is written with a fraction of zeros or an exponent.
fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Value::Number(number) = value else { return None };
    let float = || number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT);
    number.as_i64().or_else(|| float().map(|float| float as i64))
}
