//! Clients that do not read, or do not answer.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{Client, Stage, cursor, staged};
use crate::Options;
use crate::hub::tests::world::World;

const QUEUE: usize = 50;
/// More than the kernel, a socket's outbox and its queue hold together.
const WORDS: usize = 2_000;

/// Numbers of the messages that come before the socket is closed or the inbox drained, and the cursor
/// of the last frame.
async fn numbers(client: &mut Client) -> (Vec<usize>, Option<String>, Option<u16>) {
    let (mut numbers, mut last) = (vec![], None);
    loop {
        let frame = match client.hears().await {
            Ok(mut said) => said["payload"]["data"]["inbox"].take(),
            Err(code) => return (numbers, last, Some(code)),
        };
        last = cursor(&frame);
        let event = &frame["event"];
        match event["__typename"].as_str() {
            Some("Drained") => return (numbers, last, None),
            Some("MessageCreated") => numbers.push(number(&event["message"]["content"])),
            _ => {}
        }
    }
}

fn number(content: &Value) -> usize {
    content.as_str().unwrap().trim_start_matches('.').parse().unwrap()
}

#[test]
fn whoever_does_not_read_is_closed_and_loses_nothing() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let options = Options { queue: QUEUE, ..Options::default() };
        let mut stage = Stage::with(world, options).await;
        stage.enters();
        let mut ann = stage.subscribes(None).await;
        let (_, mut last, _) = numbers(&mut ann).await;
        // Somebody reads, in the meantime, what ann does not.
        let mut reader = stage.subscribes(None).await;
        numbers(&mut reader).await;
        assert_eq!(reader.frame().await["event"]["__typename"], "ConversationChanged");
        for number in 0..WORDS {
            stage.world.says("k1", "bob", &format!("{number:.>4000}"));
            stage.enters();
            let heard = reader.frame().await;
            assert_eq!(super::stage::content(&heard), format!("{number:.>4000}"));
        }
        let mut got = vec![];
        let mut ended = vec![];
        while got.len() < WORDS {
            let (more, cursor, code) = numbers(&mut ann).await;
            got.extend(more);
            last = cursor.or(last);
            ended.extend(code);
            if code.is_some() {
                ann = stage.subscribes(last.clone()).await;
            }
        }
        assert_eq!(got, (0..WORDS).collect::<Vec<_>>());
        assert_eq!(ended, [4900]);
    });
}

#[test]
fn quiet_sockets_are_pinged_with_a_cursor_and_closed_if_they_do_not_answer() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let options = Options { ping_every: Duration::from_millis(10), ..Options::default() };
        let mut stage = Stage::with(world, options).await;
        stage.enters();
        let mut ann = stage.subscribes(None).await;
        ann.frames(&["Drained", "ConversationChanged"]).await;
        let mut last = None;
        for _ in 0..3 {
            let ping = ann.hears().await.unwrap();
            assert_eq!(ping["type"], "ping");
            last = ping["payload"]["cursors"]["1"].as_str().map(str::to_owned);
            ann.says(&json!({ "type": "pong" })).await;
        }
        assert_eq!(ann.hears().await.unwrap()["type"], "ping");
        assert_eq!(ann.end().await, 4902);
        stage.world.says("k1", "bob", "meanwhile");
        stage.enters();
        let mut ann = stage.subscribes(last).await;
        assert_eq!(super::stage::content(&ann.frame().await), "meanwhile", "the ping's cursor is good");
    });
}
