//! Web pushes: who gets one and who does not, what it says and to whom, and what becomes of it at a push service.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use musclemap_tests::acts::{
    acknowledge, add, delete, mark_read, organize, people, remove, rename, set_block, set_privacy,
};
use musclemap_tests::metrics::{total, until_total};
use musclemap_tests::push_service::{Browser, HOSTS, Opened, PushService, Reply};
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tokio::time::Instant;

/// What a device may need to acknowledge a message while the message is held.
const IN_TIME: Duration = Duration::from_millis(1_500);
/// At most one push for a user and a conversation in so long.
const WINDOW: Duration = Duration::from_secs(10);

/// Subscribes a user at a path of a push service.
async fn subscribe(user: &Client, service: &PushService, host: &str, path: &str) -> Browser {
    let browser = Browser::at(service.endpoint(host, path));
    let query = "mutation($i: PushSubscriptionInput!) { registerPushSubscription(input: $i) }";
    user.get(query, json!({ "i": browser.subscription() })).await;
    browser
}

async fn prefer(user: &Client, input: Value) {
    let query = "mutation($i: NotificationPreferencesInput!) {
        updateNotificationPreferences(input: $i) { messagingEnabled } }";
    user.get(query, json!({ "i": input })).await;
}

fn withheld(reason: &str) -> String {
    format!("musclemap_pushes_withheld_total{{reason=\"{reason}\"}}")
}

fn ended(result: &str) -> String {
    format!("musclemap_pushes_total{{result=\"{result}\"}}")
}

/// The only push to a path.
async fn only(service: &PushService, path: &str, browser: &Browser) -> Opened {
    let pushed = service.until(path, 1).await;
    assert_eq!(pushed.len(), 1, "{path}");
    browser.open(&pushed[0])
}

/// A time of the day in UTC, so many hours from now.
fn hours_from_now(hours: i64) -> String {
    let time = Timestamp::now() + SignedDuration::from_hours(hours);
    time.strftime("%H:%M").to_string()
}

#[tokio::test]
async fn members_who_want_to_know_are_notified_and_nobody_else() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let names = ["ann", "bob", "cal", "dan", "eve", "fay", "gil", "hal", "ida"];
    let all = people(&server, names).await;
    for user in &all {
        subscribe(user, &service, HOSTS[0], &format!("/{}", user.name)).await;
    }
    let [ann, bob, cal, dan, eve, fay, gil, hal, ida] = &all;
    let chat = ann.create("GROUP", &[bob, cal, dan, eve, fay, gil, hal]).await;
    organize(cal, &chat, "muteConversation(conversationId: $c)").await;
    organize(dan, &chat, "setNotificationLevel(conversationId: $c, level: NONE)").await;
    organize(eve, &chat, "setNotificationLevel(conversationId: $c, level: MENTIONS)").await;
    organize(hal, &chat, "setNotificationLevel(conversationId: $c, level: MENTIONS)").await;
    prefer(fay, json!({ "messagingEnabled": false })).await;
    let (start, end) = (hours_from_now(-2), hours_from_now(2));
    prefer(gil, json!({ "quietHoursStart": start, "quietHoursEnd": end, "timeZone": "UTC" })).await;
    // Ida and ann have blocked each other's messages, each in one group.
    let blocked = ann.create("GROUP", &[ida]).await;
    set_block(ida, ann, true).await;
    ann.send(&blocked, "not for ida").await;
    ann.send(&chat, "@hal, look").await;

    service.until("/bob", 1).await;
    service.until("/hal", 1).await;
    for (reason, count) in
        [("muted", 1.0), ("level", 2.0), ("off", 1.0), ("quiet_hours", 1.0), ("blocked", 1.0)]
    {
        until_total(&server, &withheld(reason), count).await;
        assert_eq!(total(&server, &withheld(reason)).await, count, "{reason}");
    }
    // A user who has left is none of the members, and one who came later was none.
    remove(ann, &chat, bob).await;
    ann.send(&chat, "@hal, again").await;
    add(ann, &chat, &[bob]).await;
    service.until("/hal", 2).await;
    for user in &all {
        let expected = match user.name.as_str() {
            "bob" => 1,
            "hal" => 2,
            _ => 0,
        };
        assert_eq!(service.pushed(&format!("/{}", user.name)).len(), expected, "{}", user.name);
    }
}

#[tokio::test]
async fn what_is_acknowledged_read_or_deleted_within_the_hold_notifies_nobody() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob, cal, dan] = &people(&server, ["ann", "bob", "cal", "dan"]).await;
    for user in [bob, cal, dan] {
        subscribe(user, &service, HOSTS[0], &format!("/{}", user.name)).await;
    }
    // On a busy machine what is done within the hold may be late; then it says nothing.
    let mut is_shown = false;
    for _ in 0..5 {
        let before = [bob, cal, dan].map(|user| service.pushed(&format!("/{}", user.name)).len());
        let chats = [ann.create("GROUP", &[bob]).await, ann.create("GROUP", &[cal]).await];
        let deleted = ann.create("GROUP", &[dan]).await;
        let began = Instant::now();
        let messages = [ann.send(&chats[0], "to bob").await, ann.send(&chats[1], "to cal").await];
        let gone = ann.send(&deleted, "to dan").await;
        acknowledge(bob, &chats[0], &messages[0]).await;
        mark_read(cal, &chats[1], &messages[1]).await;
        delete(ann, &gone).await;
        if began.elapsed() > IN_TIME {
            continue;
        }
        until_total(&server, &withheld("acknowledged"), 2.0).await;
        until_total(&server, &withheld("no_content"), 1.0).await;
        let after = [bob, cal, dan].map(|user| service.pushed(&format!("/{}", user.name)).len());
        assert_eq!(before, after);
        is_shown = true;
        break;
    }
    assert!(is_shown, "no acknowledgement in time");
    // The same users are notified of what they do not acknowledge.
    let chat = ann.create("GROUP", &[bob, cal, dan]).await;
    ann.send(&chat, "to all").await;
    for path in ["/bob", "/cal", "/dan"] {
        service.until(path, 1).await;
    }
}

#[tokio::test]
async fn a_push_is_signed_encrypted_and_says_what_its_reader_may_see_in_their_language() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob, cal] = &people(&server, ["ann", "bob", "cal"]).await;
    let browser = subscribe(bob, &service, HOSTS[0], "/bob").await;
    let closed = subscribe(cal, &service, HOSTS[1], "/cal").await;
    prefer(cal, json!({ "messagingPreview": false, "messagingSound": false })).await;
    let german = "mutation { updateSettings(input: { locale: \"de-AT\" }) { locale } }";
    cal.get(german, json!({})).await;

    let chat = ann.create("DIRECT", &[bob]).await;
    let message = ann.send(&chat, "Lift \u{1f3cb}\u{fe0f} \"now\"\nor later").await;
    let Opened { payload, claims, key } = only(&service, "/bob", &browser).await;
    let query = "query($m: ID!) { message(id: $m) { sender { displayName } } }";
    let sender =
        ann.get(query, json!({ "m": message["id"] })).await["message"]["sender"]["displayName"].take();
    let expected = json!({ "conversationId": chat, "messageId": message["id"], "title": sender,
        "body": "Lift \u{1f3cb}\u{fe0f} \"now\"\nor later", "tag": chat, "silent": false, "count": 1 });
    assert_eq!(payload, expected);
    assert_eq!(claims["aud"], service.origin(HOSTS[0]));
    let left = claims["exp"].as_i64().expect("a time") - Timestamp::now().as_second();
    assert!((60..24 * 60 * 60).contains(&left), "{left}");
    let public = bob.get("{ vapidPublicKey }", json!({})).await["vapidPublicKey"].take();
    assert_eq!(public, key);

    // One group is named by its title, the other has none.
    let group = ann.create("GROUP", &[bob, cal]).await;
    rename(ann, &group, "Lifters").await;
    ann.send(&group, "secret").await;
    let hidden = only(&service, "/cal", &closed).await;
    assert_eq!(
        (&hidden.payload["title"], &hidden.payload["body"]),
        (&"Lifters".into(), &"Neue Nachricht".into())
    );
    assert_eq!(
        (&hidden.payload["silent"], &hidden.claims["aud"]),
        (&true.into(), &service.origin(HOSTS[1]).into())
    );
    let pushed = service.until("/bob", 2).await;
    let shown = browser.open(&pushed[1]).payload;
    let name = sender.as_str().expect("a name");
    assert_eq!((&shown["title"], &shown["body"]), (&"Lifters".into(), &format!("{name}: secret").into()));

    let topics: BTreeSet<&str> = pushed.iter().map(|one| one.headers["topic"].as_str()).collect();
    assert_eq!(topics.len(), 2, "one of each conversation");
    let of_cal = &service.pushed("/cal")[0];
    assert!(!topics.contains(of_cal.headers["topic"].as_str()), "and of each user");
    for one in pushed.iter().chain([of_cal]) {
        let topic = &one.headers["topic"];
        assert!(
            topic.len() <= 32
                && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_eq!((one.headers["ttl"].as_str(), one.headers["urgency"].as_str()), ("86400", "normal"));
        assert_eq!(one.body.len(), pushed[0].body.len(), "texts of different lengths have one length");
    }
}

#[tokio::test]
async fn several_messages_of_a_window_are_one_push_with_their_number() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob] = &people(&server, ["ann", "bob"]).await;
    let browser = subscribe(bob, &service, HOSTS[0], "/bob").await;
    let chat = ann.create("DIRECT", &[bob]).await;
    ann.send(&chat, "first").await;
    let first = service.until("/bob", 1).await;
    assert_eq!(browser.open(&first[0]).payload["body"], "first");
    for text in ["second", "third"] {
        ann.send(&chat, text).await;
    }
    let newest = ann.send(&chat, "fourth").await;
    let pushed = service.until("/bob", 2).await;
    let payload = browser.open(&pushed[1]).payload;
    assert_eq!((&payload["body"], &payload["count"]), (&"3 new messages".into(), &3.into()));
    assert_eq!(payload["messageId"], newest["id"]);
    // The window is measured by the notifier; what is sent after it arrives after it.
    assert!(pushed[1].at - pushed[0].at > WINDOW - Duration::from_secs(1));
    assert_eq!(pushed[0].headers["topic"], pushed[1].headers["topic"]);
    // What is read before the end of its window is in no push.
    let read = ann.send(&chat, "fifth").await;
    mark_read(bob, &chat, &read).await;
    until_total(&server, &withheld("acknowledged"), 1.0).await;
    assert_eq!(service.pushed("/bob").len(), 2);
}

#[tokio::test]
async fn a_request_notifies_of_its_first_message_alone() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob] = &people(&server, ["ann", "bob"]).await;
    let browser = subscribe(bob, &service, HOSTS[0], "/bob").await;
    set_privacy(bob, json!({ "whoCanMessageMe": "NO_ONE", "allowMessageRequests": true })).await;
    let chat = ann.create("GROUP", &[bob]).await;
    ann.send(&chat, "first").await;
    assert_eq!(only(&service, "/bob", &browser).await.payload["count"], 1);
    ann.send(&chat, "second").await;
    until_total(&server, &withheld("request"), 1.0).await;
    let accept = "mutation($c: ID!) { acceptMessageRequest(conversationId: $c) { isRequest } }";
    bob.get(accept, json!({ "c": chat })).await;
    ann.send(&chat, "third").await;
    let pushed = service.until("/bob", 2).await;
    assert_eq!(browser.open(&pushed[1]).payload["count"], 1, "of what came after the acceptance");
}

#[tokio::test]
async fn answers_of_push_services_decide_what_becomes_of_a_push() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob] = &people(&server, ["ann", "bob"]).await;
    let answers: [(&str, &[Reply]); 9] = [
        ("/201", &[Reply::Status(201)]),
        ("/404", &[Reply::Status(404)]),
        ("/410", &[Reply::Status(410)]),
        ("/413", &[Reply::Status(413), Reply::Status(201)]),
        ("/429", &[Reply::Later(429, 3), Reply::Status(201)]),
        ("/500", &[Reply::Status(500), Reply::Later(503, 1), Reply::Status(202)]),
        ("/silence", &[Reply::Silence, Reply::Status(200)]),
        ("/elsewhere", &[Reply::Elsewhere]),
        ("/endless", &[Reply::Endless]),
    ];
    let mut browsers = vec![];
    for (path, replies) in answers {
        service.replies(path, replies);
        browsers.push(subscribe(bob, &service, HOSTS[0], path).await);
    }
    let chat = ann.create("DIRECT", &[bob]).await;
    ann.send(&chat, "a text that is too long").await;
    for (path, count) in [("/413", 2), ("/429", 2), ("/500", 3), ("/silence", 2)] {
        service.until(path, count).await;
    }
    for (result, count) in [("sent", 4.0), ("trimmed", 1.0), ("gone", 2.0), ("refused", 2.0)] {
        until_total(&server, &ended(result), count).await;
        assert_eq!(total(&server, &ended(result)).await, count, "{result}");
    }
    let trimmed = service.pushed("/413");
    let bodies: Vec<Value> = trimmed.iter().map(|one| browsers[3].open(one).payload["body"].take()).collect();
    assert_eq!(bodies, ["a text that is too long", "New message"]);
    let later = service.pushed("/429");
    assert!(later[1].at - later[0].at >= Duration::from_millis(2_900), "{:?}", later[1].at - later[0].at);
    assert_eq!(service.pushed("/elsewhere").len(), 1);

    // Subscriptions that are gone are removed, the others stay.
    let other = ann.create("GROUP", &[bob]).await;
    ann.send(&other, "once more").await;
    for (path, count) in
        [("/201", 2), ("/413", 3), ("/429", 3), ("/500", 4), ("/silence", 3), ("/endless", 2)]
    {
        service.until(path, count).await;
    }
    for path in ["/404", "/410"] {
        assert_eq!(service.pushed(path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_push_service_that_is_dead_holds_no_push_of_another_and_is_not_called_in_vain() {
    let service = PushService::start().await;
    let server = System::with_pushes(&service).await;
    let [ann, bob, cal] = &people(&server, ["ann", "bob", "cal"]).await;
    for number in 0..20 {
        let path = format!("/dead/{number}");
        service.replies(&path, &[Reply::Silence]);
        subscribe(bob, &service, HOSTS[1], &path).await;
    }
    subscribe(cal, &service, HOSTS[0], "/cal").await;
    let dead = || (0..20).map(|number| service.pushed(&format!("/dead/{number}")).len()).sum::<usize>();
    for count in 1..=4 {
        let chat = ann.create("GROUP", &[bob, cal]).await;
        let began = Instant::now();
        ann.send(&chat, &format!("message {count}")).await;
        let pushed = service.until("/cal", count).await;
        // The hold of 2 s is over before the first request to the other service is given up after 5 s.
        let took = pushed[count - 1].at - began;
        assert!(took < Duration::from_secs(6), "{took:?}");
    }
    until_total(&server, "musclemap_pushes_waiting", 21.0).await;
    // 20 subscriptions and four messages; after the failures of the first ones the service is left alone.
    assert!(dead() < 60, "{} requests", dead());
}
