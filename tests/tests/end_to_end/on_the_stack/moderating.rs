//! Rules over texts that others read: a refusal changes nothing and tells no rule, wherever the text stands.

use std::collections::BTreeSet;

use musclemap_tests::acts::{
    contents, create_poll, edit, forward, moderator, organize, people, queue, reschedule, resolve, schedule,
    update,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::files::image;
use musclemap_tests::stickers::{add_sticker, create_pack};
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const SHIPPED: &str = include_str!("../../../../deploy/policy/policy.toml");
const SDL: &str = include_str!("../../../../schemas/api.graphql");

/// In seconds.
const A_DAY: u64 = 24 * 3_600;

/// Text arguments of mutations and inputs that other users read.
const READ: [&str; 14] = [
    "SendMessageInput.content",
    "editMessage.content",
    "forwardMessage.addComment",
    "CreateConversationInput.title",
    "updateConversation.title",
    "updateConversation.description",
    "CreateUploadInput.fileName",
    "createPoll.question",
    "createPoll.options",
    "createStickerPack.name",
    "addSticker.name",
    "addSticker.emojiShortcode",
    "ScheduleMessageInput.content",
    "updateScheduledMessage.content",
];

/// Those that nobody else reads, or only moderators of the service, and those that have values from a closed set.
const NOT_READ: [&str; 21] = [
    "reportMessage.details",
    "resolveReport.note",
    "saveDraft.content",
    // A text of a template is held to the rules in the message that is sent with it.
    "MessageTemplateInput.name",
    "MessageTemplateInput.content",
    "MessageTemplateInput.shortcut",
    "MessageTemplateInput.category",
    "setConversationLabels.labels",
    "ConversationFilter.label",
    "addReaction.emoji",
    "removeReaction.emoji",
    "CreateUploadInput.contentType",
    "CreateUploadInput.sha256",
    "NotificationPreferencesInput.timeZone",
    "ScheduleMessageInput.timeZone",
    "PushSubscriptionInput.fcmToken",
    "WebPushInput.auth",
    "WebPushInput.endpoint",
    "WebPushInput.p256dh",
    "removePushSubscription.endpoint",
    "removePushSubscription.fcmToken",
];

/// The text arguments of mutations and inputs that the published schema has.
fn text_arguments() -> BTreeSet<String> {
    let (mut found, mut of) = (BTreeSet::new(), None);
    for line in SDL.lines() {
        if let Some(name) = line.strip_prefix("input ").or_else(|| line.strip_prefix("type ")) {
            let name = name.trim_end_matches(" {");
            of = (line.starts_with("input ") || name == "Mutation").then_some(name);
        }
        let Some(of) = of.filter(|_| line.starts_with('\t') && !line.trim_start().starts_with(['"', '#']))
        else {
            continue;
        };
        let line = line.trim();
        let (owner, arguments) = match line.split_once('(') {
            Some((field, rest)) if of == "Mutation" => (field, rest.split(')').next().unwrap_or_default()),
            _ if of == "Mutation" => continue,
            _ => (of, line),
        };
        for argument in arguments.split(", ") {
            let Some((name, kind)) = argument.split_once(": ") else { continue };
            let kind = kind.split(" = ").next().unwrap_or_default();
            if kind.trim_matches(['[', ']', '!']) == "String" {
                found.insert(format!("{owner}.{name}"));
            }
        }
    }
    found
}

/// The shipped policy, by which texts must not have "steroids", but for moderators of the service; "doping" is in
/// trial, and "pills" asks for attention.
fn with_rules() -> String {
    let rules = r#"rules = [
  { id = "drugs", action = "REJECT", exempt_roles = ["moderator"], words = ["steroids"] },
  { id = "trial", action = "SHADOW", words = ["doping"] },
  { id = "shops", action = "FLAG", words = ["pills"] },"#;
    let policy = SHIPPED.replace("rules = [", rules);
    assert_ne!(policy, SHIPPED);
    policy
}

/// A system under these rules.
async fn system(folder: &TempDir) -> System {
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, with_rules()).expect("a policy");
    System::with_policy(Some(&file)).await
}

async fn create(by: &Client, title: &str) -> Value {
    let query = "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }";
    let input = json!({ "kind": "GROUP", "participantIds": [], "title": title,
        "clientConversationId": Uuid::new_v4() });
    by.ask(query, json!({ "i": input })).await
}

async fn upload(by: &Client, name: &str) -> Value {
    let query = "mutation($i: CreateUploadInput!) { createUpload(input: $i) { attachmentId } }";
    let input = json!({ "clientUploadId": Uuid::new_v4(), "fileName": name, "contentType": "image/png",
        "byteSize": 100 });
    by.ask(query, json!({ "i": input })).await
}

/// What a text may be put into.
struct Places {
    chat: String,
    message: Value,
    pack: Value,
    /// Two images, each of which becomes a sticker.
    images: [Value; 2],
    /// A message of a day from now.
    planned: Value,
}

/// A text as a shortcode can have it.
fn shortcode(text: &str) -> String {
    let part = |c: char| match c {
        ' ' => Some('-'),
        '$' => Some('s'),
        c => c.is_ascii_alphanumeric().then_some(c),
    };
    format!(":{}:", text.chars().filter_map(part).collect::<String>())
}

/// Puts a text into an argument that others read.
async fn put(by: &Client, argument: &str, places: &Places, text: &str) -> Value {
    let Places { chat, message, pack, images, planned } = places;
    match argument {
        "createStickerPack.name" => create_pack(by, text, false, Uuid::new_v4()).await,
        "addSticker.name" => add_sticker(by, pack, &images[0], text, None).await,
        "addSticker.emojiShortcode" => {
            add_sticker(by, pack, &images[1], "fine", Some(&shortcode(text))).await
        }
        "ScheduleMessageInput.content" => schedule(by, chat, text, A_DAY).await,
        "updateScheduledMessage.content" => reschedule(by, planned, json!({ "content": text })).await,
        "SendMessageInput.content" => by.try_send(chat, Uuid::new_v4(), text).await.expect("an answer"),
        "editMessage.content" => edit(by, message, text).await,
        "forwardMessage.addComment" => forward(by, message, &[chat], Some(text)).await,
        "CreateConversationInput.title" => create(by, text).await,
        "updateConversation.title" => update(by, chat, &format!("title: {text:?}")).await,
        "updateConversation.description" => update(by, chat, &format!("description: {text:?}")).await,
        "CreateUploadInput.fileName" => upload(by, text).await,
        // Not the same text again.
        "createPoll.question" => create_poll(by, chat, &format!("{text} or not?"), &["yes", "no"]).await,
        "createPoll.options" => create_poll(by, chat, "what to take?", &["nothing", text]).await,
        other => panic!("no call with {other}"),
    }
}

fn reason(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["reason"].as_str()
}

/// How often texts met a rule with an action, over all machines.
async fn hits(server: &System, rule: &str, action: &str) -> f64 {
    let mut sum = 0.0;
    for process in &server.processes {
        let text = process.operators("/metrics").await;
        let of = |line: &&str| {
            line.starts_with("musclemap_moderation_hits_total{")
                && line.contains(&format!("rule=\"{rule}\""))
                && line.contains(&format!("action=\"{action}\""))
        };
        sum += text
            .lines()
            .filter(of)
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum::<f64>();
    }
    sum
}

#[test]
fn every_text_argument_is_one_that_others_read_or_do_not() {
    let listed: BTreeSet<String> = READ.iter().chain(&NOT_READ).map(|name| (*name).to_owned()).collect();
    assert_eq!(text_arguments(), listed);
}

#[tokio::test]
async fn a_forbidden_word_is_refused_in_every_text_that_others_read_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = system(&folder).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let made = create_pack(&ann, "Gym", true, Uuid::new_v4()).await;
    let places = Places {
        message: ann.send(&chat, "first").await,
        pack: data(made)["createStickerPack"]["id"].take(),
        planned: data(schedule(&ann, &chat, "planned", A_DAY).await)["scheduleMessage"].take(),
        images: [image(&server, &ann, "one.png").await, image(&server, &ann, "two.png").await],
        chat: chat.clone(),
    };
    let (balance, ledger) = (ann.balance().await, ann.ledger().await);
    for argument in READ {
        for text in ["steroids", "my $ter0id\u{200b}s!"] {
            let answer = put(&ann, argument, &places, text).await;
            assert_eq!(code(&answer), Some("CONTENT_REJECTED"), "{argument}: {answer}");
            assert_eq!(reason(&answer), Some("PROHIBITED_TEXT"), "{argument}: {answer}");
            assert!(!answer.to_string().contains("drugs"), "the rule is told: {answer}");
        }
    }
    assert_eq!((ann.balance().await, ann.ledger().await), (balance, ledger), "nothing is charged");
    // Others see what was there before, in the history as in the conversation.
    assert_eq!(contents(&bob.history(&chat).await), [Some("first")]);
    let about =
        bob.get("query($c: ID!) { conversation(id: $c) { title description } }", json!({ "c": chat })).await;
    assert_eq!(about["conversation"], json!({ "title": null, "description": null }));
    assert_eq!(hits(&server, "drugs", "REJECT").await, (READ.len() * 2) as f64);
    // The same calls with another text, and one that is in trial.
    for argument in READ {
        let answer = put(&ann, argument, &places, "doping tests").await;
        assert_eq!(code(&answer), None, "{argument}: {answer}");
    }
    // The forward copies the edited message: its text and the comment are two.
    assert_eq!(hits(&server, "trial", "SHADOW").await, (READ.len() + 1) as f64);
    // What nobody else reads has no rule.
    let call = r#"saveDraft(conversationId: $c, content: "steroids")"#;
    let answer = ann.ask(&format!("mutation($c: ID!) {{ {call} }}"), json!({ "c": chat })).await;
    assert_eq!(code(&answer), None, "{answer}");
    let kept =
        organize(&ann, &chat, r#"setConversationLabels(conversationId: $c, labels: ["steroids"])"#).await;
    assert_eq!((&kept["labels"], &kept["draft"]), (&json!(["steroids"]), &json!("steroids")));
}

#[tokio::test]
async fn a_refused_id_is_free_an_exempt_role_passes_and_a_copy_is_a_text_of_its_sender() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = system(&folder).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = Client::login_as(&server, "mia", json!({ "roles": ["coach", "moderator"] })).await;
    let chat = ann.create("GROUP", &[&bob, &mia]).await;
    let id = Uuid::new_v4();
    for (text, expected) in
        [("steroids", Some("CONTENT_REJECTED")), ("STEROIDS", Some("CONTENT_REJECTED")), ("creatine", None)]
    {
        let answer = ann.try_send(&chat, id, text).await.expect("an answer");
        assert_eq!(code(&answer), expected, "{answer}");
    }
    let warned = mia.send(&chat, "no steroids here").await;
    let edited = edit(&mia, &warned, "no steroids, please").await;
    assert_eq!(code(&edited), None, "{edited}");
    let expected = [Some("creatine"), Some("no steroids, please")];
    assert_eq!(contents(&bob.history(&chat).await), expected);
    let copied = forward(&bob, &warned, &[&chat], None).await;
    assert_eq!(code(&copied), Some("CONTENT_REJECTED"), "{copied}");
    assert_eq!(contents(&ann.history(&chat).await), expected, "no copy");
}

#[tokio::test]
async fn a_text_that_asks_for_attention_passes_and_stands_in_the_queue_of_moderators() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = system(&folder).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mia = moderator(&server).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let offered = ann.send(&chat, "cheap PILLS").await;
    let edited = ann.send(&chat, "hello").await;
    assert_eq!(code(&edit(&ann, &edited, "hello, p1lls?").await), None);
    let poll = create_poll(&ann, &chat, "what to take?", &["nothing", "pills"]).await;
    assert_eq!(code(&poll), None);

    let pending = queue(&mia, Some("PENDING"), 50).await;
    let told: Vec<_> =
        pending.iter().map(|report| (report["snapshot"].as_str(), &report["reporter"])).collect();
    let snapshots = ["cheap PILLS", "hello, p1lls?", "what to take?\nnothing\npills"];
    assert_eq!(told, snapshots.map(|text| (Some(text), &Value::Null)));
    for report in &pending {
        let why = (&report["reason"], &report["details"]);
        assert_eq!(why, (&json!("INAPPROPRIATE"), &json!("shops")));
    }
    let hidden = resolve(&mia, &pending[0], "HIDE_MESSAGE", None).await;
    assert_eq!(hidden["data"]["resolveReport"]["status"], "ACTIONED", "{hidden}");
    assert_eq!(contents(&bob.history(&chat).await), [None, Some("hello, p1lls?"), Some("what to take?")]);
    // A second text of the same message is no second report.
    assert_eq!(code(&edit(&ann, &edited, "more pills").await), None);
    assert_eq!(queue(&mia, None, 50).await.len(), 3);
    assert_eq!(offered["content"], "cheap PILLS");
}

#[tokio::test]
async fn a_draft_is_tried_on_the_newest_texts_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let first = ann.send(&chat, "steroids").await;
    for text in ["doping", "creatine", "steroids and doping"] {
        ann.send(&chat, text).await;
    }
    assert_eq!(code(&edit(&ann, &first, "no steroids").await), None);
    let draft = folder.path().join("draft.toml");
    std::fs::write(&draft, with_rules()).expect("a draft");
    let file = draft.to_str().expect("text");
    // The stores of one process belong to it while it runs.
    if server.stack == Stack::Standalone {
        assert!(server.end().await);
    }
    let told = server.operate(&["policy", "try", file]).await.expect("findings");
    for line in ["3 REJECT drugs", "2 SHADOW trial", "0 REJECT disguised-links", "5 texts, 3 refused"] {
        assert!(told.lines().any(|told| told == line), "{line} in {told}");
    }
    let told = server.operate(&["policy", "try", file, "--last", "1"]).await.expect("findings");
    assert!(told.contains("1 texts, 1 refused"), "{told}");
    if server.stack == Stack::Standalone {
        server.restart().await;
    }
    assert_eq!(ann.send(&chat, "my steroids").await["content"], "my steroids", "the draft is not in force");
}

#[tokio::test]
async fn a_link_that_hides_where_it_leads_is_refused_as_shipped() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    for (text, expected) in [
        ("https://musclemap.com@evil.example/", Some("MALICIOUS_LINK")),
        ("http://2130706433/", Some("MALICIOUS_LINK")),
        ("http://musc1emap.com", Some("MALICIOUS_LINK")),
        ("http://muscl\u{435}map.com", Some("MALICIOUS_LINK")),
        ("https://musclemap.com/plans and https://example.org", None),
    ] {
        let answer = ann.try_send(&chat, Uuid::new_v4(), text).await.expect("an answer");
        assert_eq!(reason(&answer), expected, "{answer}");
    }
    assert_eq!(bob.history(&chat).await.len(), 1);
}
