//! Inputs that would abuse the API, each with what it is answered over HTTP; and the documents among
//! them over a socket.
//!
//! Invariant: every answer comes within a second and in a form that a client knows: a response of
//! GraphQL whose errors have codes, or problem+json.

mod across;
mod documents;
mod limits;
mod negotiation;
mod requests;
mod server;
mod sockets;

use std::time::Duration;

use graphql::deadline::OPERATION_WITHIN;
use server::{Case, Raw, Server, answer};
use sockets::Sockets;

/// The slowest answer that passes.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Asks each of them; fails with all that were answered otherwise.
async fn check(server: &Server, cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let answer = server.answer(&case.request).await;
        assert!(answer.took < AT_ONCE, "{}: {:?}", case.name, answer.took);
        if answer.summary != case.expected {
            wrong.push(format!(
                "{}: {} instead of {}: {}",
                case.name, answer.summary, case.expected, answer.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn in_production() {
    let server = Server::start(false).await;
    let cases = [
        documents::everywhere(),
        documents::in_production(),
        requests::everywhere(),
        requests::in_production(),
    ];
    let cases = cases.concat();
    assert!(cases.len() >= 150, "{} inputs", cases.len());
    check(&server, &cases).await;
}

#[tokio::test]
async fn in_development() {
    let server = Server::start(true).await;
    let cases = [
        documents::everywhere(),
        documents::in_development(),
        requests::everywhere(),
        requests::in_development(),
    ];
    check(&server, &cases.concat()).await;
}

/// RFC 9110, 11.1, and RFC 6750, 3.
#[tokio::test]
async fn a_token_has_one_header_whose_scheme_has_no_case() {
    const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);
    let server = Server::start(false).await;
    let token = server.token.clone();
    let [right, upper, spaced] =
        ["bearer ", "BEARER ", "Bearer   "].map(|scheme| vec![format!("{scheme}{token}")]);
    for (values, summary, challenge) in [
        (right, "200 NOT_FOUND", None),
        (upper, "200 NOT_FOUND", None),
        (spaced, "200 NOT_FOUND", None),
        (vec![], "200 UNAUTHENTICATED", None),
        (vec![format!("Bearer {token}"), format!("Bearer {token}")], "200 UNAUTHENTICATED", INVALID),
        (vec![format!("Bearer {token} x")], "200 UNAUTHENTICATED", INVALID),
        (vec![format!("Basic {token}")], "200 UNAUTHENTICATED", INVALID),
        (vec!["Bearer x.y.z".to_owned()], "200 UNAUTHENTICATED", INVALID),
    ] {
        let mut raw = Raw::query("{ me { id } }");
        raw.headers.extend(values.iter().map(|value| ("authorization", value.parse().expect("a header"))));
        let answer = server.answer(&raw).await;
        assert_eq!(
            (answer.summary.as_str(), answer.challenge.as_deref()),
            (summary, challenge),
            "{values:?}"
        );
    }
}

/// One socket gets through all of it, because no operation concerns another.
#[tokio::test]
async fn on_a_socket() {
    let sockets = Sockets::start(true, false).await;
    let mut socket = sockets.connect().await;
    let mut wrong = Vec::new();
    for case in documents::everywhere().into_iter().filter(|case| case.name != "a subscription") {
        let (told, took) = socket.ask(&case.request).await;
        assert!(took < AT_ONCE, "{}: {took:?}", case.name);
        // Here somebody has signed; and sockets serve few mutations.
        let right = match case.expected {
            documents::ADMITTED => ["ok", "NOT_FOUND", "FORBIDDEN"].contains(&told.as_str()),
            expected => expected.ends_with(&told),
        };
        if !right {
            wrong.push(format!("{}: {told} instead of {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    sockets.stop().await;
}

#[tokio::test]
async fn on_a_socket_behind_tls() {
    let sockets = Sockets::behind_tls().await;
    let mut socket = sockets.connect().await;
    for (document, expected) in
        [("{ __typename }", "ok"), ("{ me { id } }", "NOT_FOUND"), ("{", "BAD_USER_INPUT")]
    {
        assert_eq!(socket.ask(&Raw::query(document)).await.0, expected, "{document}");
    }
    let long = format!("{{ __typename {} }}", " ".repeat(50_000));
    assert_eq!(socket.ask(&Raw::query(&long)).await.0, "ok");
    let first = socket.first("subscription { inbox { event { __typename } } }").await;
    assert_eq!(first["payload"]["data"]["inbox"]["event"]["__typename"], "Drained");
    drop(socket);
    sockets.stop().await;
}

/// However the root field is written, it is one subscription with all that is selected.
#[tokio::test]
async fn a_subscription_may_have_fragments_and_its_field_twice_at_the_root() {
    let sockets = Sockets::start(true, false).await;
    let mut socket = sockets.connect().await;
    let fragment = "fragment F on Subscription { inbox { event { __typename } } }";
    for document in [
        "subscription { inbox { cursor event { __typename } } }",
        &format!("subscription {{ ...F inbox {{ cursor }} }} {fragment}"),
        "subscription { ... { inbox { cursor } } ... on Subscription { inbox { event { __typename } } } }",
        "subscription { inbox { cursor } inbox { event { __typename } } }",
    ] {
        let first = socket.first(document).await;
        let inbox = &first["payload"]["data"]["inbox"];
        assert_eq!(inbox["event"]["__typename"], "Drained", "{document}: {first}");
        assert!(inbox["cursor"].is_string(), "{document}: {first}");
    }
    for document in [
        "subscription { a: inbox { cursor } b: inbox { cursor } }",
        "subscription { inbox @skip(if: false) { cursor } }",
    ] {
        let first = socket.first(document).await;
        assert_eq!(first["payload"][0]["extensions"]["code"], "BAD_USER_INPUT", "{document}: {first}");
        assert_eq!(first["payload"][0]["extensions"]["field"], "query", "{document}: {first}");
    }
    sockets.stop().await;
}

#[tokio::test]
async fn handshakes_that_are_refused_say_why() {
    const EVIL: Option<&str> = Some("https://evil.example");
    const LOCAL: Option<&str> = Some("http://localhost:3000");
    for (follows, development, origin, expected) in [
        (true, false, None, Ok(())),
        (true, false, EVIL, Err("403 application/problem+json")),
        (true, true, EVIL, Err("403 application/problem+json")),
        (true, true, LOCAL, Ok(())),
        (true, false, LOCAL, Err("403 application/problem+json")),
        (false, false, None, Err("503 application/problem+json")),
        (false, false, EVIL, Err("403 application/problem+json")),
    ] {
        let sockets = Sockets::start(follows, development).await;
        let shaken = sockets.shake_hands(origin).await.map(drop);
        assert_eq!(shaken, expected.map_err(str::to_owned), "{follows} {development} {origin:?}");
        sockets.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let sockets = Sockets::start(true, false).await;
    let get = || Raw::get("").at("GET", "/graphql");
    for (name, raw, expected) in [
        ("no handshake", get(), "400 problem"),
        ("half a handshake", get().with("connection", b"upgrade"), "400 problem"),
        ("from a foreign page", get().with("origin", b"https://evil.example"), "403 problem"),
        ("a POST", get().at("POST", "/graphql"), "405 problem"),
        ("elsewhere", get().at("GET", "/"), "404 problem"),
    ] {
        assert_eq!(answer(sockets.routes.clone(), &raw, None).await.summary, expected, "{name}");
    }
    sockets.stop().await;
}

/// Reads that never end are cut off. A mutation may have had its effect by then.
#[tokio::test]
async fn operations_end_in_time() {
    let sockets = Sockets::of(Server::stuck().await, true, false).await;
    let query = Raw::query("{ me { id } }");
    let conversation = "0".repeat(32);
    let mutation = Raw::query(&format!(
        "mutation {{ markRead(conversationId: \"{conversation}\", upToMessageId: \"{conversation}-000000000001\") }}"
    ));
    let (mut first, mut second) = (sockets.connect().await, sockets.connect().await);
    let (by_query, by_mutation, on_first, on_second) = tokio::join!(
        async { sockets.server.answer(&query.clone().signed()).await },
        async { sockets.server.answer(&mutation.clone().signed()).await },
        first.ask(&query),
        second.ask(&mutation),
    );
    for (told, took, expected) in [
        (by_query.summary.as_str(), by_query.took, "200 UNAVAILABLE"),
        (&by_mutation.summary, by_mutation.took, "200 OUTCOME_PENDING"),
        (&on_first.0, on_first.1, "UNAVAILABLE"),
        (&on_second.0, on_second.1, "OUTCOME_PENDING"),
    ] {
        assert_eq!(told, expected);
        assert!((OPERATION_WITHIN..OPERATION_WITHIN + AT_ONCE).contains(&took), "{told}: {took:?}");
    }
    sockets.stop().await;
}

/// A panic concerns the operation that meets it, and no other.
#[tokio::test]
async fn operations_that_panic_are_answered() {
    let sockets = Sockets::of(Server::broken().await, true, false).await;
    let (panics, goes_well) = (Raw::query("{ me { id } }").signed(), Raw::query("{ __typename }").signed());
    let mut socket = sockets.connect().await;
    for (request, over_http, on_a_socket) in
        [(&panics, "500 problem", "INTERNAL_SERVER_ERROR"), (&goes_well, "200 ok", "ok")].repeat(2)
    {
        assert_eq!(sockets.server.answer(request).await.summary, over_http);
        assert_eq!(socket.ask(request).await.0, on_a_socket);
    }
    sockets.stop().await;
}
