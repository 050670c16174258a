//! Link previews: a card beside the text, live and in history, of what a page says of itself, and of nothing else.

use std::time::Duration;

use futures::future::join_all;
use musclemap_tests::acts::{delete, edit, people, report, resolve};
use musclemap_tests::client::data;
use musclemap_tests::files::PNG;
use musclemap_tests::metrics::{total, until_total};
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::process::{PATIENCE, http};
use musclemap_tests::site::{Page, Site, bomb, card};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const CARD: &str = "linkPreviews { url title description imageUrl siteName faviconUrl }";

fn links(result: &str) -> String {
    format!("musclemap_preview_links_total{{result=\"{result}\"}}")
}

fn messages(result: &str) -> String {
    format!("musclemap_preview_messages_total{{result=\"{result}\"}}")
}

/// The previews of a message, as a user reads them.
async fn cards(by: &Client, message: &Value) -> Vec<Value> {
    let query = format!("query($m: ID!) {{ message(id: $m) {{ {CARD} }} }}");
    let mut answer = by.get(&query, json!({ "m": message["id"] })).await;
    answer["message"]["linkPreviews"].as_array_mut().map(std::mem::take).expect("a list")
}

/// The previews of a message, once it has any.
async fn until_cards(by: &Client, message: &Value) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let cards = cards(by, message).await;
        if !cards.is_empty() {
            return cards;
        }
        assert!(Instant::now() < deadline, "{message} has no previews");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The bytes and the type at a link of ours, which may be relative to the API.
async fn got(server: &System, url: &Value) -> (String, Vec<u8>) {
    let url = url.as_str().expect("a link");
    assert!(url.starts_with("/files/"), "{url}");
    let answer = http().get(server.url(url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("a type").to_owned();
    (kind, answer.bytes().await.expect("bytes").to_vec())
}

fn picture() -> Page {
    Page::Whole(200, "image/png", PNG.to_vec())
}

#[tokio::test]
async fn a_card_comes_live_and_stays_until_its_text_is_edited_or_deleted() {
    let site = Site::start().await;
    let server = System::with_site(&site, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    site.put("/image.png", picture());
    site.put("/icon.png", picture());
    let first = site.put("/first", Page::html(card("First &amp; last", "What it says", "/image.png")));
    let second = site.put("/second", Page::html("<title>Second</title>"));
    let chat = ann.create("DIRECT", &[&bob]).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let cursor = bobs.inbox(None).await[0]["cursor"].as_str().expect("a cursor").to_owned();
    let mut updates = Socket::connect(&server, &bob).await;
    let query = format!(
        "subscription($c: ID!) {{ messageUpdated(conversationId: $c) {{ id editCount deletedAt {CARD} }} }}"
    );
    updates.subscribe("updates", &query, json!({ "c": chat })).await;
    updates.inbox(None).await;

    let message = ann.send(&chat, &format!("look at {first}#there, and at <{second}>")).await;
    let live = updates.next_of("updates").await["messageUpdated"].take();
    assert_eq!(live["id"], message["id"]);
    let shown = &live["linkPreviews"];
    assert_eq!(shown.as_array().map(Vec::len), Some(1), "{live}");
    let said = ["url", "title", "description", "siteName"].map(|name| shown[0][name].as_str());
    assert_eq!(said, [Some(&*first), Some("First & last"), Some("What it says"), Some("The Site")]);
    assert_eq!(json!(until_cards(&bob, &message).await), *shown, "in history as it came live");
    let frames = bobs.frames_until("MessageChanged").await;
    let event = &frames[frames.len() - 1]["event"];
    assert_eq!((&event["change"], &event["message"]["id"]), (&json!("PREVIEW_ATTACHED"), &message["id"]));
    for url in [&shown[0]["imageUrl"], &shown[0]["faviconUrl"]] {
        let (kind, bytes) = got(&server, url).await;
        assert!(kind == "image/jpeg" && bytes.starts_with(&[0xff, 0xd8]), "encoded anew: {kind}");
    }

    // An edit takes the card away, and brings that of the new text.
    data(edit(&ann, &message, &format!("rather {second}")).await);
    let edited = updates.next_of("updates").await["messageUpdated"].take();
    assert_eq!((&edited["editCount"], &edited["linkPreviews"]), (&json!(1), &json!([])));
    let anew = updates.next_of("updates").await["messageUpdated"].take();
    let title = (&anew["linkPreviews"][0]["title"], &anew["linkPreviews"][0]["url"]);
    assert_eq!(title, (&json!("Second"), &json!(second)), "{anew}");
    let cards_now = until_cards(&ann, &message).await;
    assert_eq!((cards_now.len(), &cards_now[0]["imageUrl"]), (1, &Value::Null));
    assert_eq!(site.asked("/second"), 1, "a link in brackets is not fetched");

    // A client that was away gets the message as it stands.
    let mut later = Socket::connect(&server, &bob).await;
    let missed = json!(later.inbox(Some(&cursor)).await).to_string();
    assert!(!missed.contains("look at"), "{missed}");

    data(delete(&ann, &message).await);
    let deleted = updates.next_of("updates").await["messageUpdated"].take();
    assert_eq!((deleted["deletedAt"].is_string(), &deleted["linkPreviews"]), (true, &json!([])));
    assert_eq!(cards(&bob, &message).await, [] as [Value; 0]);
}

#[tokio::test]
async fn one_fetch_serves_many_messages_and_a_failure_is_remembered() {
    let site = Site::start().await;
    let mut server = System::with_site(&site, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let page = site.put("/page", Page::html("<title>Once</title>"));
    let missing = site.link("/missing");
    let mut chats = vec![];
    for _ in 0..6 {
        chats.push(ann.create("GROUP", &[&bob]).await);
    }
    let text = format!("{page} and {missing}");
    // No text is sent often.
    let send =
        async |by: &Client, at: usize| by.send(&chats[at], &format!("{at} of {}: {text}", by.name)).await;
    let sends = (0..chats.len()).map(|at| {
        let (ann, bob) = (send(&ann, at), send(&bob, at));
        async { [ann.await, bob.await] }
    });
    let sent = join_all(sends).await.concat();
    for message in &sent {
        let cards = until_cards(&ann, message).await;
        assert_eq!((cards.len(), &cards[0]["title"]), (1, &json!("Once")));
    }
    assert_eq!((site.asked("/page"), site.asked("/missing")), (1, 1));
    assert_eq!(total(&server, &links("fetched")).await, 1.0);
    assert_eq!(total(&server, &links("unreachable")).await, 1.0);

    // What was found outlives the process, and nothing is asked for again.
    server.kill_and_restart().await;
    let again = ann.send(&chats[0], &format!("once more: {text}")).await;
    assert_eq!(until_cards(&bob, &again).await[0]["title"], "Once");
    assert_eq!(cards(&bob, &sent[0]).await[0]["title"], "Once");
    assert_eq!((site.asked("/page"), site.asked("/missing")), (1, 1));
}

#[tokio::test]
async fn what_moderators_hide_shows_no_card_until_they_show_it_again() {
    let site = Site::start().await;
    let server = System::with_site(&site, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = Client::login_as(&server, "mia", json!({ "roles": ["moderator"] })).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let link = site.put("/page", Page::html("<title>Rude</title>"));
    let message = bob.send(&chat, &link).await;
    until_cards(&ann, &message).await;
    data(report(&ann, &message, "SPAM", None).await);
    let query = "{ moderationQueue(status: PENDING, first: 10) { nodes { id } } }";
    let filed = mia.get(query, json!({})).await["moderationQueue"]["nodes"][0].take();
    data(resolve(&mia, &filed, "HIDE_MESSAGE", None).await);
    for reader in [&ann, &bob] {
        assert_eq!(cards(reader, &message).await, [] as [Value; 0], "{}", reader.name);
    }
    data(resolve(&mia, &filed, "DISMISS", None).await);
    assert_eq!(until_cards(&ann, &message).await[0]["title"], "Rude");
    assert_eq!(site.asked("/page"), 1, "from what was found before");
}

#[tokio::test]
async fn pages_that_lie_or_are_too_large_show_no_more_than_a_card() {
    let site = Site::start().await;
    let server = System::with_site(&site, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let long = "word ".repeat(20_000);
    let hostile = format!(
        "<script>document.write('<title>script</title>')</script>
         <meta property=og:title content='&lt;img src=x onerror=alert(1)&gt;\u{202e}&lt;b&gt;{long}&lt;/b&gt;'>
         <meta property=og:image content='javascript:alert(1)'>
         <meta property=og:description content='<script>alert(1)</script>'><link rel=icon href='data:,x'>"
    );
    let hostile = site.put("/hostile", Page::html(hostile));
    let latin = site.put(
        "/latin",
        Page::Whole(
            200,
            "text/html",
            b"<meta charset=koi8-r><title>\xf0\xd2\xd9\xd6\xcf\xcb</title>".to_vec(),
        ),
    );
    let svg = site.put("/svg", Page::html("<title>Drawn</title><meta property=og:image content=/x.svg>"));
    site.put("/x.svg", Page::Whole(200, "image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()));
    let message = ann.send(&chat, &format!("{hostile} {latin} {svg}")).await;
    let shown = until_cards(&bob, &message).await;
    assert_eq!(shown.len(), 3, "{shown:?}");
    let title = shown[0]["title"].as_str().expect("a title");
    assert!(title.starts_with("word word") && title.ends_with('…') && title.len() <= 300, "{title}");
    for name in ["description", "imageUrl", "faviconUrl"] {
        assert_eq!(shown[0][name], Value::Null, "{name}");
    }
    assert_eq!(shown[1]["title"], "Прыжок");
    assert_eq!((&shown[2]["title"], &shown[2]["imageUrl"]), (&json!("Drawn"), &Value::Null));

    let no_page = site.put("/pdf", Page::Whole(200, "application/pdf", b"%PDF-1.7".to_vec()));
    let inside = site.put("/inside", Page::Elsewhere("http://169.254.169.254/latest".to_owned()));
    let code = site.put("/code", Page::html("<title>Code</title>"));
    let quiet = ann.send(&chat, &format!("`{code}` {no_page} {inside}")).await;
    until_total(&server, &messages("nothing"), 1.0).await;
    assert_eq!((cards(&bob, &quiet).await.len(), site.asked("/code")), (0, 0));
    let picture_link = site.put("/alone.png", picture());
    let alone = until_cards(&bob, &ann.send(&chat, &picture_link).await).await;
    assert_eq!(got(&server, &alone[0]["imageUrl"]).await.0, "image/jpeg");
}

/// Hang, drip, loop, bomb and a title of 10 MB hold no other link up, and are given up within their time.
#[tokio::test]
async fn sites_that_attack_hold_nothing_up_and_are_given_up_in_time() {
    let site = Site::start().await;
    let server = System::with_site(&site, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let warm = site.put("/warm", Page::html("<title>Warm</title>"));
    until_cards(&bob, &ann.send(&chat, &warm).await).await;
    let around = site.link("/loop");
    let huge = format!("<title>{}</title>", "x".repeat(10_000_000));
    for (path, page) in [
        ("/hang", Page::Silence),
        ("/drip", Page::Drip),
        ("/loop", Page::Elsewhere(around)),
        ("/bomb", Page::Gzip(bomb(64))),
        ("/huge", Page::html(huge)),
    ] {
        ann.send(&chat, &site.put(path, page)).await;
    }
    for path in ["/hang", "/drip"] {
        site.until_asked(path).await;
    }
    let began = Instant::now();
    let good = site.put("/good", Page::html("<title>Good</title>"));
    let cards = until_cards(&bob, &ann.send(&chat, &good).await).await;
    assert_eq!(cards[0]["title"], "Good");
    let until_good = began.elapsed();
    assert!(until_good < Duration::from_secs(4), "{until_good:?}");
    until_total(&server, &links("unreachable"), 5.0).await;
    let until_free = began.elapsed();
    assert!(until_free < Duration::from_secs(8), "{until_free:?}");
    assert_eq!(total(&server, "musclemap_egress_requests_in_flight").await, 0.0);
    assert_eq!(total(&server, &links("unreachable")).await, 5.0);
}

#[tokio::test]
async fn a_policy_without_the_feature_fetches_nothing() {
    let rule = "{ key = \"messaging.link_previews\", percentage = 100 }";
    let off = "{ key = \"messaging.link_previews\", percentage = 0 }";
    let policy = PolicyFile::with(&changed(SHIPPED, &[(rule, off)]));
    let site = Site::start().await;
    let server = System::with_site(&site, Some(&policy.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let link = site.put("/page", Page::html("<title>Page</title>"));
    let message = ann.send(&chat, &link).await;
    until_total(&server, &messages("off"), 1.0).await;
    assert_eq!((site.asked("/page"), cards(&bob, &message).await.len()), (0, 0));
}
