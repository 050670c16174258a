//! Packs of stickers, who sees them, and messages that are stickers.

use musclemap_tests::acts::{admin, answer, delete, edit, forward, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::files::{PNG, image, upload};
use musclemap_tests::process::{PATIENCE, http};
use musclemap_tests::stickers::{
    STICKER, add_sticker, create_pack, found, my_packs, on_pack, pack, remove_sticker, send_sticker,
};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

/// A pack with one sticker; the pack and the sticker.
async fn made(server: &System, by: &Client, name: &str, is_public: bool) -> (Value, Value) {
    let made = data(create_pack(by, name, is_public, Uuid::new_v4()).await)["createStickerPack"].take();
    let file = image(server, by, "secret.png").await;
    let added = add_sticker(by, &made["id"], &file, "Squat", Some(":squat:")).await;
    let pack = data(added)["addSticker"].take();
    let sticker = pack["stickers"][0].clone();
    (pack, sticker)
}

/// What is behind a link, by its status.
async fn behind(server: &System, link: &Value) -> u16 {
    let link = server.url(link.as_str().expect("a link"));
    http().get(link).send().await.expect("an answer").status().as_u16()
}

/// Waits until nothing is behind a link any more.
async fn gone(server: &System, link: &Value) {
    let deadline = Instant::now() + PATIENCE;
    while behind(server, link).await != 404 {
        assert!(Instant::now() < deadline, "the image is still there");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_pack_is_made_and_filled_by_its_creator_and_seen_by_whom_it_concerns() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut anns = Socket::connect(&server, &ann).await;
    anns.inbox(None).await;
    let id = Uuid::new_v4();
    let made = data(create_pack(&ann, " Leg day ", false, id).await)["createStickerPack"].take();
    assert_eq!(
        (&made["name"], &made["isPublic"], &made["isOfficial"]),
        (&json!("Leg day"), &json!(false), &json!(false))
    );
    assert_eq!(made["creator"]["id"], ann.user);
    anns.account_changed("STICKERS").await;
    let again = data(create_pack(&ann, "Leg day", false, id).await)["createStickerPack"].take();
    assert_eq!(again, made, "the same pack");
    assert_eq!(code(&create_pack(&ann, "Legs", false, id).await), Some("IDEMPOTENCY_CONFLICT"));

    let file = image(&server, &ann, "one.png").await;
    let added =
        data(add_sticker(&ann, &made["id"], &file, "Squat", Some(":squat:")).await)["addSticker"].take();
    let sticker = &added["stickers"][0];
    assert_eq!((&sticker["name"], &sticker["emojiShortcode"]), (&json!("Squat"), &json!(":squat:")));
    assert_eq!(behind(&server, &sticker["imageUrl"]).await, 200);
    assert_eq!(
        data(add_sticker(&ann, &made["id"], &file, "Squat", Some(":squat:")).await)["addSticker"],
        added
    );
    assert_eq!(code(&add_sticker(&ann, &made["id"], &file, "Lunge", None).await), Some("CONFLICT"));
    assert_eq!(my_packs(&ann).await, json!([added]));
    assert_eq!(pack(&ann, &made["id"]).await, added);

    // A private pack is its creator's alone.
    assert_eq!(pack(&bob, &made["id"]).await, Value::Null);
    for refused in [
        on_pack(&bob, "addStickerPack", &made["id"]).await,
        on_pack(&bob, "deleteStickerPack", &made["id"]).await,
        add_sticker(&bob, &made["id"], &file, "Squat", None).await,
        remove_sticker(&bob, &made["id"], &sticker["id"]).await,
    ] {
        assert_eq!(code(&refused), Some("NOT_FOUND"), "{refused}");
    }
    assert_eq!(found(&bob, None, 50).await, [""; 0]);

    let theirs = image(&server, &bob, "b.png").await;
    let rejected = upload(&server, &ann, "a.jpg", "image/jpeg", PNG).await["id"].take();
    let document = upload(&server, &ann, "a.pdf", "application/pdf", b"%PDF-1.7 a plan").await["id"].take();
    let other = image(&server, &ann, "two.png").await;
    for (file, name, shortcode, refused) in [
        (&theirs, "Lunge", None, "NOT_FOUND"),
        (&rejected, "Lunge", None, "ATTACHMENT_NOT_READY"),
        (&document, "Lunge", None, "BAD_USER_INPUT"),
        (&other, " ", None, "BAD_USER_INPUT"),
        (&other, "Lunge", Some("lunge"), "BAD_USER_INPUT"),
        (&other, "Lunge", Some(":squat:"), "BAD_USER_INPUT"),
    ] {
        let answer = add_sticker(&ann, &made["id"], file, name, shortcode).await;
        assert_eq!(code(&answer), Some(refused), "{answer}");
    }

    let left = data(remove_sticker(&ann, &made["id"], &sticker["id"]).await)["removeSticker"].take();
    assert_eq!(left["stickers"], json!([]));
    gone(&server, &sticker["imageUrl"]).await;
    assert_eq!(data(on_pack(&ann, "deleteStickerPack", &made["id"]).await)["deleteStickerPack"], true);
    assert_eq!((my_packs(&ann).await, pack(&ann, &made["id"]).await), (json!([]), Value::Null));
    assert_eq!(code(&on_pack(&ann, "deleteStickerPack", &made["id"]).await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn public_packs_are_found_by_the_words_of_their_names_page_by_page_and_added() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut packs = vec![];
    for name in ["Leg day", "Big LEGS", "Gym"] {
        packs.push(made(&server, &ann, name, true).await.0);
    }
    made(&server, &ann, "Legs of mine", false).await;
    data(create_pack(&ann, "Legs without a sticker", true, Uuid::new_v4()).await);
    for size in [1, 2, 50] {
        assert_eq!(found(&bob, None, size).await, ["Gym", "Big LEGS", "Leg day"], "the newest first");
        assert_eq!(found(&bob, Some(" leg"), size).await, ["Leg day", "Big LEGS"]);
    }
    assert_eq!(found(&bob, Some("legs"), 50).await, ["Big LEGS"]);
    assert_eq!(found(&bob, Some("day"), 50).await, ["Leg day"]);
    assert_eq!(found(&bob, Some("day leg"), 50).await, [""; 0]);
    let one_letter = bob.ask("{ stickerPacks(query: \"l\") { nodes { id } } }", json!({})).await;
    assert_eq!(code(&one_letter), Some("BAD_USER_INPUT"));
    let cursor = bob.ask("{ stickerPacks(after: \"x\") { nodes { id } } }", json!({})).await;
    assert_eq!(code(&cursor), Some("BAD_USER_INPUT"));

    // An admin marks a pack: it stands first.
    let admin = admin(&server).await;
    let mark = |pack: &Value| format!("/sticker-packs/{}/official", pack["id"].as_str().expect("an id"));
    for method in ["PUT", "PUT"] {
        admin.administered(&server, method, &mark(&packs[0]), Value::Null).await;
    }
    assert_eq!(found(&bob, None, 1).await, ["Leg day", "Gym", "Big LEGS"]);
    assert_eq!(found(&bob, Some("leg"), 50).await, ["Leg day", "Big LEGS"]);
    assert_eq!(pack(&bob, &packs[0]["id"]).await["isOfficial"], true);
    admin.administered(&server, "DELETE", &mark(&packs[0]), Value::Null).await;
    assert_eq!(found(&bob, None, 50).await, ["Gym", "Big LEGS", "Leg day"]);
    let nothing = format!("/sticker-packs/{}/official", "0".repeat(32));
    let private = data(create_pack(&ann, "Mine", false, Uuid::new_v4()).await)["createStickerPack"].take();
    for (path, status) in
        [(nothing, 404), (mark(&private), 409), ("/sticker-packs/x/official".to_owned(), 400)]
    {
        let answer = admin.administer(&server, "PUT", &path, Value::Null).await;
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(bob.administer(&server, "PUT", &mark(&packs[0]), Value::Null).await.status(), 403);

    // Bob adds two, and takes one away; another goes with its creator's deletion.
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.inbox(None).await;
    for pack in [&packs[0], &packs[1], &packs[0]] {
        assert_eq!(data(on_pack(&bob, "addStickerPack", &pack["id"]).await)["addStickerPack"], true);
    }
    bobs.account_changed("STICKERS").await;
    let names = |packs: Value| -> Vec<String> {
        let packs = packs.as_array().expect("packs").iter();
        packs.map(|pack| pack["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(my_packs(&bob).await), ["Leg day", "Big LEGS"]);
    for _ in 0..2 {
        let removed = data(on_pack(&bob, "removeStickerPack", &packs[0]["id"]).await);
        assert_eq!(removed["removeStickerPack"], true);
    }
    assert_eq!(names(my_packs(&bob).await), ["Big LEGS"]);
    data(on_pack(&ann, "deleteStickerPack", &packs[1]["id"]).await);
    assert_eq!(names(my_packs(&bob).await), [""; 0]);
    assert_eq!(found(&bob, Some("big"), 50).await, [""; 0]);
}

#[tokio::test]
async fn a_sticker_that_was_sent_outlives_its_pack() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = bob.create("GROUP", &[&carl]).await;
    let (made, sticker) = made(&server, &ann, "Leg day", true).await;
    let mut carls = Socket::connect(&server, &carl).await;
    let query = format!("subscription($c: ID!) {{ messageReceived(conversationId: $c) {{ {STICKER} }} }}");
    carls.subscribe("received", &query, json!({ "c": chat })).await;
    carls.inbox(None).await;
    let before = bob.balance().await;
    let id = Uuid::new_v4();
    let sent = data(send_sticker(&bob, &chat, &sticker["id"], id, json!({})).await)["sendMessage"].take();
    assert_eq!(before - bob.balance().await, 100, "it costs what a message costs");
    assert_eq!(
        (&sent["contentType"], &sent["content"], &sent["attachments"]),
        (&json!("STICKER"), &json!(""), &json!([]))
    );
    assert_eq!(sent["sticker"], sticker);
    let live = carls.next_of("received").await["messageReceived"].take();
    assert_eq!(live, sent, "live as answered");

    for more in [json!({ "content": "look" }), json!({ "attachmentIds": ["0".repeat(32)] })] {
        let refused = send_sticker(&bob, &chat, &sticker["id"], Uuid::new_v4(), more).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{refused}");
    }
    assert_eq!(code(&edit(&bob, &sent, "two").await), Some("BAD_USER_INPUT"));
    let reply = answer(&carl, &chat, &sent, "strong").await;
    let query = format!("query($m: ID!) {{ message(id: $m) {{ replyTo {{ {STICKER} }} }} }}");
    let quoted = carl.get(&query, json!({ "m": reply["id"] })).await["message"]["replyTo"].take();
    assert_eq!(quoted, sent);
    let media = "query($c: ID!) { conversationMedia(conversationId: $c) { nodes { id } } }";
    let media = carl.get(media, json!({ "c": chat })).await;
    assert_eq!(media["conversationMedia"]["nodes"], json!([]), "a sticker is no file of the conversation");
    let pair = carl.create("DIRECT", &[&bob]).await;
    let copies = data(forward(&carl, &sent, &[&pair], None).await)["forwardMessage"].take();
    let query = format!("query($m: ID!) {{ message(id: $m) {{ {STICKER} }} }}");
    let copy = bob.get(&query, json!({ "m": copies[0]["id"] })).await["message"].take();
    assert_eq!((&copy["contentType"], &copy["sticker"]), (&json!("STICKER"), &sticker));

    // The pack goes; what was sent stays, and its repeat gives the first message.
    data(on_pack(&ann, "deleteStickerPack", &made["id"]).await);
    let refused = send_sticker(&bob, &chat, &sticker["id"], Uuid::new_v4(), json!({})).await;
    assert_eq!(code(&refused), Some("NOT_FOUND"), "{refused}");
    let again = data(send_sticker(&bob, &chat, &sticker["id"], id, json!({})).await)["sendMessage"].take();
    assert_eq!(again, sent);
    let seen = carl.get(&query, json!({ "m": sent["id"] })).await["message"].take();
    assert_eq!(seen, sent);
    // Uses of one account are counted in order: once this image is gone, the deletion before is decided.
    let (later, last) = self::made(&server, &ann, "Gym", false).await;
    data(on_pack(&ann, "deleteStickerPack", &later["id"]).await);
    gone(&server, &last["imageUrl"]).await;
    assert_eq!(behind(&server, &sticker["imageUrl"]).await, 200);
    // The image goes with the last message that shows it.
    data(delete(&bob, &sent).await);
    data(delete(&carl, &copies[0]).await);
    gone(&server, &sticker["imageUrl"]).await;
}

#[tokio::test]
async fn a_private_sticker_is_sent_by_its_creator_alone() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let (_, sticker) = made(&server, &ann, "Mine", false).await;
    let send = async |by: &Client, sticker: &Value| {
        send_sticker(by, &chat, sticker, Uuid::new_v4(), json!({})).await
    };
    let sent = data(send(&ann, &sticker["id"]).await)["sendMessage"].take();
    assert_eq!(behind(&server, &sent["sticker"]["imageUrl"]).await, 200);
    assert_eq!(code(&send(&bob, &sticker["id"]).await), Some("NOT_FOUND"));
    assert_eq!(code(&send(&bob, &json!("x")).await), Some("NOT_FOUND"));
    let unknown = json!(format!("{}-{}", "0".repeat(32), "0".repeat(32)));
    assert_eq!(code(&send(&ann, &unknown).await), Some("NOT_FOUND"));
}
