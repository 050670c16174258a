//! What a text means: strings, numbers, names, comments, punctuation (GraphQL, "Language").

use async_graphql::Value;
use async_graphql::parser::types::{DocumentOperations, Selection};

use super::*;

/// The literal that an argument is parsed to, or the first error.
fn literal(text: &str) -> Result<Value, String> {
    let mut request = Request::new(format!("{{ a(b: {text}) {{ on }} }}"));
    admission().admit(&mut request).map_err(|errors| errors[0].message.clone())?;
    let DocumentOperations::Single(operation) = &request.parsed_query().unwrap().operations else {
        panic!("one operation")
    };
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("a field") };
    Ok(field.node.arguments[0].1.node.clone().into_const().unwrap())
}

#[test]
fn strings_take_every_escape() {
    for (text, expected) in [
        (r#""""#, Some("")),
        (r#"" white space ""#, Some(" white space ")),
        (r#""quote \"""#, Some("quote \"")),
        (r#""\n\r\b\t\f""#, Some("\n\r\u{8}\t\u{c}")),
        (r#""slashes \\ \/""#, Some("slashes \\ /")),
        (r#""unescaped 😀""#, Some("unescaped 😀")),
        (r#""\u1234\u5678\u90AB\uCDEF""#, Some("\u{1234}\u{5678}\u{90ab}\u{cdef}")),
        (r#""\u00e9""#, Some("é")),
        (r#""\uD83D\uDE00""#, Some("😀")),
        (r#""\uDBFF\uDFFF""#, Some("\u{10ffff}")),
        (r#""\u{1F600}""#, Some("😀")),
        (r#""\u{61}\u{000061}\u{10FFFF}""#, Some("aa\u{10ffff}")),
        (r#""\u0000""#, Some("\0")),
        (r#""\uD83D""#, None),
        (r#""\uDE00""#, None),
        (r#""\uDE00\uD83D""#, None),
        (r#""\uD83D\u{DE00}""#, None),
        (r#""\uD83Dx""#, None),
        (r#""\uD83D\n""#, None),
        (r#""\uD83D\"""#, None),
        (r#""\u{}""#, None),
        (r#""\u{D800}""#, None),
        (r#""\u{110000}""#, None),
        (r#""\u{FFFFFFFFF}""#, None),
        (r#""\u{1F600""#, None),
        (r#""\u{g}""#, None),
        (r#""\u12""#, None),
        (r#""\u12G4""#, None),
        (r#""\q""#, None),
        (r#""\x41""#, None),
        (r#""\U0001F600""#, None),
        ("\"a\nb\"", None),
        ("\"a\rb\"", None),
        ("\"no end", None),
        ("'single'", None),
    ] {
        assert_eq!(literal(text).ok(), expected.map(Value::from), "{text}");
    }
}

#[test]
fn block_strings_lose_their_indentation_and_keep_their_backslashes() {
    for (text, expected) in [
        (r#""""""""#, Some("")),
        (r#""""simple""""#, Some("simple")),
        (r#"""" white space """"#, Some(" white space ")),
        (r#""""contains " quote""""#, Some("contains \" quote")),
        (r#""""contains \""" triple""""#, Some("contains \"\"\" triple")),
        (r#""""\n \u{1F600} \uD83D""""#, Some("\\n \\u{1F600} \\uD83D")),
        ("\"\"\"multi\nline\"\"\"", Some("multi\nline")),
        ("\"\"\"multi\rline\r\nnormalised\"\"\"", Some("multi\nline\nnormalised")),
        ("\"\"\"\n\n  spans\n    multiple\n      lines\n\n\"\"\"", Some("spans\n  multiple\n    lines")),
        ("\"\"\"  first\n  second\n\tthird\"\"\"", Some("  first\n second\nthird")),
        ("\"\"\"no end", None),
        ("\"\"\"no end\"\"", None),
    ] {
        assert_eq!(literal(text).ok(), expected.map(Value::from), "{text}");
    }
}

#[test]
fn numbers_have_no_zeros_before_and_no_letters_behind() {
    for (text, expected) in [
        ("4", Some(Value::from(4))),
        ("-4", Some(Value::from(-4))),
        ("0", Some(Value::from(0))),
        ("-0", Some(Value::from(0))),
        ("9", Some(Value::from(9))),
        ("4.123", Some(Value::from(4.123))),
        ("-4.123", Some(Value::from(-4.123))),
        ("0.123", Some(Value::from(0.123))),
        ("123e4", Some(Value::from(123e4))),
        ("123E4", Some(Value::from(123e4))),
        ("123e-4", Some(Value::from(123e-4))),
        ("123e+4", Some(Value::from(123e4))),
        ("-1.123e4567", Some(Value::from("-1.123e4567"))),
        ("-1.123E-4", Some(Value::from(-1.123e-4))),
        ("00", None),
        ("01", None),
        ("-01", None),
        ("+1", None),
        ("1.", None),
        ("1e", None),
        ("1E", None),
        ("1.e1", None),
        ("1.A", None),
        (".123", None),
        ("-A", None),
        ("1.0e", None),
        ("1.0eA", None),
        ("1.2e3e", None),
        ("1.2e3.4", None),
        ("1.23.4", None),
        ("0x1F", None),
        ("0b1", None),
        ("123abc", None),
        ("1_234", None),
        ("1.23f", None),
        ("1.234_5", None),
        ("- 1", None),
        ("Infinity", Some(Value::Enum(async_graphql::Name::new("Infinity")))),
    ] {
        assert_eq!(literal(text).ok(), expected, "{text}");
    }
}

#[test]
fn white_space_commas_comments_and_marks_of_byte_order_are_ignored() {
    check(&[
        ("\u{feff}{ on }", true),
        ("{ on }\u{feff}", true),
        ("{\u{feff}on}", true),
        (",,{,on,,fragment,},", true),
        ("{on,fragment}", true),
        ("{\n\r\n\ton\r}", true),
        ("# a comment\n{ on # another \u{1f600}\n}", true),
        ("{ on } # no end of the line", true),
        ("{ on #\r fragment }", true),
        ("{ on \u{c} }", false),
        ("{ on \u{a0} }", false),
        ("{ on \u{2028} }", false),
        ("{ on ; fragment }", false),
        ("{ on ? }", false),
        ("{ on % }", false),
        ("{ \u{2603} }", false),
        ("", false),
        ("# a comment", false),
        (",", false),
    ]);
}

#[test]
fn keywords_are_names_and_names_are_not_cut() {
    check(&[
        ("{ on fragment query true null }", true),
        ("query query { query }", true),
        ("mutation mutation { mutation(of: 1) }", true),
        ("subscription subscription { inbox { cursor } }", true),
        ("query fragment { ...query } fragment query on Query { on }", true),
        ("query($on: Int) { int(of: $on) }", true),
        ("query on($type: Int, $input: Int) { int(of: $type) b: int(of: $input) }", true),
        ("{ type: on }", true),
        ("queryFoo { on }", false),
        ("query Foo{on}", true),
        ("mutationFoo { query }", false),
        ("fragmentf on Query { on }", false),
        ("{ ...f } fragment f onQuery { on }", false),
        ("{ ...on } fragment on on Query { on }", false),
        ("{ ... onQuery { on } }", false),
        ("{ ... on Query { on } }", true),
        ("{ ...on }", false),
        ("{ kind(of: true) }", false),
        ("{ kind(of: null) }", true),
        ("notAnOperation Foo { on }", false),
        ("{ 1on }", false),
        ("{ o-n }", false),
    ]);
}

#[test]
fn references_to_types_take_white_space_and_every_nesting() {
    check(&[
        ("query($v: Int) { int(of: $v) }", true),
        ("query($v : Int !) { int(of: $v) }", true),
        ("query($v: [ Int ! ]) { ints(of: $v) }", true),
        ("query($v:[Int!]!) { wholes(of: $v) }", true),
        ("query ( $v : [\n#x\nInt , ! ] ! ) { wholes(of: $v) }", true),
        ("query($v: [[Int]]) { grid(of: $v) }", true),
        ("query($v: [ [ Int! ]! ]!) { grid(of: $v) }", true),
        ("query($v: Int!!) { int(of: $v) }", false),
        ("query($v: [Int) { ints(of: $v) }", false),
        ("query($v: Int]) { ints(of: $v) }", false),
        ("query($v: []) { ints(of: $v) }", false),
        ("query($v: !Int) { int(of: $v) }", false),
        ("query($v Int) { int(of: $v) }", false),
        ("query($v:) { int(of: $v) }", false),
        ("query(v: Int) { int }", false),
        ("query($ v: Int) { int(of: $ v) }", true),
        ("query() { on }", false),
    ]);
}

#[test]
fn operations_fragments_and_variables_have_descriptions() {
    check(&[
        ("\"what it asks\" query A { on }", true),
        ("\"\"\"\nwhat { it ( asks\n\"\"\" query { on }", true),
        ("\"\" mutation { query }", true),
        ("\"x\" # comment\n subscription { inbox { cursor } }", true),
        ("{ ...f } \"its \u{1f600}\" fragment f on Query { on }", true),
        ("query(\"one\" $v: Int, \"\"\"two\"\"\" $w: Int) { int(of: $v) b: int(of: $w) }", true),
        ("query($v: String = \"no description\" $w: String) { text(of: $v) b: text(of: $w) }", true),
        ("\"x\" query Q(\"y\" $v: [String] = [\"z\"] $w: String) { text(of: $w) b: a(b: 1) { on } }", false),
        ("\"x\" { on }", false),
        ("\"x\" \"y\" query { on }", false),
        ("\"\\q\" query { on }", false),
        ("\"\\uD83D\" query { on }", false),
        ("{ \"x\" on }", false),
        ("query { on } \"x\"", false),
        ("query(\"x\") { on }", false),
    ]);
    let mut request = Request::new("\"\u{1f600}\n\" query { on }");
    assert!(admission().admit(&mut request).is_err(), "no string of one quote has two lines");
    let mut request = Request::new("\"\"\"\u{1f600}\n\"\"\" query { nothing }");
    let errors = admission().admit(&mut request).unwrap_err();
    assert_eq!(errors[0].locations, [async_graphql::Pos { line: 2, column: 13 }]);
}

#[test]
fn syntax_that_is_not_whole_is_refused() {
    check(&[
        ("{", false),
        ("{ }", false),
        ("{ on", false),
        ("{ on } }", false),
        ("{ ...", false),
        ("{ .. }", false),
        ("{ ...f. }", false),
        ("{ on: }", false),
        ("{ on: {} }", false),
        ("{ x { } }", false),
        ("{ int() }", false),
        ("{ int(of:) }", false),
        ("{ int(of 1) }", false),
        ("{ int(of: 1 }", false),
        ("{ ints(of: [1) }", false),
        ("{ input(of: {text}) }", false),
        ("{ on @ }", false),
        ("{ on @skip() }", false),
        ("{ ...f } fragment f { on }", false),
        ("fragment f on Query { on }", false),
        ("query Q", false),
        ("query Q($v: Int = $w, $w: Int) { int(of: $v) b: int(of: $w) }", false),
        ("{ on } { on }", false),
        ("{ on } query A { on }", false),
        ("type T { a: Int }", false),
        ("{ on } type T { a: Int }", false),
        ("{ on } extend type Query { z: Int }", false),
    ]);
}
