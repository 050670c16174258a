//! Messages of `graphql-transport-ws`, and the codes that sockets are closed with.
//!
//! Source: the GraphQL over WebSocket protocol; codes from 4900 on are our own.

use async_graphql::Variables;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Name of the WebSocket sub-protocol.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// The largest message that a client may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    ConnectionInit { payload: Option<Init> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Operation },
    Complete { id: String },
}

/// Who connects.
#[derive(Debug, Default, Deserialize)]
pub struct Init {
    /// `Bearer <token>`.
    #[serde(alias = "Authorization")]
    pub authorization: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub query: String,
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<Variables>,
}

/// What the server says, but for `next`, which is put together from shared parts.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    ConnectionAck,
    Ping {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    Error {
        id: &'a str,
        payload: Value,
    },
    Complete {
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A `next` message around a payload that is JSON already.
pub fn next(id: &str, payload: &str) -> String {
    format!("{}{payload}{NEXT_END}", next_start(id))
}

/// How every `next` message of an operation begins.
pub fn next_start(id: &str) -> String {
    format!(r#"{{"id":{},"type":"next","payload":"#, Value::from(id))
}

/// How every `next` message ends.
pub const NEXT_END: &str = "}";

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// The node drains: connect again, and go on from the last cursor.
    Restart,
    /// A frame that breaks the rules of WebSocket.
    ProtocolError,
    /// A text that is not UTF-8.
    NotText,
    TooBig,
    BadRequest,
    Unauthorized,
    Forbidden,
    InitTimeout,
    DuplicateOperation,
    TooManyInits,
    /// The client reads too slowly: connect again, and go on from the last cursor.
    TooSlow,
    /// The node cannot take more.
    Overloaded,
    /// The client answers no ping: connect again, and go on from the last cursor.
    NoPong,
}

impl CloseCode {
    pub const ALL: [Self; 13] = [
        Self::Restart,
        Self::ProtocolError,
        Self::NotText,
        Self::TooBig,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::InitTimeout,
        Self::DuplicateOperation,
        Self::TooManyInits,
        Self::TooSlow,
        Self::Overloaded,
        Self::NoPong,
    ];

    pub fn code(self) -> u16 {
        match self {
            Self::ProtocolError => 1002,
            Self::NotText => 1007,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::BadRequest => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::InitTimeout => 4408,
            Self::DuplicateOperation => 4409,
            Self::TooManyInits => 4429,
            Self::TooSlow => 4900,
            Self::Overloaded => 4901,
            Self::NoPong => 4902,
        }
    }

    /// The reason that goes with the code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Restart => "Service restart: reconnect and resume",
            Self::ProtocolError => "Not a WebSocket frame",
            Self::NotText => "Not UTF-8",
            Self::TooBig => "Message too big",
            Self::BadRequest => "Bad request",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::InitTimeout => "Connection initialisation timeout",
            Self::DuplicateOperation => "Subscriber already exists",
            Self::TooManyInits => "Too many initialisation requests",
            Self::TooSlow => "Too slow: reconnect and resume",
            Self::Overloaded => "Overloaded: reconnect later",
            Self::NoPong => "No pong: reconnect and resume",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_protocol() {
        assert_eq!(ServerMessage::ConnectionAck.to_text(), r#"{"type":"connection_ack"}"#);
        assert_eq!(ServerMessage::Pong { payload: None }.to_text(), r#"{"type":"pong"}"#);
        assert_eq!(ServerMessage::Complete { id: "1" }.to_text(), r#"{"type":"complete","id":"1"}"#);
        assert_eq!(next("a\"b", "{}"), r#"{"id":"a\"b","type":"next","payload":{}}"#);
        let init = r#"{"type":"connection_init","payload":{"authorization":"Bearer x","deviceId":"y"}}"#;
        assert!(matches!(
            serde_json::from_str(init),
            Ok(ClientMessage::ConnectionInit { payload: Some(Init { authorization: Some(_) }) })
        ));
        assert!(serde_json::from_str::<ClientMessage>(r#"{"type":"start"}"#).is_err());
    }
}
