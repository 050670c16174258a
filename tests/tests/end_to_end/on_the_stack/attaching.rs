//! Messages that carry files, and what is left of them.

use musclemap_tests::acts::{add, answer, delete, edit, forward, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::files::{FILES, PNG, begin, image, send, set_avatar, upload};
use musclemap_tests::process::{PATIENCE, http};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

/// Names of the files of a conversation, page by page.
async fn media(by: &Client, chat: &str, size: usize) -> Vec<String> {
    let query =
        "query($c: ID!, $n: Int, $a: String) { conversationMedia(conversationId: $c, first: $n, after: $a) {
        nodes { id fileName } pageInfo { hasNextPage endCursor } } }";
    let (mut names, mut after) = (vec![], Value::Null);
    loop {
        let page =
            by.get(query, json!({ "c": chat, "n": size, "a": after })).await["conversationMedia"].take();
        let nodes = page["nodes"].as_array().expect("nodes");
        assert!(nodes.len() <= size);
        names.extend(nodes.iter().map(|node| node["fileName"].as_str().expect("a name").to_owned()));
        if page["pageInfo"]["hasNextPage"] != true {
            return names;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// A file is behind a link.
async fn stands(server: &System, link: &str) {
    assert_eq!(http().get(server.url(link)).send().await.expect("an answer").status(), 200);
}

/// Waits until nothing is behind a link any more. An answer that is on its way meanwhile breaks off.
async fn gone(server: &System, link: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !http().get(server.url(link)).send().await.is_ok_and(|answer| answer.status() == 404) {
        assert!(Instant::now() < deadline, "the file is still there");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn images_reach_members_alone_and_go_with_their_messages() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let query = format!(
        "subscription($c: ID!) {{ messageReceived(conversationId: $c) {{ id contentType content {FILES} }} }}"
    );
    bobs.subscribe("received", &query, json!({ "c": chat })).await;
    bobs.inbox(None).await;
    let one = image(&server, &ann, "one.png").await;
    let two = image(&server, &ann, "two.png").await;
    let plan = upload(&server, &ann, "plan.pdf", "application/pdf", b"%PDF-1.7 a plan").await["id"].take();

    let sent = data(send(&ann, &chat, "", &[&one, &two]).await)["sendMessage"].take();
    assert_eq!((&sent["contentType"], &sent["content"]), (&json!("IMAGE"), &json!("")));
    let live = bobs.next_of("received").await["messageReceived"].take();
    assert_eq!(live["attachments"], sent["attachments"], "live as answered");
    let names: Vec<&Value> =
        sent["attachments"].as_array().expect("files").iter().map(|file| &file["fileName"]).collect();
    assert_eq!(names, ["one.png", "two.png"]);
    let link = live["attachments"][0]["url"].as_str().expect("a link").to_owned();
    stands(&server, &link).await;
    let file = data(send(&ann, &chat, "a plan and a picture", &[&plan, &one]).await)["sendMessage"].take();
    assert_eq!(file["contentType"], "FILE");

    // A link is renewed by those who see the message, and by nobody else.
    let renew = "query($a: ID!) { attachment(id: $a) { fileName url } }";
    let of_message = json!({ "a": live["attachments"][0]["id"] });
    let renewed = bob.get(renew, of_message.clone()).await["attachment"].take();
    assert_eq!(renewed["url"], link);
    assert_eq!(code(&carl.ask(renew, of_message.clone()).await), Some("NOT_FOUND"));
    assert_eq!(code(&bob.ask(renew, json!({ "a": one })).await), Some("NOT_FOUND"), "the uploader's own");
    let of_message = json!({ "c": chat });
    let denied = carl
        .ask("query($c: ID!) { conversationMedia(conversationId: $c) { nodes { id } } }", of_message)
        .await;
    assert_eq!(code(&denied), Some("NOT_FOUND"));

    // One who comes later sees what was sent since.
    add(&ann, &chat, &[&carl]).await;
    assert_eq!(media(&carl, &chat, 50).await, [""; 0]);
    for size in [1, 2, 3, 50] {
        assert_eq!(media(&bob, &chat, size).await, ["plan.pdf", "one.png", "one.png", "two.png"], "{size}");
    }

    // Beside files a text is edited as any other; a reply quotes the files, and so does the list.
    data(edit(&ann, &file, "a plan and the picture").await);
    let reply = answer(&bob, &chat, &file, "thanks").await;
    let query = "query($c: ID!) { messages(conversationId: $c, last: 1) { nodes { replyTo { contentType attachments { fileName } } } }
        conversation(id: $c) { lastMessage { contentType replyTo { content } } } }";
    let seen = bob.get(query, json!({ "c": chat })).await;
    let parent = json!({ "contentType": "FILE", "attachments": [{ "fileName": "plan.pdf" }, { "fileName": "one.png" }] });
    assert_eq!(seen["messages"]["nodes"][0]["replyTo"], parent);
    assert_eq!(seen["conversation"]["lastMessage"]["replyTo"]["content"], "a plan and the picture");
    data(delete(&bob, &reply).await);

    // The first goes; what the second carries as well stays.
    delete(&ann, &sent).await;
    assert_eq!(media(&bob, &chat, 50).await, ["plan.pdf", "one.png"]);
    gone(&server, sent["attachments"][1]["url"].as_str().expect("a link")).await;
    stands(&server, &link).await;
    delete(&ann, &file).await;
    gone(&server, &link).await;
    assert_eq!(code(&send(&ann, &chat, "", &[&one]).await), Some("NOT_FOUND"), "a file that is gone");
}

#[tokio::test]
async fn only_ones_own_files_that_are_ready_are_sent() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let theirs = image(&server, &bob, "b.png").await;
    let rejected = upload(&server, &ann, "a.jpg", "image/jpeg", PNG).await["id"].take();
    let begun =
        data(begin(&ann, Uuid::new_v4(), "a.png", "image/png", 9).await)["createUpload"]["attachmentId"]
            .take();
    let own = image(&server, &ann, "a.png").await;
    let before = ann.balance().await;
    for (files, refused) in [
        (vec![&theirs], "NOT_FOUND"),
        (vec![&rejected], "ATTACHMENT_NOT_READY"),
        (vec![&own, &begun], "ATTACHMENT_NOT_READY"),
        (vec![&own, &own], "BAD_USER_INPUT"),
        (vec![&own; 11], "LIMIT_REACHED"),
        (vec![], "BAD_USER_INPUT"),
    ] {
        let answer = send(&ann, &chat, " ", &files).await;
        assert_eq!(code(&answer), Some(refused), "{answer}");
    }
    assert_eq!(ann.balance().await, before);

    for (by, file, refused) in [
        (&ann, &theirs, "NOT_FOUND"),
        (&ann, &rejected, "ATTACHMENT_NOT_READY"),
        (&bob, &theirs, "FORBIDDEN"),
    ] {
        assert_eq!(code(&set_avatar(by, &chat, file).await), Some(refused));
    }
    let link = data(set_avatar(&ann, &chat, &own).await)["updateConversation"]["avatarUrl"].take();
    let seen = bob.get("query($c: ID!) { conversation(id: $c) { avatarUrl } }", json!({ "c": chat })).await;
    assert_eq!(seen["conversation"]["avatarUrl"], link);
    let link = link.as_str().expect("a link");
    stands(&server, link).await;
    // The message goes, the avatar carries the file on; a new avatar ends the last.
    let sent = data(send(&ann, &chat, "", &[&own]).await)["sendMessage"].take();
    delete(&ann, &sent).await;
    stands(&server, link).await;
    let other = image(&server, &ann, "c.png").await;
    data(set_avatar(&ann, &chat, &other).await);
    gone(&server, link).await;
}

#[tokio::test]
async fn a_forward_carries_the_files_and_each_copy_keeps_them() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let pair = bob.create("DIRECT", &[&carl]).await;
    let file = image(&server, &ann, "one.png").await;
    let sent = data(send(&ann, &chat, "", &[&file]).await)["sendMessage"].take();
    assert_eq!(code(&forward(&carl, &sent, &[&pair], None).await), Some("NOT_FOUND"));

    let mut carls = Socket::connect(&server, &carl).await;
    let query =
        format!("subscription($c: ID!) {{ messageReceived(conversationId: $c) {{ contentType {FILES} }} }}");
    carls.subscribe("received", &query, json!({ "c": pair })).await;
    carls.inbox(None).await;
    let copies = data(forward(&bob, &sent, &[&pair, &chat], None).await)["forwardMessage"].take();
    let [copy, other] = [&copies[0], &copies[1]];
    assert_eq!((&copy["contentType"], &copy["content"]), (&json!("IMAGE"), &json!("")));
    assert_eq!(copy["attachments"][0]["fileName"], "one.png");
    assert_eq!(copy["forwardedFrom"]["sender"]["username"], "ann");
    let live = carls.next_of("received").await["messageReceived"].take();
    assert_eq!(live["attachments"], copy["attachments"], "live as answered");
    assert_eq!(media(&carl, &pair, 50).await, ["one.png"]);
    let renew = "query($a: ID!) { attachment(id: $a) { url } }";
    let of_copy = json!({ "a": copy["attachments"][0]["id"] });
    let link = carl.get(renew, of_copy.clone()).await["attachment"]["url"].take();
    let link = link.as_str().expect("a link");

    // The source goes, a copy goes; the last copy keeps the file, until it goes too.
    data(delete(&ann, &sent).await);
    data(delete(&bob, other).await);
    // The uses of one account are counted in order: once this file is gone, the deletions before are decided.
    let second = image(&server, &ann, "two.png").await;
    let last = data(send(&ann, &chat, "", &[&second]).await)["sendMessage"].take();
    data(delete(&ann, &last).await);
    gone(&server, last["attachments"][0]["url"].as_str().expect("a link")).await;
    stands(&server, link).await;
    assert_eq!(code(&ann.ask(renew, of_copy.clone()).await), Some("NOT_FOUND"), "not in the pair");
    data(delete(&bob, copy).await);
    gone(&server, link).await;
    assert_eq!(code(&carl.ask(renew, of_copy).await), Some("NOT_FOUND"));
}
