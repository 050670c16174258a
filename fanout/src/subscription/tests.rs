//! Claims about one subscription, over a node that is given its events and tables in memory, and a
//! socket of a shard.

pub(crate) mod ports;
mod slow;
pub(crate) mod stage;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use platform::ports::Tables;
use schemas::blocking::PairBlocks;
use schemas::membership::{Member, Role};
use schemas::receipts::Watermarks;
use schemas::tables::views::{BlocksRow, MembershipRow, MessageRow};
use serde_json::{Value, json};

use super::rows;
use crate::hub::tests::world::{World, conversation, user};
use stage::{Stage, content, staged};

/// More than twenty pages of rows.
const MANY: usize = 21_000;

#[test]
fn what_cannot_be_rendered_now_is_sent_when_the_client_resumes() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        world.says("k1", "bob", "one");
        let mut stage = Stage::new(world).await;
        stage.enters();
        let mut ann = stage.subscribes(Some(stage.start_of("ann"))).await;
        let last = ann.frames(&["ConversationChanged", "MessageCreated", "Drained"]).await;
        stage.tables.is_down.store(true, Ordering::Relaxed);
        stage.world.says("k1", "bob", "two");
        stage.enters();
        assert_eq!(ann.end().await, 1012);

        stage.tables.is_down.store(false, Ordering::Relaxed);
        let mut ann = stage.subscribes(last).await;
        let message = ann.frame().await["event"]["message"].take();
        assert_eq!((&message["content"], &message["conversation"]["kind"]), (&"two".into(), &"GROUP".into()));
        assert_eq!(ann.frame().await["event"]["__typename"], "Drained");
    });
}

#[test]
fn an_event_without_its_rows_ends_the_selection_that_needs_them_and_is_completed_for_a_resume() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let said = world.says("k1", "bob", "one");
        let mut stage = Stage::new(world).await;
        stage.has_people(&["ann", "bob"]);
        stage.enters();
        let mut ann = stage.subscribes(Some(stage.start_of("ann"))).await;
        let last = ann.frames(&["ConversationChanged", "MessageCreated", "Drained"]).await;
        stage.world.deletes("k1", &said);
        // Straight into the hub, as an event whose rows could not be read in time.
        stage.enters();
        assert_eq!(ann.end().await, 1012);

        let mut ann = stage.subscribes(last).await;
        let changed = ann.frame().await["event"].take();
        assert_eq!(
            (&changed["__typename"], &changed["message"]["status"]),
            (&"MessageChanged".into(), &"READ".into())
        );
        ann.frames(&["Drained"]).await;
    });
}

#[test]
fn a_fifth_selection_of_a_user_is_refused_and_costs_nothing_else() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        let mut ann = stage.subscribes(None).await;
        ann.frames(&["Drained"]).await;
        for number in 2..=5 {
            let query = format!("subscription {{ inbox {{ a{number}: cursor }} }}");
            let payload = json!({ "query": query });
            ann.says(&json!({ "type": "subscribe", "id": number.to_string(), "payload": payload })).await;
            let said = ann.hears().await.unwrap();
            let refusal = &said["payload"][0]["extensions"];
            match number {
                5 => assert_eq!(
                    (&refusal["code"], &refusal["limit"]),
                    (&"LIMIT_REACHED".into(), &"selections".into())
                ),
                _ => assert_eq!(said["type"], "next"),
            }
        }
        ann.subscribes("6", None).await;
        assert_eq!(ann.hears().await.unwrap()["type"], "next", "one that another subscription has");
    });
}

#[test]
fn a_panic_costs_the_socket_and_no_other() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let mut stage = Stage::new(world).await;
        stage.enters();
        let mut live = stage.subscribes(None).await;
        let last = live.frames(&["Drained", "ConversationChanged"]).await;
        stage.tables.is_broken.store(true, Ordering::Relaxed);
        assert_eq!(stage.subscribes(None).await.end().await, 1012, "where its rows are read");
        stage.world.says("k1", "bob", "two");
        stage.enters();
        assert_eq!(live.end().await, 1012, "where a frame is rendered");

        stage.tables.is_broken.store(false, Ordering::Relaxed);
        let mut back = stage.subscribes(last).await;
        assert_eq!(content(&back.frame().await), "two");
    });
}

#[test]
fn what_comes_behind_a_frame_that_is_read_for_waits_for_it() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let mut stage = Stage::new(world).await;
        stage.enters();
        let mut ann = stage.subscribes(None).await;
        assert_eq!(ann.frame().await["event"]["__typename"], "Drained");
        stage.tables.is_slow.store(true, Ordering::Relaxed);
        let mut expected = vec![];
        for number in 0..200 {
            let text = number.to_string();
            // What is not a message needs nothing read.
            match number % 3 {
                0 => stage.world.reads("k1", "bob", number),
                _ => drop(stage.world.says("k1", "bob", &text)),
            }
            if number % 3 != 0 {
                expected.push(Value::from(text));
            }
            if number % 7 == 0 {
                stage.enters();
                tokio::task::yield_now().await;
            }
        }
        stage.enters();
        let mut got = vec![];
        while got.len() < expected.len() {
            let mut event = ann.frame().await["event"].take();
            if event["__typename"] == "MessageCreated" {
                got.push(event["message"]["content"].take());
            }
        }
        assert_eq!(got, expected);
    });
}

#[test]
fn what_comes_at_once_is_delivered_to_each_subscription_of_a_socket() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let mut stage = Stage::new(world).await;
        stage.enters();
        let mut ann = stage.subscribes(Some(stage.start_of("ann"))).await;
        ann.frames(&["ConversationChanged", "Drained"]).await;
        ann.subscribes("2", Some(stage.start_of("ann"))).await;
        for _ in 0..2 {
            assert_eq!(ann.hears().await.unwrap()["id"], "2");
        }
        let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        for text in &expected {
            stage.world.says("k1", "bob", text);
        }
        stage.enters();
        let mut got = [vec![], vec![]];
        for _ in 0..2 * expected.len() {
            let said = ann.hears().await.unwrap();
            let of = usize::from(said["id"] == "2");
            got[of].push(content(&said["payload"]["data"]["inbox"]).to_owned());
        }
        assert_eq!(got, [expected.clone(), expected]);
    });
}

#[test]
fn a_message_is_rendered_for_whoever_has_left_since() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let before = world.says("k1", "bob", "one");
        world.answers("k1", "bob", "two", &before);
        world.removes("k1", "ann");
        world.says("k1", "bob", "three");
        let stage = Stage::new(world).await;
        stage.enters();
        let mut ann = stage.subscribes(Some(stage.start_of("ann"))).await;
        let mut told = vec![];
        while told.last().is_none_or(|last: &Value| last["__typename"] != "Drained") {
            told.push(ann.frame().await["event"].take());
        }
        let messages = told.iter().filter(|event| event["__typename"] == "MessageCreated");
        let contents: Vec<&Value> = messages.clone().map(|event| &event["message"]["content"]).collect();
        assert_eq!(contents, [&Value::from("one"), &"two".into(), &Value::Null]);
        assert!(messages.clone().all(|event| event["message"]["conversation"]["kind"] == "GROUP"));
    });
}

#[test]
fn a_user_with_very_many_rows_subscribes_and_receives() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let mut stage = Stage::new(world).await;
        stage.enters();
        let ann = user("ann");
        for number in 0..MANY {
            let conversation = format!("{number:032}").parse().unwrap();
            let member = Member {
                role: Role::Member,
                joined_at: 0,
                intervals: vec![],
                marks: Watermarks::default(),
                request: None,
            };
            let row = MembershipRow { user: ann.clone(), conversation, member };
            stage.tables.view(row.to_row(), 1);
            let (other, blocks) = (user(&format!("u{number}")), PairBlocks::default());
            let row = BlocksRow { user: ann.clone(), other, blocks };
            stage.tables.view(row.to_row(), 1);
        }
        let tables: Arc<dyn Tables> = stage.tables.clone();
        let read = rows::of_user(&tables, &ann).await.unwrap();
        assert_eq!((read.memberships.len(), read.blocks.len()), (MANY, MANY));
        let mut client = stage.subscribes(None).await;
        client.frames(&["Drained", "ConversationChanged"]).await;
        stage.world.says("k1", "bob", "hello");
        stage.enters();
        assert_eq!(content(&client.frame().await), "hello");
    });
}

#[test]
fn a_fresh_subscription_is_told_no_text_that_was_deleted_before_it() {
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let said = world.says("k1", "bob", "a secret");
        let mut stage = Stage::new(world).await;
        stage.has_people(&["ann", "bob"]);
        stage.enters();
        let stores = |stage: &Stage, message, command| {
            let row = MessageRow { conversation: conversation("k1"), message };
            stage.tables.view(row.to_row(), command);
        };
        stores(&stage, said.clone().stored(), 1_002);
        // One before the deletion has just had the message read.
        let mut before = stage.subscribes(None).await;
        before.frames(&["Drained", "ConversationChanged"]).await;
        assert_eq!(content(&before.frame().await), "a secret");
        stage.world.deletes("k1", &said);
        stage.enters();
        stores(&stage, said.removed(9), 1_003);
        let mut after = stage.subscribes(None).await;
        after.frames(&["Drained", "ConversationChanged"]).await;
        let frames = [after.frame().await, after.frame().await];
        assert_eq!(frames[0]["event"]["message"]["content"], Value::Null, "{frames:?}");
        assert_eq!(frames[1]["event"]["__typename"], "MessageChanged", "{frames:?}");
    });
}
