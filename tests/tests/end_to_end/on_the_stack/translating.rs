//! Translations: asked for by members, made once, shown beside the text that they are of, and told to the asker's devices
//! alone.

use futures::future::join_all;
use musclemap_tests::acts::{create_poll, delete, edit, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::metrics::total;
use musclemap_tests::policy::{PolicyFile, SHIPPED, changed};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::translator::{Manner, Translator, translated};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const FIELDS: &str = "id content originalLanguage translations { language content }";

async fn translate(by: &Client, message: &Value, language: &str) -> Value {
    let query = format!(
        "mutation($m: ID!, $l: Locale!) {{ translateMessage(messageId: $m, targetLanguage: $l) {{ {FIELDS} }} }}"
    );
    by.ask(&query, json!({ "m": message["id"], "l": language })).await
}

/// The translation that a user gets.
async fn made(by: &Client, message: &Value, language: &str) -> String {
    let answer = data(translate(by, message, language).await)["translateMessage"].take();
    let all = answer["translations"].as_array().expect("a list");
    let wanted = all.iter().find(|one| one["language"] == language).expect("a translation");
    wanted["content"].as_str().expect("a text").to_owned()
}

/// A message as a user reads it.
async fn read(by: &Client, message: &Value) -> Value {
    let query = format!("query($m: ID!) {{ message(id: $m) {{ {FIELDS} }} }}");
    by.get(&query, json!({ "m": message["id"] })).await["message"].take()
}

#[tokio::test]
async fn a_translation_is_made_once_and_told_to_the_askers_devices_alone() {
    let translator = Translator::start().await;
    let server = System::with_translator(&translator, None).await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let inbox = format!(
        "subscription {{ inbox {{ cursor event {{ __typename
            ... on MessageCreated {{ message {{ id }} }}
            ... on MessageChanged {{ change message {{ {FIELDS} }} }} }} }} }}"
    );
    let mut sockets = vec![];
    for user in [&ann, &bob, &carl] {
        let mut socket = Socket::connect(&server, user).await;
        socket.subscribe("inbox", &inbox, json!({})).await;
        assert_eq!(socket.next_of("inbox").await["inbox"]["event"]["__typename"], "Drained");
        sockets.push(socket);
    }
    let kept = ["https://gym.example/a?b=1", "@bob", "`12:30 mañana`", "👍"];
    let [link, mention, clock, thumb] = kept;
    let text = format!("Nos vemos mañana en {link} para entrenar {mention}, a las {clock} en punto {thumb}");
    let message = ann.send(&chat, &text).await;
    assert_eq!(read(&bob, &message).await["originalLanguage"], "es");
    let before = bob.balance().await;

    let expected = format!(
        "{}{link} {}{mention}, {}{clock} {}{thumb}",
        translated("Nos vemos mañana en ", "en"),
        translated("para entrenar ", "en"),
        translated("a las ", "en"),
        translated("en punto ", "en"),
    );
    assert_eq!(made(&bob, &message, "en").await, expected);
    assert_eq!(bob.balance().await, before, "no credits");
    let asked = translator.asked();
    assert_eq!((asked.len(), &asked[0]["source"], &asked[0]["target"]), (1, &json!("es"), &json!("en")));
    assert!(kept.iter().all(|piece| !asked[0].to_string().contains(piece)), "{}", asked[0]);

    // It is known to everybody who reads the message, and asked for no more.
    assert_eq!(made(&ann, &message, "en").await, expected);
    for by in [&ann, &bob] {
        let read = read(by, &message).await;
        assert_eq!((&read["content"], &read["translations"][0]["content"]), (&json!(text), &json!(expected)));
    }
    assert_eq!(translator.asked().len(), 1);
    for (result, count) in [("made", 1.0), ("known", 1.0)] {
        let series = format!("musclemap_translation_requests_total{{result=\"{result}\"}}");
        assert_eq!(total(&server, &series).await, count, "{result}");
    }

    // Each asker's devices get it, once for each request.
    let last = ann.send(&chat, "the last one").await;
    for (socket, most) in sockets.iter_mut().zip([1, 1, 0]) {
        let mut told = 0;
        loop {
            let frame = socket.next_of("inbox").await["inbox"].take();
            let event = &frame["event"];
            match event["__typename"].as_str() {
                Some("MessageChanged") => {
                    assert_eq!((&event["change"], &frame["cursor"]), (&json!("TRANSLATED"), &Value::Null));
                    assert_eq!(event["message"]["translations"][0]["content"], json!(expected));
                    told += 1;
                }
                Some("MessageCreated") if event["message"]["id"] == last["id"] => break,
                _ => {}
            }
        }
        assert!(told <= most, "{told}");
    }
    let mut third = Socket::connect(&server, &bob).await;
    third.subscribe("inbox", &inbox, json!({})).await;
    third.next_of("inbox").await;
    made(&bob, &message, "fr").await;
    loop {
        let event = third.next_of("inbox").await["inbox"]["event"].take();
        if event["change"] != "TRANSLATED" {
            continue;
        }
        assert_eq!(event["message"]["id"], message["id"]);
        let languages = event["message"]["translations"].as_array().expect("a list");
        if languages.iter().any(|one| one["language"] == "fr") {
            break;
        }
    }
}

#[tokio::test]
async fn an_edit_and_a_deletion_end_a_translation() {
    let translator = Translator::start().await;
    let server = System::with_translator(&translator, None).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let message = ann.send(&chat, "Wir sehen uns morgen im Studio").await;
    assert_eq!(made(&bob, &message, "en").await, translated("Wir sehen uns morgen im Studio", "en"));
    data(edit(&ann, &message, "Wir sehen uns heute Abend im Studio").await);
    assert_eq!(read(&bob, &message).await["translations"], json!([]));
    assert_eq!(made(&bob, &message, "en").await, translated("Wir sehen uns heute Abend im Studio", "en"));
    data(delete(&ann, &message).await);
    let gone = read(&bob, &message).await;
    assert_eq!((&gone["translations"], &gone["originalLanguage"]), (&json!([]), &Value::Null));
    assert_eq!(code(&translate(&bob, &message, "en").await), Some("BAD_USER_INPUT"));
    assert_eq!(translator.asked().len(), 2);
}

#[tokio::test]
async fn what_is_not_translated_is_refused_and_a_text_in_the_language_stays_as_it_is() {
    let translator = Translator::start().await;
    let server = System::with_translator(&translator, None).await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let message = ann.send(&chat, "Bonjour, comment ça va ce matin ?").await;
    let poll = data(create_poll(&ann, &chat, "Which day?", &["one", "two"]).await)["createPoll"].take();
    for (by, message, language, expected) in [
        (&eve, &message, "en", Some("NOT_FOUND")),
        (&bob, &json!({ "id": "made up" }), "en", Some("NOT_FOUND")),
        (&bob, &message, "nl", Some("BAD_USER_INPUT")),
        (&bob, &message, "not a language", Some("BAD_USER_INPUT")),
        (&bob, &poll, "de", Some("BAD_USER_INPUT")),
        (&bob, &message, "fr", None),
        (&bob, &message, "fr-CA", None),
    ] {
        let answer = translate(by, message, language).await;
        assert_eq!(code(&answer), expected, "{} {language}: {answer}", by.name);
        if expected.is_none() {
            assert_eq!(answer["data"]["translateMessage"]["translations"], json!([]), "{answer}");
        }
    }
    assert_eq!(read(&bob, &ann.send(&chat, "ok").await).await["originalLanguage"], Value::Null);
    assert_eq!(translator.asked(), [] as [Value; 0]);
}

#[tokio::test]
async fn without_a_translator_or_the_feature_it_is_disabled() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let message = ann.send(&chat, "Bom dia, tudo bem com você?").await;
    assert_eq!(code(&translate(&bob, &message, "en").await), Some("FEATURE_DISABLED"));
    let read = read(&bob, &message).await;
    assert_eq!((&read["originalLanguage"], &read["translations"]), (&json!("pt"), &json!([])));

    let on = r#"{ key = "messaging.translation", percentage = 100 }"#;
    let off = r#"{ key = "messaging.translation", percentage = 100, off = true }"#;
    let policy = PolicyFile::with(&changed(SHIPPED, &[(on, off)]));
    let translator = Translator::start().await;
    let server = System::with_translator(&translator, Some(&policy.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let message = ann.send(&chat, "Bom dia, tudo bem com você?").await;
    assert_eq!(code(&translate(&bob, &message, "en").await), Some("FEATURE_DISABLED"));
    assert_eq!(translator.asked(), [] as [Value; 0]);
}

#[tokio::test]
async fn many_askers_share_one_request_also_one_that_fails_and_no_piece_is_lost() {
    let translator = Translator::start().await;
    let server = System::with_translator(&translator, None).await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let message = ann.send(&chat, "Buenos días a todos los del grupo").await;
    let asking = || [&ann, &bob, &carl].into_iter().cycle().take(12).map(|by| translate(by, &message, "de"));

    translator.becomes(Manner::Fails(503));
    let began = Instant::now();
    for answer in join_all(asking()).await {
        assert_eq!(code(&answer), Some("UNAVAILABLE"), "{answer}");
    }
    assert!(translator.asked().len() < 3, "{} requests", translator.asked().len());
    let sent = ann.send(&chat, "sends go on").await;
    assert!(sent["id"].is_string());
    // One that does not answer is waited for no longer than it may take.
    translator.becomes(Manner::Silence);
    let other = ann.send(&chat, "Hasta luego y buenas noches a todos").await;
    assert_eq!(code(&translate(&bob, &other, "de").await), Some("UNAVAILABLE"));

    translator.becomes(Manner::LosesMarks);
    let text = "Miren esto https://gym.example y luego `entrenar` con @bob";
    let marked = ann.send(&chat, text).await;
    let expected = format!(
        "{}https://gym.example {}`entrenar` {}@bob",
        translated("Miren esto ", "ko"),
        translated("y luego ", "ko"),
        translated("con ", "ko"),
    );
    assert_eq!(made(&carl, &marked, "ko").await, expected);

    translator.becomes(Manner::Translates);
    while code(&translate(&ann, &message, "de").await) == Some("UNAVAILABLE") {
        assert!(began.elapsed() < PATIENCE, "it works again");
        sleep(Duration::from_millis(100)).await;
    }
    let asked = translator.asked().len();
    let again = ann.send(&chat, "Buenas tardes a todos los del grupo").await;
    let asking = [&ann, &bob, &carl].into_iter().cycle().take(12).map(|by| made(by, &again, "ja"));
    for answer in join_all(asking).await {
        assert_eq!(answer, translated("Buenas tardes a todos los del grupo", "ja"));
    }
    assert_eq!(translator.asked().len(), asked + 1);
}

#[tokio::test]
async fn a_user_has_a_budget_of_translations_that_are_made() {
    let translator = Translator::start().await;
    let limit =
        ("translate = { count = 200, seconds = 86400 }", "translate = { count = 2, seconds = 86400 }");
    let policy = PolicyFile::with(&changed(SHIPPED, &[limit]));
    let server = System::with_translator(&translator, Some(&policy.path())).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let message = ann.send(&chat, "Nos vemos mañana en el gimnasio").await;
    for language in ["en", "fr", "en", "fr"] {
        made(&bob, &message, language).await;
    }
    let refused = translate(&bob, &message, "de").await;
    assert_eq!(code(&refused), Some("RATE_LIMITED"), "{refused}");
    let extensions = &refused["errors"][0]["extensions"];
    assert_eq!(extensions["limit"], "translate");
    let wait = extensions["retryAfterMs"].as_i64().expect("a wait");
    assert!((1..=86_400_000).contains(&wait), "{wait}");
    // Another user's counts for itself, and what it brings is known to all.
    made(&ann, &message, "de").await;
    made(&bob, &message, "de").await;
}
