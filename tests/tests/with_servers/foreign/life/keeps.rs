//! How people keep their conversations: every setting set, changed and taken back at least once.

use musclemap_tests::acts::{organize, set_privacy};
use serde_json::json;

use super::{People, mark_read};

/// The generator of P-256, as a browser gives a key.
const POINT: &str = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
/// Long after any run.
const LATER: &str = "2099-12-31T23:59:59.999Z";

pub async fn keep(People { ann, bob, carl, .. }: &People) {
    let quiet = ann.create("GROUP", &[bob, carl]).await;
    let back = ann.create("GROUP", &[bob]).await;
    for chat in [&quiet, &back] {
        let sent = bob.send(chat, "before it is archived").await;
        mark_read(ann, chat, &sent).await;
        organize(ann, chat, "archiveConversation(conversationId: $c, archived: true)").await;
    }
    organize(ann, &quiet, "muteConversation(conversationId: $c)").await;
    for chat in [&quiet, &back] {
        bob.send(chat, "after it was archived").await;
    }
    let until = format!("muteConversation(conversationId: $c, until: \"{LATER}\")");
    organize(bob, &back, &until).await;
    organize(bob, &quiet, &until).await;
    organize(bob, &quiet, "unmuteConversation(conversationId: $c)").await;
    organize(bob, &back, "archiveConversation(conversationId: $c, archived: true)").await;
    organize(bob, &back, "archiveConversation(conversationId: $c, archived: false)").await;
    for (by, starred) in [(ann, true), (ann, false), (carl, true)] {
        organize(by, &quiet, &format!("starConversation(conversationId: $c, starred: {starred})")).await;
    }
    organize(carl, &quiet, "setNotificationLevel(conversationId: $c, level: MENTIONS)").await;
    organize(ann, &quiet, "setConversationLabels(conversationId: $c, labels: [\"crew\", \"家族 🏋\"])").await;
    organize(ann, &back, "setConversationLabels(conversationId: $c, labels: [\"crew\"])").await;
    organize(ann, &quiet, "setConversationLabels(conversationId: $c, labels: [\"crew\", \"gym\"])").await;
    // A mark that a reading ends, one that is taken off without a reading, one that a send ends, and one
    // that stays; with and without a receipt.
    for by in [ann, bob, carl] {
        organize(by, &quiet, "markUnread(conversationId: $c)").await;
    }
    let newest = bob.send(&quiet, "ends the mark").await;
    mark_read(ann, &quiet, &newest).await;
    organize(ann, &quiet, "markUnread(conversationId: $c)").await;
    mark_read(ann, &quiet, &newest).await;
    let save = "mutation($c: ID!, $t: String) { saveDraft(conversationId: $c, content: $t) }";
    for (by, chat, text) in [(ann, &quiet, "bye"), (ann, &quiet, "see you at"), (bob, &back, "hello")] {
        by.get(save, json!({ "c": chat, "t": text })).await;
    }
    bob.get(save, json!({ "c": back })).await;
    for input in [json!({ "appearOffline": true }), json!({ "showOnlineStatus": "NO_ONE" })] {
        set_privacy(carl, input).await;
    }
    let settings = "mutation($i: UserSettingsInput!) { updateSettings(input: $i) { locale } }";
    for input in [json!({ "locale": "pt-br" }), json!({ "autoTranslate": true })] {
        ann.get(settings, json!({ "i": input })).await;
    }
    let notify = "mutation($i: NotificationPreferencesInput!) {
        updateNotificationPreferences(input: $i) { timeZone } }";
    for (by, input) in [
        (ann, json!({ "quietHoursStart": "22:30", "quietHoursEnd": "07:05", "timeZone": "Europe/Berlin" })),
        (ann, json!({ "messagingSound": false })),
        (bob, json!({ "quietHoursStart": "00:00", "quietHoursEnd": "06:00", "emailEnabled": true })),
        (bob, json!({ "quietHoursStart": null, "quietHoursEnd": null, "messagingPreview": false })),
    ] {
        by.get(notify, json!({ "i": input })).await;
    }
    let register = "mutation($t: String!) {
        registerPushSubscription(input: { fcmToken: $t, deviceType: MOBILE }) }";
    for (by, token) in [(ann, "one"), (ann, "two"), (bob, "one"), (ann, "one")] {
        by.get(register, json!({ "t": token })).await;
    }
    let web = "mutation($p: String!, $a: String!) { registerPushSubscription(input: { deviceType: WEB,
        webPush: { endpoint: \"https://push.example/x\", p256dh: $p, auth: $a } }) }";
    carl.get(web, json!({ "p": POINT, "a": "A".repeat(22) })).await;
    ann.get("mutation { removePushSubscription(fcmToken: \"two\") }", json!({})).await;
}
