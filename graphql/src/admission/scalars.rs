//! The form of custom scalars.
//!
//! Invariant: what this accepts the scalar's own parser accepts, so a value of a wrong form is refused
//! before anything is executed, and by the name of its field.

use async_graphql::{InputType, Value};
use uuid::Uuid;

use crate::scalars::{DateTime, LocalTime, Locale};

/// Whether a value has the form of a custom scalar. Of a scalar that is not known here any value has.
pub fn accepts(scalar: &str, value: &Value) -> bool {
    match scalar {
        "UUID" => Uuid::parse(Some(value.clone())).is_ok(),
        "DateTime" => DateTime::parse(Some(value.clone())).is_ok(),
        "LocalTime" => LocalTime::parse(Some(value.clone())).is_ok(),
        "Locale" => Locale::parse(Some(value.clone())).is_ok(),
        _ => true,
    }
}
