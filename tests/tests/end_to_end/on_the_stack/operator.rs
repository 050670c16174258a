//! What operators meet: poison, dead letters, policies.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::sync::Arc;

use embedded::Store;
use kafka::Kafka;
use musclemap_tests::client::code;
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, System};
use platform::clock::SystemClock;
use platform::ports::Log;
use schemas::AccountRequest;
use schemas::avro;
use schemas::credits::GrantCredits;
use schemas::record::{Outgoing, Place, SOURCE_HEADER};
use schemas::topics::{
    ACCOUNT_COMMANDS, ACCOUNT_COMMANDS_DLQ, CONVERSATION_COMMANDS, CleanUp, EVENTS, EVENTS_DLQ,
    PLATFORM_FOLLOWS, PLATFORM_USERS, PLATFORM_USERS_DLQ, Topic,
};
use serde_json::json;

/// Appends to the log of a system that does not run.
async fn append(system: &System, records: Vec<Outgoing>) {
    match system.stack {
        Stack::Standalone => {
            let store = Store::open(system.data(), Arc::new(SystemClock)).unwrap();
            append_to(&*store.log(), records).await;
        }
        Stack::Distributed => {
            let prefix = system.variable("MM_KAFKA__PREFIX").to_owned();
            let bootstrap = system.variable("MM_KAFKA__BOOTSTRAP");
            let config = kafka::Config { prefix, ..kafka::Config::new(bootstrap, "operator-test") };
            append_to(&Kafka::connect(config).await.unwrap(), records).await;
        }
    }
}

async fn append_to(log: &dyn Log, records: Vec<Outgoing>) {
    for record in records {
        log.enqueue(record).await.unwrap().await.unwrap();
    }
}

fn record(topic: &'static Topic, key: Option<&[u8]>, value: &[u8]) -> Outgoing {
    let key = key.map(<[u8]>::to_vec);
    Outgoing { topic, place: Place::Key, key, headers: vec![], value: value.to_vec() }
}

fn grant(once: &str, amount_milli: i64) -> Vec<u8> {
    AccountRequest::from(GrantCredits { once: once.to_owned(), amount_milli }).encode()
}

/// Records that nobody can handle: cut at each byte, of an unknown schema, of another subject, with a
/// length from nowhere, without a key or with a bad one, not framed at all.
fn poison(key: &[u8]) -> Vec<Outgoing> {
    let good = grant("poison", 1);
    let mut poison = Vec::new();
    for topic in [&ACCOUNT_COMMANDS, &CONVERSATION_COMMANDS, &PLATFORM_USERS, &PLATFORM_FOLLOWS] {
        let mut note = |key: Option<&[u8]>, value: &[u8]| poison.push(record(topic, key, value));
        // No value at all erases a user.
        let shortest = usize::from(topic.name == PLATFORM_USERS.name);
        (shortest..good.len()).for_each(|cut| note(Some(key), &good[..cut]));
        note(Some(key), &[0, 0, 0, 0x7f, 0xff, 1, 2]);
        note(Some(key), &avro::encode(&schemas::rows::Sent { seq: 1, charge: 1 }));
        note(Some(key), &[&good[..8], &[0xff, 0xff, 0xff, 0xff, 0x0f][..]].concat());
        note(Some(key), b"{\"body\":{}}");
        note(Some(b"\xff\xfe"), &good);
        note(Some(b"a b"), &good);
        note(Some(b""), &good);
        // A compacted topic takes nothing without a key.
        if topic.clean_up != CleanUp::Compact {
            note(None, &good);
        }
        note(Some(key), &vec![0x2a; 300 * 1024]);
    }
    poison
}

#[tokio::test]
async fn poison_ends_in_the_dead_letters_and_nothing_else_does() {
    let mut server = System::start().await;
    let (ann, bob) = (Client::login(&server, "ann").await, Client::login(&server, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    assert!(server.end().await);
    let planted = poison(ann.user.as_bytes());
    assert!(planted.len() >= 60);
    append(&server, planted.clone()).await;

    server.restart().await;
    ann.send(&chat, "behind the poison").await;
    assert_eq!(ann.balance().await, 100_000 - 100);
    server.kill_and_restart().await;
    ann.send(&chat, "after a crash").await;
    assert!(server.end().await);
    let list = server.operate(&["dlq", "list"]).await.unwrap();
    let letters: Vec<&str> = list.lines().filter(|line| line.contains("  key ")).collect();
    // The profiles of users and the search index read them, each at its own pace.
    let (of_users, others): (Vec<&str>, Vec<&str>) =
        letters.iter().partition(|letter| letter.starts_with(PLATFORM_USERS.name));
    let users = planted.iter().filter(|one| one.topic.name == PLATFORM_USERS.name).count();
    assert_eq!(others.len(), planted.len() - users, "{list}");
    assert!((users..=2 * users).contains(&of_users.len()), "{list}");
    let first: Vec<&str> = letters[0].split(' ').collect();
    let shown = server.operate(&["dlq", "show", first[0], first[1], first[2]]).await.unwrap();
    assert!(shown.contains("mm-reason: ") && shown.contains("read at "), "{shown}");
    let one = server.operate(&["dlq", "list", "--topic", PLATFORM_USERS.name]).await.unwrap();
    assert!(one.lines().count() > 10 && one.lines().count() < letters.len());
    for wrong in [["dlq", "show", first[0], first[1], "999"], ["dlq", "show", "no.topic", "0", "0"]] {
        server.operate(&wrong).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_dead_letter_is_replayed_once() {
    let mut server = System::start().await;
    let ann = Client::login(&server, "ann").await;
    assert!(server.end().await);
    // As if the command had met a mistake in the rules that is mended by now.
    let letter = Outgoing {
        place: Place::Partition(0),
        headers: vec![("mm-origin", b"0.7".to_vec())],
        ..record(&ACCOUNT_COMMANDS_DLQ, Some(ann.user.as_bytes()), &grant("bonus", 500))
    };
    append(&server, vec![letter]).await;
    for _ in 0..2 {
        let replay = ["dlq", "replay", ACCOUNT_COMMANDS.name, "0", "0"];
        assert!(server.operate(&replay).await.unwrap().contains("replayed as offset"));
    }
    server.restart().await;
    // A later command of the same account is answered after the replays.
    Client::login(&server, "ann").await;
    assert_eq!(ann.balance().await, 100_500);
    assert_eq!(ann.ledger().await.len(), 2);
}

#[tokio::test]
async fn events_and_letters_of_the_search_index_are_not_replayed() {
    let mut server = System::start().await;
    assert!(server.end().await);
    let letter = |topic: &'static Topic, source: &str| Outgoing {
        place: Place::Partition(0),
        headers: vec![(SOURCE_HEADER, source.into()), ("mm-origin", b"0.7".to_vec())],
        ..record(topic, Some(b"ann"), &grant("bonus", 500))
    };
    let letters = vec![
        letter(&EVENTS_DLQ, "/musclemap/search-index"),
        letter(&EVENTS_DLQ, "/musclemap/other"),
        letter(&PLATFORM_USERS_DLQ, "/musclemap/search-users"),
        letter(&PLATFORM_USERS_DLQ, "/musclemap/profiles"),
    ];
    append(&server, letters).await;
    for (topic, offset, reason) in [
        (&EVENTS, "0", "`search rebuild` mends the index"),
        (&EVENTS, "1", "cannot be replayed"),
        (&PLATFORM_USERS, "0", "`search rebuild` mends the index"),
    ] {
        let refused = server.operate(&["dlq", "replay", topic.name, "0", offset]).await.unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    let replayed = server.operate(&["dlq", "replay", PLATFORM_USERS.name, "0", "1"]).await.unwrap();
    assert!(replayed.contains("replayed as offset"), "{replayed}");
}

#[tokio::test]
async fn a_policy_is_in_force_from_the_next_send_on() {
    let priced = |price| changed(SHIPPED, &[("message_per_recipient = 100", price)]);
    let file = PolicyFile::with(&priced("message_per_recipient = 7"));
    let policy = file.path();
    let mut server = System::with_policy(Some(&policy)).await;
    let (ann, bob) = (Client::login(&server, "ann").await, Client::login(&server, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    ann.send(&chat, "for seven").await;
    assert_eq!(ann.balance().await, 100_000 - 7);
    assert!(server.end().await);

    file.write(&priced("message_per_recipient = 99994"));
    let applied = server.operate(&["policy", "apply", policy.to_str().unwrap()]).await.unwrap();
    assert!(applied.starts_with("policy version ") && applied.ends_with(" is in force\n"), "{applied}");
    assert_eq!(server.operate(&["policy", "apply", policy.to_str().unwrap()]).await.unwrap(), applied);
    server.restart().await;
    let refused = ann.try_send(&chat, uuid::Uuid::new_v4(), "too dear").await.unwrap();
    assert_eq!(code(&refused), Some("INSUFFICIENT_CREDITS"));
    let details = &refused["errors"][0]["extensions"];
    assert_eq!((&details["requiredMilli"], &details["balanceMilli"]), (&json!(99_994), &json!(99_993)));
    assert!(server.end().await);

    file.write(&changed(SHIPPED, &[("[prices]", "[prizes]")]));
    let refused = server.operate(&["policy", "apply", policy.to_str().unwrap()]).await.unwrap_err();
    assert!(refused.contains("policy.toml"), "{refused}");
}
