//! Voice messages: recorded, heard by members alone, answered, forwarded, and gone with their file.

use musclemap_tests::acts::{answer, delete, edit, forward, people};
use musclemap_tests::client::{code, data};
use musclemap_tests::files::{RECORDING, attachment, begin, image, recording, send, speak, upload};
use musclemap_tests::process::{PATIENCE, http};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

const SPOKEN: &str = "id seq content contentType
    attachments { id fileName contentType state url durationSeconds waveform }
    replyTo { contentType attachments { durationSeconds } }";

fn spoken(answer: Value) -> Value {
    data(answer)["sendVoiceMessage"].take()
}

/// Bytes behind a link, whole and in part, as a player asks for them.
async fn played(server: &System, link: &str) {
    let whole = http().get(server.url(link)).send().await.expect("an answer");
    let header = |name: &str| whole.headers()[name].to_str().expect("text").to_owned();
    assert_eq!((whole.status().as_u16(), header("content-type").as_str()), (200, "audio/webm"));
    assert_eq!(header("content-disposition"), "inline; filename*=UTF-8''voice.webm");
    assert_eq!(
        (header("x-content-type-options"), header("accept-ranges")),
        ("nosniff".into(), "bytes".into())
    );
    assert_eq!(whole.bytes().await.expect("bytes"), RECORDING, "as it came");
    let part = http().get(server.url(link)).header("range", "bytes=100-").send().await.expect("an answer");
    let size = RECORDING.len();
    assert_eq!(part.headers()["content-range"], format!("bytes 100-{}/{size}", size - 1));
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("bytes"), &RECORDING[100..]);
}

async fn gone(server: &System, link: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !http().get(server.url(link)).send().await.is_ok_and(|answer| answer.status() == 404) {
        assert!(Instant::now() < deadline, "the recording is still there");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The last message of a conversation, as a member reads it.
async fn last(by: &Client, chat: &str) -> Value {
    let query = format!("query($c: ID!) {{ conversation(id: $c) {{ lastMessage {{ {SPOKEN} }} }} }}");
    by.get(&query, json!({ "c": chat })).await["conversation"]["lastMessage"].take()
}

#[tokio::test]
async fn a_recording_is_heard_by_members_and_goes_with_its_last_message() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let pair = bob.create("DIRECT", &[&carl]).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let query = format!("subscription($c: ID!) {{ messageReceived(conversationId: $c) {{ {SPOKEN} }} }}");
    bobs.subscribe("received", &query, json!({ "c": chat })).await;
    bobs.inbox(None).await;

    let file = recording(&server, &ann).await;
    let own = attachment(&ann, &file).await;
    assert_eq!((&own["durationSeconds"], &own["contentType"]), (&json!(1.5), &json!("audio/webm")));
    let peaks: Vec<i64> = serde_json::from_value(own["waveform"].clone()).expect("peaks");
    assert!(peaks.len() == 64 && peaks.iter().all(|peak| (0..256).contains(peak)), "{peaks:?}");
    assert!(peaks.iter().any(|peak| *peak > 20) && peaks.contains(&0), "{peaks:?}");

    let (id, before) = (Uuid::new_v4(), ann.balance().await);
    let sent = spoken(speak(&ann, &chat, &file, id, &Value::Null).await);
    assert_eq!((&sent["contentType"], &sent["content"]), (&json!("VOICE"), &json!("")));
    let paid = before - ann.balance().await;
    data(send(&ann, &chat, "as much as a text", &[]).await);
    assert_eq!(before - ann.balance().await, 2 * paid, "it costs what a send costs");
    let again = spoken(speak(&ann, &chat, &file, id, &Value::Null).await);
    assert_eq!((&again["id"], ann.balance().await), (&sent["id"], before - 2 * paid), "once");

    let live = bobs.next_of("received").await["messageReceived"].take();
    assert_eq!((&live["id"], &live["contentType"]), (&sent["id"], &json!("VOICE")));
    assert_eq!(live["attachments"][0]["waveform"], own["waveform"]);
    let link = live["attachments"][0]["url"].as_str().expect("a link");
    played(&server, link).await;
    let query = "query($m: ID!) { message(id: $m) { id } }";
    assert_eq!(code(&carl.ask(query, json!({ "m": sent["id"] })).await), Some("NOT_FOUND"));

    // It is quoted and copied as what it is, and not edited.
    answer(&bob, &chat, &sent, "well said").await;
    let quoted = last(&ann, &chat).await["replyTo"].take();
    assert_eq!(quoted, json!({ "contentType": "VOICE", "attachments": [{ "durationSeconds": 1.5 }] }));
    let reply =
        spoken(speak(&bob, &chat, &recording(&server, &bob).await, Uuid::new_v4(), &sent["id"]).await);
    assert_eq!(reply["replyTo"], json!({ "id": sent["id"], "contentType": "VOICE" }));
    let copy = data(forward(&bob, &sent, &[&pair], None).await)["forwardMessage"][0].take();
    assert_eq!(copy["contentType"], "VOICE");
    assert_eq!(last(&carl, &pair).await["attachments"][0]["durationSeconds"], 1.5);
    let refused = edit(&ann, &sent, "in words").await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"), "{refused}");

    data(delete(&ann, &sent).await);
    played(&server, link).await;
    data(delete(&bob, &copy).await);
    gone(&server, link).await;
    assert_eq!(
        code(&speak(&ann, &chat, &file, Uuid::new_v4(), &Value::Null).await),
        Some("NOT_FOUND"),
        "a recording that is gone"
    );
}

#[tokio::test]
async fn only_ones_own_recordings_that_are_ready_are_voice_messages() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let own = recording(&server, &ann).await;
    let theirs = recording(&server, &bob).await;
    let carls = recording(&server, &carl).await;
    let picture = image(&server, &ann, "a.png").await;
    let cut = &RECORDING[..RECORDING.len() - 5];
    let rejected = upload(&server, &ann, "cut.webm", "audio/webm", cut).await;
    assert_eq!((&rejected["state"], &rejected["rejectedReason"]), (&json!("REJECTED"), &json!("TRUNCATED")));
    let text = upload(&server, &ann, "text.webm", "audio/webm", b"plain").await;
    assert_eq!(text["rejectedReason"], "TYPE_MISMATCH");
    let mp3 = upload(&server, &ann, "song.mp3", "audio/mpeg", b"ID3\x04 is not looked into").await;
    assert_eq!((&mp3["state"], &mp3["durationSeconds"]), (&json!("READY"), &Value::Null));
    let begun = begin(&ann, Uuid::new_v4(), "v.webm", "audio/webm", 9).await;
    let begun = data(begun)["createUpload"]["attachmentId"].take();
    let before = ann.balance().await;
    for (by, file, refused) in [
        (&ann, &theirs, "NOT_FOUND"),
        (&ann, &begun, "ATTACHMENT_NOT_READY"),
        (&ann, &rejected["id"], "ATTACHMENT_NOT_READY"),
        (&ann, &picture, "BAD_USER_INPUT"),
        (&ann, &mp3["id"], "BAD_USER_INPUT"),
        (&carl, &carls, "NOT_FOUND"),
    ] {
        let answer = speak(by, &chat, file, Uuid::new_v4(), &Value::Null).await;
        assert_eq!(code(&answer), Some(refused), "{answer}");
    }
    assert_eq!(ann.balance().await, before);
    // Beside a text, or alone among files, it is a file.
    let file = data(send(&ann, &chat, "", &[&own]).await)["sendMessage"].take();
    assert_eq!(
        (&file["contentType"], &file["attachments"][0]["durationSeconds"]),
        (&json!("FILE"), &json!(1.5))
    );
}
