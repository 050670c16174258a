//! The description of the admin API (OpenAPI 3.1): what stands beside the routes.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};

const PROBLEM: &str = "Problem";

/// Everything but the paths.
pub fn head() -> OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some("A token of the platform with the role admin.")).build();
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    components.schemas.insert(PROBLEM.to_owned(), problem().into());
    let info = Info::new("MuscleMap Messaging: what the platform says of its users", "1");
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// Problem details (RFC 9457), as `graphql::problem` writes them.
fn problem() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let text_or_null = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The part of the request that is wrong, if it is one."));
    ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", number)
        .property("detail", text())
        .property("code", text().description(Some("As GraphQL has it in extensions.code.")))
        .property("field", text_or_null)
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
}

/// How any request may be refused.
pub enum Refused {}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let all = [
            ("400", "The path or the body does not have the described shape."),
            ("401", "There is no valid token."),
            ("403", "The token lacks the role admin."),
            ("404", "The path names nothing."),
            ("409", "It contradicts what is there."),
            ("413", "The body is over 16 KiB."),
            ("415", "The body is not declared as JSON."),
            ("422", "The body is JSON of another shape."),
            ("429", "Too much at once."),
            ("500", "A fault of the server."),
            ("503", "Nothing happened; ask again."),
            ("504", "It may be in the log; asking again is safe."),
        ];
        let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
        let response = |what| {
            let response = ResponseBuilder::new().description(what);
            response.content("application/problem+json", content()).build()
        };
        all.into_iter().map(|(status, what)| (status.to_owned(), response(what).into())).collect()
    }
}
