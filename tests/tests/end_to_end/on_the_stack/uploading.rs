//! A file on its way from its uploader to where it can be read.

use musclemap_tests::acts::people;
use musclemap_tests::client::{code, data};
use musclemap_tests::files::{PNG, attachment, begin, complete, put, settled, upload};
use musclemap_tests::process::http;
use musclemap_tests::socket::INBOX;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

const PIECE: usize = 1024 * 1024;

/// States of attachments that an inbox has brought, up to the first of a kind.
async fn states_until(socket: &mut Socket, last: &str) -> Vec<String> {
    let mut states = vec![];
    loop {
        let frame = socket.frame().await;
        let event = &frame["event"];
        if event["__typename"] == "AttachmentChanged" {
            states.push(event["attachment"]["state"].as_str().expect("a state").to_owned());
            if states.last().is_some_and(|state| state == last) {
                return states;
            }
        }
    }
}

#[tokio::test]
async fn an_image_is_uploaded_scanned_and_served_to_its_uploader_alone() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut anns = Socket::connect(&server, &ann).await;
    let cursor = anns.inbox(None).await[0]["cursor"].as_str().expect("a cursor").to_owned();
    let id = Uuid::new_v4();
    let ticket =
        data(begin(&ann, id, " dot.png\u{202e}", "image/png", PNG.len()).await)["createUpload"].take();
    assert_eq!(
        (&ticket["method"], &ticket["headers"]),
        (&json!("PUT"), &json!({ "Content-Type": "image/png" }))
    );
    let file = &ticket["attachmentId"];
    let again = data(begin(&ann, id, "dot.png", "image/png", PNG.len()).await)["createUpload"].take();
    assert_eq!(&again["attachmentId"], file, "the same file");
    let other = begin(&ann, id, "dot.png", "image/png", PNG.len() + 1).await;
    assert_eq!(code(&other), Some("IDEMPOTENCY_CONFLICT"));
    let theirs = data(begin(&bob, id, "dot.png", "image/png", PNG.len()).await)["createUpload"].take();
    assert_ne!(&theirs["attachmentId"], file, "an id is its user's own");

    assert_eq!(code(&complete(&ann, file).await), Some("BAD_USER_INPUT"), "no byte is there");
    let link = ticket["url"].as_str().expect("a link");
    assert_eq!(put(&server, link, None, PNG.to_vec()).await.status(), 204);
    let scanning = data(complete(&ann, file).await)["completeUpload"].take();
    assert!(scanning["state"] == "SCANNING" || scanning["state"] == "READY", "{scanning}");
    let ready = settled(&ann, file).await;
    assert_eq!((&ready["state"], &ready["fileName"]), (&json!("READY"), &json!("dot.png")));
    assert_eq!((&ready["width"], &ready["height"]), (&json!(1), &json!(1)));
    assert!(ready["placeholder"].is_string(), "{ready}");
    assert_eq!(put(&server, link, None, PNG.to_vec()).await.status(), 409, "no more bytes are taken");
    data(complete(&ann, file).await);

    // Live and after a return.
    assert_eq!(states_until(&mut anns, "READY").await, ["UPLOADING", "SCANNING", "READY"]);
    let mut later = Socket::connect(&server, &ann).await;
    later.subscribe("inbox", INBOX, json!({ "after": cursor })).await;
    assert_eq!(states_until(&mut later, "READY").await.pop().as_deref(), Some("READY"));

    // Nobody else is told of it.
    let seen = bob.ask("query($a: ID!) { attachment(id: $a) { id } }", json!({ "a": file })).await;
    assert_eq!(code(&seen), Some("NOT_FOUND"));
    assert_eq!(code(&complete(&bob, file).await), Some("NOT_FOUND"));

    for (link, kind) in [(&ready["url"], "image/png"), (&ready["thumbnailUrl"], "image/png")] {
        served(&server, link.as_str().expect("a link"), kind).await;
    }
}

/// What is behind a link: whole, in parts, and not again.
async fn served(server: &System, link: &str, kind: &str) {
    let get = |name: &'static str, value: String| http().get(server.url(link)).header(name, value).send();
    let whole = http().get(server.url(link)).send().await.expect("an answer");
    let header = |name: &str| whole.headers()[name].to_str().expect("text").to_owned();
    assert_eq!((whole.status().as_u16(), header("content-type").as_str()), (200, kind));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(header("content-disposition"), "inline; filename*=UTF-8''dot.png");
    let (tag, size) = (header("etag"), whole.content_length().expect("a length"));
    let bytes = whole.bytes().await.expect("bytes");
    assert_eq!(bytes.len() as u64, size);
    let part = get("range", "bytes=1-3".to_owned()).await.expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 1-3/{size}"));
    assert_eq!(part.bytes().await.expect("bytes"), bytes.slice(1..4));
    assert_eq!(get("range", format!("bytes={size}-")).await.expect("an answer").status(), 416);
    assert_eq!(get("if-none-match", tag).await.expect("an answer").status(), 304);
    let forged = format!("{}A", &link[..link.len() - 1]);
    for bad in [forged.as_str(), "/files/x", "/uploads/x"] {
        assert_eq!(http().get(server.url(bad)).send().await.expect("an answer").status().as_u16() / 100, 4);
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_interrupted() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let size = 2 * PIECE + 99;
    let bytes: Vec<u8> =
        b"%PDF-1.7\n".iter().copied().chain((0..size - 9).map(|at| (at % 251) as u8)).collect();
    let ticket =
        data(begin(&ann, Uuid::new_v4(), "plan.pdf", "application/pdf", size).await)["createUpload"].take();
    let link = ticket["url"].as_str().expect("a link");
    let range = |from: usize, to: usize| Some(format!("bytes {from}-{}/{size}", to - 1));
    let offset =
        |answer: &reqwest::Response| answer.headers()["upload-offset"].to_str().expect("text").to_owned();
    let first = put(&server, link, range(0, PIECE), bytes[..PIECE].to_vec()).await;
    assert_eq!((first.status().as_u16(), offset(&first)), (204, PIECE.to_string()));
    let gap = put(&server, link, range(2 * PIECE, size), bytes[2 * PIECE..].to_vec()).await;
    assert_eq!(gap.status(), 409, "the second piece is missing");
    let short = put(&server, link, range(PIECE, 2 * PIECE), vec![1; 9]).await;
    assert_eq!(short.status(), 400);
    let long = put(&server, link, range(2 * PIECE, size), vec![1; 200]).await;
    assert!(long.status().is_client_error());
    assert_eq!(code(&complete(&ann, &ticket["attachmentId"]).await), Some("BAD_USER_INPUT"));
    // A client that comes back asks how far it is.
    let told = http().head(server.url(link)).send().await.expect("an answer");
    assert_eq!(offset(&told), PIECE.to_string());
    let rest = put(&server, link, range(PIECE, size), bytes[PIECE..].to_vec()).await;
    assert_eq!((rest.status().as_u16(), offset(&rest)), (204, size.to_string()));
    data(complete(&ann, &ticket["attachmentId"]).await);
    let ready = settled(&ann, &ticket["attachmentId"]).await;
    assert_eq!((&ready["state"], &ready["byteSize"]), (&json!("READY"), &json!(size)));
    let answer =
        http().get(server.url(ready["url"].as_str().expect("a link"))).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename*=UTF-8''plan.pdf");
    assert_eq!(answer.bytes().await.expect("bytes"), bytes, "a document is kept as it is");
}

#[tokio::test]
async fn what_is_not_what_it_says_is_rejected_with_a_reason() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let page = b"<html><script>alert(1)</script></html>";
    let rejected =
        async |name: &str, kind: &str, bytes: &[u8]| upload(&server, &ann, name, kind, bytes).await;
    for (kind, bytes, reason) in [
        ("image/png", &page[..], "TYPE_MISMATCH"),
        ("image/jpeg", PNG, "TYPE_MISMATCH"),
        ("image/png", &PNG[..40], "MALFORMED"),
    ] {
        let found = rejected("a", kind, bytes).await;
        assert_eq!((&found["state"], &found["rejectedReason"]), (&json!("REJECTED"), &json!(reason)));
        assert_eq!((&found["url"], &found["thumbnailUrl"]), (&Value::Null, &Value::Null));
    }
    for (name, kind, size, field) in [
        ("a", "text/html", 9, "contentType"),
        ("a", "image/svg+xml", 9, "contentType"),
        ("../a", "image/png", 9, "fileName"),
        (" ", "image/png", 9, "fileName"),
        ("a", "image/png", 0, "byteSize"),
        ("a", "image/png", 26_214_401, "byteSize"),
    ] {
        let refused = begin(&ann, Uuid::new_v4(), name, kind, size).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{refused}");
        assert_eq!(refused["errors"][0]["extensions"]["field"], field);
    }
    let known = begun(&ann).await;
    assert_eq!(attachment(&ann, &known).await["state"], "UPLOADING");
    let refused = begin(&ann, Uuid::new_v4(), "a", "image/png", 9).await;
    assert_eq!(code(&refused), Some("RATE_LIMITED"), "{refused}");
    assert_eq!(refused["errors"][0]["extensions"]["limit"], "upload");
}

/// Begins uploads until twenty are begun; gives the last.
async fn begun(ann: &Client) -> Value {
    let mut last = Value::Null;
    for _ in 3..20 {
        last = data(begin(ann, Uuid::new_v4(), "a", "image/png", 9).await)["createUpload"]["attachmentId"]
            .take();
    }
    last
}
