//! A user who listens to the inbox from a cursor on, and comes back with the last one whenever the socket ends.

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep};

use crate::process::PATIENCE;
use crate::socket::INBOX;
use crate::{Client, Socket};

const BACKOFF: Duration = Duration::from_millis(20);

/// What was heard, in order.
#[derive(Debug, Default)]
pub struct Heard {
    pub messages: Vec<Value>,
    pub resumed: usize,
    /// The one that was last listened to.
    node: String,
    cursor: String,
}

/// Listens from a cursor on, until `wanted` messages have been heard, a number that may become known later, and from then
/// on only as long as a test is patient. Comes back each time to the next of the nodes at `urls`.
pub async fn follow(
    urls: Vec<String>,
    client: Client,
    cursor: String,
    mut wanted: watch::Receiver<Option<usize>>,
) -> Heard {
    let mut heard = Heard { cursor, ..Heard::default() };
    let listening = hear(&urls, &client, wanted.clone(), &mut heard);
    let patience = async {
        let wanted = wanted.wait_for(Option::is_some).await.expect("the test goes on").expect("a number");
        sleep(PATIENCE).await;
        wanted
    };
    tokio::select! {
        () = listening => heard,
        wanted = patience => panic!(
            "{} of {wanted} heard in time, {} times come back, last at {}: {:?}",
            heard.messages.len(), heard.resumed, heard.node, heard.seqs(),
        ),
    }
}

async fn hear(urls: &[String], client: &Client, wanted: watch::Receiver<Option<usize>>, heard: &mut Heard) {
    let mut urls = urls.iter().cycle();
    loop {
        let mut socket = connect(&mut urls, client, heard).await;
        let variables = serde_json::json!({ "after": heard.cursor });
        if socket.try_subscribe("inbox", INBOX, variables).await.is_some()
            && listen(&mut socket, heard, wanted.clone()).await
        {
            return;
        }
        heard.resumed += 1;
    }
}

async fn connect<'a>(
    urls: &mut impl Iterator<Item = &'a String>,
    client: &Client,
    heard: &mut Heard,
) -> Socket {
    let deadline = Instant::now() + PATIENCE;
    for url in urls {
        if let Some(socket) = Socket::try_connect(url, client).await {
            heard.node.clone_from(url);
            return socket;
        }
        assert!(Instant::now() < deadline, "no socket in time");
        sleep(BACKOFF).await;
    }
    unreachable!("the nodes come round again and again")
}

/// Whether all that is wanted was heard; otherwise the socket has ended.
async fn listen(socket: &mut Socket, heard: &mut Heard, mut wanted: watch::Receiver<Option<usize>>) -> bool {
    loop {
        if wanted.borrow_and_update().is_some_and(|wanted| heard.messages.len() >= wanted) {
            return true;
        }
        let said = tokio::select! {
            said = socket.hear_any() => said,
            changed = wanted.changed() => {
                changed.expect("the test goes on");
                continue;
            }
        };
        let Ok(said) = said else { return false };
        assert_ne!(said["type"], "error", "{said}");
        if said["type"] != "next" {
            continue;
        }
        assert!(said["payload"].get("errors").is_none(), "{said}");
        let frame = &said["payload"]["data"]["inbox"];
        let event = &frame["event"];
        assert_ne!(event["__typename"], "ResumeGap", "a cursor of this run is good");
        if event["__typename"] == "MessageCreated" {
            heard.messages.push(event["message"].clone());
        }
        // A notice has no cursor.
        if let Some(cursor) = frame["cursor"].as_str() {
            cursor.clone_into(&mut heard.cursor);
        }
    }
}

impl Heard {
    /// Numbers of the messages in the order in which they came.
    pub fn seqs(&self) -> Vec<i64> {
        self.messages.iter().map(|message| message["seq"].as_i64().expect("seq")).collect()
    }
}
