//! Previews: of a page with an image, of a text that is edited and of one that is deleted, and of a link that leads nowhere.

use std::time::Duration;

use musclemap_tests::Client;
use musclemap_tests::acts::{delete, edit};
use musclemap_tests::client::data;
use musclemap_tests::files::PNG;
use musclemap_tests::process::PATIENCE;
use musclemap_tests::site::{Page, Site, card};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::People;

/// Waits until a message has so many previews.
async fn until(by: &Client, message: &Value, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    let query = "query($m: ID!) { message(id: $m) { linkPreviews { title } } }";
    loop {
        let shown = by.get(query, json!({ "m": message["id"] })).await["message"]["linkPreviews"].take();
        if shown.as_array().is_some_and(|all| all.len() == count) {
            return;
        }
        assert!(Instant::now() < deadline, "{shown}");
        sleep(Duration::from_millis(50)).await;
    }
}

pub async fn link_some(site: &Site, People { ann, bob, carl, .. }: &People) {
    let group = ann.create("GROUP", &[bob, carl]).await;
    site.put("/image.png", Page::Whole(200, "image/png", PNG.to_vec()));
    let whole = site.put("/whole", Page::html(card("Whole 🏋", "All of it", "/image.png")));
    let bare = site.put("/bare", Page::html("<title>Bare</title>"));
    let nowhere = site.link("/nowhere");
    until(bob, &ann.send(&group, &format!("{whole} {bare} {nowhere}")).await, 2).await;
    let edited = bob.send(&group, &whole).await;
    until(ann, &edited, 1).await;
    data(edit(bob, &edited, "no link any more").await);
    let remade = carl.send(&group, &whole).await;
    until(ann, &remade, 1).await;
    data(edit(carl, &remade, &bare).await);
    until(ann, &remade, 1).await;
    let deleted = carl.send(&group, &bare).await;
    until(ann, &deleted, 1).await;
    data(delete(carl, &deleted).await);
}
