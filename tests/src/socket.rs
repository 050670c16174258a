//! A client over `graphql-transport-ws`.

use std::collections::HashMap;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::client::data;
use crate::process::PATIENCE;
use crate::{Client, System, seen};

/// Bytes that the library makes room for, and writes zeros to, before each read: with the 128 KiB that it
/// has by itself a crowd of clients would push what it measures out of the caches.
const READ_BYTES: usize = 4 * 1024;

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What the server said beside the code when it closed.
    pub reason: String,
    /// Documents and variables of operations, by their ids.
    operations: HashMap<String, (String, Value)>,
}

/// What an inbox selects in these tests.
pub const INBOX: &str = "subscription($after: String) { inbox(after: $after) { cursor event {
    __typename
    ... on MessageCreated { message { id seq content clientMessageId conversationId createdAt
        sender { id username } replyTo { id content } } }
    ... on MessageChanged { change message { id content } }
    ... on ConversationChanged { conversation { id kind unreadCount } left }
    ... on ReceiptAdvanced { receipt { messageId user { id } } }
    ... on AccountChanged { what }
    ... on ReactionChanged { reaction { messageId emoji user { id } } added }
    ... on PinChanged { pin { pinned by { id } message { id content pinnedAt } } }
    ... on SendRejected { clientMessageId code detail }
    ... on PresenceChanged { presence { userId status lastSeen } }
    ... on TypingChanged { conversationId typing { userId username isTyping } }
    ... on UserChanged { user { id displayName } }
    ... on AttachmentChanged { attachment { id state } }
    ... on ResumeGap { reason }
    ... on Drained { replayed }
} } }";

impl Socket {
    /// A socket on which nothing has been said.
    pub async fn open(server: &System) -> Self {
        Self::try_open(&server.socket_url()).await.expect("a socket")
    }

    /// The same, if the server answers in time.
    async fn try_open(url: &str) -> Option<Self> {
        let mut request = url.into_client_request().expect("a request");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
        let connected = connect_async_with_config(request, Some(config), true);
        let (stream, _) = timeout(PATIENCE, connected).await.ok()?.ok()?;
        Some(Self { stream, reason: String::new(), operations: HashMap::new() })
    }

    /// A socket of a client, acknowledged.
    pub async fn connect(server: &System, client: &Client) -> Self {
        Self::try_connect(&server.socket_url(), client).await.expect("an acknowledged socket")
    }

    /// The same, if the server answers.
    pub async fn try_connect(url: &str, client: &Client) -> Option<Self> {
        let mut socket = Self::try_open(url).await?;
        let authorization = format!("Bearer {}", client.token);
        let init = json!({ "type": "connection_init", "payload": { "authorization": authorization } });
        socket.try_say(init).await?;
        (socket.hear_within(PATIENCE).await?["type"] == "connection_ack").then_some(socket)
    }

    pub async fn say(&mut self, message: Value) {
        self.try_say(message).await.expect("sent");
    }

    async fn try_say(&mut self, message: Value) -> Option<()> {
        self.stream.send(Message::text(message.to_string())).await.ok()
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.try_subscribe(id, query, variables).await.expect("sent");
    }

    /// The same, if the socket is still open.
    pub async fn try_subscribe(&mut self, id: &str, query: &str, variables: Value) -> Option<()> {
        let payload = json!({ "query": query, "variables": variables });
        self.operations.insert(id.to_owned(), (query.to_owned(), variables));
        self.try_say(json!({ "type": "subscribe", "id": id, "payload": payload })).await
    }

    /// The next message, or the code that the socket was closed with (0 if it just ended).
    pub async fn hear(&mut self) -> Result<Value, u16> {
        timeout(PATIENCE, self.hear_any()).await.expect("something is said in time")
    }

    /// The data of the next answer to a subscription.
    pub async fn next_of(&mut self, id: &str) -> Value {
        loop {
            let message = self.hear().await.expect("an open socket");
            if message["type"] == "next" && message["id"] == id {
                return data(message["payload"].clone());
            }
        }
    }

    /// What is said within a time, if anything.
    pub async fn hear_within(&mut self, within: Duration) -> Option<Value> {
        timeout(within, self.hear_any()).await.ok()?.ok()
    }

    /// The code that it is closed with, within a time; messages before that are passed over.
    pub async fn closed_within(&mut self, within: Duration) -> u16 {
        let close = async {
            loop {
                if let Err(code) = self.hear().await {
                    return code;
                }
            }
        };
        timeout(within, close).await.expect("a close in time")
    }

    /// The next message or the code, however long it takes.
    pub async fn hear_any(&mut self) -> Result<Value, u16> {
        let message: Value = serde_json::from_str(&self.hear_text().await?).expect("JSON");
        let operation = message["id"].as_str().and_then(|id| self.operations.get(id));
        if let Some((document, variables)) = operation.filter(|_| message["type"] == "next") {
            seen::note(document, variables, &message["payload"]);
        }
        Ok(message)
    }

    /// The same, as it comes.
    pub async fn hear_text(&mut self) -> Result<Utf8Bytes, u16> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(Some(frame)))) => {
                    self.reason = frame.reason.to_string();
                    return Err(frame.code.into());
                }
                Some(Ok(Message::Close(None))) => return Err(0),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// The next frame of the inbox `"inbox"`, but for those of credits: what a log-in grants comes at a time of its own.
    pub async fn frame(&mut self) -> Value {
        loop {
            let frame = self.any_frame().await;
            if !tells_of(&frame, "CREDITS") {
                return frame;
            }
        }
    }

    async fn any_frame(&mut self) -> Value {
        loop {
            let message = self.hear().await.expect("an open socket");
            if message["type"] == "next" {
                assert!(message["payload"].get("errors").is_none(), "{message}");
                return message["payload"]["data"]["inbox"].clone();
            }
        }
    }

    /// Frames up to and including the first of a kind.
    pub async fn frames_until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.frame().await;
            let found = frame["event"]["__typename"] == kind;
            frames.push(frame);
            if found {
                return frames;
            }
        }
    }

    /// The next presence in the inbox; other events are passed over.
    pub async fn presence(&mut self) -> Value {
        let mut frame = self.frames_until("PresenceChanged").await.pop().expect("a frame");
        assert!(frame["cursor"].is_null(), "{frame}");
        frame["event"]["presence"].take()
    }

    /// Waits until the user is told that a part of their account has changed; notices of other parts may come before.
    pub async fn account_changed(&mut self, what: &str) -> Value {
        loop {
            let frame = self.any_frame().await;
            if tells_of(&frame, what) {
                return frame;
            }
        }
    }

    /// Waits until the node knows a conversation that was created, or whose members changed, since the inbox was opened.
    pub async fn knows(&mut self, conversation: &str) {
        loop {
            let frame = self.frame().await;
            let event = &frame["event"];
            if event["__typename"] == "ConversationChanged" && event["conversation"]["id"] == conversation {
                return;
            }
        }
    }

    /// The frame that brings a message.
    pub async fn frame_with(&mut self, message: &Value) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["event"]["message"]["id"] == *message {
                return frame;
            }
        }
    }

    /// Opens the inbox, fresh or at a cursor; gives the frames up to `Drained`. A fresh one gives that alone: what may
    /// come before it are notices, which have no cursor.
    pub async fn inbox(&mut self, after: Option<&str>) -> Vec<Value> {
        self.subscribe("inbox", INBOX, json!({ "after": after })).await;
        let mut frames = self.frames_until("Drained").await;
        if after.is_none() { frames.split_off(frames.len() - 1) } else { frames }
    }
}

/// Whether a frame tells that a part of the user's account has changed.
fn tells_of(frame: &Value, part: &str) -> bool {
    frame["event"]["__typename"] == "AccountChanged" && frame["event"]["what"] == part
}
