//! Notification settings are a user's own, and the same on all their devices.

use musclemap_tests::acts::people;
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const SETTINGS: &str = "messagingEnabled messagingSound messagingPreview emailEnabled
    quietHoursStart quietHoursEnd timeZone";

async fn update(by: &Client, input: Value) -> Value {
    let query = format!(
        "mutation($i: NotificationPreferencesInput!) {{
            updateNotificationPreferences(input: $i) {{ {SETTINGS} }} }}"
    );
    by.ask(&query, json!({ "i": input })).await
}

async fn settings(of: &Client) -> Value {
    let query = format!("{{ notificationPreferences {{ {SETTINGS} }} }}");
    of.get(&query, json!({})).await["notificationPreferences"].take()
}

#[tokio::test]
async fn settings_are_set_one_by_one_and_reach_ones_other_devices_alone() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let mut of_bob = Socket::connect(&server, &bob).await;
    of_bob.inbox(None).await;
    let first = json!({ "messagingEnabled": true, "messagingSound": true, "messagingPreview": true,
        "emailEnabled": false, "quietHoursStart": null, "quietHoursEnd": null, "timeZone": "UTC" });
    assert_eq!(settings(&ann).await, first);

    let mut wanted = first.clone();
    for (input, changed) in [
        (json!({ "messagingEnabled": false }), None),
        (json!({ "messagingSound": false }), None),
        (json!({ "messagingPreview": false, "emailEnabled": true }), None),
        (json!({ "quietHoursStart": "22:30", "quietHoursEnd": "07:05" }), None),
        (json!({ "timeZone": "europe/berlin" }), Some(json!({ "timeZone": "Europe/Berlin" }))),
        (json!({ "quietHoursStart": null, "quietHoursEnd": null }), None),
        (json!({ "messagingEnabled": true, "timeZone": null }), Some(json!({ "messagingEnabled": true }))),
    ] {
        for (name, value) in changed.as_ref().unwrap_or(&input).as_object().expect("fields") {
            wanted[name] = value.clone();
        }
        for _ in 0..2 {
            let answer = update(&ann, input.clone()).await["data"]["updateNotificationPreferences"].take();
            assert_eq!(answer, wanted, "{input}");
        }
        device.account_changed("NOTIFICATIONS").await;
    }
    assert_eq!(settings(&ann).await, wanted);
    assert_eq!(settings(&bob).await, first, "of ann alone");
    // Nothing of ann's reaches bob before what is his.
    update(&bob, json!({ "messagingSound": false })).await;
    of_bob.account_changed("NOTIFICATIONS").await;
    bob.create("GROUP", &[]).await;
    let told = of_bob.frames_until("ConversationChanged").await;
    assert!(told.iter().all(|frame| frame["event"]["what"] != "NOTIFICATIONS"), "{told:?}");
}

#[tokio::test]
async fn malformed_settings_change_nothing() {
    let server = System::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let before = settings(&ann).await;
    for (input, field) in [
        (json!({ "quietHoursStart": "22:30" }), "quietHoursEnd"),
        (json!({ "quietHoursEnd": "22:30" }), "quietHoursStart"),
        (json!({ "quietHoursStart": null }), "quietHoursEnd"),
        (json!({ "quietHoursStart": null, "quietHoursEnd": "07:00" }), "quietHoursStart"),
        (json!({ "quietHoursStart": "07:00", "quietHoursEnd": "07:00" }), "quietHoursEnd"),
        (json!({ "timeZone": "Mars/Phobos" }), "timeZone"),
        (json!({ "timeZone": "Etc/Unknown" }), "timeZone"),
        (json!({ "timeZone": "" }), "timeZone"),
        (json!({ "timeZone": "x".repeat(1_000) }), "timeZone"),
    ] {
        let refused = update(&ann, input.clone()).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{input}");
        assert_eq!(refused["errors"][0]["extensions"]["field"], field, "{input}");
    }
    for time in ["24:00", "7:00", "07:00:00", "noon"] {
        let refused = update(&ann, json!({ "quietHoursStart": time, "quietHoursEnd": "08:00" })).await;
        assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{time}");
    }
    assert_eq!(settings(&ann).await, before);
}
