//! Files of tests, and their way into the system.

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::data;
use crate::process::{PATIENCE, http};
use crate::{Client, System};

/// Fields of an attachment.
pub const ATTACHMENT: &str =
    "id state fileName contentType byteSize rejectedReason width height placeholder url thumbnailUrl
    durationSeconds waveform";

/// Files of a message.
pub const FILES: &str =
    "attachments { id fileName contentType state width url thumbnailUrl durationSeconds }";

/// A PNG of one grey pixel.
pub const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x68, 0,
    0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// The whole answer to `createUpload`.
pub async fn begin(by: &Client, id: Uuid, name: &str, content_type: &str, byte_size: usize) -> Value {
    let query = "mutation($i: CreateUploadInput!) {
        createUpload(input: $i) { attachmentId url method headers expiresAt } }";
    let input = json!({
        "clientUploadId": id, "fileName": name, "contentType": content_type, "byteSize": byte_size,
    });
    by.ask(query, json!({ "i": input })).await
}

/// The answer to bytes that are put by a ticket's or another link's path.
pub async fn put(server: &System, url: &str, range: Option<String>, bytes: Vec<u8>) -> reqwest::Response {
    let mut request = http().put(server.url(url)).body(bytes);
    if let Some(range) = range {
        request = request.header("content-range", range);
    }
    request.send().await.expect("an answer")
}

/// The whole answer to `completeUpload`.
pub async fn complete(by: &Client, attachment: &Value) -> Value {
    let query = format!("mutation($a: ID!) {{ completeUpload(attachmentId: $a) {{ {ATTACHMENT} }} }}");
    by.ask(&query, json!({ "a": attachment })).await
}

/// An attachment, as its uploader reads it.
pub async fn attachment(by: &Client, id: &Value) -> Value {
    let query = format!("query($a: ID!) {{ attachment(id: $a) {{ {ATTACHMENT} }} }}");
    by.get(&query, json!({ "a": id })).await["attachment"].take()
}

/// Uploads a file and waits until it is settled.
pub async fn upload(server: &System, by: &Client, name: &str, content_type: &str, bytes: &[u8]) -> Value {
    let ticket =
        data(begin(by, Uuid::new_v4(), name, content_type, bytes.len()).await)["createUpload"].take();
    let answer = put(server, ticket["url"].as_str().expect("a link"), None, bytes.to_vec()).await;
    assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap_or_default());
    data(complete(by, &ticket["attachmentId"]).await);
    settled(by, &ticket["attachmentId"]).await
}

/// Uploads an image, which becomes ready; its id.
pub async fn image(server: &System, by: &Client, name: &str) -> Value {
    let mut stored = upload(server, by, name, "image/png", PNG).await;
    assert_eq!(stored["state"], "READY", "{stored}");
    stored["id"].take()
}

/// The whole answer to a send with files.
pub async fn send(by: &Client, chat: &str, text: &str, files: &[&Value]) -> Value {
    let query = format!(
        "mutation($i: SendMessageInput!) {{ sendMessage(input: $i) {{ id seq content contentType {FILES} }} }}"
    );
    let input = json!({
        "conversationId": chat, "clientMessageId": Uuid::new_v4(), "content": text, "attachmentIds": files,
    });
    by.ask(&query, json!({ "i": input })).await
}

/// A second and a half that Chromium has recorded from its fake microphone.
pub const RECORDING: &[u8] = include_bytes!("../../processors/media/fixtures/chromium.webm");

/// Uploads a recording, which becomes ready; its id.
pub async fn recording(server: &System, by: &Client) -> Value {
    let mut stored = upload(server, by, "voice.webm", "audio/webm", RECORDING).await;
    assert_eq!(stored["state"], "READY", "{stored}");
    stored["id"].take()
}

/// The whole answer to a voice message.
pub async fn speak(by: &Client, chat: &str, file: &Value, id: Uuid, answering: &Value) -> Value {
    let query = format!(
        "mutation($c: ID!, $a: ID!, $id: UUID!, $r: ID) {{
            sendVoiceMessage(conversationId: $c, attachmentId: $a, clientMessageId: $id, replyToId: $r) {{
                id seq content contentType replyTo {{ id contentType }} {FILES} }} }}"
    );
    by.ask(&query, json!({ "c": chat, "a": file, "id": id, "r": answering })).await
}

/// The whole answer to a change of a group's image.
pub async fn set_avatar(by: &Client, chat: &str, file: &Value) -> Value {
    let query =
        "mutation($c: ID!, $a: ID!) { updateConversation(id: $c, avatarAttachmentId: $a) { avatarUrl } }";
    by.ask(query, json!({ "c": chat, "a": file })).await
}

/// The attachment, once it is neither uploaded nor scanned any more.
pub async fn settled(by: &Client, id: &Value) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = attachment(by, id).await;
        if now["state"] == "READY" || now["state"] == "REJECTED" {
            return now;
        }
        assert!(Instant::now() < deadline, "{now}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}
