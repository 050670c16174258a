//! Documents: too deep, too many, at odds with the schema, or no documents at all.
//!
//! Nobody has signed most of them, so what the limits let through is UNAUTHENTICATED.

use serde_json::{Value, json};

use crate::server::{Case, Raw};

const OK: &str = "200 ok";
const BAD: &str = "200 BAD_USER_INPUT";
pub const ADMITTED: &str = "200 UNAUTHENTICATED";

fn named(name: &str, document: impl AsRef<str>, expected: &'static str) -> Case {
    Raw::query(document.as_ref()).answered(name, expected)
}

fn asked(name: &str, document: &str, variables: Value, expected: &'static str) -> Case {
    Raw::post(json!({ "query": document, "variables": variables }).to_string()).answered(name, expected)
}

/// `me`, with so many fields.
fn fields(count: usize) -> String {
    format!("{{ me {{ {} }} }}", "id ".repeat(count - 1))
}

/// Conversations and their newest messages in turn, so many fields deep.
fn depth(fields: usize) -> String {
    let inner = ["lastMessage{", "conversation{"].into_iter().cycle().take(fields - 3).collect::<String>();
    format!("{{conversations{{nodes{{{inner}id{}", "}".repeat(fields))
}

fn aliases(count: usize) -> String {
    (0..count).map(|at| format!("a{at}: __typename ")).collect()
}

fn directives(count: usize) -> String {
    "__typename @skip(if: false) ".repeat(count)
}

/// Fragments on the query's type that each spread the next so often.
fn chain(length: usize, times: usize, end: &str) -> String {
    let spread = |next: usize| format!("...f{next} ").repeat(times);
    let fragments: String =
        (1..length).map(|at| format!("fragment f{at} on Query {{ {} }} ", spread(at + 1))).collect();
    format!("{{ {} }} {fragments} fragment f{length} on Query {{ {end} }}", spread(1))
}

pub fn everywhere() -> Vec<Case> {
    [limits(), fragments(), validation(), scalars(), texts()].concat()
}

fn limits() -> Vec<Case> {
    let nested = |open: &str, close: &str, count: usize| {
        format!("{{ user(id: {}1{}) {{ id }} }}", open.repeat(count), close.repeat(count))
    };
    let inline =
        |count: usize| format!("{{ {} __typename {} }}", "... on Query {".repeat(count), "}".repeat(count));
    let me = |count: usize| (0..count).map(|at| format!("a{at}: me {{ id }} ")).collect::<String>();
    vec![
        named("depth 3", depth(3), ADMITTED),
        named("depth 10", depth(10), ADMITTED),
        named("depth 11", depth(11), BAD),
        named("depth 12", depth(12), BAD),
        named("depth 30", depth(30), BAD),
        named("depth 60", depth(60), BAD),
        named("depth 1000", depth(1_000), BAD),
        named("depth 3000", depth(3_000), BAD),
        named("fields without end", "{me".repeat(20_000), BAD),
        named("conversations without end", "{conversations{nodes".repeat(3_000), BAD),
        named("unknown fields without end", "{a".repeat(30_000), BAD),
        named("complexity 1500", fields(1_500), ADMITTED),
        named("complexity 1501", fields(1_501), BAD),
        named("complexity 20000", fields(20_000), BAD),
        named("20 aliases", format!("{{ {} }}", aliases(20)), OK),
        named("21 aliases", format!("{{ {} }}", aliases(21)), BAD),
        named("100 aliases", format!("{{ {} }}", aliases(100)), BAD),
        named("20 aliases of one work", format!("{{ {} }}", me(20)), ADMITTED),
        named("21 aliases of one work", format!("{{ {} }}", me(21)), BAD),
        named("aliases within", format!("{{ me {{ {} }} }}", aliases(21)), BAD),
        named(
            "aliases in two operations",
            format!("query A {{ {} }} query B {{ {} }}", aliases(11), aliases(10)),
            BAD,
        ),
        named("20 directives", format!("{{ {} }}", directives(20)), OK),
        named("21 directives", format!("{{ {} }}", directives(21)), BAD),
        named("1000 directives", format!("{{ {} }}", directives(1_000)), BAD),
        named("directives on one field", format!("{{ __typename {} }}", "@skip(if: false) ".repeat(30)), BAD),
        named("the same directive twice", "{ me @skip(if: false) @skip(if: false) { id } }", BAD),
        named(
            "directives on a variable",
            format!("query($a: ID {}) {{ me {{ id }} }}", "@x ".repeat(21)),
            BAD,
        ),
        named("lists in lists, 50", nested("[", "]", 50), BAD),
        named("lists in lists, 63", nested("[", "]", 63), BAD),
        named("lists in lists, 20000", nested("[", "]", 20_000), BAD),
        named("objects in objects, 50", nested("{a:", "}", 50), BAD),
        named("objects in objects, 10000", nested("{a:", "}", 10_000), BAD),
        named("lists without end", format!("{{ user(id: {}", "[".repeat(60_000)), BAD),
        named("objects without end", format!("{{ user(id: {}", "{a:".repeat(20_000)), BAD),
        named("arguments without end", "{a(b:".repeat(10_000), BAD),
        named("round brackets", "(".repeat(60_000), BAD),
        named("curly brackets", "{".repeat(60_000), BAD),
        named("square brackets", "[".repeat(60_000), BAD),
        named("closing brackets", "}".repeat(60_000), BAD),
        named("brackets of all kinds", "{([".repeat(20_000), BAD),
        named("brackets at odds", "{)".repeat(30_000), BAD),
        named(
            "types in types, 60",
            format!("query($a: {}ID{}) {{ me {{ id }} }}", "[".repeat(60), "]".repeat(60)),
            BAD,
        ),
        named("types in types, 30000", format!("query($a: {}", "[".repeat(30_000)), BAD),
        named("default lists", format!("query($a: [ID] = {}", "[".repeat(30_000)), BAD),
        named("inline fragments, 31", inline(31), OK),
        named("inline fragments, 32", inline(32), BAD),
        named("inline fragments, 60", inline(60), BAD),
        named("inline fragments, 4000", inline(4_000), BAD),
        named("inline fragments without end", "{...".repeat(16_000), BAD),
        named("4000 operations", (0..4_000).map(|at| format!("query q{at}{{a}}")).collect::<String>(), BAD),
        named("a long name", format!("{{ {} }}", "a".repeat(60_000)), BAD),
        named("a long alias", format!("{{ {}: __typename }}", "a".repeat(129)), BAD),
    ]
}

fn fragments() -> Vec<Case> {
    vec![
        named("a fragment", "{ ...f } fragment f on Query { __typename }", OK),
        named("a chain of 31", chain(31, 1, "__typename"), OK),
        named("a chain of 32", chain(32, 1, "__typename"), BAD),
        named("a chain of 1000", chain(1_000, 1, "__typename"), BAD),
        named("1024 by doubling", chain(9, 2, "__typename __typename"), OK),
        named("2048 by doubling", chain(10, 2, "__typename __typename"), BAD),
        named("2^30 by doubling", chain(30, 2, "__typename"), BAD),
        named("2^30 of work", chain(30, 2, "me { id }"), BAD),
        named("2^30 that is not there", chain(30, 2, "...nowhere"), BAD),
        named("2^30 skipped", chain(30, 2, "__typename").replace("...f1", "...f1 @skip(if: true)"), BAD),
        named("100^8", chain(8, 100, "__typename"), BAD),
        named("2^30 of another type", chain(30, 2, "__typename").replace("on Query", "on User"), BAD),
        named("2^30 aliases", chain(29, 2, "a: __typename"), BAD),
        named("2^30 directives", chain(29, 2, "__typename @skip(if: false)"), BAD),
        named("40 aliases by doubling", chain(2, 2, &aliases(10)), BAD),
        named("40 directives by doubling", chain(2, 2, &directives(10)), BAD),
        named("a cycle of one", "{ ...f } fragment f on Query { ...f }", BAD),
        named("a cycle of one with a field", "{ ...f } fragment f on Query { __typename ...f }", BAD),
        named("a cycle of two", "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }", BAD),
        named(
            "a cycle through a field",
            "{ me { ...f } } fragment f on User { id ...g } fragment g on User { ...f }",
            BAD,
        ),
        named("a cycle apart", "{ __typename } fragment f on Query { ...f }", BAD),
        named("a cycle of 500", chain(500, 1, "...f1"), BAD),
        named("an unused fragment", "{ __typename } fragment f on Query { __typename }", BAD),
        named(
            "an unused bomb",
            format!("query A {{ __typename }} {}", &chain(30, 2, "__typename")[17..]),
            BAD,
        ),
        named("an unknown fragment", "{ ...f }", BAD),
        named("an unknown fragment in one", "{ ...f } fragment f on Query { ...g }", BAD),
        named("a fragment twice", "{ ...f } fragment f on Query { a } fragment f on Query { b }", BAD),
        named("a fragment on a scalar", "{ ...f } fragment f on ID { a }", BAD),
        named("a fragment on nothing known", "{ ...f } fragment f on Nobody { a }", BAD),
        named("a fragment that never applies", "{ ... on Message { id } }", BAD),
        named("a fragment called on", "{ ...on } fragment on on Query { a }", BAD),
    ]
}

fn validation() -> Vec<Case> {
    vec![
        named("an unknown field", "{ mee { id } }", BAD),
        named("an unknown field within", "{ me { idd } }", BAD),
        named("an unknown argument", "{ user(idd: 1) { id } }", BAD),
        named("an unknown argument of a directive", "{ me @skip(iff: true) { id } }", BAD),
        named("an unknown directive", "{ me @skipp(if: true) { id } }", BAD),
        named("a directive without its argument", "{ me @skip { id } }", BAD),
        named("a missing argument", "{ user { id } }", BAD),
        named("an argument twice", "{ user(id: 1, id: 2) { id } }", BAD),
        named("1600 arguments", format!("{{ user({}) {{ id }} }}", "id: 1 ".repeat(1_600)), BAD),
        named("an object without fields", "{ me }", BAD),
        named("fields of a scalar", "{ me { id { id } } }", BAD),
        named("fields at odds", "{ a: me { id } a: user(id: 1) { id } }", BAD),
        named("arguments at odds", "{ user(id: 1) { id } user(id: 2) { id } }", BAD),
        named(
            "arguments at odds, often",
            format!("{{ user({}) {{ id }} {} }}", "id: 1 ".repeat(900), "user { id } ".repeat(500)),
            BAD,
        ),
        named("an undefined variable", "{ user(id: $id) { id } }", BAD),
        named("an unused variable", "query($id: ID) { __typename }", BAD),
        named("a variable twice", "query($id: ID!, $id: ID!) { user(id: $id) { id } }", BAD),
        named("a variable of another type", "query($id: Boolean!) { user(id: $id) { id } }", BAD),
        named("a variable of no type", "query($id: Nothing!) { user(id: $id) { id } }", BAD),
        named("a variable of an output type", "query($id: User!) { user(id: $id) { id } }", BAD),
        named("a variable that is not given", "query($id: ID!) { user(id: $id) { id } }", BAD),
        named("two operations without a name", "{ __typename } { __typename }", BAD),
        named("two operations, none chosen", "query A { __typename } query B { __typename }", BAD),
        named("an operation twice", "query A { __typename } query A { __typename }", BAD),
        named("a subscription", "subscription { conversationUpdated { id } }", BAD),
        named(
            "two subscriptions in one",
            "subscription { conversationUpdated { id } inbox { cursor } }",
            BAD,
        ),
        named("the schema of a type definition", "type Query { me: ID }", BAD),
        named("an unknown kind of operation", "delete { me { id } }", BAD),
        named("schema in a fragment", "{ ...f } fragment f on Query { __schema { types { name } } }", BAD),
        named("schema beside data", "{ __schema { types { name } } me { id } }", BAD),
        named("a mutation without input", "mutation { sendMessage { id } }", BAD),
        named(
            "21 sends",
            format!(
                "mutation {{ {} }}",
                (0..21).map(|at| format!("a{at}: leaveConversation(conversationId: 1) ")).collect::<String>()
            ),
            BAD,
        ),
        named(
            "20 sends",
            format!(
                "mutation {{ {} }}",
                (0..20).map(|at| format!("a{at}: leaveConversation(conversationId: 1) ")).collect::<String>()
            ),
            ADMITTED,
        ),
    ]
}

fn scalars() -> Vec<Case> {
    let send = "mutation($id: UUID!) { sendMessage(input: { conversationId: \"c\", clientMessageId: $id, content: \"x\" }) { id } }";
    let page = "query($first: Int!) { conversations(first: $first) { nodes { id } } }";
    let people = "mutation($ids: [ID!]!) { addParticipants(conversationId: \"c\", userIds: $ids) { id } }";
    let uuid = "6c1f4a0e-1f0b-4a5e-9a51-1f6b0a1c7d3e";
    vec![
        asked("a UUID", send, json!({ "id": uuid }), ADMITTED),
        asked("no UUID", send, json!({ "id": "not a uuid" }), BAD),
        asked("an empty UUID", send, json!({ "id": "" }), BAD),
        asked("a UUID that is a number", send, json!({ "id": 7 }), BAD),
        asked("a UUID that is an object", send, json!({ "id": { "a": 1 } }), BAD),
        asked("a UUID that is null", send, json!({ "id": null }), BAD),
        asked("a UUID that is absent", send, json!({}), BAD),
        asked("a UUID with a NUL", send, json!({ "id": format!("{uuid}\0") }), BAD),
        named(
            "no UUID in the document",
            send.replace("$id: UUID!", "$id: UUID = \"x\"")
                .replace("($id: UUID = \"x\")", "")
                .replace("$id", "\"x\""),
            BAD,
        ),
        named(
            "an unknown enum",
            "mutation { createConversation(input: { kind: NONE, participantIds: [], clientConversationId: \"x\" }) { id } }",
            BAD,
        ),
        named("an unknown input field", "{ conversations(filter: { unred: true }) { nodes { id } } }", BAD),
        named("an input of another kind", "{ conversations(filter: 7) { nodes { id } } }", BAD),
        asked("a page", page, json!({ "first": 1 }), ADMITTED),
        asked("a page of 2^31", page, json!({ "first": 2_147_483_648_u64 }), BAD),
        asked("a page of -2^31 - 1", page, json!({ "first": -2_147_483_649_i64 }), BAD),
        asked("a page of 2^64 - 1", page, json!({ "first": u64::MAX }), BAD),
        asked("a page of 1e300", page, json!({ "first": 1e300 }), BAD),
        asked("a page of 1.5", page, json!({ "first": 1.5 }), BAD),
        asked("a page of \"1\"", page, json!({ "first": "1" }), BAD),
        asked("a page of true", page, json!({ "first": true }), BAD),
        asked("a page of [1]", page, json!({ "first": [1] }), BAD),
        named(
            "a number of 100 digits",
            format!("{{ conversations(first: {}) {{ nodes {{ id }} }} }}", "9".repeat(100)),
            BAD,
        ),
        named(
            "a number of 60000 digits",
            format!("{{ conversations(first: {}) {{ nodes {{ id }} }} }}", "9".repeat(60_000)),
            BAD,
        ),
        named("a number beyond all", "{ conversations(first: 1e99999) { nodes { id } } }", BAD),
        named("a number below all", "{ conversations(first: -1e99999) { nodes { id } } }", BAD),
        named("a number that is a name", "{ conversations(first: 1abc) { nodes { id } } }", BAD),
        named("a number with zeros before", "{ conversations(first: 0001) { nodes { id } } }", BAD),
        asked("10000 people", people, json!({ "ids": vec!["u"; 10_000] }), ADMITTED),
        asked("people within people", people, json!({ "ids": [["u"]] }), BAD),
        asked("people who are null", people, json!({ "ids": [null] }), BAD),
        named(
            "a variable used 2000 times",
            format!("query($a: ID!) {{ user(id: [{}]) {{ id }} }}", "$a ".repeat(2_000)),
            BAD,
        ),
        asked(
            "a large variable used 2000 times",
            &format!(
                "mutation($a: ID!) {{ addParticipants(conversationId: 1, userIds: [{}]) {{ id }} }}",
                "$a ".repeat(2_000)
            ),
            json!({ "a": "x".repeat(30_000) }),
            BAD,
        ),
        asked(
            "a large list used 500 times",
            &format!("query($a: [ID!]!) {{ {} }}", "user(id: $a) { id } ".repeat(500)),
            json!({ "a": vec![0; 20_000] }),
            BAD,
        ),
        asked("a variable that nobody asks for", "{ __typename }", json!({ "x": { "y": [1, 2, 3] } }), OK),
        asked(
            "many that nobody asks for",
            "{ __typename }",
            (0..4_000).map(|at| (format!("v{at}"), json!(at))).collect(),
            OK,
        ),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        named("nothing", "", BAD),
        named("white space", " \n\t,,, ", BAD),
        named("60000 commas", ",".repeat(60_000), BAD),
        named("a comment", "# { __typename }", BAD),
        named("a comment without end", format!("{{ __typename }} #{}", "{".repeat(60_000)), OK),
        named(
            "brackets in a text",
            format!("{{ user(id: \"{}\") {{ id }} }}", "{[(".repeat(10_000)),
            ADMITTED,
        ),
        named(
            "brackets in a block text",
            format!("{{ user(id: \"\"\"{}\"\"\") {{ id }} }}", "{[(".repeat(10_000)),
            ADMITTED,
        ),
        named("a text without end", format!("{{ user(id: \"{}", "{".repeat(30_000)), BAD),
        named("a block text without end", format!("{{ user(id: \"\"\"{}", "{".repeat(30_000)), BAD),
        named("a text over lines", "{ user(id: \"a\nb\") { id } }", BAD),
        named("an unknown escape", "{ user(id: \"\\q\") { id } }", BAD),
        named("half a surrogate", "{ user(id: \"\\ud800\") { id } }", BAD),
        named("a NUL", "{ __typename \0 }", BAD),
        named("a NUL in a name", "{ __type\0name }", BAD),
        named("a control character", "{ __typename \u{7} }", BAD),
        named("a byte order mark", "\u{feff}{ __typename }", OK),
        named("letters of others", "{ mе { id } }", BAD),
        named("an emoji", "{ 💪 }", BAD),
        named("a right-to-left override", "{ \u{202e}__typename }", BAD),
        named("HTML", "<script>alert(1)</script>", BAD),
        named("SQL", "' OR 1=1 --", BAD),
        named("JSON", "{\"query\": \"{ me { id } }\"}", BAD),
        named("half a document", "{ me { id ", BAD),
        named("too many ends", "{ me { id } } }", BAD),
        named("20000 quotes", "\"".repeat(20_001), BAD),
        named("20000 dots", ".".repeat(20_000), BAD),
        named("dollars", "$".repeat(6_000), BAD),
    ]
}

/// The question that tools ask.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema {
    queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
    directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
    fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
        isDeprecated deprecationReason }
    inputFields { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";

/// Fields, the types of these, the fields of those: so many in turn.
fn turns(times: usize) -> String {
    let (open, close) = ("fields { type { ", "} } ");
    format!("{{ __schema {{ types {{ {} name {} }} }} }}", open.repeat(times), close.repeat(times))
}

/// The same through lists and through what may not be null.
fn full_turns(times: usize) -> String {
    let turn = |at: usize| {
        let next = if at < times { format!("...t{}", at + 1) } else { String::new() };
        format!(
            "fragment t{at} on __Type {{ name fields {{ type {{ {next} name ofType {{ {next} name }} }} }} }} "
        )
    };
    format!("{{ __schema {{ types {{ ...t1 }} }} }} {}", (1..=times).map(turn).collect::<String>())
}

pub fn in_production() -> Vec<Case> {
    vec![
        named("introspection", INTROSPECTION, BAD),
        named("brief introspection", "{ __schema { queryType { name } } }", BAD),
        named("a type", "{ __type(name: \"User\") { name } }", BAD),
        named("introspection beside a name", "{ __typename __schema { types { name } } }", BAD),
        named("introspection in turns", turns(10), BAD),
        named("introspection of a mutation", "mutation { __schema { types { name } } }", BAD),
    ]
}

pub fn in_development() -> Vec<Case> {
    vec![
        named("introspection", INTROSPECTION, OK),
        named("brief introspection", "{ __schema { queryType { name } } }", OK),
        named("a type", "{ __type(name: \"User\") { name } }", OK),
        named("introspection beside data", "{ __schema { types { name } } me { id } }", BAD),
        named("introspection in turns", turns(2), OK),
        named("introspection in turns, as deep as may be", turns(6), OK),
        named("introspection in turns, deeper", turns(7), BAD),
        named("introspection in full turns, as often as may be", full_turns(4), OK),
        named("introspection in full turns, more often", full_turns(5), BAD),
        named("introspection in turns without end", turns(1_000), BAD),
        named(
            "2^30 questions",
            format!(
                "{{ __schema {{ ...f1 }} }} {} fragment f30 on __Schema {{ types {{ name }} }}",
                (1..30)
                    .map(|at| format!("fragment f{at} on __Schema {{ ...f{0} ...f{0} }} ", at + 1))
                    .collect::<String>()
            ),
            BAD,
        ),
    ]
}
