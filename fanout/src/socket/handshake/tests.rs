//! Handshakes, each as a browser's with some lines replaced.

use super::*;

/// Of RFC 6455, 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A browser's handshake, in which these lines stand in place of those of the same names.
fn request(lines: &[(&str, &str)]) -> Request<Body> {
    let usual = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-protocol", PROTOCOL),
    ];
    let mut request = Request::get("/graphql");
    let kept = usual.iter().filter(|(name, _)| lines.iter().all(|(other, _)| other != name));
    for (name, value) in kept.chain(lines.iter().filter(|(_, value)| *value != "-")) {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// The status, and `spoken` where the subprotocol was agreed on.
fn answered(request: Request<Body>) -> String {
    match accept(request) {
        Ok(accepted) => {
            let agreed = accepted.response.headers().get("sec-websocket-protocol");
            assert_eq!(agreed.is_some(), accepted.speaks);
            format!("101 {}", if accepted.speaks { "spoken" } else { "mute" })
        }
        Err(refused) => {
            let response = refused.into_response();
            let version =
                response.headers().get("sec-websocket-version").map(|value| value.to_str().unwrap());
            format!("{} {}", response.status().as_u16(), version.unwrap_or_default())
        }
    }
}

#[test]
fn handshakes_are_answered_as_the_standard_says() {
    let (connection, upgrade, version) = ("connection", "upgrade", "sec-websocket-version");
    let (key, protocol) = ("sec-websocket-key", "sec-websocket-protocol");
    for (lines, expected) in [
        (&[][..], "101 spoken"),
        (&[(connection, "keep-alive, Upgrade")], "101 spoken"),
        (&[(connection, "keep-alive,UPGRADE")], "101 spoken"),
        (&[(connection, "keep-alive"), (connection, "upgrade")], "101 spoken"),
        (&[(connection, "keep-alive")], "400 "),
        (&[(connection, "not-upgrade, upgrades")], "400 "),
        (&[(connection, "keep-alive Upgrade")], "400 "),
        (&[(connection, "-")], "400 "),
        (&[(upgrade, "WebSocket")], "101 spoken"),
        (&[(upgrade, "h2c, websocket")], "101 spoken"),
        (&[(upgrade, "h2c")], "400 "),
        (&[(upgrade, "-")], "400 "),
        (&[(version, "8")], "426 13"),
        (&[(version, "14")], "426 13"),
        (&[(version, "013")], "426 13"),
        (&[(version, "")], "426 13"),
        (&[(version, "13, 8")], "426 13"),
        (&[(version, "13"), (version, "8")], "426 13"),
        (&[(version, "-")], "400 "),
        (&[(key, "-")], "400 "),
        (&[(key, "")], "400 "),
        (&[(key, "dGhlIHNhbXBsZSBub25jZQ")], "400 "),
        (&[(key, "dGhlIHNhbXBsZSBub25jZR==")], "400 "),
        (&[(key, "dGhlIHNhbXBsZSBub25j")], "400 "),
        (&[(key, "dGhlIHNhbXBsZSBub25jZSE=")], "400 "),
        (&[(key, "!!hlIHNhbXBsZSBub25jZQ==")], "400 "),
        (&[(key, KEY), (key, KEY)], "400 "),
        (&[(protocol, "graphql-ws, graphql-transport-ws")], "101 spoken"),
        (&[(protocol, "graphql-ws,\tgraphql-transport-ws ,x")], "101 spoken"),
        (&[(protocol, "graphql-ws"), (protocol, "x, graphql-transport-ws")], "101 spoken"),
        (&[(protocol, "graphql-ws"), (protocol, "x")], "101 mute"),
        (&[(protocol, "GraphQL-Transport-WS")], "101 mute"),
        (&[(protocol, "graphql-transport-ws-2")], "101 mute"),
        (&[(protocol, "")], "101 mute"),
        (&[(protocol, "-")], "101 mute"),
    ] {
        assert_eq!(answered(request(lines)), expected, "{lines:?}");
    }
    let mut old = request(&[]);
    *old.version_mut() = Version::HTTP_10;
    assert_eq!(answered(old), "400 ");
    let mut posted = request(&[]);
    *posted.method_mut() = Method::POST;
    assert_eq!(answered(posted), "400 ");
}

#[test]
fn the_key_is_answered_as_in_the_example_of_the_standard() {
    let accepted = accept(request(&[])).unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(accepted.response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
