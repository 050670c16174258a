//! Packs of stickers: public and private ones, one that is official, one that is deleted; and what was sent of them.

use musclemap_tests::acts::{answer, delete, forward};
use musclemap_tests::client::data;
use musclemap_tests::files::image;
use musclemap_tests::stickers::{add_sticker, create_pack, on_pack, remove_sticker, send_sticker};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use uuid::Uuid;

use super::People;

pub async fn stick_some(system: &System, People { ann, bob, carl, finn, .. }: &People) {
    let make = async |name: &str, is_public| {
        data(create_pack(ann, name, is_public, Uuid::new_v4()).await)["createStickerPack"].take()
    };
    let add = async |pack: &Value, name: &str, code: Option<&str>| {
        let file = image(system, ann, "dot.png").await;
        data(add_sticker(ann, &pack["id"], &file, name, code).await)["addSticker"]["stickers"].take()
    };
    let (legs, gym, own) =
        (make("Leg Day 🏋 家族", true).await, make("Gym", true).await, make("Mine", false).await);
    for (name, code) in [("Squat", Some(":squat:")), ("Lunge", None), ("Press", Some(":+1:"))] {
        add(&legs, name, code).await;
    }
    let gone = add(&gym, "Gone", None).await[0].take();
    let private = add(&own, "Private", None).await[0].take();
    let stickers = add(&legs, "Curl", None).await;
    let mark = |pack: &Value| format!("/sticker-packs/{}/official", pack["id"].as_str().expect("an id"));
    let admin = Client::login_as(system, &finn.name, json!({ "roles": ["admin"] })).await;
    for (method, pack) in [("PUT", &gym), ("DELETE", &gym), ("PUT", &legs)] {
        admin.administered(system, method, &mark(pack), Value::Null).await;
    }
    for (by, pack) in [(bob, &legs), (bob, &gym), (carl, &legs), (carl, &gym)] {
        data(on_pack(by, "addStickerPack", &pack["id"]).await);
    }
    data(on_pack(carl, "removeStickerPack", &legs["id"]).await);

    let group = bob.create("GROUP", &[ann, carl]).await;
    let send = async |by, sticker: &Value| {
        let sent = send_sticker(by, &group, &sticker["id"], Uuid::new_v4(), json!({})).await;
        data(sent)["sendMessage"].take()
    };
    let squat = send(bob, &stickers[0]).await;
    answer(carl, &group, &squat, "strong").await;
    send(ann, &private).await;
    send(carl, &gone).await;
    let lunge = send(bob, &stickers[1]).await;
    let pair = carl.create("DIRECT", &[bob]).await;
    data(forward(carl, &squat, &[&pair], None).await);
    for sticker in [&stickers[0], &stickers[1]] {
        data(remove_sticker(ann, &legs["id"], &sticker["id"]).await);
    }
    data(on_pack(ann, "deleteStickerPack", &gym["id"]).await);
    data(delete(bob, &lunge).await);
}
