//! The client against a stand-in on this machine with one answer, which gives what it was asked.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Where a stand-in is, and what answers one request with a status and a body, or with nothing; it gives what it was asked.
async fn stand_in(answer: Option<(u16, String)>) -> (String, impl Future<Output = String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let serving = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut asked, mut part) = (vec![], [0; 4096]);
        while !asked.ends_with(b"}") {
            let read = stream.read(&mut part).await.unwrap();
            asked.extend_from_slice(&part[..read]);
        }
        if let Some((status, body)) = answer {
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
            // A client that has read enough is gone.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        } else {
            // Until the client gives up.
            let _ = stream.read(&mut part).await;
        }
        String::from_utf8(asked).unwrap()
    };
    (url, serving)
}

fn config(url: String) -> Config {
    let (key, model) = (Secret::of("a-key"), "a-model".to_owned());
    Config { url, key, model, within: Duration::from_secs(5), networks: "127.0.0.0/8".to_owned() }
}

const PROMPT: Prompt<'_> = Prompt { instruction: "Answer.", text: "Hi \"you\"", most_tokens: 9 };

async fn complete(config: Config) -> Result<String, CompletionError> {
    ChatServer::new(config).unwrap().complete(PROMPT).await
}

#[tokio::test]
async fn a_text_is_asked_about_by_key_and_model_and_the_first_choice_is_the_answer() {
    let body =
        r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hey"}},{"message":{}}]}"#;
    let (url, serving) = stand_in(Some((200, body.to_owned()))).await;
    let (answer, asked) = tokio::join!(complete(config(url)), serving);
    assert_eq!(answer, Ok("Hey".to_owned()));
    assert!(asked.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: Bearer a-key\r\n"), "{asked}");
    let said = r#"[{"role":"system","content":"Answer."},{"role":"user","content":"Hi \"you\""}]"#;
    assert!(
        asked.ends_with(&format!(r#"{{"model":"a-model","messages":{said},"max_tokens":9}}"#)),
        "{asked}"
    );
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_that_quotes_nothing() {
    let form = || CompletionError::Form("not the JSON of a completion".to_owned());
    for (status, body, error) in [
        (401, "{}", CompletionError::Refused(401)),
        (302, "{}", CompletionError::Refused(302)),
        (429, "{}", CompletionError::Unavailable("status 429".to_owned())),
        (503, "{}", CompletionError::Unavailable("status 503".to_owned())),
        (200, "a secret", form()),
        (200, r#"{"choices":"a secret"}"#, form()),
        (200, r#"{"choices":[]}"#, CompletionError::Form("no content".to_owned())),
        (
            200,
            r#"{"choices":[{"message":{"content":null}}]}"#,
            CompletionError::Form("no content".to_owned()),
        ),
    ] {
        let (url, serving) = stand_in(Some((status, body.to_owned()))).await;
        let (answer, _) = tokio::join!(complete(config(url)), serving);
        assert_eq!(answer, Err(error), "{status} {body}");
    }
    let (url, serving) = stand_in(Some((200, "x".repeat(ANSWER_BYTES + 1)))).await;
    let (answer, _) = tokio::join!(complete(config(url)), serving);
    let too_large = CompletionError::Unavailable("more bytes than are read".to_owned());
    assert_eq!(answer, Err(too_large));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time_and_one_inside_is_reached_by_a_setting_alone() {
    let (url, serving) = stand_in(None).await;
    let config_of = |url| Config { within: Duration::from_millis(100), ..config(url) };
    let (late, _) = tokio::join!(complete(config_of(url)), serving);
    assert_eq!(late, Err(CompletionError::Unavailable("no answer in time".to_owned())));
    let (url, _) = stand_in(None).await;
    let inside = complete(Config { networks: String::new(), ..config(url) }).await;
    let reason = "an address that is not globally reachable".to_owned();
    assert_eq!(inside, Err(CompletionError::Unavailable(reason)));
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let of = |url: &str| ChatServer::new(config(url.to_owned())).err();
    assert!(matches!(of("example"), Some(ConfigError::Url(_))));
    assert!(matches!(of("x:y"), Some(ConfigError::Port)));
    let key = Config { key: Secret::of("a\nb"), ..config("http://a".to_owned()) };
    assert!(matches!(ChatServer::new(key), Err(ConfigError::Key(_))));
    let networks = Config { networks: "x".to_owned(), ..config("http://a".to_owned()) };
    assert!(matches!(ChatServer::new(networks), Err(ConfigError::Egress(_))));
}
