//! Templates: some are written, changed and removed, and sends name them, one of which is refused and refunded.

use musclemap_tests::acts::{delete_template, save_template, send_with_template, set_block};
use musclemap_tests::client::{code, data};
use serde_json::json;
use uuid::Uuid;

use super::People;

pub async fn keep_some(People { ann, carl, dora, .. }: &People) {
    let make = async |input| data(save_template(ann, input).await)["saveMessageTemplate"].take();
    let warm = json!({ "name": "Warm-up", "content": "Ten minutes, {name} 🏃", "shortcut": "/Warmup", "category": "gym" });
    let made = make(warm.clone()).await;
    assert_eq!(make(warm).await["id"], made["id"], "a repeat makes nothing");
    let other = make(json!({ "name": "Bye", "content": "See you on {date}" })).await;
    let gone = make(json!({ "name": "Old", "content": "Old" })).await;
    make(json!({ "id": other["id"], "name": "Bye", "content": "See you, {name}", "shortcut": "/再见" }))
        .await;
    let chat = ann.create("GROUP", &[carl, dora]).await;
    for (text, template) in [("Ten minutes, Carl 🏃", &made), ("See you, Dora", &other), ("Old", &gone)] {
        assert_eq!(code(&send_with_template(ann, &chat, Uuid::new_v4(), text, template).await), None);
    }
    data(delete_template(ann, &gone).await);
    // Refused by the conversation, and refunded.
    let pair = ann.create("DIRECT", &[dora]).await;
    set_block(dora, ann, true).await;
    let refused = send_with_template(ann, &pair, Uuid::new_v4(), "Ten minutes, Dora", &made).await;
    assert_eq!(code(&refused), Some("RECIPIENT_UNAVAILABLE"), "{refused}");
    set_block(dora, ann, false).await;
}
