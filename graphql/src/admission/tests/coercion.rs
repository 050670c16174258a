//! Coercion of variables, as a table: type, value, what it becomes or the field that the error names.

use async_graphql::Name;
use serde_json::json;

use super::*;

/// What a variable `$v` becomes: JSON, `absent`, or the field of the error.
fn coerced(declared: &str, given: Json) -> Result<Option<Json>, String> {
    let (field, used) = match declared {
        declared if declared.contains("[[") => ("grid", "$v"),
        declared if declared.contains("[Int!]!") => ("wholes", "$v"),
        declared if declared.contains("[Int") => ("ints", "$v"),
        declared => (
            match declared.trim_end_matches(|c: char| c != '!' && !c.is_alphabetic()) {
                declared if declared.starts_with("Int") => "int",
                declared if declared.starts_with("Float") => "float",
                declared if declared.starts_with("String") => "text",
                declared if declared.starts_with("Boolean") => "flag",
                declared if declared.starts_with("ID") => "id",
                declared if declared.starts_with("Kind") => "kind",
                declared if declared.starts_with("UUID") => "uuid",
                declared if declared.starts_with("DateTime") => "time",
                _ => "input",
            },
            "$v",
        ),
    };
    let document = format!("query($v: {declared}) {{ {field}(of: {used}) }}");
    let mut request = Request::new(document).variables(variables(given));
    match admission().admit(&mut request) {
        Ok(_) => Ok(request.variables.get(&Name::new("v")).map(|value| value.clone().into_json().unwrap())),
        Err(errors) => {
            let extensions = errors[0].extensions.clone().unwrap();
            assert_eq!(extensions.get("code"), Some(&"BAD_USER_INPUT".into()));
            Err(extensions.get("field").unwrap().clone().into_json().unwrap().as_str().unwrap().to_owned())
        }
    }
}

fn of(declared: &str, value: Json) -> Result<Json, String> {
    coerced(declared, json!({ "v": value })).map(Option::unwrap)
}

#[test]
fn omitted_null_and_default_are_three_things() {
    for (declared, given, expected) in [
        ("Int", json!({}), Ok(None)),
        ("Int", json!({ "v": null }), Ok(Some(json!(null)))),
        ("Int", json!({ "v": 1 }), Ok(Some(json!(1)))),
        ("Int", json!({ "w": 1 }), Ok(None)),
        ("Int = 5", json!({}), Ok(Some(json!(5)))),
        ("Int = 5", json!({ "v": null }), Ok(Some(json!(null)))),
        ("Int = 5", json!({ "v": 1 }), Ok(Some(json!(1)))),
        ("Int! = 5", json!({}), Ok(Some(json!(5)))),
        ("Int! = 5", json!({ "v": null }), Err("v")),
        ("Int = null", json!({}), Ok(Some(json!(null)))),
        ("Int!", json!({}), Err("v")),
        ("Int!", json!({ "v": null }), Err("v")),
        ("[Int] = 5", json!({}), Ok(Some(json!([5])))),
        ("Kind = DIRECT", json!({}), Ok(Some(json!("DIRECT")))),
        ("ID = 5", json!({}), Ok(Some(json!("5")))),
        ("Input = {text: \"x\"}", json!({}), Ok(Some(json!({ "text": "x", "count": 7, "kind": "GROUP" })))),
    ] {
        assert_eq!(coerced(declared, given.clone()), expected.map_err(str::to_owned), "{declared} {given}");
    }
}

#[test]
fn scalars_are_strict() {
    for (declared, value, expected) in [
        ("Int", json!(1), Some(json!(1))),
        ("Int", json!(-1), Some(json!(-1))),
        ("Int", json!(1.0), Some(json!(1))),
        ("Int", json!(1e3), Some(json!(1_000))),
        ("Int", json!(2_147_483_647), Some(json!(2_147_483_647))),
        ("Int", json!(-2_147_483_648_i64), Some(json!(-2_147_483_648_i64))),
        ("Int", json!(2_147_483_648_i64), None),
        ("Int", json!(-2_147_483_649_i64), None),
        ("Int", json!(1.5), None),
        ("Int", json!(1e100), None),
        ("Int", json!(u64::MAX), None),
        ("Int", json!("1"), None),
        ("Int", json!(""), None),
        ("Int", json!(true), None),
        ("Int", json!([1]), None),
        ("Int", json!({ "a": 1 }), None),
        ("Float", json!(1), Some(json!(1))),
        ("Float", json!(1.5), Some(json!(1.5))),
        ("Float", json!(1e100), Some(json!(1e100))),
        ("Float", json!("1.5"), None),
        ("Float", json!(false), None),
        ("Float", json!([1.5]), None),
        ("String", json!(""), Some(json!(""))),
        ("String", json!("x"), Some(json!("x"))),
        ("String", json!(1), None),
        ("String", json!(true), None),
        ("String", json!(["x"]), None),
        ("Boolean", json!(true), Some(json!(true))),
        ("Boolean", json!("true"), None),
        ("Boolean", json!(1), None),
        ("Boolean", json!(0), None),
        ("ID", json!(""), Some(json!(""))),
        ("ID", json!("x"), Some(json!("x"))),
        ("ID", json!(1), Some(json!("1"))),
        ("ID", json!(-1), Some(json!("-1"))),
        ("ID", json!(0), Some(json!("0"))),
        ("ID", json!(u64::MAX), Some(json!("18446744073709551615"))),
        ("ID", json!(1.5), None),
        ("ID", json!(true), None),
        ("ID", json!(["x"]), None),
        ("ID", json!({}), None),
        ("Kind", json!("DIRECT"), Some(json!("DIRECT"))),
        ("Kind", json!("direct"), None),
        ("Kind", json!("NONE"), None),
        ("Kind", json!(0), None),
        ("Kind", json!(["DIRECT"]), None),
        (
            "UUID",
            json!("6c1f4a0e-1f0b-4a5e-9a51-1f6b0a1c7d3e"),
            Some(json!("6c1f4a0e-1f0b-4a5e-9a51-1f6b0a1c7d3e")),
        ),
        ("UUID", json!("x"), None),
        ("UUID", json!(7), None),
        ("DateTime", json!("2026-01-01T00:00:00Z"), Some(json!("2026-01-01T00:00:00Z"))),
        ("DateTime", json!(0), None),
    ] {
        let expected = expected.ok_or_else(|| "v".to_owned());
        assert_eq!(of(declared, value.clone()), expected, "{declared} {value}");
    }
}

#[test]
fn lists_take_a_single_value_for_one() {
    for (declared, value, expected) in [
        ("[Int]", json!([1, 2]), Some(json!([1, 2]))),
        ("[Int]", json!([]), Some(json!([]))),
        ("[Int]", json!(1), Some(json!([1]))),
        ("[Int]", json!([1, null]), Some(json!([1, null]))),
        ("[Int]", json!(null), Some(json!(null))),
        ("[Int]", json!(["x"]), None),
        ("[Int]", json!("x"), None),
        ("[Int]", json!([[1]]), None),
        ("[Int!]", json!([1, null]), None),
        ("[Int]!", json!(null), None),
        ("[Int!]!", json!(1), Some(json!([1]))),
        ("[Int!]!", json!([null]), None),
        ("[[Int]]", json!(1), Some(json!([[1]]))),
        ("[[Int]]", json!([1, 2]), Some(json!([[1], [2]]))),
        ("[[Int]]", json!([[1], null]), Some(json!([[1], null]))),
        ("[[Int]]", json!([[[1]]]), None),
    ] {
        let expected = expected.ok_or_else(|| "v".to_owned());
        assert_eq!(of(declared, value.clone()), expected, "{declared} {value}");
    }
}

#[test]
fn input_objects_name_the_field_that_is_wrong() {
    let full = |text: Json| json!({ "text": text, "count": 7, "kind": "GROUP" });
    for (value, expected) in [
        (json!({ "text": "x" }), Ok(full(json!("x")))),
        (
            json!({ "text": "x", "count": 1.0, "kind": null }),
            Ok(json!({ "text": "x", "count": 1, "kind": null })),
        ),
        (
            json!({ "text": "x", "ids": 7 }),
            Ok(json!({ "text": "x", "count": 7, "kind": "GROUP", "ids": ["7"] })),
        ),
        (
            json!({ "text": "x", "inner": { "text": "y" } }),
            Ok(json!({ "text": "x", "count": 7, "kind": "GROUP", "inner": full(json!("y")) })),
        ),
        (json!({}), Err("text")),
        (json!({ "text": null }), Err("text")),
        (json!({ "text": 1 }), Err("text")),
        (json!({ "text": "x", "count": null }), Err("count")),
        (json!({ "text": "x", "count": "1" }), Err("count")),
        (json!({ "text": "x", "kind": "NONE" }), Err("kind")),
        (json!({ "text": "x", "ids": ["a", null] }), Err("ids")),
        (json!({ "text": "x", "ids": [["a"]] }), Err("ids")),
        (json!({ "text": "x", "inner": {} }), Err("text")),
        (json!({ "text": "x", "inner": { "text": "y", "uuid": "z" } }), Err("uuid")),
        (json!({ "text": "x", "unknown": 1 }), Err("unknown")),
        (json!({ "text": "x", "inner": 1 }), Err("inner")),
        (json!("x"), Err("v")),
        (json!(["x"]), Err("v")),
        (json!([{ "text": "x" }]), Err("v")),
    ] {
        assert_eq!(of("Input", value.clone()), expected.map_err(str::to_owned), "{value}");
    }
}

#[test]
fn what_no_variable_asks_for_is_dropped() {
    let given = variables(json!({ "v": 1, "w": 2 }));
    let mut request = Request::new("query($v: Int) { int(of: $v) }").variables(given);
    admission().admit(&mut request).unwrap();
    assert_eq!(request.variables.len(), 1);
}
