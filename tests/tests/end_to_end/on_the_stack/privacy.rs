//! Privacy settings are a user's own, and the same on all their devices.

use musclemap_tests::acts::people;
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const SETTINGS: &str = "whoCanMessageMe showOnlineStatus showReadReceipts showTypingIndicator
    allowMessageRequests appearOffline";

async fn update(by: &Client, input: Value) -> Value {
    let query = format!(
        "mutation($i: PrivacySettingsInput!) {{ updatePrivacySettings(input: $i) {{ {SETTINGS} }} }}"
    );
    by.ask(&query, json!({ "i": input })).await
}

async fn settings(of: &Client) -> Value {
    of.get(&format!("{{ privacySettings {{ {SETTINGS} }} }}"), json!({})).await["privacySettings"].take()
}

#[tokio::test]
async fn settings_are_set_one_by_one_and_reach_ones_other_devices() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut device = Socket::connect(&server, &ann).await;
    let query = "subscription { inbox { event { __typename ... on AccountChanged { what } } } }";
    device.subscribe("inbox", query, json!({})).await;
    device.frames_until("Drained").await;
    let first = json!({ "whoCanMessageMe": "EVERYONE", "showOnlineStatus": "FOLLOWERS",
        "showReadReceipts": true, "showTypingIndicator": true, "allowMessageRequests": true,
        "appearOffline": false });
    assert_eq!(settings(&ann).await, first);

    let mut wanted = first.clone();
    for (name, value) in [
        ("whoCanMessageMe", json!("NO_ONE")),
        ("showOnlineStatus", json!("EVERYONE")),
        ("showReadReceipts", json!(false)),
        ("showTypingIndicator", json!(false)),
        ("allowMessageRequests", json!(false)),
        ("appearOffline", json!(true)),
        ("whoCanMessageMe", json!("FOLLOWERS")),
    ] {
        wanted[name] = value.clone();
        for _ in 0..2 {
            let answer = update(&ann, json!({ name: value })).await["data"]["updatePrivacySettings"].take();
            assert_eq!(answer, wanted, "{name}");
        }
        let told = device.frame().await["event"].take();
        assert_eq!(told, json!({ "__typename": "AccountChanged", "what": "PRIVACY" }), "{name}");
    }
    assert_eq!(settings(&ann).await, wanted);
    assert_eq!(settings(&bob).await, first, "of ann alone");
    let refused = update(&ann, json!({ "whoCanMessageMe": "FRIENDS" })).await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"));
}
