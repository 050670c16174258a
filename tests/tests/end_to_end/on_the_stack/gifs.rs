//! GIFs: found at a provider by its key, kept by the messages that carry them, and had from here by clients.

use musclemap_tests::acts::{PROVENANCE, answer, forward, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::process::http;
use musclemap_tests::site::{GIFS_KEY, Page, Site};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

const GIF: &str = "gif { id title url previewUrl width height provider }";
/// An image by its first bytes.
const IMAGE: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

async fn find(by: &Client, query: &str, more: Value) -> Value {
    let document = "query($q: String!, $limit: Int, $after: ID, $locale: Locale) {
        searchGifs(query: $q, limit: $limit, after: $after, locale: $locale) {
            id title url previewUrl width height provider } }";
    let mut variables = more;
    variables["q"] = query.into();
    by.ask(document, variables).await
}

async fn found(by: &Client, query: &str, more: Value) -> Vec<Value> {
    serde_json::from_value(data(find(by, query, more).await)["searchGifs"].take()).expect("a list")
}

async fn send(by: &Client, chat: &str, id: Uuid, input: Value) -> Value {
    let document = format!(
        "mutation($i: SendMessageInput!) {{ sendMessage(input: $i) {{ id seq content contentType {GIF} }} }}"
    );
    let mut input = input;
    (input["conversationId"], input["clientMessageId"]) = (chat.into(), json!(id));
    by.ask(&document, json!({ "i": input })).await
}

fn json_page(value: &Value) -> Page {
    Page::Whole(200, "application/json", value.to_string().into_bytes())
}

/// What GIPHY says of a GIF whose images are at the site.
fn giphy(site: &Site, id: &str, title: &str) -> Value {
    let rendition = |name: &str, side: &str| json!({ "url": site.link(&format!("/media/{id}-{name}.gif")), "width": side, "height": side });
    json!({ "id": id, "title": title, "images": {
        "downsized": rendition("whole", "400"), "fixed_width": rendition("small", "200") } })
}

/// Where GIPHY has the first page of a search.
fn search_at(query: &str) -> String {
    format!("/api/gifs/search?api_key={GIFS_KEY}&q={query}&limit=50&offset=0&rating=pg&lang=en")
}

/// The site as GIPHY, with two squats.
fn serve(site: &Site) {
    let squats = [giphy(site, "a1", "Deep squat"), giphy(site, "b2", "Squat jump")];
    let pages = json!({ "data": squats, "pagination": { "total_count": 2, "count": 2, "offset": 0 } });
    site.put(&search_at("squat"), json_page(&pages));
    for name in ["a1-whole", "a1-small", "b2-whole", "b2-small"] {
        site.put(&format!("/media/{name}.gif"), Page::Whole(200, "image/gif", IMAGE.to_vec()));
    }
}

#[tokio::test]
async fn a_gif_is_found_by_the_servers_key_sent_once_and_had_from_here() {
    let site = Site::start().await;
    serve(&site);
    let server = System::with_gifs("giphy", &site).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut inbox = Socket::connect(&server, &bob).await;
    inbox.inbox(None).await;

    let squats = found(&ann, " squat ", json!({})).await;
    assert_eq!(squats.len(), 2, "{squats:?}");
    let shown = json!({ "id": "giphy-a1", "title": "Deep squat", "width": 400, "height": 400,
        "provider": "GIPHY", "url": squats[0]["url"], "previewUrl": squats[0]["previewUrl"] });
    assert_eq!(squats[0], shown);
    assert!(!json!(squats).to_string().contains("site.test"), "no address of the provider");
    let rest = found(&ann, "squat", json!({ "limit": 1, "after": "giphy-a1" })).await;
    assert_eq!(rest[0]["id"], "giphy-b2");
    assert_eq!(site.asked(&search_at("squat")), 1, "remembered, over all processes");
    let nowhere = find(&ann, "squat", json!({ "after": "giphy-zz" })).await;
    assert_eq!(code(&nowhere), Some("BAD_USER_INPUT"), "{nowhere}");

    // Whoever has the link gets the image from here, which the provider gives once.
    let url = squats[0]["url"].as_str().expect("a link");
    for _ in 0..2 {
        let answer = http().get(server.url(url)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/gif");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.bytes().await.expect("bytes"), IMAGE);
    }
    let forged = format!("{}x", &url[..url.len() - 1]);
    assert_eq!(http().get(server.url(&forged)).send().await.expect("an answer").status(), 404);

    let id = Uuid::new_v4();
    for _ in 0..2 {
        let sent = data(send(&ann, &chat, id, json!({ "gifId": "giphy-a1" })).await)["sendMessage"].take();
        assert_eq!(
            (&sent["contentType"], &sent["content"], &sent["gif"]),
            (&json!("GIF"), &json!(""), &shown)
        );
    }
    let other = send(&ann, &chat, id, json!({ "gifId": "giphy-b2" })).await;
    assert_eq!(code(&other), Some("IDEMPOTENCY_CONFLICT"), "{other}");
    // Found by its id alone, where nobody searched for it.
    let lone = format!("/api/gifs/c3?api_key={GIFS_KEY}");
    site.put(&lone, json_page(&json!({ "data": giphy(&site, "c3", "Plank") })));
    let plank =
        data(send(&ann, &chat, Uuid::new_v4(), json!({ "gifId": "giphy-c3", "content": "like this" })).await);
    assert_eq!(
        (&plank["sendMessage"]["content"], &plank["sendMessage"]["gif"]["title"]),
        (&json!("like this"), &json!("Plank"))
    );
    assert_eq!(site.asked(&lone), 1);
    for gif in ["giphy-none", "klipy-a1", "a1", ""] {
        let refused = send(&ann, &chat, Uuid::new_v4(), json!({ "gifId": gif })).await;
        assert_eq!(code(&refused), Some("NOT_FOUND"), "{gif}: {refused}");
    }

    // Members see it, live and in the history; copies and answers show it too.
    inbox.frames_until("MessageCreated").await;
    let query =
        format!("query($c: ID!) {{ messages(conversationId: $c) {{ nodes {{ id contentType {GIF} }} }} }}");
    let seen = bob.get(&query, json!({ "c": chat })).await["messages"]["nodes"].take();
    assert_eq!((seen[0]["contentType"].as_str(), &seen[0]["gif"]), (Some("GIF"), &shown));
    let copied = data(forward(&bob, &seen[0], &[&chat], None).await);
    assert_eq!(copied["forwardMessage"][0]["contentType"], "GIF", "{copied} {PROVENANCE}");
    let reply = answer(&bob, &chat, &seen[0], "nice").await;
    let query = "query($m: ID!) { message(id: $m) { replyTo { contentType content } } }";
    let quoted = ann.get(query, json!({ "m": reply["id"] })).await["message"]["replyTo"].take();
    assert_eq!(quoted, json!({ "contentType": "GIF", "content": "" }));
}

#[tokio::test]
async fn a_provider_that_is_slow_wrong_or_away_is_unavailable_and_its_key_is_not_told() {
    let site = Site::start().await;
    let server = System::with_gifs("giphy", &site).await;
    let [ann] = people(&server, ["ann"]).await;
    let chat = ann.create("GROUP", &[]).await;
    for (query, page) in [
        ("broken", Page::Whole(500, "text/plain", b"no".to_vec())),
        ("unsigned", Page::Whole(401, "application/json", b"{}".to_vec())),
        ("silent", Page::Silence),
        ("malformed", Page::Whole(200, "application/json", br#"{"data": {"#.to_vec())),
        ("other", Page::html("<h1>GIFs</h1>")),
        ("gone", Page::Whole(404, "text/plain", b"nothing".to_vec())),
    ] {
        site.put(&search_at(query), page);
        let refused = find(&ann, query, json!({})).await;
        assert_eq!(code(&refused), Some("UNAVAILABLE"), "{query}: {refused}");
        assert!(!refused.to_string().contains(GIFS_KEY), "{refused}");
    }
    // What is not well said is passed over.
    let mut wrong = giphy(&site, "x", "wrong");
    wrong["images"]["downsized"]["url"] = "javascript:alert(1)".into();
    wrong["images"]["fixed_width"] = Value::Null;
    let mixed =
        json!({ "data": [wrong, 7, giphy(&site, "ok", "right")], "pagination": { "total_count": 3 } });
    site.put(&search_at("mixed"), json_page(&mixed));
    let right = found(&ann, "mixed", json!({})).await;
    assert_eq!(right.len(), 1, "{right:?}");
    site.put("/media/ok-whole.gif", Page::html("<script>alert(1)</script>"));
    let url = server.url(right[0]["url"].as_str().expect("a link"));
    assert_eq!(http().get(&url).send().await.expect("an answer").status(), 404, "no image");
    site.put(&format!("/api/gifs/down?api_key={GIFS_KEY}"), Page::Whole(503, "text/plain", vec![]));
    let refused = send(&ann, &chat, Uuid::new_v4(), json!({ "gifId": "giphy-down" })).await;
    assert_eq!(code(&refused), Some("UNAVAILABLE"), "nothing happened: {refused}");
}

#[tokio::test]
async fn klipy_is_asked_as_it_wants_to_be() {
    let site = Site::start().await;
    let server = System::with_gifs("klipy", &site).await;
    let [ann] = people(&server, ["ann"]).await;
    let file = |name: &str| json!({ "gif": { "url": site.link(&format!("/media/{name}.gif")), "width": 300, "height": 200 } });
    let item = |slug: &str| json!({ "slug": slug, "title": "Squat", "file": { "md": file("md"), "sm": file("sm") } });
    let at = format!(
        "/api/{GIFS_KEY}/gifs/search?q=squat+deep&page=1&per_page=50&locale=pt_BR&content_filter=medium\
        &format_filter=gif&customer_id=messaging"
    );
    let page =
        json!({ "result": true, "data": { "data": [item("squat-1"), { "type": "ad" }], "has_next": false } });
    site.put(&at, json_page(&page));
    let squats = found(&ann, "squat deep", json!({ "locale": "pt-br" })).await;
    assert_eq!((squats.len(), &squats[0]["id"]), (1, &json!("klipy-squat-1")));
    assert_eq!((&squats[0]["provider"], &squats[0]["height"]), (&json!("KLIPY"), &json!(200)));
    let one = format!("/api/{GIFS_KEY}/gifs/items?slugs=squat-2&customer_id=messaging");
    site.put(&one, json_page(&json!({ "result": true, "data": { "data": [item("squat-2")] } })));
    let chat = ann.create("GROUP", &[]).await;
    let sent = data(send(&ann, &chat, Uuid::new_v4(), json!({ "gifId": "klipy-squat-2" })).await);
    assert_eq!(sent["sendMessage"]["gif"]["provider"], "KLIPY");
}

#[tokio::test]
async fn a_development_has_gifs_of_its_own_which_are_searched_thirty_times_a_minute() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let nice = found(&ann, "nice", json!({})).await;
    assert_eq!((&nice[0]["title"], &nice[0]["provider"]), (&json!("High five"), &json!("MUSCLEMAP")));
    let answer = http().get(server.url(nice[0]["previewUrl"].as_str().expect("a link"))).send().await;
    assert!(answer.expect("an answer").bytes().await.expect("bytes").starts_with(b"GIF89a"));
    let sent = data(send(&ann, &chat, Uuid::new_v4(), json!({ "gifId": nice[0]["id"] })).await);
    assert_eq!(sent["sendMessage"]["contentType"], "GIF");
    for bad in ["", " ", "!"] {
        assert_eq!(code(&find(&ann, bad, json!({})).await), Some("BAD_USER_INPUT"), "{bad:?}");
    }
    let mut last = Value::Null;
    for _ in 0..30 {
        last = find(&ann, "yes", json!({})).await;
    }
    assert_eq!(code(&last), Some("RATE_LIMITED"), "{last}");
    assert_eq!(last["errors"][0]["extensions"]["limit"], "search");
}
