//! Providers of the test: what they are asked, and what comes of what they answer.

use std::time::Duration;

use domain::languages::Language;
use platform::config::Secret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::provider::ProviderError;
use crate::settings::Settings;

/// A request as it came: its first line, its headers, and its body.
struct Came {
    line: String,
    headers: String,
    body: Value,
}

async fn receive(stream: &mut TcpStream) -> Came {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let length = headers.lines().find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    Came { line: line.to_owned(), headers: headers.to_owned(), body: serde_json::from_slice(&body).unwrap() }
}

/// Asks a provider of the test for two texts; it answers as is said.
async fn asked(
    provider: &str,
    path: &str,
    status: u16,
    answer: &str,
) -> (Result<Vec<String>, ProviderError>, Came) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        provider: provider.to_owned(),
        url: format!("http://{}{path}", listener.local_addr().unwrap()),
        key: Secret::of("hush"),
        within: Duration::from_secs(5),
    };
    let translator = settings.translator().unwrap().unwrap();
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let came = receive(&mut stream).await;
        let length = answer.len();
        let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n\r\n{answer}");
        // One that reads no more may close.
        let _ = stream.write_all(answer.as_bytes()).await;
        came
    };
    let texts = ["see you", "at the gym"];
    let asking = translator.translate(&texts, Some(Language::English), Language::Portuguese);
    tokio::join!(asking, answering)
}

#[tokio::test]
async fn libretranslate_is_asked_in_its_form() {
    let answer = json!({ "translatedText": ["até logo", "na academia"] }).to_string();
    let (answered, came) = asked("libretranslate", "", 200, &answer).await;
    assert_eq!(answered.unwrap(), ["até logo", "na academia"]);
    assert_eq!(came.line, "POST /translate HTTP/1.1");
    let body = json!({
        "q": ["see you", "at the gym"], "source": "en", "target": "pt", "format": "text", "api_key": "hush"
    });
    assert_eq!(came.body, body);
}

#[tokio::test]
async fn deepl_is_asked_in_its_form_below_its_address() {
    let answer = json!({ "translations": [
        { "detected_source_language": "EN", "text": "até logo" },
        { "detected_source_language": "EN", "text": "na academia" },
    ] });
    let (answered, came) = asked("deepl", "/base", 200, &answer.to_string()).await;
    assert_eq!(answered.unwrap(), ["até logo", "na academia"]);
    assert_eq!(came.line, "POST /base/v2/translate HTTP/1.1");
    assert!(came.headers.contains("authorization: DeepL-Auth-Key hush"), "{}", came.headers);
    let body = json!({ "text": ["see you", "at the gym"], "target_lang": "PT-BR", "source_lang": "EN" });
    assert_eq!(came.body, body);
}

#[tokio::test]
async fn what_may_pass_is_away_and_what_is_no_answer_is_refused() {
    let long = json!({ "translatedText": ["x".repeat(600 * 1024), String::new()] }).to_string();
    for (status, answer, is_away) in [
        (500, "{}", true),
        (503, "", true),
        (429, "{}", true),
        (456, "{}", true),
        (403, "{}", false),
        (400, "{}", false),
        (302, "{}", false),
        (200, "", false),
        (200, "no JSON", false),
        (200, r#"{"translatedText":["one"]}"#, false),
        (200, r#"{"translatedText":"one"}"#, false),
        (200, &long, false),
    ] {
        let (answered, _) = asked("libretranslate", "", status, answer).await;
        let error = answered.unwrap_err();
        assert_eq!(matches!(error, ProviderError::Away(_)), is_away, "{status}: {error}");
        let said = error.to_string();
        assert!(!said.contains("hush") && !said.contains("see you"), "{said}");
    }
}

#[tokio::test]
async fn where_nobody_listens_the_provider_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (provider, key) = ("libretranslate".to_owned(), Secret::of(""));
    let settings = Settings { provider, url, key, within: Duration::from_secs(5) };
    let translator = settings.translator().unwrap().unwrap();
    let answered = translator.translate(&["a b"], None, Language::German).await;
    assert!(matches!(answered, Err(ProviderError::Away(_))));
}
