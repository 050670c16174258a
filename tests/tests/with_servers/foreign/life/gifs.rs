//! GIFs: some are sent, alone and beside a text, answered and copied.

use musclemap_tests::acts::forward;
use musclemap_tests::client::data;
use serde_json::json;
use uuid::Uuid;

use super::{People, answer};

pub async fn send_some(People { ann, bob, carl, .. }: &People) {
    let chat = ann.create("GROUP", &[bob, carl]).await;
    let send = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id contentType gif { id } } }";
    for (gif, content) in [("musclemap-1", None), ("musclemap-8", Some("well done 🎉"))] {
        let input = json!({ "conversationId": chat, "clientMessageId": Uuid::new_v4(), "gifId": gif, "content": content });
        let sent = ann.get(send, json!({ "i": input })).await["sendMessage"].take();
        assert_eq!(sent["gif"]["id"], gif, "{sent}");
        answer(bob, &chat, &sent, "nice").await;
        data(forward(carl, &sent, &[&chat], None).await);
    }
}
