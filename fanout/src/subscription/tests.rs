//! Claims about one subscription, over a node that is given its events and tables in memory.

pub(crate) mod ports;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use futures::future::{Either, select};
use graphql::Viewer;
use graphql::live::Topic;
use platform::clock::SystemClock;
use schemas::avro;
use schemas::conversation::{ConversationKind, Role};
use schemas::owner::RowKey;
use schemas::rows::{Blocks, ConversationState, Member, Opened, PairBlocks};
use schemas::tables::views::{BlocksRow, MembershipRow};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Ended, Outgoing, Subscription, rows};
use crate::cursor::CursorKey;
use crate::hub::tests::world::{LANES, World, conversation, user};
use crate::protocol::CloseCode;
use crate::render::Selected;
use crate::{Node, Options};
use ports::{EmptyLog, Memory, schema};

const INBOX: &str = "subscription { inbox { cursor event { __typename
    ... on MessageCreated { message { content conversation { kind } replyTo { content } } } } } }";

struct Stage {
    world: World,
    tables: Arc<Memory>,
    node: Arc<Node>,
}

impl Stage {
    /// A node that begins with the world, and `k1` in its tables.
    async fn new(world: World) -> Self {
        let tables = Arc::new(Memory::default());
        let opened =
            Opened { kind: ConversationKind::Group, title: None, by: user("owner"), at: 0, charge: 0 };
        let state =
            ConversationState { applied: 0, at: 0, opened: Some(opened), head: 0, head_at: 0, members: 2 };
        tables.row(&conversation("k1"), RowKey::state(), &avro::encode(&state));
        let log = Arc::new(EmptyLog { partitions: LANES.partitions });
        let key = CursorKey::new([7; 32]);
        let node = Node::new(log, tables.clone(), Arc::new(SystemClock), key, Options::default()).await;
        Self { world, tables, node: node.unwrap() }
    }

    fn enters(&self) {
        self.world.enters(&self.node.hub);
    }

    /// `ann` subscribes to her inbox.
    fn subscribes(&self, after: Option<String>) -> (Subscription, mpsc::Receiver<Outgoing>) {
        let (out, outgoing) = mpsc::channel(100);
        for (membership, version) in self.world.rows_of("ann").memberships {
            self.tables.view(membership.to_row(), version);
        }
        let document = parse_query(INBOX).unwrap();
        let subscription = Subscription {
            node: self.node.clone(),
            schema: schema(&self.tables),
            viewer: Viewer { user: user("ann") },
            operation: "1".to_owned(),
            selected: Selected::new(document, None, Variables::default()).unwrap(),
            topic: Topic::Inbox { after },
            out,
        };
        (subscription, outgoing)
    }
}

/// Runs a subscription while a story is told; `None` if it has not ended when the story has.
async fn meanwhile(subscription: Subscription, story: impl Future<Output = ()>) -> Option<Ended> {
    match select(Box::pin(subscription.run()), Box::pin(story)).await {
        Either::Left((ended, story)) => {
            story.await;
            Some(ended)
        }
        Either::Right(_) => None,
    }
}

/// The next frame's payload.
async fn frame(outgoing: &mut mpsc::Receiver<Outgoing>) -> Value {
    let Some(Outgoing::Text(text)) = outgoing.recv().await else { panic!("no frame") };
    let mut said: Value = serde_json::from_str(&text).unwrap();
    assert!(said["payload"].get("errors").is_none(), "{text}");
    said["payload"]["data"]["inbox"].take()
}

fn cursor(frame: &Value) -> Option<String> {
    Some(frame["cursor"].as_str().expect("a cursor").to_owned())
}

#[tokio::test]
async fn what_cannot_be_rendered_now_is_sent_when_the_client_resumes() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    world.says("k1", "bob", "one");
    let mut stage = Stage::new(world).await;
    let start = stage.node.hub.settled().id.clone();
    let after = crate::cursor::Cursor::at(start).encode(&stage.node.cursor_key, &user("ann"));
    stage.enters();
    let (subscription, mut outgoing) = stage.subscribes(Some(after));
    let mut last = None;
    let ended = meanwhile(subscription, async {
        for expected in ["ConversationChanged", "MessageCreated", "Drained"] {
            let frame = frame(&mut outgoing).await;
            assert_eq!(frame["event"]["__typename"], expected);
            last = cursor(&frame);
        }
        stage.tables.is_down.store(true, Ordering::Relaxed);
        stage.world.says("k1", "bob", "two");
        stage.enters();
        let said = outgoing.recv().await;
        assert!(matches!(said, Some(Outgoing::Close(CloseCode::Restart))), "{said:?}");
    });
    let ended = ended.await;
    assert!(matches!(ended, Some(Ended::Failed(_))), "{ended:?}");
    assert!(outgoing.recv().await.is_none());

    stage.tables.is_down.store(false, Ordering::Relaxed);
    let (subscription, mut outgoing) = stage.subscribes(last);
    let ended = meanwhile(subscription, async {
        let message = frame(&mut outgoing).await["event"]["message"].take();
        assert_eq!((&message["content"], &message["conversation"]["kind"]), (&"two".into(), &"GROUP".into()));
        assert_eq!(frame(&mut outgoing).await["event"]["__typename"], "Drained");
    });
    assert!(ended.await.is_none());
}

#[tokio::test]
async fn a_message_is_rendered_for_whoever_has_left_since() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let before = world.says("k1", "bob", "one");
    world.answers("k1", "bob", "two", &before);
    world.removes("k1", "ann");
    world.says("k1", "bob", "three");
    let stage = Stage::new(world).await;
    stage.enters();
    let start = stage.node.hub.settled().id.clone();
    let after = crate::cursor::Cursor::at(start).encode(&stage.node.cursor_key, &user("ann"));
    let (subscription, mut outgoing) = stage.subscribes(Some(after));
    let ended = meanwhile(subscription, async {
        let mut told = vec![];
        while told.last().is_none_or(|last: &Value| last["__typename"] != "Drained") {
            told.push(frame(&mut outgoing).await["event"].take());
        }
        let messages = told.iter().filter(|event| event["__typename"] == "MessageCreated");
        let contents: Vec<&Value> = messages.clone().map(|event| &event["message"]["content"]).collect();
        assert_eq!(contents, [&Value::from("one"), &"two".into(), &Value::Null]);
        assert!(messages.clone().all(|event| event["message"]["conversation"]["kind"] == "GROUP"));
    });
    assert!(ended.await.is_none());
}

#[tokio::test]
async fn all_rows_of_a_user_are_looked_at_or_the_socket_is_closed() {
    let stage = Stage::new(World::new()).await;
    let ann = user("ann");
    let put = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let conversation = format!("{number:032}").parse().unwrap();
            let member = Member { role: Role::Member, joined_at: 0, stays: vec![] };
            let row = MembershipRow { user: ann.clone(), conversation, member };
            stage.tables.view(row.to_row(), 1);
            let blocks = PairBlocks { by_user: Blocks::default(), by_other: Blocks::default() };
            let row = BlocksRow { user: ann.clone(), other: user(&format!("u{number}")), blocks };
            stage.tables.view(row.to_row(), 1);
        }
    };
    put(0..5_500);
    let read = rows::of_user(&*stage.tables, &ann).await.unwrap();
    assert_eq!((read.memberships.len(), read.blocks.len()), (5_500, 5_500));
    put(5_500..graphql::reads::whole::MAX_ROWS + 1);
    let (subscription, mut outgoing) = stage.subscribes(None);
    let ended = subscription.run().await;
    assert!(matches!(ended, Ended::TooMany("conversations_by_user")), "{ended:?}");
    let said = outgoing.recv().await;
    assert!(matches!(said, Some(Outgoing::Close(CloseCode::Overloaded))), "{said:?}");
}
