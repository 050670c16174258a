//! The admin API: what the platform says of its users, said by hand.

use musclemap_tests::acts::{admin, people};
use musclemap_tests::process::{PATIENCE, http};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

#[tokio::test]
async fn only_admins_are_served_and_malformed_requests_are_problems() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let moderator = Client::login_as(&server, "mia", json!({ "roles": ["moderator"] })).await;
    let admin = admin(&server).await;
    let ban = format!("/users/{}/ban", ann.user);
    let unsigned = http().put(server.admin_url(&ban)).json(&json!({})).send().await.expect("an answer");
    assert_eq!(
        (unsigned.status().as_u16(), unsigned.headers().contains_key("www-authenticate")),
        (401, true)
    );
    for other in [&ann, &moderator] {
        assert_eq!(other.administer(&server, "PUT", &ban, json!({})).await.status(), 403, "{}", other.name);
    }
    let user = format!("/users/{}", ann.user);
    let grant = format!("/users/{}/grants/", ann.user);
    for (method, path, body, status) in [
        ("GET", ban.clone(), Value::Null, 405),
        ("PUT", "/made-up".to_owned(), json!({}), 404),
        ("PUT", ban.clone(), json!({ "until": "yesterday" }), 422),
        ("PUT", ban.clone(), json!({ "till": null }), 422),
        ("PUT", ban.clone(), Value::Null, 415),
        ("PUT", "/users/a%20b/ban".to_owned(), json!({}), 400),
        ("PUT", "/users/%ff/ban".to_owned(), json!({}), 400),
        ("PUT", user.clone(), json!({ "username": "ann", "displayName": " " }), 400),
        ("PUT", user.clone(), json!({ "username": "ann", "displayName": "Ann", "email": "ann" }), 400),
        ("PUT", user.clone(), json!({ "username": "ann", "displayName": "Ann", "locale": "Deutsch!" }), 400),
        ("PUT", user.clone(), json!({ "username": "ann", "displayName": "Ann", "tier": "Premium" }), 400),
        (
            "PUT",
            user.clone(),
            json!({ "username": "ann", "displayName": "Ann", "avatarUrl": "javascript:" }),
            400,
        ),
        ("PUT", user.clone(), json!({ "username": "x".repeat(101), "displayName": "Ann" }), 400),
        ("PUT", user.clone(), json!({ "username": "x".repeat(20_000), "displayName": "Ann" }), 413),
        ("PUT", format!("{grant}a%20b"), json!({ "amountMilli": 1 }), 400),
        ("PUT", format!("{grant}gift"), json!({ "amountMilli": 0 }), 400),
        ("PUT", format!("{grant}gift"), json!({ "amountMilli": 2_000_000_001i64 }), 400),
        ("PUT", format!("{grant}gift"), json!({ "amountMilli": 1.5 }), 422),
    ] {
        let answer = admin.administer(&server, method, &path, body.clone()).await;
        assert_eq!(answer.status(), status, "{method} {path} {body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
    }
    assert_eq!(ann.balance().await, 100_000);
}

#[tokio::test]
async fn grants_count_once_under_their_key_and_names_change_for_everybody() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let admin = admin(&server).await;
    let grant = |key: &str| format!("/users/{}/grants/{key}", ann.user);
    for (key, amount, balance) in
        [("may", 500, 100_500), ("may", 500, 100_500), ("may", 700, 100_500), ("june", 1, 100_501)]
    {
        let answer = admin.administer(&server, "PUT", &grant(key), json!({ "amountMilli": amount })).await;
        assert_eq!((answer.status().as_u16(), ann.balance().await), (204, balance), "{key} {amount}");
    }
    let named = json!({ "username": "ann", "displayName": "Ann of Green Gables", "avatarUrl": null });
    admin.administered(&server, "PUT", &format!("/users/{}", ann.user), named).await;
    let query = "query($u: ID!) { user(id: $u) { displayName } }";
    let deadline = Instant::now() + PATIENCE;
    while bob.get(query, json!({ "u": ann.user })).await["user"]["displayName"] != "Ann of Green Gables" {
        assert!(Instant::now() < deadline, "the name in time");
        sleep(Duration::from_millis(20)).await;
    }
}
