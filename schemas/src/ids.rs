//! Names of people, conversations, messages and client requests.
//!
//! Invariant: every id is text of at most 64 bytes from a small alphabet, checked where it enters,
//! so it can stand in a key, a header or a log line as it is. Copies of one share its memory.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use apache_avro::schema::{Name, NamespaceRef};
use apache_avro::{AvroSchemaComponent, Schema};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A text is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct InvalidId {
    pub kind: &'static str,
}

/// Text on every wire, read by the type's own `FromStr`.
macro_rules! text_form {
    ($name:ident) => {
        impl AvroSchemaComponent for $name {
            fn get_schema_in_ctxt(named: &mut HashSet<Name>, namespace: NamespaceRef) -> Schema {
                String::get_schema_in_ctxt(named, namespace)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        text_form!($name);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A person, as the platform names them (the `sub` of their token).
    UserId,
    "user",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
);

text_id!(
    /// A conversation: 32 lower-case hexadecimal digits, derived by a [`ConversationKey`].
    ConversationId,
    "conversation",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);

text_id!(
    /// A file of its uploader: 32 lower-case hexadecimal digits, derived by a [`ConversationKey`].
    AttachmentId,
    "attachment",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);

text_id!(
    /// A template of its user: 32 lower-case hexadecimal digits.
    TemplateId,
    "template",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);

impl From<Uuid> for TemplateId {
    fn from(id: Uuid) -> Self {
        Self(id.simple().to_string().into())
    }
}

text_id!(
    /// A pack of stickers: 32 lower-case hexadecimal digits, derived by a [`ConversationKey`].
    PackId,
    "sticker pack",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);

/// A UUID chosen by a client for one request; as text in lower case with hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Uuid);

text_form!(ClientId);

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl FromStr for ClientId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id = Uuid::from_str(text).map_err(|_| InvalidId { kind: "client" })?;
        let canonical = *id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *text;
        if canonical { Ok(Self(id)) } else { Err(InvalidId { kind: "client" }) }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl From<Uuid> for ClientId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl ClientId {
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    pub fn uuid(&self) -> Uuid {
        self.0
    }

    /// The id of a part of what the client names by this one.
    pub fn part(&self, name: &str) -> Self {
        let digest = Sha256::new().chain_update(joined(&["part", &self.to_string(), name])).finalize();
        Self(Uuid::new_v8(first_half(digest.into())))
    }
}

impl AttachmentId {
    /// The file that is named by what it holds.
    pub fn of_hash(hash: [u8; 32]) -> Self {
        Self(simple(hash))
    }
}

impl UserId {
    /// The id that development log-in gives to a username, in whatever case it is written.
    pub fn of_username(username: &str) -> Self {
        let digest = Sha256::new().chain_update(joined(&["user", &username.to_ascii_lowercase()])).finalize();
        Self(Uuid::new_v8(first_half(digest.into())).hyphenated().to_string().into())
    }

    /// The service itself, which reports what meets a rule. No token is of it.
    pub fn service() -> Self {
        Self("mm:service".into())
    }
}

/// The secret of a deployment by which ids of conversations are derived: without it nobody computes the id
/// of two users' conversation. It is the same in all processes that serve the API, and never changes, as
/// pairs find their conversation by it.
#[derive(Clone)]
pub struct ConversationKey(Hmac<Sha256>);

impl ConversationKey {
    pub fn new(key: [u8; 32]) -> Self {
        let padded: [u8; 64] = std::array::from_fn(|at| key.get(at).copied().unwrap_or_default());
        Self(<Hmac<Sha256> as KeyInit>::new(&padded.into()))
    }

    /// The one DIRECT conversation of a pair; a pair may be one person twice (notes).
    pub fn direct(&self, one: &UserId, other: &UserId) -> ConversationId {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        self.derived(&["direct", low.as_str(), high.as_str()])
    }

    /// The conversation that a creator names by their own request id.
    pub fn created(&self, creator: &UserId, request: &ClientId) -> ConversationId {
        self.derived(&["created", creator.as_str(), &request.to_string()])
    }

    /// The attachment that an uploader names by their own request id.
    pub fn uploaded(&self, uploader: &UserId, request: &ClientId) -> AttachmentId {
        AttachmentId(self.digits(&["uploaded", uploader.as_str(), &request.to_string()]))
    }

    /// The pack of stickers that its creator names by their own request id.
    pub fn packed(&self, creator: &UserId, request: &ClientId) -> PackId {
        PackId(self.digits(&["sticker pack", creator.as_str(), &request.to_string()]))
    }

    /// Signs a link: the same on every process that has the key.
    pub fn sign(&self, link: &str) -> [u8; 16] {
        first_half(self.mac(&["link", link]).finalize().into_bytes().into())
    }

    /// Whether a signature is that of a link; it takes the same time whatever the signature is.
    pub fn has_signed(&self, link: &str, signature: &[u8; 16]) -> bool {
        self.mac(&["link", link]).verify_truncated_left(signature).is_ok()
    }

    fn derived(&self, parts: &[&str]) -> ConversationId {
        ConversationId(self.digits(parts))
    }

    fn digits(&self, parts: &[&str]) -> Arc<str> {
        simple(self.mac(parts).finalize().into_bytes().into())
    }

    fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        self.0.clone().chain_update(joined(parts))
    }
}

/// Length-prefixed parts, so that no two lists are equal when they are joined.
fn joined(parts: &[&str]) -> Vec<u8> {
    let part = |part: &&str| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat();
    parts.iter().flat_map(part).collect()
}

fn simple(hash: [u8; 32]) -> Arc<str> {
    Uuid::from_bytes(first_half(hash)).simple().to_string().into()
}

fn first_half(full: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| full[at])
}

/// A message: its conversation and its number in it. As text, ids of one conversation sort by number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    pub conversation: ConversationId,
    /// 1, 2, 3 … without gap.
    pub seq: i64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:012}", self.conversation, self.seq)
    }
}

impl FromStr for MessageId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "message" };
        let (conversation, seq) = text.split_once('-').ok_or(invalid.clone())?;
        let id = Self {
            conversation: conversation.parse().map_err(|_| invalid.clone())?,
            seq: seq.parse().map_err(|_| invalid.clone())?,
        };
        // Only the canonical form is an id: no sign, no missing zeros.
        if id.seq >= 1 && id.to_string() == text { Ok(id) } else { Err(invalid) }
    }
}

/// A sticker: its pack, and the file that is its image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StickerId {
    pub pack: PackId,
    pub attachment: AttachmentId,
}

impl fmt::Display for StickerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.pack, self.attachment)
    }
}

impl FromStr for StickerId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "sticker" };
        let (pack, attachment) = text.split_once('-').ok_or(invalid.clone())?;
        let pack = pack.parse().map_err(|_| invalid.clone())?;
        Ok(Self { pack, attachment: attachment.parse().map_err(|_| invalid)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn a_pair_has_one_direct_conversation_whoever_starts_it() {
        let (key, ann, bob) = (ConversationKey::new([7; 32]), user("ann"), user("bob"));
        assert_eq!(key.direct(&ann, &bob), key.direct(&bob, &ann));
        assert_ne!(key.direct(&ann, &ann), key.direct(&ann, &bob));
        assert_ne!(key.direct(&user("a"), &user("bc")), key.direct(&user("ab"), &user("c")));
    }

    #[test]
    fn nobody_computes_an_id_without_the_key() {
        let (ann, bob, request) = (user("ann"), user("bob"), ClientId::from_bytes([1; 16]));
        let ids = |key| {
            let key = ConversationKey::new([key; 32]);
            (key.direct(&ann, &bob), key.created(&ann, &request))
        };
        let ((direct, created), other) = (ids(7), ids(8));
        assert!(direct != other.0 && created != other.1);
        let (one, other) = (ConversationKey::new([7; 32]), ConversationKey::new([8; 32]));
        assert_ne!(one.uploaded(&ann, &request), other.uploaded(&ann, &request));
        assert!(one.has_signed("a/b", &one.sign("a/b")));
        for (link, key) in [("a/c", &one), ("a/b", &other)] {
            assert!(!one.has_signed("a/b", &key.sign(link)), "{link}");
        }
        // HMAC-SHA-256 as other programs compute it.
        assert_eq!(direct.as_str(), "b65ddad3ff171b48b09420c681055d10");
    }

    #[test]
    fn message_ids_are_canonical_and_sort_by_number() {
        let conversation = ConversationKey::new([7; 32]).direct(&user("ann"), &user("bob"));
        let id = |seq| MessageId { conversation: conversation.clone(), seq };
        assert!(id(9).to_string() < id(10).to_string());
        assert_eq!(id(7).to_string().parse(), Ok(id(7)));
        for bad in ["", "x", "-1", &format!("{conversation}-7"), &format!("{conversation}-+00000000007")] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sticker_is_named_by_its_pack_and_its_file() {
        let (key, ann, request) = (ConversationKey::new([7; 32]), user("ann"), ClientId::from_bytes([1; 16]));
        let id = StickerId { pack: key.packed(&ann, &request), attachment: key.uploaded(&ann, &request) };
        assert_ne!(id.pack.as_str(), id.attachment.as_str());
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        for bad in ["", "-", id.pack.as_str(), &format!("{id}-"), &format!(" {id}")] {
            assert!(bad.parse::<StickerId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_refuse_what_could_not_stand_in_a_key() {
        for bad in ["", "a b", "a\n", "é", &"x".repeat(65)] {
            assert!(bad.parse::<UserId>().is_err(), "{bad:?}");
        }
        assert!("00000000-0000-0000-0000-00000000000A".parse::<ClientId>().is_err());
    }
}
