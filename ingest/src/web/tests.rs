//! What a browser gets of a folder, and what it does not.

use axum::body::to_bytes;
use tower::ServiceExt;

use super::*;

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("assets")).unwrap();
    std::fs::create_dir_all(folder.path().join("graphiql")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html>"),
        ("assets/app-1.js", "let a;"),
        ("assets/app-1.js.gz", "zipped"),
        ("graphiql/index.html", "<!doctype html>graphiql"),
        ("secret.key", "a key"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn served(folder: &std::path::Path, setting: &Setting) -> Router {
    let files = Files::read(folder).unwrap();
    let requests = Router::new().route("/graphql", axum::routing::post(async || "graphql"));
    Web::new(files, setting).unwrap().beside(requests)
}

async fn ask(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    Got { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn get(router: &Router, path: &str) -> Got {
    ask(router, Method::GET, path, &[]).await
}

#[tokio::test]
async fn a_page_has_a_policy_and_assets_are_kept_for_good() {
    let folder = folder();
    let sockets = Some("ws://127.0.0.1:1/graphql".to_owned());
    let router = served(folder.path(), &Setting { sockets, ..Setting::default() });
    let page = get(&router, "/").await;
    assert_eq!((page.status, &*page.body), (200, &b"<!doctype html>"[..]));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("connect-src 'self' ws://127.0.0.1:1/graphql;"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");

    let script = get(&router, "/assets/app-1.js").await;
    assert_eq!((script.status, &*script.body), (200, &b"let a;"[..]));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    for got in [&page, &script] {
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert!(got.header("etag").starts_with('"'));
    }
}

#[tokio::test]
async fn each_form_has_a_tag_by_which_it_is_not_sent_twice() {
    let folder = folder();
    let router = served(folder.path(), &Setting::default());
    let path = "/assets/app-1.js";
    let plain = get(&router, path).await;
    let zipped = ask(&router, Method::GET, path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!((&*zipped.body, zipped.header("content-encoding")), (&b"zipped"[..], "gzip"));
    let refused = ask(&router, Method::GET, path, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!((&*refused.body, refused.header("content-encoding")), (&b"let a;"[..], ""));
    assert_ne!(plain.header("etag"), zipped.header("etag"));

    let weak = format!("\"other\", W/{}", plain.header("etag"));
    for (tag, status) in [(plain.header("etag"), 304), (&weak, 304), (zipped.header("etag"), 200), ("*", 304)]
    {
        let got = ask(&router, Method::GET, path, &[("if-none-match", tag)]).await;
        assert_eq!(got.status, status, "{tag}");
        assert_eq!(got.body.is_empty(), status == 304);
    }
}

#[tokio::test]
async fn nothing_is_served_that_is_no_file_of_the_client() {
    let folder = folder();
    let router = served(&folder.path().join("assets"), &Setting::default());
    for path in ["/../index.html", "/%2e%2e/index.html", "/app-1.js.gz", "/x", "//etc/passwd"] {
        let got = get(&router, path).await;
        assert_eq!((got.status, got.header("content-type")), (404, "application/problem+json"), "{path}");
    }
    let router = served(folder.path(), &Setting::default());
    for path in ["/secret.key", "/graphiql", "/graphiql/index.html"] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
    assert_eq!(ask(&router, Method::POST, "/", &[]).await.status, 404);
    assert_eq!(ask(&router, Method::POST, "/graphql", &[]).await.body, b"graphql");

    let router = served(folder.path(), &Setting { dev_login: true, ..Setting::default() });
    assert_eq!(get(&router, "/graphiql").await.status, 200);
    let setting: serde_json::Value = serde_json::from_slice(&get(&router, "/app.json").await.body).unwrap();
    assert_eq!(setting, serde_json::json!({ "sockets": null, "devLogin": true, "demo": [] }));
}

#[tokio::test]
async fn a_client_that_is_not_built_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let router = served(&folder.path().join("dist"), &Setting::default());
    let got = get(&router, "/").await;
    assert_eq!((got.status, got.header("content-type")), (404, "text/plain; charset=utf-8"));
    assert!(String::from_utf8(got.body).unwrap().contains("The web client is not built."));
}
