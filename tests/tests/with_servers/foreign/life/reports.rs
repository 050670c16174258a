//! Reports: filed, filed twice, dismissed; messages that are hidden, shown again, and deleted while they are hidden;
//! users who are suspended.

use musclemap_tests::acts::{delete, edit, pin, report, resolve};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};

use super::People;

fn filed(by: &Client, message: &Value) -> Value {
    json!({ "id": format!("{}-{}", message["id"].as_str().expect("an id"), by.user) })
}

/// A user whom the readers know, with the right to moderate the service.
async fn moderator(system: &System, user: &Client) -> Client {
    Client::login_as(system, &user.name, json!({ "roles": ["moderator"] })).await
}

pub async fn report_some(system: &System, People { ann, bob, carl, eve, finn, .. }: &People) {
    let moderator = moderator(system, finn).await;
    let group = ann.create("GROUP", &[bob, carl]).await;
    let rude = bob.send(&group, "rude").await;
    data(edit(bob, &rude, "ruder").await);
    data(pin(ann, &rude).await);
    for (by, reason) in [(ann, "HARASSMENT"), (ann, "SPAM"), (carl, "INAPPROPRIATE")] {
        data(report(by, &rude, reason, Some("as you see")).await);
    }
    assert_eq!(code(&report(eve, &rude, "SPAM", None).await), Some("NOT_FOUND"));
    for (by, action) in
        [(ann, "HIDE_MESSAGE"), (ann, "HIDE_MESSAGE"), (carl, "HIDE_MESSAGE"), (ann, "DISMISS")]
    {
        data(resolve(&moderator, &filed(by, &rude), action, Some("seen")).await);
    }
    let shown = bob.send(&group, "not so rude").await;
    data(report(ann, &shown, "OTHER", None).await);
    for action in ["HIDE_MESSAGE", "DISMISS"] {
        data(resolve(&moderator, &filed(ann, &shown), action, None).await);
    }
    for action in ["SUSPEND_USER", "HIDE_MESSAGE", "DISMISS"] {
        data(resolve(&moderator, &filed(ann, &shown), action, None).await);
    }
    let regretted = bob.send(&group, "regretted").await;
    data(report(ann, &regretted, "SPAM", None).await);
    data(resolve(&moderator, &filed(ann, &regretted), "HIDE_MESSAGE", None).await);
    data(delete(bob, &regretted).await);
    data(resolve(&moderator, &filed(ann, &regretted), "DISMISS", None).await);
}

/// The last thing of all: who is suspended writes nothing more.
pub async fn suspend_one(system: &System, People { ann, finn, .. }: &People) {
    let group = ann.create("GROUP", &[finn]).await;
    let strict = finn.send(&group, "nobody is above the rules").await;
    data(report(ann, &strict, "OTHER", None).await);
    data(resolve(&moderator(system, finn).await, &filed(ann, &strict), "SUSPEND_USER", None).await);
}
