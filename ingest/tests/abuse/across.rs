//! Pages of other origins: what a browser is told that it may do.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

use crate::server::{APP, Server};

const EVIL: &str = "https://evil.example";
const LOCAL: &str = "http://localhost:3000";

async fn ask(server: &Server, request: axum::http::request::Builder) -> (StatusCode, HeaderMap) {
    let body = Body::from(r#"{"query":"{ __typename }"}"#);
    let request = request.header("content-type", "application/json").body(body).expect("a request");
    let answer = server.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    (answer.status(), answer.headers().clone())
}

fn preflight(path: &str, origin: &str) -> axum::http::request::Builder {
    Request::builder()
        .method("OPTIONS")
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type, authorization")
}

#[tokio::test]
async fn a_preflight_of_an_allowed_origin_says_what_is_allowed() {
    for (development, path, origin, allowed) in [
        (false, "/graphql", APP, true),
        (false, "/graphql", "HTTPS://APP.MuscleMap.example", true),
        (false, "/graphql", EVIL, false),
        (false, "/graphql", LOCAL, false),
        (true, "/graphql", LOCAL, true),
        (true, "/graphql", EVIL, false),
        (true, "/dev/login", LOCAL, true),
        (true, "/dev/login", EVIL, false),
    ] {
        let server = Server::start(development).await;
        let (status, headers) = ask(&server, preflight(path, origin)).await;
        let header = |name: &str| {
            let text = headers.get(name).map(|value| value.to_str().expect("text").to_ascii_lowercase());
            text.unwrap_or_default().replace(' ', "")
        };
        let given = header("access-control-allow-origin");
        assert!(status.is_success(), "{path} {origin}: {status}");
        if !allowed {
            assert_eq!(status, StatusCode::NO_CONTENT, "{path} {origin}");
            assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")), "{headers:?}");
            continue;
        }
        assert_eq!(given, origin.to_ascii_lowercase(), "{path}");
        let methods = if path == "/graphql" { "get,post" } else { "post" };
        assert_eq!(header("access-control-allow-methods"), methods);
        let names = "content-type,authorization,x-device-id,x-musclemap-preflight,traceparent,content-range,range,if-range";
        assert_eq!(header("access-control-allow-headers"), names);
        assert_eq!(header("access-control-max-age"), "7200");
        assert!(header("access-control-allow-credentials").is_empty());
    }
}

#[tokio::test]
async fn an_answer_is_readable_for_allowed_origins_alone() {
    let server = Server::start(false).await;
    for (origin, allowed) in [(Some(APP), true), (Some(EVIL), false), (None, false)] {
        let mut request = Request::post("/graphql");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (status, headers) = ask(&server, request).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers.contains_key("access-control-allow-origin"), allowed, "{origin:?}");
        if allowed {
            let exposed = headers["access-control-expose-headers"].to_str().expect("text").to_owned();
            assert_eq!(exposed, "retry-after,ratelimit,ratelimit-policy,upload-offset,content-range");
        }
        assert!(headers["vary"].to_str().expect("text").contains("origin"), "{origin:?}");
    }
}

#[tokio::test]
async fn options_that_are_no_preflight_say_what_is_allowed() {
    let server = Server::start(true).await;
    for (path, allow) in [("/graphql", "GET, HEAD, POST, OPTIONS"), ("/dev/login", "POST, OPTIONS")] {
        let (status, headers) = ask(&server, Request::builder().method("OPTIONS").uri(path)).await;
        assert_eq!(
            (status, headers["allow"].as_bytes()),
            (StatusCode::NO_CONTENT, allow.as_bytes()),
            "{path}"
        );
    }
}
