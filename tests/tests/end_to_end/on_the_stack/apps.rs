//! Pushes to apps through FCM: who signs for them, what they say, what is withdrawn, and what becomes of a token.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use musclemap_tests::acts::{mark_read, people};
use musclemap_tests::metrics::until_total;
use musclemap_tests::push_service::{HOSTS, PushService, Pushed, Reply, SEND, TOKEN};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use url::form_urlencoded;

const PUBLIC: &str = include_str!("../../../../processors/notifier/tests/keys/fcm.pub");
const SENT: Reply = Reply::Json(200, r#"{ "name": "projects/musclemap-test/messages/1" }"#);
const FIRST: Reply =
    Reply::Json(200, r#"{ "access_token": "first", "expires_in": 3599, "token_type": "Bearer" }"#);
const SECOND: Reply = Reply::Json(200, r#"{ "access_token": "second", "expires_in": 3599 }"#);
const EXPIRED: Reply = Reply::Json(401, r#"{ "error": { "code": 401, "status": "UNAUTHENTICATED" } }"#);
const UNREGISTERED: Reply =
    Reply::Json(404, r#"{ "error": { "code": 404, "details": [{ "errorCode": "UNREGISTERED" }] } }"#);

async fn register(user: &Client) {
    let query = "mutation($t: String!) {
        registerPushSubscription(input: { fcmToken: $t, deviceType: MOBILE }) }";
    user.get(query, json!({ "t": format!("device-of-{}", user.name) })).await;
}

fn message(pushed: &Pushed) -> Value {
    serde_json::from_slice::<Value>(&pushed.body).expect("JSON")["message"].take()
}

fn ended(result: &str) -> String {
    format!("musclemap_pushes_total{{result=\"{result}\"}}")
}

#[tokio::test]
async fn apps_are_notified_through_fcm_and_told_what_was_read_elsewhere() {
    let service = PushService::start().await;
    service.replies(TOKEN, &[FIRST]);
    service.replies(SEND, &[SENT]);
    let server = System::with_pushes(&service).await;
    let [ann, bob] = &people(&server, ["ann", "bob"]).await;
    register(bob).await;
    let chat = ann.create("GROUP", &[bob]).await;
    let sent = ann.send(&chat, "squats at six?").await;

    let pushed = service.until(SEND, 1).await;
    assert_eq!(pushed[0].headers["authorization"], "Bearer first");
    let said = message(&pushed[0]);
    assert_eq!(said["token"], "device-of-bob");
    assert!(
        said["notification"]["body"].as_str().is_some_and(|body| body.contains("squats at six?")),
        "{said}"
    );
    assert_eq!((&said["data"]["conversationId"], &said["data"]["messageId"]), (&json!(chat), &sent["id"]));

    // The token was asked for by the account's signature, for this endpoint alone.
    let asked = service.pushed(TOKEN);
    let form: Vec<(String, String)> = form_urlencoded::parse(&asked[0].body).into_owned().collect();
    assert_eq!(form[0], ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[service.endpoint(HOSTS[0], TOKEN)]);
    validation.set_issuer(&["push@musclemap.test"]);
    let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).expect("a key");
    let claims = jsonwebtoken::decode::<Value>(&form[1].1, &key, &validation).expect("an assertion").claims;
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/firebase.messaging");

    // What is read elsewhere is withdrawn, once; the token serves all.
    mark_read(bob, &chat, &sent).await;
    let withdrawn = service.until(SEND, 2).await;
    let said = message(&withdrawn[1]);
    assert_eq!((&said["data"]["type"], &said["notification"]), (&json!("READ"), &Value::Null));
    assert_eq!(said["data"]["conversationId"], json!(chat));
    let other = ann.create("GROUP", &[bob]).await;
    ann.send(&other, "or at seven?").await;
    let pushed = service.until(SEND, 3).await;
    assert_eq!(message(&pushed[2])["data"]["type"], "MESSAGE");
    assert_eq!(service.pushed(TOKEN).len(), 1);
}

#[tokio::test]
async fn a_refused_access_token_is_renewed_and_an_unregistered_device_removed() {
    let service = PushService::start().await;
    service.replies(TOKEN, &[Reply::Status(503), FIRST, SECOND]);
    service.replies(SEND, &[EXPIRED, SENT, UNREGISTERED]);
    let server = System::with_pushes(&service).await;
    let [ann, bob] = &people(&server, ["ann", "bob"]).await;
    register(bob).await;
    let chat = ann.create("GROUP", &[bob]).await;
    ann.send(&chat, "one").await;
    let pushed = service.until(SEND, 2).await;
    assert_eq!(pushed[0].headers["authorization"], "Bearer first");
    assert_eq!(pushed[1].headers["authorization"], "Bearer second");
    assert_eq!(message(&pushed[0]), message(&pushed[1]));
    until_total(&server, &ended("sent"), 1.0).await;

    let second = ann.create("GROUP", &[bob]).await;
    ann.send(&second, "two").await;
    until_total(&server, &ended("gone"), 1.0).await;
    // The device is none of the user's any more: it may be registered anew, and is then sent to again.
    service.replies(SEND, &[SENT]);
    register(bob).await;
    let third = ann.create("GROUP", &[bob]).await;
    ann.send(&third, "three").await;
    let pushed = service.until(SEND, 4).await;
    assert_eq!(message(&pushed[3])["data"]["conversationId"], json!(third));
}
