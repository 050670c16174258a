//! Which documents are valid; above all where a parser or validator is known to leave gaps.

use super::*;

#[test]
fn directives_stand_where_they_are_defined_and_in_any_order() {
    check(&[
        ("query($v: Boolean!) @skip(if: $v) { on }", false),
        ("query($v: Boolean!) { on @skip(if: $v) }", true),
        ("query($v: Boolean = true) { on @skip(if: $v) }", true),
        ("query($v: Boolean) { on @skip(if: $v) }", false),
        ("query($v: Boolean = null) { on @skip(if: $v) }", false),
        ("query($v: Boolean = true @skip(if: true)) { on @include(if: $v) }", false),
        ("query($v: Boolean! @nothing) { on @include(if: $v) }", false),
        ("{ on @skip(if: true) @skip(if: true) }", false),
        ("{ on @include(if: true) @skip(if: false) }", true),
        ("{ on @skip(if: 1) }", false),
        ("{ on @skip }", false),
        ("{ on @skip(if: true, of: 1) }", false),
        ("{ on @deprecated }", false),
        ("{ on @defer }", false),
        ("{ ... @skip(if: false) { on } }", true),
        ("{ ... @include(if: true) on Query { on } }", false),
    ]);
}

#[test]
fn variables_fit_where_they_stand_also_within_literals() {
    check(&[
        ("query($v: Int) { int(of: $v) }", true),
        ("query($v: Int!) { int(of: $v) }", true),
        ("query($v: Int) { whole(of: $v) }", false),
        ("query($v: Int = 1) { whole(of: $v) }", true),
        ("query($v: Int = null) { whole(of: $v) }", false),
        ("query($v: Int) { paged(first: $v) }", true),
        ("query($v: Int = null) { paged(first: $v) }", true),
        ("query($v: Int) { ints(of: $v) }", false),
        ("query($v: Int) { ints(of: [$v]) }", true),
        ("query($v: Int) { wholes(of: [$v]) }", false),
        ("query($v: Int!) { wholes(of: [1, $v]) }", true),
        ("query($v: Int = 1) { wholes(of: [$v]) }", true),
        ("query($v: [Int]) { ints(of: [$v]) }", false),
        ("query($v: [Int!]!) { ints(of: $v) }", true),
        ("query($v: [Int]!) { wholes(of: $v) }", false),
        ("query($v: String) { int(of: $v) }", false),
        ("query($v: Int) { float(of: $v) }", false),
        ("query($v: String) { id(of: $v) }", false),
        ("query($v: String!) { input(of: {text: $v}) }", true),
        ("query($v: String) { input(of: {text: $v}) }", false),
        ("query($v: String = \"x\") { input(of: {text: $v}) }", true),
        ("query($v: Int) { input(of: {text: \"x\", count: $v}) }", true),
        ("query($v: String) { input(of: {text: \"x\", inner: {text: $v}}) }", false),
        ("query($v: ID) { input(of: {text: \"x\", ids: [$v]}) }", false),
        ("query($v: ID!) { input(of: {text: \"x\", ids: [$v]}) }", true),
        ("query($v: Any) { a(b: {c: [$v]}) { on } }", true),
        ("{ int(of: $v) }", false),
        ("{ ints(of: [$v]) }", false),
        ("query($v: Int) { on }", false),
        ("query($v: Int, $v: Int) { int(of: $v) }", false),
        ("query($v: Query) { on }", false),
        ("query($v: Nothing) { on }", false),
        ("query A($v: Int) { ...f } query B { ...f } fragment f on Query { int(of: $v) }", false),
        ("query A($v: Int) { ...f } query B($v: Int!) { ...f } fragment f on Query { int(of: $v) }", true),
        ("query A($v: Int) { ...f } query B($v: ID) { ...f } fragment f on Query { int(of: $v) }", false),
    ]);
}

#[test]
fn literals_have_the_type_of_their_place() {
    check(&[
        ("{ int(of: 2147483647) }", true),
        ("{ int(of: 2147483648) }", false),
        ("{ int(of: -2147483648) }", true),
        ("{ int(of: -2147483649) }", false),
        ("{ int(of: 1.0) }", false),
        ("{ int(of: \"1\") }", false),
        ("{ float(of: 1) }", true),
        ("{ float(of: 1e400) }", false),
        ("{ float(of: 100000000000000000000000) }", true),
        ("{ float(of: \"1\") }", false),
        ("{ text(of: 1) }", false),
        ("{ text(of: x) }", false),
        ("{ flag(of: 1) }", false),
        ("{ flag(of: \"true\") }", false),
        ("{ id(of: 1) }", true),
        ("{ id(of: \"1\") }", true),
        ("{ id(of: 1.5) }", false),
        ("{ id(of: x) }", false),
        ("{ kind(of: DIRECT) }", true),
        ("{ kind(of: \"DIRECT\") }", false),
        ("{ kind(of: direct) }", false),
        ("{ kind(of: 0) }", false),
        ("{ ints(of: 1) }", true),
        ("{ ints(of: [1, null]) }", true),
        ("{ wholes(of: [1, null]) }", false),
        ("{ wholes(of: null) }", false),
        ("{ ints(of: [[1]]) }", false),
        ("{ grid(of: 1) }", true),
        ("{ grid(of: [1]) }", true),
        ("{ grid(of: [[1], null]) }", true),
        ("{ input(of: {text: \"x\"}) }", true),
        ("{ input(of: {}) }", false),
        ("{ input(of: {text: null}) }", false),
        ("{ input(of: {text: \"x\", count: null}) }", false),
        ("{ input(of: {text: \"x\", other: 1}) }", false),
        ("{ input(of: {text: \"x\", text: \"y\"}) }", false),
        ("{ input(of: [{text: \"x\"}]) }", false),
        ("{ input(of: \"x\") }", false),
        ("{ uuid(of: \"6c1f4a0e-1f0b-4a5e-9a51-1f6b0a1c7d3e\") }", true),
        ("{ uuid(of: \"6c1f\") }", false),
        ("{ uuid(of: 7) }", false),
        ("{ time(of: \"2026-01-01T00:00:00Z\") }", true),
        ("{ time(of: \"yesterday\") }", false),
        ("query($v: UUID = \"x\") { uuid(of: $v) }", false),
        ("{ input(of: {text: \"x\", uuid: \"x\"}) }", false),
        ("{ whole }", false),
        ("{ whole(of: null) }", false),
        ("{ paged }", true),
        ("{ paged(first: null) }", false),
        ("{ int(of: 1, of: 1) }", false),
        ("{ int(by: 1) }", false),
    ]);
}

#[test]
fn fields_are_selected_of_what_has_them() {
    check(&[
        ("{ nothing }", false),
        ("{ x }", false),
        ("{ on { id } }", false),
        ("{ either { id } }", false),
        ("{ either { __typename ... on One { id } ... on Two { id } } }", true),
        ("{ either { ... on Query { on } } }", false),
        ("{ either { ... on Nothing { on } } }", false),
        ("{ either { ... on Kind { on } } }", false),
        ("{ either { ... on One { name } ... on Two { name } } }", false),
        ("{ either { ... on One { name } ... on Two { count: name } } }", true),
        ("{ ...f } fragment f on Kind { a }", false),
        ("{ __schema { queryType { name } } }", true),
        ("query($n: String!) { __type(name: $n) { name } }", true),
        ("{ __type { name } }", false),
        ("{ __schema { nothing } }", false),
        ("{ x { __schema { queryType { name } } } }", false),
    ]);
}

#[test]
fn fields_of_one_response_key_are_one() {
    check(&[
        ("{ on on }", true),
        ("{ a(b: 1, c: 2) { on } a(c: 2, b: 1) { null } }", true),
        ("{ a(b: 1) { on } a(b: 2) { on } }", false),
        ("{ a(b: 1) { on } a { on } }", false),
        ("{ on b: on }", true),
        ("{ b: on b: null }", false),
        ("{ int(of: 1) ... { ... { int(of: 2) } } }", false),
        ("{ int(of: 1) ...f } fragment f on Query { int(of: 2) }", false),
        ("{ ...f ...g } fragment f on Query { int(of: 2) } fragment g on Query { int(of: 1) }", false),
        ("{ x { int(of: 1) } x { int(of: 2) } }", false),
        ("{ x { int(of: 1) } b: x { int(of: 2) } }", true),
        ("query($v: Int) { int(of: $v) int(of: $v) }", true),
        ("query($v: Int, $w: Int) { int(of: $v) int(of: $w) }", false),
    ]);
}

#[test]
fn a_subscription_has_one_response_key_at_its_root() {
    check(&[
        ("subscription { inbox { cursor } }", true),
        ("subscription { inbox { cursor } inbox { __typename } }", true),
        ("subscription { ...f } fragment f on Subscription { inbox { cursor } }", true),
        ("subscription { ... { inbox { cursor } } }", true),
        (
            "subscription { ... on Subscription { ...f } } fragment f on Subscription { inbox { cursor } }",
            true,
        ),
        ("subscription { ...f inbox { cursor } } fragment f on Subscription { inbox { cursor } }", true),
        ("subscription { a: inbox { cursor } }", true),
        ("subscription { inbox { cursor } a: inbox { cursor } }", false),
        ("subscription { inbox { cursor } other { cursor } }", false),
        ("subscription { ...f other { cursor } } fragment f on Subscription { inbox { cursor } }", false),
        ("subscription { ... { inbox { cursor } } ... { other { cursor } } }", false),
        ("subscription { inbox @skip(if: false) { cursor } }", false),
        ("subscription($v: Boolean!) { inbox @include(if: $v) { cursor } }", false),
        ("subscription { ... @skip(if: false) { inbox { cursor } } }", false),
        ("subscription { ...f @include(if: true) } fragment f on Subscription { inbox { cursor } }", false),
        ("subscription { inbox { cursor @include(if: true) } }", true),
        ("subscription { __typename }", false),
        ("subscription { inbox(after: 7) { cursor } inbox(after: 7) { cursor } }", false),
        ("subscription A { inbox { cursor } } subscription B { inbox { cursor } other { cursor } }", false),
    ]);
}

#[test]
fn the_first_errors_say_where_they_are() {
    let mut request = Request::new("{\n  on\n  nothing another\n}");
    let errors = admission().admit(&mut request).unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| error.locations[0]).collect();
    let place = |line, column| async_graphql::Pos { line, column };
    assert_eq!(places, [place(3, 3), place(3, 11)]);
    let many = format!("{{ {} }}", "nothing ".repeat(100));
    assert_eq!(refusals(Request::new(many)).len(), crate::error::MOST_ERRORS);
}

#[test]
fn an_operation_is_named_where_there_are_several() {
    let two = "query A { on } query B { on }";
    for (document, name, refused) in [
        ("{ on }", None, false),
        ("query A { on }", None, false),
        ("query A { on }", Some("A"), false),
        (two, Some("B"), false),
        (two, None, true),
        (two, Some("C"), true),
        ("{ on }", Some("A"), true),
        ("{ on }", Some(""), true),
    ] {
        let mut request = Request::new(document);
        if let Some(name) = name {
            request = request.operation_name(name);
        }
        let fields: Vec<_> = refusals(request).into_iter().map(|(_, field)| field).collect();
        assert_eq!(fields, vec!["operationName"; usize::from(refused)], "{document} {name:?}");
    }
}
