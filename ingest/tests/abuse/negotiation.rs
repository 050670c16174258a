//! Both media types of GraphQL over HTTP: which status each gives.

use serde_json::json;

use crate::server::{Raw, Server};

#[tokio::test]
async fn the_new_type_says_by_status_what_was_not_executed() {
    let server = Server::start(false).await;
    let variable = |value| {
        let query = "query($id: ID!) { user(id: $id) { id } }";
        Raw::post(json!({ "query": query, "variables": { "id": value } }).to_string())
    };
    for (request, json, graphql) in [
        (Raw::query("{ __typename }"), "200 ok", "200 ok"),
        (Raw::query("{ me { id } }"), "200 UNAUTHENTICATED", "200 UNAUTHENTICATED"),
        (
            Raw::query("{ me { id } }").with("authorization", b"Bearer x"),
            "200 UNAUTHENTICATED",
            "401 UNAUTHENTICATED",
        ),
        (Raw::query("{"), "200 BAD_USER_INPUT", "400 BAD_USER_INPUT"),
        (Raw::query("{ nothing }"), "200 BAD_USER_INPUT", "400 BAD_USER_INPUT"),
        (variable(json!(null)), "200 BAD_USER_INPUT", "400 BAD_USER_INPUT"),
        (variable(json!("u")), "200 UNAUTHENTICATED", "200 UNAUTHENTICATED"),
        (Raw::query("subscription { inbox { cursor } }"), "200 BAD_USER_INPUT", "400 BAD_USER_INPUT"),
        (Raw::post(r#"{"query":"\ud83d"}"#), "200 BAD_USER_INPUT", "400 BAD_USER_INPUT"),
        (Raw::post("{"), "400 problem", "400 problem"),
        (Raw::query("{ __typename }").with("content-type", b"text/plain"), "415 problem", "415 problem"),
        (Raw::query("{ __typename }").at("PUT", "/graphql"), "405 problem", "405 problem"),
    ] {
        for (accept, expected) in [
            ("application/json", json),
            ("*/*", json),
            ("application/graphql-response+json", graphql),
            ("application/graphql-response+json, application/json;q=0.9", graphql),
        ] {
            let answer = server.answer(&request.clone().with("accept", accept.as_bytes())).await;
            assert_eq!(answer.summary, expected, "{accept}: {}", answer.text);
        }
    }
    for accept in ["text/html", "application/json;q=0", "application/xml, text/*"] {
        let request = Raw::query("{ __typename }").with("accept", accept.as_bytes());
        assert_eq!(server.answer(&request).await.summary, "406 problem", "{accept}");
    }
}

#[tokio::test]
async fn an_omitted_variable_leaves_the_default_to_the_argument() {
    let server = Server::start(false).await;
    let query = "query($f: Int) { conversations(first: $f) { pageInfo { hasNextPage } } }";
    for (variables, expected) in [
        (json!({}), "200 ok"),
        (json!({ "f": null }), "200 ok"),
        (json!({ "f": 1 }), "200 ok"),
        (json!({ "f": 51 }), "200 BAD_USER_INPUT"),
        (json!({ "f": "1" }), "200 BAD_USER_INPUT"),
    ] {
        let request = Raw::post(json!({ "query": query, "variables": variables }).to_string()).signed();
        let answer = server.answer(&request).await;
        assert_eq!(answer.summary, expected, "{variables}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_cut_text_is_an_error_of_its_field() {
    let server = Server::start(false).await;
    let body = r#"{"query":"mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }","variables":{"input":{"content":"\ud83d"}}}"#;
    let answer = server.answer(&Raw::post(body).signed()).await;
    assert_eq!(answer.summary, "200 BAD_USER_INPUT");
    assert!(answer.text.contains(r#""field":"content""#), "{}", answer.text);
}
