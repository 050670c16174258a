//! What shares an execution: viewers with equal answers, and nobody else.

use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use domain::delivery::Answers;
use graphql::live::{Delivery, Payloads};
use graphql::subscriptions::payloads;
use graphql::{RenderingSchema, Viewer};

use super::samples;
use crate::event::{AsOf, Completed, Entry, Event};
use crate::hub::tests::world::{LANES, World, user};
use crate::lanes::Lane;
use crate::metrics::{self, Class};
use crate::render::renderings::MAX_EXECUTIONS;
use crate::render::{Rendered, Renderings, Selected, Target};
use crate::subscription::tests::ports::rendering_schema;

const WITH_QUOTE: &str = "subscription { inbox { event { __typename ... on MessageCreated { message { content replyTo { content } } } } } }";
const WITH_STATUS: &str = "subscription { inbox { event { __typename ... on MessageChanged { message { status readByCount } } } } }";
const WITH_UNREAD: &str = "subscription { inbox { event { __typename
    ... on MessageCreated { message { content conversation { unreadCount } } } } } }";

struct Node {
    schema: RenderingSchema,
    renderings: Renderings,
    selected: Selected,
    event: Arc<Event>,
    completed: Completed,
}

impl Node {
    /// A node with a reply to render for a selection.
    fn new(query: &str) -> Self {
        Self::with(query, Payloads::MESSAGE_RECEIVED, Completed::alone)
    }

    /// A node with the first sample that has a payload, as it is completed.
    fn with(query: &str, payload: Payloads, complete: impl FnOnce(Delivery) -> Completed) -> Self {
        let (tables, deliveries) = samples::all();
        let mut world = World::new();
        world.opens("k1", &["ann"]);
        let record = world.records(Lane(0)).next().unwrap();
        let delivery = deliveries.into_iter().find(|delivery| payloads(delivery).has(payload)).unwrap();
        Self {
            schema: rendering_schema(&tables),
            renderings: Renderings::new(1024 * 1024),
            selected: Selected::new(parse_query(query).unwrap(), None, Variables::default()).unwrap(),
            event: Entry::read(LANES, Lane(0), record).unwrap().event.unwrap(),
            completed: complete(delivery),
        }
    }

    async fn renders(&self, name: &str, answers: Answers) -> Rendered {
        let target = Target::event(&self.event, &self.completed, answers);
        let viewer = Viewer::plain(user(name));
        self.renderings.render((&self.schema, &self.selected), &viewer, target).await.unwrap()
    }
}

#[tokio::test]
async fn equal_answers_share_an_execution_and_different_ones_differ() {
    let node = Node::new(WITH_QUOTE);
    assert_eq!(node.completed.as_of, AsOf::Event);
    let count = || [Class::First, Class::Further].map(|class| metrics::classes(class).get());
    let before = count();
    let [ann, bob] =
        [node.renders("ann", Answers::SEES_PARENT).await, node.renders("bob", Answers::SEES_PARENT).await];
    assert!(ann.is_shared && Arc::ptr_eq(&ann.payload, &bob.payload));
    let eve = node.renders("eve", Answers::default()).await;
    assert!(eve.is_shared && eve.payload != ann.payload);
    assert!(ann.payload.parts().concat().contains(r#""replyTo":{"content":"one"}"#));
    assert!(eve.payload.parts().concat().contains(r#""replyTo":null"#));
    let counted: Vec<u64> = count().iter().zip(before).map(|(after, before)| after - before).collect();
    assert!(counted.iter().all(|counted| *counted >= 1), "{counted:?}");
}

#[tokio::test]
async fn the_status_of_a_deleted_message_is_shared_once_it_is_completed() {
    let people = || Arc::new(samples::people());
    let node = Node::with(WITH_STATUS, Payloads::MESSAGE_UPDATED, |delivery| {
        Completed::with_people(delivery, people(), Arc::default(), AsOf::Event)
    });
    let [ann, bob] =
        [node.renders("ann", Answers::default()).await, node.renders("bob", Answers::default()).await];
    assert!(ann.is_shared && Arc::ptr_eq(&ann.payload, &bob.payload));
    assert!(ann.payload.parts().concat().contains(r#""status":"READ""#));
    let [ann, bob] =
        [node.renders("ann", Answers::HIDES_READS).await, node.renders("bob", Answers::HIDES_READS).await];
    assert!(ann.is_shared && Arc::ptr_eq(&ann.payload, &bob.payload));
    assert!(ann.payload.parts().concat().contains(r#""status":"DELIVERED""#));
    // A block hides marks, and from whom it does is read for that viewer.
    assert!(!node.renders("ann", Answers::IS_BLOCKED).await.is_shared);
}

#[tokio::test]
async fn a_private_payload_is_each_viewers_own_and_never_executed_in_a_turn_again() {
    let node = Node::new(WITH_UNREAD);
    let [ann, bob] =
        [node.renders("ann", Answers::default()).await, node.renders("bob", Answers::default()).await];
    assert!(!ann.is_shared && !bob.is_shared && !Arc::ptr_eq(&ann.payload, &bob.payload));
    let target = Target::event(&node.event, &node.completed, Answers::default());
    let viewer = Viewer::plain(user("ann"));
    assert!(node.renderings.render_now((&node.schema, &node.selected), &viewer, target).is_none());
}

#[tokio::test]
async fn executions_for_single_viewers_are_bounded() {
    let node = Node::new(WITH_UNREAD);
    node.renders("ann", Answers::default()).await;
    let all = node.renderings.executions.acquire_many(MAX_EXECUTIONS as u32).await.unwrap();
    let waiting = node.renders("bob", Answers::default());
    tokio::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(all);
    assert!(!waiting.await.is_shared);
}
