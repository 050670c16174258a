//! Packs of stickers, as users ask for them over the API.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Client;

/// What a pack says.
pub const PACK: &str =
    "id name isOfficial isPublic creator { id } stickers { id name imageUrl emojiShortcode }";

/// Fields of a message that is a sticker.
pub const STICKER: &str =
    "id contentType content attachments { id } sticker { id name imageUrl emojiShortcode }";

/// The whole answer to `createStickerPack`.
pub async fn create_pack(by: &Client, name: &str, is_public: bool, id: Uuid) -> Value {
    let query = format!(
        "mutation($n: String!, $p: Boolean!, $id: UUID!) {{
            createStickerPack(name: $n, isPublic: $p, clientPackId: $id) {{ {PACK} }} }}"
    );
    by.ask(&query, json!({ "n": name, "p": is_public, "id": id })).await
}

/// The whole answer to `addSticker`.
pub async fn add_sticker(by: &Client, pack: &Value, file: &Value, name: &str, code: Option<&str>) -> Value {
    let query = format!(
        "mutation($p: ID!, $a: ID!, $n: String!, $c: String) {{
            addSticker(packId: $p, attachmentId: $a, name: $n, emojiShortcode: $c) {{ {PACK} }} }}"
    );
    by.ask(&query, json!({ "p": pack, "a": file, "n": name, "c": code })).await
}

/// The whole answer to `removeSticker`.
pub async fn remove_sticker(by: &Client, pack: &Value, sticker: &Value) -> Value {
    let query =
        format!("mutation($p: ID!, $s: ID!) {{ removeSticker(packId: $p, stickerId: $s) {{ {PACK} }} }}");
    by.ask(&query, json!({ "p": pack, "s": sticker })).await
}

/// The whole answer to a mutation of one pack: `addStickerPack`, `removeStickerPack` or `deleteStickerPack`.
pub async fn on_pack(by: &Client, mutation: &str, pack: &Value) -> Value {
    by.ask(&format!("mutation($p: ID!) {{ {mutation}(packId: $p) }}"), json!({ "p": pack })).await
}

/// The packs of a user.
pub async fn my_packs(by: &Client) -> Value {
    by.get(&format!("{{ myStickerPacks {{ {PACK} }} }}"), json!({})).await["myStickerPacks"].take()
}

/// A pack as a user sees it; null where they see none.
pub async fn pack(by: &Client, id: &Value) -> Value {
    let query = format!("query($p: ID!) {{ stickerPack(id: $p) {{ {PACK} }} }}");
    by.get(&query, json!({ "p": id })).await["stickerPack"].take()
}

/// Names of the public packs that a user finds, page by page.
pub async fn found(by: &Client, query: Option<&str>, size: usize) -> Vec<String> {
    let ask = "query($q: String, $n: Int, $a: String) { stickerPacks(query: $q, first: $n, after: $a) {
        nodes { name } pageInfo { hasNextPage endCursor } } }";
    let (mut names, mut after) = (vec![], Value::Null);
    loop {
        let page = by.get(ask, json!({ "q": query, "n": size, "a": after })).await["stickerPacks"].take();
        let nodes = page["nodes"].as_array().expect("nodes");
        assert!(nodes.len() <= size);
        names.extend(nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()));
        if page["pageInfo"]["hasNextPage"] != true {
            return names;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// The whole answer to a send of a sticker.
pub async fn send_sticker(by: &Client, chat: &str, sticker: &Value, id: Uuid, more: Value) -> Value {
    let query = format!("mutation($i: SendMessageInput!) {{ sendMessage(input: $i) {{ {STICKER} }} }}");
    let mut input = json!({ "conversationId": chat, "clientMessageId": id, "stickerId": sticker });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    by.ask(&query, json!({ "i": input })).await
}
