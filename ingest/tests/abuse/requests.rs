//! Requests: other methods, paths, headers and bodies than those of a client.

use serde_json::json;

use crate::server::{Case, Raw};

const OK: &str = "200 ok";
const BAD: &str = "200 BAD_USER_INPUT";
const NAME: &str = r#"{"query":"{ __typename }"}"#;

pub fn everywhere() -> Vec<Case> {
    [sizes(), forms(), kinds(), gets(), signatures(), forwards(), places()].concat()
}

/// A body of so many bytes.
fn padded(bytes: usize) -> String {
    let head = r#"{"query":"{ __typename }","pad":""#;
    format!("{head}{}\"}}", "x".repeat(bytes - head.len() - 2))
}

fn sizes() -> Vec<Case> {
    vec![
        Raw::post(padded(65_536)).answered("64 KiB", OK),
        Raw::post(padded(65_537)).answered("64 KiB and a byte", "413 problem"),
        Raw::post(padded(10_000_000)).answered("10 MB", "413 problem"),
        Raw::post(padded(65_537)).at("GET", "/graphql").answered("a GET with a body", "413 problem"),
        Raw::post(padded(65_537)).at("POST", "/nowhere").answered("too much to nowhere", "413 problem"),
        Raw::query(&format!("{{ user(id: \"{}\") {{ id }} }}", "x".repeat(65_000)))
            .answered("a long id", "200 UNAUTHENTICATED"),
        Raw::query(&format!("{{ user(id: \"{}\") {{ id }} }}", "x".repeat(65_000)))
            .signed()
            .answered("a long id, signed", "200 NOT_FOUND"),
    ]
}

fn forms() -> Vec<Case> {
    let case = |body: &[u8], expected| Raw::post(body).answered(String::from_utf8_lossy(body), expected);
    let variables = |variables: &str| format!(r#"{{"query":"{{ __typename }}","variables":{variables}}}"#);
    let nested = |count: usize| variables(&format!("{{\"a\":{}{}}}", "[".repeat(count), "]".repeat(count)));
    let named = |name: &str| {
        Raw::post(json!({ "query": "query A { __typename }", "operationName": name }).to_string())
    };
    let mut cases = vec![
        case(NAME.as_bytes(), OK),
        Raw::post(nested(120)).answered("variables 120 deep", OK),
        Raw::post(nested(130)).answered("variables 130 deep", "400 problem"),
        Raw::post(nested(30_000)).answered("variables 30000 deep", "400 problem"),
        Raw::post(variables(&"[".repeat(60_000))).answered("lists without end", "400 problem"),
        Raw::post(variables(&"{\"a\":".repeat(10_000))).answered("objects without end", "400 problem"),
        Raw::post("[".repeat(60_000)).answered("a body of lists", "400 problem"),
        Raw::post([&b"\xff\xfe"[..], NAME.as_bytes()].concat()).answered("another byte order", "400 problem"),
        Raw::post(NAME.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
            .answered("UTF-16", "400 problem"),
        named("A").answered("the operation", OK),
        named("B").answered("an unknown operation", BAD),
        named("").answered("an operation without a name", BAD),
        named("a\0b").answered("an operation with a NUL", BAD),
        named(&"x".repeat(60_000)).answered("an operation of 60000 letters", BAD),
        named("💪").answered("an operation that is an emoji", BAD),
    ];
    cases.extend(
        [&b""[..], b"{", b"{\"query\":}", b"{\"query\":\"{ __typename }\"", b"{'query':'{ __typename }'}"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"nul"[..], b"{\"query\":\"{ __typename }\",}", b"{\"query\":\"{ __typename }\"}{}"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"{\"query\":\"\xff\xfe\"}"[..], b"{\"query\":\"\xc0\xaf\"}", b"{\"query\":\"\xed\xa0\x80\"}"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"{\"query\":\"\\ud800\"}{}"[..], b"{\"query\":\"a\0b\"}", b"{\"query\":\"a\nb\"}", b"\0"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"[]"[..], b"null", b"1", b"true", b"\"{ __typename }\"", b"[\"{ __typename }\"]"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"[\"{ __typename }\",null,{}]"[..], b"[{\"query\":\"{ __typename }\"}]", b"[[]]"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [
            &b"{}"[..],
            b"{\"query\":null}",
            b"{\"query\":7}",
            b"{\"query\":[\"{ __typename }\"]}",
            b"{\"query\":{}}",
        ]
        .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        [&b"{\"Query\":\"{ __typename }\"}"[..], b"{\"query\":\"{ __typename }\",\"operationName\":1}"]
            .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        ["[]", "1", "\"{}\"", "true", "[{}]"].map(|given| case(variables(given).as_bytes(), "400 problem")),
    );
    cases.extend(
        ["null", "{}", "{\"a\":null}", "{\"\":1}", "{\"a\":1e308}"]
            .map(|given| case(variables(given).as_bytes(), OK)),
    );
    cases.extend(
        [
            &b"{\"query\":\"\\ud800\"}"[..],
            b"{\"query\":\"{ __typename }\",\"variables\":{\"a\":{\"content\":\"\\ud83d\"}}}",
            b"{\"query\":\"{ __typename }\",\"operationName\":\"\\ude00\"}",
        ]
        .map(|body| case(body, BAD)),
    );
    cases.extend(
        [
            &b"{\"query\":7,\"operationName\":\"\\ud83d\"}"[..],
            b"{\"\\ud83d\":1,\"query\":\"{ __typename }\"}",
            b"\"\\ud83d\"",
            b"[\"\\ud83d\"]",
        ]
        .map(|body| case(body, "400 problem")),
    );
    cases.extend(
        ["{\"a\":1e999}", "{\"a\":-1e999}", "{\"a\":01}", "{\"a\":NaN}", "{a:1}"]
            .map(|given| case(variables(given).as_bytes(), "400 problem")),
    );
    cases.extend(
        [&b"{\"query\":\"\\u0000\"}"[..], b"{\"query\":\"{ __typename \\u0000}\"}"]
            .map(|body| case(body, BAD)),
    );
    cases.push(case(
        b"{\"query\":\"{ __typename }\",\"operationName\":null,\"variables\":null,\"extensions\":{}}",
        OK,
    ));
    cases
}

fn kinds() -> Vec<Case> {
    let case =
        |kind: &str, expected| Raw::post(NAME).with("content-type", kind.as_bytes()).answered(kind, expected);
    let mut cases = vec![Raw::post(NAME).without("content-type").answered("no content type", "415 problem")];
    cases.extend(
        ["application/json; charset=utf-8", "Application/JSON", "application/graphql-request+json"]
            .map(|kind| case(kind, OK)),
    );
    cases.extend(
        ["", "text/plain", "text/json", "application/graphql", "application/jsonx", "json", "*/*"]
            .map(|kind| case(kind, "415 problem")),
    );
    cases.extend(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
            .map(|kind| case(kind, "415 problem")),
    );
    cases.push(
        Raw::post(NAME).with("content-type", b"application/json\xff").answered("no text", "415 problem"),
    );
    cases
}

fn gets() -> Vec<Case> {
    let name = "query=%7B__typename%7D";
    let mutation = "query=mutation%7BleaveConversation(conversationId:1)%7D";
    let two = "query=query%20A%7B__typename%7Dmutation%20B%7BleaveConversation(conversationId:1)%7D";
    let case = |query: &str, expected| Raw::get(query).answered(query, expected);
    vec![
        case(name, OK),
        Raw::get(name).without("x-musclemap-preflight").answered("no preflight header", "400 problem"),
        Raw::get(mutation)
            .without("x-musclemap-preflight")
            .answered("a mutation, no preflight header", "400 problem"),
        case("", "400 problem"),
        case("quer=x", "400 problem"),
        case("query=a&query=b", "400 problem"),
        case("query=", BAD),
        case("query=%7B", BAD),
        case("query=%00", BAD),
        case("query=%ff%fe", BAD),
        case("query=%7B__typename%7D&extensions=%7B%7D", OK),
        case("query=%7B__typename%7D&extensions=1", "400 problem"),
        case("query=%7B__typename%7D&variables=%7B%22a%22:%22%5Cud83d%22%7D", BAD),
        case("query=%", BAD),
        case(mutation, "405 problem"),
        Raw::get(mutation).signed().answered("a signed mutation", "405 problem"),
        case(&format!("{two}&operationName=A"), OK),
        case(&format!("{two}&operationName=B"), "405 problem"),
        case(&format!("{two}&operationName=C"), BAD),
        case("query=subscription%7BconversationUpdated%7Bid%7D%7D", BAD),
        case(&format!("{name}&variables=%7B%7D"), OK),
        case(&format!("{name}&variables="), "400 problem"),
        case(&format!("{name}&variables=%7B"), "400 problem"),
        case(&format!("{name}&variables=%5B%5D"), "400 problem"),
        case(&format!("{name}&variables=1"), "400 problem"),
        case(&format!("{name}&variables={}", "%5B".repeat(10_000)), "400 problem"),
        case(&format!("query={}", "%7Ba".repeat(10_000)), BAD),
        case(&format!("query={}", "a".repeat(60_000)), BAD),
    ]
}

fn signatures() -> Vec<Case> {
    let case = |value: &[u8]| {
        let name = format!("authorization {:.40}", String::from_utf8_lossy(value));
        Raw::post(NAME).with("authorization", value).answered(name, "200 UNAUTHENTICATED")
    };
    let long = format!("Bearer {}", "x".repeat(10_000));
    let mut cases: Vec<Case> = [
        &b""[..],
        b"Bearer",
        b"Bearer ",
        b"bearer x",
        b"BEARER  x",
        b"Bearer x y",
        b"Bearer x=y",
        b"Bearer\tx",
        b"Bearer x, Bearer y",
        b"Basic eDp5",
        b"Bearer x.y.z",
        b"Bearer \xff",
        long.as_bytes(),
    ]
    .map(case)
    .into();
    cases.push(Raw::query("{ me { id } }").answered("nobody", "200 UNAUTHENTICATED"));
    cases.push(Raw::query("{ me { id } }").signed().answered("somebody unknown", "200 NOT_FOUND"));
    cases.push(
        Raw::query("{ me { idd } }")
            .with("authorization", b"Bearer x")
            .answered("wrong in two ways", "200 UNAUTHENTICATED"),
    );
    cases
}

/// Of a message that nobody has, where no policy is in force.
fn forwards() -> Vec<Case> {
    let conversation = "0".repeat(32);
    let forward = |to: &str, more: &str| {
        let input = format!("messageId: \"{conversation}-000000000001\", toConversationIds: [{to}] {more}");
        Raw::query(&format!("mutation {{ forwardMessage({input}) {{ id }} }}")).signed()
    };
    let again = "clientMessageId: \"6f2c1a52-3f0e-4a53-9a68-0a4c2d6f7b11\"";
    vec![
        forward("", "").answered("a forward to nowhere", BAD),
        forward("", again).answered("a forward to nowhere with a client id", BAD),
        forward(&format!("\"{conversation}\""), again).answered("a forward of nothing", "200 NOT_FOUND"),
    ]
}

fn places() -> Vec<Case> {
    let case = |method: &'static str, path: &str, expected| {
        Raw::post(NAME).at(method, path).answered(format!("{method} {path}"), expected)
    };
    let mut cases = vec![];
    cases.extend(
        ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"].map(|method| case(method, "/graphql", "405 problem")),
    );
    cases.push(case("OPTIONS", "/graphql", "204 "));
    cases.push(case("OPTIONS", "/nowhere", "404 problem"));
    cases.extend(
        ["/graphql/", "/GRAPHQL", "//graphql", "/graphql/x", "/graphql%00", "/graphql%2f"]
            .map(|path| case("POST", path, "404 problem")),
    );
    cases.extend(
        ["/dev/login/", "/metrics", "/../etc/passwd", "/.git/config", "/readyz"]
            .map(|path| case("GET", path, "404 problem")),
    );
    // No page is served: what is needed to ask is the client's own.
    cases.extend(["/", "/index.html", "/graphiql"].map(|path| case("GET", path, "404 problem")));
    cases.push(case("HEAD", "/nowhere", "404 problem"));
    cases
}

pub fn in_production() -> Vec<Case> {
    vec![Raw::post(r#"{"username":"ann"}"#).at("POST", "/dev/login").answered("log-in", "404 problem")]
}

pub fn in_development() -> Vec<Case> {
    let login = |body: &str, expected| Raw::post(body).at("POST", "/dev/login").answered(body, expected);
    vec![
        Raw::get("").at("GET", "/dev/login").answered("log-in by GET", "405 problem"),
        login("", "400 problem"),
        login("{}", "422 problem"),
        login(r#"{"username":""}"#, "400 problem"),
        login(r#"{"username":"a b"}"#, "400 problem"),
        login(r#"{"username":"Admin"}"#, "400 problem"),
        login(r#"{"username":7}"#, "422 problem"),
        login(r#"{"username":"ann","admin":true}"#, "422 problem"),
        Raw::post("{}")
            .with("content-type", b"text/plain")
            .at("POST", "/dev/login")
            .answered("log-in in text", "415 problem"),
        Raw::post(r#"{"username":"ann"}"#)
            .with("x-forwarded-for", b"203.0.113.7")
            .at("POST", "/dev/login")
            .answered("log-in through a proxy", "403 problem"),
        Raw::post(r#"{"username":"ann"}"#)
            .with("origin", b"https://app.musclemap.example")
            .at("POST", "/dev/login")
            .answered("log-in of a page from elsewhere", "403 problem"),
    ]
}
