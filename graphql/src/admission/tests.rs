//! Admission as clients meet it: over a schema with one field for each kind of argument.

mod bounds;
mod coercion;
mod cost;
mod lexing;
mod omission;
mod roots;
mod validation;

use async_graphql::Variables;
use serde_json::Value as Json;

use super::*;

const SDL: &str = "
    type Query {
        a(b: Any, c: Any): Query
        x: Query
        int(of: Int): String
        whole(of: Int!): String
        paged(first: Int! = 50): String
        float(of: Float): String
        text(of: String): String
        flag(of: Boolean): String
        id(of: ID): String
        kind(of: Kind): String
        uuid(of: UUID): String
        time(of: DateTime): String
        ints(of: [Int]): String
        wholes(of: [Int!]!): String
        grid(of: [[Int]]): String
        input(of: Input): String
        either: Either
        on: String fragment: String query: String true: String null: String
    }
    type Mutation { query: String mutation(of: ID!): String }
    type Subscription { inbox(after: String): Frame! other: Frame! }
    type Frame { cursor: String either: Either }
    type One { id: ID name: String }
    type Two { id: ID name: Int }
    union Either = One | Two
    enum Kind { DIRECT GROUP }
    input Input { text: String! count: Int! = 7 kind: Kind = GROUP ids: [ID!] inner: Input uuid: UUID }
    scalar Any
    scalar UUID
    scalar DateTime
";

fn admission() -> Admission {
    Admission::new(SDL, true).unwrap()
}

fn variables(json: Json) -> Variables {
    Variables::from_json(json)
}

/// The errors of a request: message and field of each.
fn refusals(request: Request) -> Vec<(String, String)> {
    let mut request = request;
    let Err(errors) = admission().admit(&mut request) else { return vec![] };
    let told = |error: ServerError| {
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&"BAD_USER_INPUT".into()));
        let Some(async_graphql::Value::String(field)) = extensions.get("field") else { panic!("no field") };
        (error.message, field.clone())
    };
    errors.into_iter().map(told).collect()
}

/// Asserts which documents are valid; refusals of their variables do not count.
fn check(cases: &[(&str, bool)]) {
    for (document, valid) in cases {
        let mut refusals = refusals(Request::new(*document));
        refusals.retain(|(_, field)| field == "query");
        assert_eq!(refusals.is_empty(), *valid, "{document}: {refusals:?}");
    }
}
