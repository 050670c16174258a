//! Each limit at its bound and one beyond; and what would be too much for whatever comes after.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_graphql::{Request, ServerError, Value, Variables};

use super::super::{Admission, MAX_VALUES, validation, weight, within};
use super::{admission, variables as variables_of};

const DEPTH: &str = "more than 10 fields in one another";
const COMPLEXITY: &str = "more than 1500 fields";
const ALIASES: &str = "more than 20 aliases";
const DIRECTIVES: &str = "more than 20 directives";
const VALUES: &str = "more than 65536 bytes of arguments";
const LEVELS: &str = "more than 32 selections in one another";
const NESTING: &str = "more than 64 brackets in one another";
const TOKENS: &str = "more than 5000 names, values and brackets";
const WORD: &str = "more than 128 characters of a name or a number";
const CYCLE: &str = "a fragment is spread within itself";

/// What a request is told by the limits alone, for any schema: nothing, if it is within them.
fn told(request: Request) -> String {
    let document = match validation::parse(&request.query) {
        Ok((document, _)) => document,
        Err(errors) => return errors[0].message.clone(),
    };
    let weight = weight::of(&document.parsed, &request.variables);
    weight.and_then(|weight| within(weight, false)).map_or_else(|unfit| unfit.to_string(), |()| String::new())
}

fn check(cases: &[(&str, &str)]) {
    for (document, expected) in cases {
        let told = told(Request::new(*document));
        let shown: String = document.chars().take(120).collect();
        assert_eq!(told, *expected, "{shown}");
    }
}

/// `{a{a{… a …}}}`, so many fields deep.
fn deep(depth: usize) -> String {
    format!("{}{}", "{a".repeat(depth), "}".repeat(depth))
}

/// Fragments that each spread the next so often, ending in a field.
fn chain(length: usize, times: usize) -> String {
    let spread = |next: usize| format!("...f{next} ").repeat(times);
    let fragments: String =
        (1..length).map(|at| format!("fragment f{at} on Q {{ {} }} ", spread(at + 1))).collect();
    format!("{{ {} }} {fragments} fragment f{length} on Q {{ a }}", spread(1))
}

fn fields(count: usize) -> String {
    format!("{{ {} }}", "a ".repeat(count))
}

#[test]
fn each_limit_holds_at_its_bound() {
    let aliases = |count: usize| -> String {
        format!("{{ {} }}", (0..count).map(|at| format!("a{at}: a ")).collect::<String>())
    };
    let directives = |count: usize| format!("{{ {} }}", "a @skip(if: false) ".repeat(count));
    let inline = |count: usize| format!("{{ {} a {} }}", "... {".repeat(count), "}".repeat(count));
    let brackets = |open: &str, close: &str, count: usize| {
        format!("{{ a(b: {}{}) }}", open.repeat(count), close.repeat(count))
    };
    let text = |bytes: usize| format!("{{ a(b: \"{}\") }}", "x".repeat(bytes));
    check(&[
        (&deep(10), ""),
        (&deep(11), DEPTH),
        (&format!("{{ ...f }} fragment f on Q {}", deep(10)), ""),
        (&format!("{{ a {{ ...f }} }} fragment f on Q {}", deep(10)), DEPTH),
        (&fields(1_500), ""),
        (&fields(1_501), COMPLEXITY),
        (&format!("{{ ...f ...f a }} fragment f on Q {}", fields(749)), ""),
        (&format!("{{ ...f ...f a }} fragment f on Q {}", fields(750)), COMPLEXITY),
        (&format!("query A {} query B {}", fields(750), fields(750)), ""),
        (&format!("query A {} query B {}", fields(750), fields(751)), COMPLEXITY),
        (&aliases(20), ""),
        (&aliases(21), ALIASES),
        (&format!("{{ ...f a {{ ...f }} }} fragment f on Q {}", aliases(10)), ""),
        (&format!("{{ ...f a {{ ...f }} }} fragment f on Q {}", aliases(11)), ALIASES),
        (&directives(20), ""),
        (&directives(21), DIRECTIVES),
        (&format!("{{ ...f ...f }} fragment f on Q {}", directives(10)), ""),
        (&format!("{{ ...f ...f @skip(if: false) }} fragment f on Q {}", directives(10)), DIRECTIVES),
        (&format!("{{ ...f }} fragment f on Q @x {}", directives(20)), DIRECTIVES),
        (&format!("query @x {}", directives(20)), DIRECTIVES),
        (&format!("query($a: I @x) {}", directives(20)), DIRECTIVES),
        (&format!("{{ ... @x {} }}", directives(20)), DIRECTIVES),
        (&inline(31), ""),
        (&inline(32), LEVELS),
        (&chain(31, 1), ""),
        (&chain(32, 1), LEVELS),
        (&brackets("[", "]", 62), ""),
        (&brackets("[", "]", 63), NESTING),
        (&brackets("{c:", "}", 63), NESTING),
        (&text(65_535), ""),
        (&text(65_536), VALUES),
        (&format!("{{ {} }}", "a".repeat(128)), ""),
        (&format!("{{ {} }}", "a".repeat(129)), WORD),
        (&format!("{{ a(b: {}) }}", "1".repeat(129)), WORD),
        (&format!("{{ a(b: [{}]) }}", "1 ".repeat(4_991)), ""),
        (&format!("{{ a(b: [{}]) }}", "1 ".repeat(4_992)), TOKENS),
    ]);
}

#[test]
fn fragments_are_there_used_and_not_within_themselves() {
    check(&[
        ("{ ...f } fragment f on Q { a }", ""),
        ("{ ...f }", "a fragment is not defined"),
        ("{ a } fragment f on Q { a }", "a fragment is not used"),
        ("{ a } fragment f on Q { ...f }", "a fragment is not used"),
        ("{ ...f } fragment f on Q { ...f }", CYCLE),
        ("{ ...f } fragment f on Q { a { ...f } }", CYCLE),
        ("{ ...f } fragment f on Q { ...g } fragment g on Q { ... { ...f } }", CYCLE),
        ("query A { ...f } query B { ...g } fragment f on Q { a } fragment g on Q { ...f }", ""),
    ]);
}

#[test]
fn what_is_in_strings_and_comments_is_not_counted() {
    let many = "{[(".repeat(40);
    let string = |quotes: &str, text: &str| format!("{{ a(b: {quotes}{text}{quotes}) }}");
    check(&[
        (&string("\"", &many), ""),
        (&string("\"", &format!("\\\"{many}")), ""),
        (&string("\"", &format!("{many}\\\\")), ""),
        (&string("\"\"\"", &many), ""),
        (&string("\"\"\"", &format!("\n\"{many}\"\" \\\"\"\" {many}")), ""),
        (&format!("{{ a # {many}\n }}"), ""),
        (&format!("{{ a # {many}\r }}"), ""),
        (&format!("{{ a(b: \"#\") {many}"), NESTING),
        (&format!("{{ a(b: \"\") {many}"), NESTING),
        (&format!("{{ a(b: \"\"\"\\\"\"\"\"\"\") {many}"), NESTING),
        (&format!("{{ a # \"\n {many}"), NESTING),
        (&format!("{{ a(b: \"{many}"), "a string has no end"),
        (&format!("{{ a(b: \"\"\"{many}"), "a string has no end"),
        (&format!("{{ a(b: \"x\n{many}\")"), "a string has no end"),
        ("{ a(b: \"\\", "a string has no end"),
    ]);
}

#[test]
fn variables_count_as_often_as_they_are_used() {
    let list = |count: usize| Value::List(vec![Value::Null; count]);
    let with = |document: &str, value: Value| {
        let mut variables = Variables::default();
        variables.insert(async_graphql::Name::new("v"), value);
        told(Request::new(document).variables(variables))
    };
    let uses = |count: usize| format!("query($v: [I]) {{ a(b: [{}]) }}", "$v ".repeat(count));
    let spread = "query($v: [I]) { ...f ...f ...f } fragment f on Q { a(b: $v) }";
    assert_eq!(with(&uses(1), list(65_000)), "");
    assert_eq!(with(&uses(2), list(65_000)), VALUES);
    assert_eq!(with(&uses(2_000), list(32)), VALUES);
    assert_eq!(with(spread, list(21_000)), "");
    assert_eq!(with(spread, list(22_000)), VALUES);
    assert_eq!(with(&uses(2), Value::from("x".repeat(40_000))), VALUES);
    let default = format!("query($v: S = \"{}\") {{ a(b: [$v $v]) }}", "x".repeat(40_000));
    assert_eq!(told(Request::new(default)), VALUES);
}

#[test]
fn questions_about_the_schema_are_answered_alone_and_where_they_are_served() {
    let types = |depth: usize| format!("{}name{}", "ofType { ".repeat(depth), " }".repeat(depth));
    let question = format!("{{ __schema {{ types {{ {} }} }} }}", types(13));
    let deeper = format!("{{ __schema {{ types {{ {} }} }} }}", types(14));
    let none = "more than 0 questions about the schema";
    let elsewhere = Admission::new(super::SDL, false).unwrap();
    for (document, served, not_served) in [
        (question.as_str(), Ok(true), none),
        (&deeper, Err("more than 16 fields in one another"), none),
        ("{ __schema { types { name } } __typename }", Ok(true), none),
        ("{ __typename }", Ok(true), ""),
        ("{ __schema { types { name } } on }", Err(none), none),
        ("{ ...f } fragment f on Query { __schema { types { name } } }", Err(none), none),
        ("query A { __type(name: \"One\") { name } } query B { on }", Ok(true), none),
        ("query B { __type(name: \"One\") { name } } query A { on }", Err(none), none),
        ("query B { on } query A { on }", Ok(false), ""),
    ] {
        let request = || match document.starts_with("query") {
            true => Request::new(document).operation_name("A"),
            false => Request::new(document),
        };
        let admitted = admission().admit(&mut request()).map(|admitted| admitted.about_schema);
        assert_eq!(admitted.map_err(message), served.map_err(str::to_owned), "{document}");
        let told = elsewhere.admit(&mut request()).map_or_else(message, |_| String::new());
        assert_eq!(told, not_served, "{document}");
    }
}

fn message(errors: Vec<ServerError>) -> String {
    errors[0].message.clone()
}

/// Runs on a quarter of the stack that the threads of a process have.
fn within_a_second(name: &str, work: impl FnOnce() + Send + 'static) {
    let start = Instant::now();
    let thread = thread::Builder::new().stack_size(512 * 1024).spawn(work).unwrap();
    thread.join().unwrap_or_else(|_| panic!("{name}"));
    assert!(start.elapsed() < Duration::from_secs(1), "{name}: {:?}", start.elapsed());
}

#[test]
fn bombs_are_refused_at_once_and_on_a_small_stack() {
    let size = 64 * 1024;
    let fill = |part: &str| part.repeat(size / part.len());
    let named = |head: &str, part: fn(usize) -> String| -> String {
        let parts = (0..).map(part).scan(head.len(), |length, part| {
            *length += part.len();
            (*length < size).then_some(part)
        });
        format!("{head}{}", parts.collect::<String>())
    };
    for (name, document) in [
        ("fields", fill("{a")),
        ("arguments", fill("{a(b:")),
        ("lists", format!("{{a(b:{}", fill("["))),
        ("objects", format!("{{a(b:{}", fill("{c:"))),
        ("types", format!("query($a:{}", fill("["))),
        ("inline fragments", fill("{...")),
        ("mixed", fill("{a(b:[{c:")),
        ("closed", format!("{}{}", "{a".repeat(16_000), "}".repeat(16_000))),
        ("as deep as admitted", format!("{}{}", "{a".repeat(64), "}".repeat(64))),
        ("values as deep as admitted", format!("{{a(b:{}1{})}}", "[".repeat(62), "]".repeat(62))),
        ("objects as deep as admitted", format!("{{a(b:{}1{})}}", "{c:".repeat(62), "}".repeat(62))),
        ("types as deep as admitted", format!("query($a:{}I{}){{a}}", "[".repeat(62), "]".repeat(62))),
        ("doubling", chain(30, 2)),
        ("multiplying", chain(8, 300)),
        ("a long chain", chain(2_000, 1)),
        ("chained deep", named("{...f0}", |at| format!("fragment f{at} on Q{{a{{a{{...f{}}}}}}}", at + 1))),
        ("unused", named("{a}", |at| format!("fragment f{at} on Q{{...f{}}}", at + 1))),
        ("undefined", fill("...f ")),
        ("one cycle", named("{...f0}", |at| format!("fragment f{at} on Q{{...f0 ...f{}}}", at + 1))),
        ("operations", named("", |at| format!("query q{at}{{a}}"))),
        ("variables", named("query(", |at| format!("$v{at}:I "))),
        ("uses of variables", format!("{{a(b:[{}])}}", fill("$a"))),
        ("at odds", format!("{{a({}) {}}}", "b:1 ".repeat(1_000), "a ".repeat(1_400))),
        (
            "at odds on many levels",
            format!(
                "{}a({}) {}{}",
                "{...".repeat(30) + "{",
                "b:1 ".repeat(1_000),
                "a ".repeat(1_400),
                "}".repeat(31)
            ),
        ),
        ("directives", format!("{{a {}}}", fill("@x"))),
        ("white space", format!("{{a{}}}", fill(" "))),
        ("comments", format!("{{a{}}}", fill("#\n"))),
        ("one comment", format!("{{a#{}", fill("x"))),
        ("quotes", fill("\"")),
        ("escapes", format!("\"{}", fill("\\\""))),
        ("block strings", fill("\"\"\"\"\"\"")),
        ("a block string without end", format!("{{a(b:\"\"\"{}", fill("{"))),
        ("dots", fill(".")),
        ("nothing of GraphQL", fill("\u{1f480}")),
        ("NUL", fill("\0")),
    ] {
        within_a_second(name, move || drop(admission().admit(&mut Request::new(document))));
    }
}

#[test]
fn a_valid_document_is_cached_and_weighed_anew() {
    let admission = admission();
    let document = "query known($b: Any) { a(b: $b) { on } }";
    let ask = |bytes: usize| {
        let variables = variables_of(serde_json::json!({ "b": "x".repeat(bytes) }));
        let admitted = admission.admit(&mut Request::new(document).variables(variables));
        admitted.map_or_else(|errors| errors[0].message.clone(), |_| String::new())
    };
    assert!(admission.documents.find(document).is_none());
    assert_eq!(ask(10), "");
    let cached = admission.documents.find(document).expect("a known document");
    assert_eq!(ask(MAX_VALUES + 1), VALUES);
    assert_eq!(ask(10), "");
    assert!(Arc::ptr_eq(&cached, &admission.documents.find(document).unwrap()));
}

#[test]
fn what_is_refused_or_long_is_not_cached() {
    let admission = admission();
    let long = format!("{{ {} on }}", "#".repeat(8 * 1024) + "\n");
    for document in [deep(11), "{ a: on a: null }".to_owned(), "{ nothing }".to_owned(), long] {
        let _ = admission.admit(&mut Request::new(document.clone()));
        assert!(admission.documents.find(&document).is_none());
    }
}
