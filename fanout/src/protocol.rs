//! Messages of `graphql-transport-ws`, and the codes that sockets are closed with.
//!
//! Source: the GraphQL over WebSocket protocol; codes from 4900 on are our own.

use std::fmt;

use async_graphql::Variables;
use graphql::unpaired;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Name of the WebSocket sub-protocol.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// The largest message that a client may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The longest id of an operation, in bytes: it is kept, and repeated with every answer.
pub const MAX_ID_BYTES: usize = 128;
/// The largest payload of a ping that is repeated, in bytes.
const MAX_PONG_BYTES: usize = 200;

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

/// The payload of `connection_init`. Its keys are compared as names of headers are, without regard to case.
#[derive(Debug, Default)]
pub struct Init {
    /// `Bearer <token>`, each time that it is given; more than once is invalid.
    pub authorization: Vec<String>,
    /// Which device it is; what is no UUID is none.
    pub device_id: Option<Uuid>,
}

impl Init {
    /// Without an id the socket is the device.
    pub fn device(&self) -> Uuid {
        self.device_id.unwrap_or_else(Uuid::new_v4)
    }
}

impl<'de> Deserialize<'de> for Init {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InitVisitor)
    }
}

/// Reads the keys one by one: a map would keep one of several that are equal.
struct InitVisitor;

impl<'de> Visitor<'de> for InitVisitor {
    type Value = Init;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Init, A::Error> {
        let mut init = Init::default();
        while let Some(key) = map.next_key::<String>()? {
            if key.eq_ignore_ascii_case("authorization") {
                init.authorization.extend(map.next_value::<Option<String>>()?);
            } else if key.eq_ignore_ascii_case("deviceId") {
                let value = map.next_value::<Value>()?;
                init.device_id = value.as_str().and_then(|id| id.parse().ok());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(init)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub query: String,
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<Variables>,
    /// The field whose text has half a surrogate pair; such an operation is answered with an error.
    #[serde(skip)]
    pub unpaired: Option<String>,
}

impl ClientMessage {
    /// Reads a message; nothing where it is none of the protocol, or has a longer id than an operation may.
    pub fn read(text: &str) -> Option<Self> {
        Self::parse(text).filter(|message| match message {
            Self::Subscribe { id, .. } | Self::Complete { id } => id.len() <= MAX_ID_BYTES,
            Self::ConnectionInit { .. } | Self::Ping { .. } | Self::Pong {} => true,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        if let Ok(message) = serde_json::from_str(text) {
            return Some(message);
        }
        let half = unpaired::find(text)?;
        let mut message = serde_json::from_str(&half.repaired).ok()?;
        match (&mut message, half.path.as_slice()) {
            (Self::Subscribe { payload, .. }, [at, .., field]) if at == "payload" => {
                payload.unpaired = Some(field.clone());
                Some(message)
            }
            _ => None,
        }
    }
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
    /// The answer to a ping; a large payload is not repeated.
    pub fn pong(payload: Option<Value>) -> Self {
        Self::Pong { payload: payload.filter(|payload| payload.to_string().len() <= MAX_PONG_BYTES) }
    }

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
    /// The client offers no subprotocol that the server speaks.
    SubprotocolNotAcceptable,
    InitTimeout,
    DuplicateOperation,
    TooManyInits,
    /// The client reads too slowly: connect again, and go on from the last cursor.
    TooSlow,
    /// The node cannot take more.
    Overloaded,
    /// The client answers no ping: connect again, and go on from the last cursor.
    NoPong,
    /// The user has as many sockets as one may have.
    TooManySockets,
}

impl CloseCode {
    pub const ALL: [Self; 15] = [
        Self::Restart,
        Self::ProtocolError,
        Self::NotText,
        Self::TooBig,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::SubprotocolNotAcceptable,
        Self::InitTimeout,
        Self::DuplicateOperation,
        Self::TooManyInits,
        Self::TooSlow,
        Self::Overloaded,
        Self::NoPong,
        Self::TooManySockets,
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
            Self::SubprotocolNotAcceptable => 4406,
            Self::InitTimeout => 4408,
            Self::DuplicateOperation => 4409,
            Self::TooManyInits => 4429,
            Self::TooSlow => 4900,
            Self::Overloaded => 4901,
            Self::NoPong => 4902,
            Self::TooManySockets => 4903,
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
            Self::SubprotocolNotAcceptable => "Subprotocol not acceptable",
            Self::InitTimeout => "Connection initialisation timeout",
            Self::DuplicateOperation => "Subscriber already exists",
            Self::TooManyInits => "Too many initialisation requests",
            Self::TooSlow => "Too slow: reconnect and resume",
            Self::Overloaded => "Overloaded: reconnect later",
            Self::NoPong => "No pong: reconnect and resume",
            Self::TooManySockets => "Too many sockets: close another",
        }
    }

    /// The value of its label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::ProtocolError => "protocol_error",
            Self::NotText => "not_text",
            Self::TooBig => "too_big",
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::SubprotocolNotAcceptable => "subprotocol_not_acceptable",
            Self::InitTimeout => "init_timeout",
            Self::DuplicateOperation => "duplicate_operation",
            Self::TooManyInits => "too_many_inits",
            Self::TooSlow => "too_slow",
            Self::Overloaded => "overloaded",
            Self::NoPong => "no_pong",
            Self::TooManySockets => "too_many_sockets",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn messages_are_those_of_the_protocol() {
        assert_eq!(ServerMessage::ConnectionAck.to_text(), r#"{"type":"connection_ack"}"#);
        assert_eq!(ServerMessage::Pong { payload: None }.to_text(), r#"{"type":"pong"}"#);
        assert_eq!(ServerMessage::Complete { id: "1" }.to_text(), r#"{"type":"complete","id":"1"}"#);
        assert_eq!(next("a\"b", "{}"), r#"{"id":"a\"b","type":"next","payload":{}}"#);
        assert!(serde_json::from_str::<ClientMessage>(r#"{"type":"start"}"#).is_err());
    }

    /// What an init says of who connects; none if it is no message of the protocol.
    fn init(payload: &str) -> Option<Vec<String>> {
        let text = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
        match serde_json::from_str(&text).ok()? {
            ClientMessage::ConnectionInit { payload } => Some(payload.unwrap_or_default().authorization),
            _ => None,
        }
    }

    #[test]
    fn an_init_names_its_token_in_any_case() {
        for (payload, expected) in [
            (r#"{"authorization":"Bearer x","deviceId":"y"}"#, Some(&["Bearer x"][..])),
            (r#"{"Authorization":"bearer x"}"#, Some(&["bearer x"])),
            (r#"{"deviceId":[{"authorization":"no"}],"AUTHORIZATION":"x"}"#, Some(&["x"])),
            (r#"{"authorization":"a","Authorization":"b"}"#, Some(&["a", "b"])),
            (r#"{"authorization":"a","authorization":"b"}"#, Some(&["a", "b"])),
            (r#"{"authorization":null}"#, Some(&[])),
            ("{}", Some(&[])),
            ("null", Some(&[])),
            (r#"{"authorization":7}"#, None),
            (r#"{"authorization":["a"]}"#, None),
            (r#"["authorization","a"]"#, None),
            (r#""authorization""#, None),
        ] {
            let expected = expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
            assert_eq!(init(payload), expected, "{payload}");
        }
        assert_eq!(init("{}},{"), None);
    }

    #[test]
    fn each_code_has_a_number_of_its_own_and_a_reason_that_a_frame_can_carry() {
        let numbers: BTreeSet<u16> = CloseCode::ALL.into_iter().map(CloseCode::code).collect();
        assert_eq!(numbers.len(), CloseCode::ALL.len());
        assert!(CloseCode::ALL.into_iter().all(|code| code.reason().len() <= 123));
        let page = include_str!("../../ARCHITECTURE.md");
        let (_, table) = page.split_once("## Close codes of sockets").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let cell = |line: &str| line.split('|').nth(1).and_then(|cell| cell.trim().parse().ok());
        assert_eq!(table.lines().filter_map(cell).collect::<BTreeSet<u16>>(), numbers);
    }

    #[test]
    fn half_a_surrogate_pair_in_an_operation_is_an_error_of_its_field() {
        for (text, expected) in [
            (r#"{"type":"subscribe","id":"1","payload":{"query":"\ud83d"}}"#, Some("query")),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"x","variables":{"a":{"b":["\ude00"]}}}}"#,
                Some("b"),
            ),
            (r#"{"type":"subscribe","id":"\ud83d","payload":{"query":"x"}}"#, None),
            (r#"{"type":"subscribe","id":"1","payload":{"query":["\ud83d"]}}"#, None),
            (r#"{"type":"ping","payload":{"a":"\ud83d"}}"#, None),
            (r#"{"type":"subscribe","id":"1","payload":{"query":"\ud83d"}"#, None),
        ] {
            let read = ClientMessage::read(text).map(|message| match message {
                ClientMessage::Subscribe { payload, .. } => payload.unpaired,
                _ => None,
            });
            assert_eq!(read.flatten().as_deref(), expected, "{text}");
        }
    }
}
