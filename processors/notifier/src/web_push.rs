//! Web push: what is sent to an endpoint (RFC 8030), encrypted for its browser (RFC 8291), signed by this
//! deployment (RFC 8292).

pub mod encryption;
pub mod vapid;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use schemas::position::LogTime;
use schemas::push::WebPush;
use schemas::{ConversationId, UserId};
use sha2::Sha256;

use encryption::Browser;
use vapid::Vapid;

/// How long a push service keeps a push for a browser that is away: a day.
const TTL: &str = "86400";
/// That of a chat message (RFC 8030, 5.3).
const URGENCY: &str = "normal";
/// Bytes that a topic has before it is 32 characters of base64url.
const TOPIC_BYTES: usize = 24;
/// A payload is filled up to a multiple of so many bytes, so that its length tells little of a message's.
const STEP: usize = 512;

/// A request to an endpoint.
pub struct Request {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A subscription that nothing can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the subscription are malformed")]
pub struct MalformedSubscription;

/// The request that pushes a payload. `origin` is the endpoint's.
pub fn request(
    vapid: &Vapid,
    to: &WebPush,
    origin: &str,
    topic: &str,
    payload: &[u8],
    now: LogTime,
) -> Result<Request, MalformedSubscription> {
    let browser = Browser::of(to)?;
    let length = (payload.len() + 1).next_multiple_of(STEP).min(encryption::MOST_BYTES);
    let body = encryption::encrypt(&browser, payload, length).ok_or(MalformedSubscription)?;
    let authorization = vapid.authorization(origin, now);
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| MalformedSubscription);
    let headers = [
        (HeaderName::from_static("ttl"), HeaderValue::from_static(TTL)),
        (HeaderName::from_static("urgency"), HeaderValue::from_static(URGENCY)),
        (HeaderName::from_static("topic"), value(topic)?),
        (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (AUTHORIZATION, value(&authorization)?),
    ];
    Ok(Request { headers: HeaderMap::from_iter(headers), body })
}

/// The topic of a user's pushes for a conversation: a later one replaces one that was not delivered. A push service
/// learns from it neither the conversation nor which users share one.
pub fn topic(secret: &[u8; 32], user: &UserId, conversation: &ConversationId) -> String {
    let padded: [u8; 64] = std::array::from_fn(|at| secret.get(at).copied().unwrap_or_default());
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&padded.into());
    for part in ["push topic", user.as_str(), conversation.as_str()] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..TOPIC_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_of_a_user_and_a_conversation_and_fits() {
        let conversation = |number: u8| format!("{number:032x}").parse().unwrap();
        let topic = |secret: u8, user: &str, number: u8| {
            topic(&[secret; 32], &user.parse().unwrap(), &conversation(number))
        };
        let one = topic(1, "ann", 1);
        assert_eq!(one, topic(1, "ann", 1));
        assert!(
            one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        for other in [topic(2, "ann", 1), topic(1, "bob", 1), topic(1, "ann", 2)] {
            assert_ne!(one, other);
        }
    }
}
