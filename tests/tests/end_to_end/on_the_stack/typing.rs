//! Typing statuses: delivered to connected members; ended by time, by sending and by leaving; never replayed.
//!
//! That a status is not delivered is shown by the next one that is: statuses arrive in the order of their
//! answers.

use std::time::Duration;

use musclemap_tests::acts::{SET_TYPING, add, leave, people, set_block, set_privacy, set_typing};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How long a typing status lasts without a repeat.
const LASTS: Duration = Duration::from_secs(5);
/// How often the same is published.
const EVERY: Duration = Duration::from_secs(2);

const INDICATOR: &str =
    "subscription($c: ID!) { typingIndicator(conversationId: $c) { userId username avatarUrl isTyping } }";

async fn types(client: &Client, chat: &str, is_typing: bool) {
    assert_eq!(data(set_typing(client, chat, is_typing).await)["setTypingStatus"], true);
}

/// Who types, or has stopped, as the next notice in an inbox says; events are passed over.
async fn told(socket: &mut Socket) -> (String, bool) {
    let frame = socket.frames_until("TypingChanged").await.pop().expect("a frame");
    assert!(frame["cursor"].is_null(), "{frame}");
    let typing = &frame["event"]["typing"];
    (typing["username"].as_str().expect("a name").to_owned(), typing["isTyping"] == true)
}

/// Whether a notice comes within a time.
async fn is_told_within(socket: &mut Socket, time: Duration) -> bool {
    let deadline = Instant::now() + time;
    while let Some(message) = socket.hear_within(deadline - Instant::now()).await {
        if message["payload"]["data"]["inbox"]["event"]["__typename"] == "TypingChanged" {
            return true;
        }
    }
    false
}

fn begins(name: &str) -> (String, bool) {
    (name.to_owned(), true)
}

fn stops(name: &str) -> (String, bool) {
    (name.to_owned(), false)
}

/// An inbox to which notices come from now on.
async fn inbox(server: &System, client: &Client) -> Socket {
    let mut socket = Socket::connect(server, client).await;
    socket.inbox(None).await;
    socket.knows(&client.create("GROUP", &[]).await).await;
    socket
}

#[tokio::test]
async fn members_see_who_types_and_nobody_else_does() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let mut sockets = [inbox(&server, &ann).await, inbox(&server, &bob).await, inbox(&server, &carl).await];
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    for socket in &mut sockets {
        socket.knows(&chat).await;
    }
    let mut eves = inbox(&server, &eve).await;
    let mut indicator = Socket::connect(&server, &bob).await;
    indicator.subscribe("typing", INDICATOR, json!({ "c": chat })).await;
    // An answer on the same socket says that the subscription is live.
    indicator.subscribe("own", SET_TYPING, json!({ "c": chat, "t": false })).await;
    assert_eq!(indicator.next_of("own").await["setTypingStatus"], true);

    let began = Instant::now();
    types(&ann, &chat, true).await;
    types(&ann, &chat, true).await;
    // A repeat after this time is told again.
    let is_repeat = began.elapsed() < EVERY;
    types(&ann, &chat, false).await;
    types(&bob, &chat, true).await;
    let [anns, bobs, carls] = &mut sockets;
    assert_eq!(told(anns).await, begins("bob"), "nothing of her own");
    for socket in [&mut *bobs, &mut *carls] {
        assert_eq!(told(socket).await, begins("ann"));
        let mut next = told(socket).await;
        if !is_repeat && next == begins("ann") {
            next = told(socket).await;
        }
        assert_eq!(next, stops("ann"), "the repeat is not told");
    }
    assert_eq!(told(carls).await, begins("bob"));
    let mut told = indicator.next_of("typing").await["typingIndicator"].take();
    assert_eq!((&told["userId"], &told["isTyping"]), (&json!(ann.user), &json!(true)), "{told}");
    while told["isTyping"] == true {
        told = indicator.next_of("typing").await["typingIndicator"].take();
    }
    assert_eq!((&told["userId"], &told["isTyping"]), (&json!(ann.user), &json!(false)), "{told}");

    assert_eq!(code(&set_typing(&eve, &chat, true).await), Some("NOT_FOUND"));
    eves.subscribe("typing", INDICATOR, json!({ "c": chat })).await;
    let refused = loop {
        let message = eves.hear().await.expect("an open socket");
        if message["id"] == "typing" {
            break message;
        }
    };
    assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    let other = eve.create("GROUP", &[&carl]).await;
    eves.knows(&other).await;
    types(&carl, &chat, true).await;
    types(&carl, &other, true).await;
    let frame = eves.frames_until("TypingChanged").await.pop().unwrap();
    assert_eq!(frame["event"]["conversationId"], json!(other));
}

#[tokio::test]
async fn typing_ends_by_time_by_sending_and_by_leaving() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut socket = inbox(&server, &bob).await;
    let began = Instant::now();
    types(&ann, &chat, true).await;
    assert_eq!(told(&mut socket).await, begins("ann"));
    assert_eq!(told(&mut socket).await, stops("ann"));
    assert!(began.elapsed() >= LASTS, "{:?}", began.elapsed());

    let mut hers = Socket::connect(&server, &ann).await;
    hers.subscribe("typing", SET_TYPING, json!({ "c": chat, "t": true })).await;
    assert_eq!(hers.next_of("typing").await["setTypingStatus"], true);
    assert_eq!(told(&mut socket).await, begins("ann"));
    let began = Instant::now();
    ann.send(&chat, "said").await;
    assert_eq!(told(&mut socket).await, stops("ann"));
    assert!(began.elapsed() < LASTS, "{:?}", began.elapsed());
    // A process that has not seen the message takes what follows within two seconds for a repeat.
    for number in 0.. {
        hers.subscribe(&format!("again{number}"), SET_TYPING, json!({ "c": chat, "t": true })).await;
        assert_eq!(hers.next_of(&format!("again{number}")).await["setTypingStatus"], true);
        if is_told_within(&mut socket, EVERY).await {
            break;
        }
    }
    let began = Instant::now();
    data(leave(&ann, &chat).await);
    assert_eq!(told(&mut socket).await, stops("ann"));
    assert!(began.elapsed() < LASTS, "{:?}", began.elapsed());
    assert_eq!(code(&set_typing(&ann, &chat, true).await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn a_block_and_an_end_of_membership_hide_who_types_and_a_resume_brings_nothing() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let direct = ann.create("DIRECT", &[&bob]).await;
    set_block(&bob, &ann, true).await;
    let mut socket = inbox(&server, &bob).await;
    let mut anns = inbox(&server, &ann).await;
    types(&ann, &direct, true).await;
    types(&ann, &chat, true).await;
    types(&bob, &direct, true).await;
    types(&bob, &chat, true).await;
    types(&carl, &chat, true).await;
    assert_eq!(told(&mut socket).await, begins("carl"), "whom he blocks is hidden from him");
    assert_eq!(told(&mut anns).await, begins("carl"), "and he from her");

    set_privacy(&carl, json!({ "showTypingIndicator": false })).await;
    types(&carl, &chat, false).await;
    types(&carl, &chat, true).await;
    set_privacy(&carl, json!({ "showTypingIndicator": true })).await;
    types(&carl, &chat, false).await;
    assert_eq!(told(&mut anns).await, stops("carl"), "nothing of what he hides");

    data(leave(&bob, &chat).await);
    let frames = socket.frames_until("ConversationChanged").await;
    let cursor = frames.last().unwrap()["cursor"].as_str().unwrap().to_owned();
    types(&carl, &chat, false).await;
    types(&carl, &chat, true).await;
    set_block(&bob, &ann, false).await;
    data(add(&ann, &chat, &[&bob]).await);
    // Nothing of the time in which he was gone, and nothing that a resume would bring again.
    let mut again = Socket::connect(&server, &bob).await;
    let frames = again.inbox(Some(&cursor)).await;
    let is_typing = |frame: &Value| frame["event"]["__typename"] == "TypingChanged";
    assert!(!frames.iter().any(is_typing), "{frames:?}");
    let frame = socket.frame_with(&carl.send(&chat, "said").await["id"]).await;
    assert_eq!(frame["event"]["__typename"], "MessageCreated");
}
