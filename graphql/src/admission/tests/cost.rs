//! Each list of the API has a size that its cost is known by.

use apollo_compiler::Schema as Parsed;
use apollo_compiler::schema::ExtendedType;
use async_graphql::{EmptyMutation, Schema};

use super::super::cost;
use crate::{Query, Subscription};

fn sdl() -> String {
    Schema::build(Query, EmptyMutation, Subscription).finish().sdl()
}

#[test]
fn each_list_has_arguments_a_connection_or_a_documented_size() {
    let schema = Parsed::parse_and_validate(sdl(), "api.graphql").unwrap();
    let objects = || schema.types.values().filter_map(ExtendedType::as_object);
    let fields = || objects().flat_map(|object| object.fields.values().map(move |field| (object, field)));
    let is_sized = |field: &apollo_compiler::ast::FieldDefinition| {
        field.arguments.iter().any(|argument| cost::SIZES.contains(&argument.name.as_str()))
    };
    let mut lists = 0;
    for (object, field) in
        fields().filter(|(object, field)| field.ty.is_list() && !object.name.starts_with("__"))
    {
        lists += 1;
        let is_connections = fields()
            .filter(|(_, of)| *of.ty.inner_named_type() == object.name)
            .all(|(_, of)| is_sized(of) && !of.ty.is_list());
        let is_documented = cost::LISTS
            .iter()
            .any(|(of, name, _)| (*of, *name) == (object.name.as_str(), field.name.as_str()));
        assert!(
            is_sized(field) != (is_connections && field.name == "nodes") || is_documented,
            "{}.{} has no size",
            object.name,
            field.name
        );
    }
    assert!(lists >= 7, "{lists} lists");
}
