//! Firebase Cloud Messaging, HTTP v1: what is sent to the apps of a project, and the token that lets us send it.
//!
//! Invariants: an access token is asked for by one task at a time, and again when it is about to expire or was
//! refused. A key, a token and an assertion stand in no log line and no error.

use bytes::Bytes;
use egress::{Answer, Egress};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use platform::config::Secret;
use schemas::position::LogTime;
use schemas::push::FcmToken;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::payload::Payload;

/// Google's own address of the API.
pub const GOOGLE: &str = "https://fcm.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion is valid: the most that the authorization server takes.
const ASSERTED_SECONDS: i64 = 3_600;
/// A token is renewed while so much of it is left.
const LEFT_MS: i64 = 5 * 60 * 1_000;
/// How long Google keeps a push for a device that is away: a day.
const TTL: &str = "86400s";

/// The project that apps are registered with.
pub struct Settings {
    /// The service account's key as the Firebase console gives it: JSON.
    pub account: Secret,
    /// Where the API is.
    pub url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FcmError {
    #[error(
        "the key of the FCM service account is no JSON with project_id, client_email, private_key and token_uri"
    )]
    Account,
    #[error("the private key of the FCM service account is no RSA key in PEM")]
    Key,
    #[error("the address of FCM, or of its token endpoint, is no https URL")]
    Address,
}

/// The parts of a service account's key that are used.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    client_email: String,
    private_key: String,
    token_uri: String,
}

pub struct Fcm {
    email: String,
    key: EncodingKey,
    token_url: String,
    send_url: String,
    origin: String,
    token: Mutex<Option<Token>>,
}

struct Token {
    bearer: HeaderValue,
    until: LogTime,
}

/// What the authorization server gives (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// Why there is no token now: after so many milliseconds there may be one, if the server says when.
#[derive(Debug)]
pub struct NoToken(pub Option<Answer>);

/// What an answer of FCM says of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Sent,
    /// The app was removed from the device, or has a new token.
    Unregistered,
    /// The access token is refused.
    Unauthorized,
    /// Another try may succeed.
    Later,
    Refused,
}

impl Fcm {
    pub fn new(settings: &Settings) -> Result<Self, FcmError> {
        let account = settings.account.expose().ok_or(FcmError::Account)?;
        let account: Account = serde_json::from_str(account).map_err(|_| FcmError::Account)?;
        let key = EncodingKey::from_rsa_pem(account.private_key.as_bytes()).map_err(|_| FcmError::Key)?;
        let project = account.project_id;
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if project.is_empty() || !project.bytes().all(is_named) {
            return Err(FcmError::Account);
        }
        let send =
            https(&format!("{}/v1/projects/{project}/messages:send", settings.url.trim_end_matches('/')))?;
        let token_url = https(&account.token_uri)?.into();
        let (origin, send_url) = (send.origin().ascii_serialization(), send.into());
        Ok(Self { email: account.client_email, key, token_url, send_url, origin, token: Mutex::default() })
    }

    pub fn url(&self) -> &str {
        &self.send_url
    }

    /// Scheme, host and port of the API.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The header `Authorization` of a request.
    pub async fn bearer(&self, egress: &Egress, now: LogTime) -> Result<HeaderValue, NoToken> {
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| token.until - now > LEFT_MS) {
            return Ok(token.bearer.clone());
        }
        let new = self.ask(egress, now).await?;
        Ok(token.insert(new).bearer.clone())
    }

    /// A token that was refused is not used again.
    pub async fn forget(&self, bearer: &HeaderValue) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|token| token.bearer == bearer) {
            *token = None;
        }
    }

    async fn ask(&self, egress: &Egress, now: LogTime) -> Result<Token, NoToken> {
        let assertion = self.assertion(now).ok_or(NoToken(None))?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("assertion", &assertion)
            .finish();
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, form_type)]);
        let answer = egress.post(&self.token_url, headers, form.into()).await.map_err(|_| NoToken(None))?;
        granted(&answer, now).ok_or(NoToken(Some(answer)))
    }

    /// A claim to the token, signed with the account's key (RFC 7523, 2.1).
    fn assertion(&self, now: LogTime) -> Option<String> {
        let issued = now / 1_000;
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.token_url, "iat": issued,
            "exp": issued + ASSERTED_SECONDS,
        });
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key).ok()
    }
}

fn https(url: &str) -> Result<Url, FcmError> {
    let url = Url::parse(url).map_err(|_| FcmError::Address)?;
    if url.scheme() == "https" { Ok(url) } else { Err(FcmError::Address) }
}

fn granted(answer: &Answer, now: LogTime) -> Option<Token> {
    if !answer.status.is_success() {
        return None;
    }
    let Granted { access_token, expires_in } = serde_json::from_slice(&answer.body).ok()?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {access_token}")).ok()?;
    bearer.set_sensitive(true);
    Some(Token { bearer, until: now.saturating_add(expires_in.clamp(0, ASSERTED_SECONDS) * 1_000) })
}

/// The headers of a request with a token.
pub fn headers(bearer: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (AUTHORIZATION, bearer),
    ])
}

/// A notification for a device. A later one with the topic takes its place, also where it was not yet delivered.
pub fn notification(to: &FcmToken, topic: &str, payload: &Payload) -> Bytes {
    let Payload { conversation_id, message_id, title, body, tag, silent, count } = payload;
    let sound = (!silent).then_some("default");
    let mut aps = json!({ "thread-id": tag });
    let mut android = json!({ "tag": tag });
    if let Some(sound) = sound {
        aps["sound"] = sound.into();
        android["sound"] = sound.into();
    }
    let text = json!({ "title": title, "body": body });
    let data = json!({
        "type": "MESSAGE", "conversationId": conversation_id, "messageId": message_id, "count": count.to_string(),
    });
    message(to, topic, Some(text), &data, android, aps)
}

/// Tells an app that a conversation was read elsewhere: it takes its notification away, and shows nothing.
pub fn withdrawal(to: &FcmToken, topic: &str, conversation: &str) -> Bytes {
    let data = json!({ "type": "READ", "conversationId": conversation, "tag": conversation });
    message(to, topic, None, &data, Value::Null, json!({ "content-available": 1 }))
}

fn message(to: &FcmToken, topic: &str, text: Option<Value>, data: &Value, shown: Value, aps: Value) -> Bytes {
    let mut android = json!({ "collapse_key": topic, "ttl": TTL, "priority": "HIGH" });
    // Apple takes a push that shows nothing with the lower priority alone.
    let (kind, priority) = if text.is_some() { ("alert", "10") } else { ("background", "5") };
    if !shown.is_null() {
        android["notification"] = shown;
    }
    let apns = json!({
        "headers": { "apns-collapse-id": topic, "apns-push-type": kind, "apns-priority": priority },
        "payload": { "aps": aps },
    });
    let mut message = json!({ "token": to.token, "data": data, "android": android, "apns": apns });
    if let Some(text) = text {
        message["notification"] = text;
    }
    json!({ "message": message }).to_string().into()
}

/// What an answer of FCM says.
pub fn said(answer: &Answer) -> Said {
    match answer.status.as_u16() {
        200..=299 => Said::Sent,
        401 => Said::Unauthorized,
        // A project that does not exist is not found either, and takes no token away.
        404 if is_unregistered(answer) => Said::Unregistered,
        429 | 500..=599 => Said::Later,
        _ => Said::Refused,
    }
}

fn is_unregistered(answer: &Answer) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return false };
    let details = body["error"]["details"].as_array();
    details.is_some_and(|details| details.iter().any(|one| one["errorCode"] == "UNREGISTERED"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hyper::StatusCode;
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    const NOW: LogTime = 1_800_000_000_000;
    const KEY: &str = include_str!("../tests/keys/fcm.key");
    const PUBLIC: &str = include_str!("../tests/keys/fcm.pub");
    const TOKEN_URI: &str = "https://oauth.example/token";

    fn made(account: &Value, url: &str) -> Result<Fcm, FcmError> {
        Fcm::new(&Settings { account: Secret::of(&account.to_string()), url: url.to_owned() })
    }

    fn account() -> Value {
        json!({
            "type": "service_account", "project_id": "fit-1", "client_email": "push@fit-1.example",
            "private_key": KEY, "token_uri": TOKEN_URI,
        })
    }

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            url: TOKEN_URI.parse().unwrap(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_string().into(),
        }
    }

    #[test]
    fn an_assertion_is_signed_for_the_token_endpoint_for_an_hour() {
        let fcm = made(&account(), GOOGLE).unwrap();
        assert_eq!(fcm.url(), "https://fcm.googleapis.com/v1/projects/fit-1/messages:send");
        assert_eq!(fcm.origin(), GOOGLE);
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[TOKEN_URI]);
        validation.set_issuer(&["push@fit-1.example"]);
        (validation.validate_exp, validation.required_spec_claims) = (false, HashSet::new());
        let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).unwrap();
        let claims =
            jsonwebtoken::decode::<Value>(fcm.assertion(NOW).unwrap(), &key, &validation).unwrap().claims;
        assert_eq!(claims["scope"], SCOPE);
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_800_000_000), &json!(1_800_003_600)));
    }

    #[test]
    fn what_is_no_account_or_no_address_is_refused_at_the_start() {
        let with = |name: &str, value: Value| {
            let mut account = account();
            account[name] = value;
            account
        };
        for (account, url, expected) in [
            (json!({}), GOOGLE, FcmError::Account),
            (json!("text"), GOOGLE, FcmError::Account),
            (with("project_id", json!("a/../b")), GOOGLE, FcmError::Account),
            (with("project_id", json!("")), GOOGLE, FcmError::Account),
            (with("private_key", json!("no key")), GOOGLE, FcmError::Key),
            (with("token_uri", json!("http://oauth.example")), GOOGLE, FcmError::Address),
            (account(), "fcm.googleapis.com", FcmError::Address),
            (account(), "http://fcm.example", FcmError::Address),
        ] {
            assert_eq!(made(&account, url).err(), Some(expected), "{url}");
        }
    }

    #[test]
    fn a_token_is_what_the_server_grants_and_for_no_longer() {
        let until = |status, body: Value| granted(&answer(status, &body), NOW).map(|token| token.until - NOW);
        assert_eq!(until(200, json!({ "access_token": "t", "expires_in": 3_599 })), Some(3_599_000));
        assert_eq!(until(200, json!({ "access_token": "t", "expires_in": i64::MAX })), Some(3_600_000));
        assert_eq!(until(200, json!({ "access_token": "t", "expires_in": -5 })), Some(0));
        for (status, body) in [
            (200, json!({ "access_token": "t" })),
            (200, json!({ "access_token": "a\nb", "expires_in": 60 })),
            (400, json!({ "error": "invalid_grant" })),
            (500, json!({ "access_token": "t", "expires_in": 60 })),
        ] {
            assert_eq!(until(status, body), None);
        }
    }

    #[test]
    fn only_an_unregistered_token_is_taken_away() {
        let error = |code: &str| json!({ "error": { "details": [{ "@type": "x" }, { "errorCode": code }] } });
        for (status, body, expected) in [
            (200, json!({ "name": "projects/fit-1/messages/1" }), Said::Sent),
            (404, error("UNREGISTERED"), Said::Unregistered),
            (404, json!({ "error": { "status": "NOT_FOUND" } }), Said::Refused),
            (404, json!("no project"), Said::Refused),
            (403, error("SENDER_ID_MISMATCH"), Said::Refused),
            (400, error("INVALID_ARGUMENT"), Said::Refused),
            (401, error("THIRD_PARTY_AUTH_ERROR"), Said::Unauthorized),
            (429, error("QUOTA_EXCEEDED"), Said::Later),
            (503, error("UNAVAILABLE"), Said::Later),
        ] {
            assert_eq!(said(&answer(status, &body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_message_has_the_form_of_each_platform_and_a_withdrawal_shows_nothing() {
        let to = FcmToken { token: "device".to_owned() };
        let payload = |silent| Payload {
            conversation_id: "c",
            message_id: "m".to_owned(),
            title: "Ann",
            body: "hi",
            tag: "c",
            silent,
            count: 2,
        };
        let read = |bytes: Bytes| serde_json::from_slice::<Value>(&bytes).unwrap()["message"].take();
        let loud = read(notification(&to, "topic", &payload(false)));
        assert_eq!(loud["token"], "device");
        assert_eq!(loud["notification"], json!({ "title": "Ann", "body": "hi" }));
        let data = json!({ "type": "MESSAGE", "conversationId": "c", "messageId": "m", "count": "2" });
        assert_eq!(loud["data"], data);
        assert_eq!(loud["android"]["collapse_key"], "topic");
        assert_eq!(loud["android"]["notification"], json!({ "tag": "c", "sound": "default" }));
        assert_eq!(loud["apns"]["headers"]["apns-collapse-id"], "topic");
        assert_eq!(loud["apns"]["payload"]["aps"], json!({ "thread-id": "c", "sound": "default" }));
        let silent = read(notification(&to, "topic", &payload(true)));
        assert!(silent["android"]["notification"]["sound"].is_null());
        assert!(silent["apns"]["payload"]["aps"]["sound"].is_null());
        let withdrawn = read(withdrawal(&to, "topic", "c"));
        assert!(withdrawn["notification"].is_null() && withdrawn["android"]["notification"].is_null());
        assert_eq!(withdrawn["data"]["type"], "READ");
        assert_eq!(withdrawn["apns"]["headers"]["apns-push-type"], "background");
        // FCM takes texts alone as data.
        for message in [loud, withdrawn] {
            assert!(message["data"].as_object().unwrap().values().all(Value::is_string));
        }
    }
}
