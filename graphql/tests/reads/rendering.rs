//! A completed delivery is rendered without reading, by its answers.

use awareness::Awareness;
use std::sync::Arc;

use async_graphql::{Request, Response};
use async_trait::async_trait;
use domain::delivery::Answers;
use futures::StreamExt;
use musclemap_graphql::live::{ConversationDelivery, Delivery, Mode, Payloads, Rendering, Sealed};
use musclemap_graphql::people::People;
use musclemap_graphql::subscriptions::payloads;
use musclemap_graphql::{Reads, Rows, Viewer, rendering_schema};
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::deleting::MessageDeleted;
use schemas::membership::{Member, Role};
use schemas::message::Message;
use schemas::receipts::{Receipt, ReceiptAdvanced, Watermarks};
use schemas::sending::MessageCreated;
use schemas::tables::{Table, Value};
use schemas::{ConversationFact, ConversationKey};
use serde_json::{Value as Json, json};

use crate::world::{group, interval, text, user};

/// Tables that nothing may read.
struct Untouched;

#[async_trait]
impl Tables for Untouched {
    async fn put(&self, _: &'static Table, _: &[Value], _: Vec<PutRow>) -> Result<(), TablesError> {
        panic!("written to")
    }

    async fn get(&self, _: &'static Table, _: &[Value], _: &[Vec<Value>]) -> Result<Vec<Row>, TablesError> {
        panic!("read")
    }

    async fn range(&self, _: &'static Table, _: &[Value], _: Range) -> Result<Page, TablesError> {
        panic!("read")
    }
}

const MARKS: &str = "status readByCount recipientCount readBy { user { id } }";

async fn render(
    fact: impl Into<ConversationFact>,
    people: Option<People>,
    answers: Answers,
    query: &str,
) -> (Json, bool) {
    let fact = fact.into();
    let delivery = ConversationDelivery {
        conversation: group(1),
        at: 7,
        fact,
        people: people.map(Arc::new),
        completed: Arc::default(),
    };
    let delivery = Arc::new(Delivery::Conversation(delivery));
    let sealed = Sealed::new(Viewer::plain(user("bob")));
    let request =
        Request::new(query).data(Mode::Render(Rendering { delivery, answers })).data(sealed.clone());
    let schema = rendering_schema(Arc::new(Reads::new(
        Arc::new(Rows::new(Arc::new(Untouched))),
        ConversationKey::new([7; 32]),
        Awareness::new(
            Arc::new(InProcess::default()),
            Arc::new(Rows::new(Arc::new(Untouched))),
            Arc::new(SystemClock),
        ),
        Arc::new(SystemClock),
    )));
    let response: Response = schema.execute_stream(request).next().await.unwrap_or_default();
    (serde_json::to_value(response).unwrap(), sealed.was_opened())
}

fn people() -> People {
    let member = Member {
        role: Role::Member,
        joined_at: 0,
        intervals: vec![interval(0, None)],
        marks: Watermarks::default(),
        request: None,
    };
    let members = ["ann", "bob", "carl"].map(|name| (user(name), member.clone())).into();
    let read =
        Receipt { marks: Watermarks::default().with_read(9, 5, true), ordinal: 9, ..Receipt::default() };
    People { members, receipts: vec![(user("carl"), read)], former: vec![] }
}

#[tokio::test]
async fn a_new_message_is_complete_by_itself() {
    let parent = Box::new(text(2, "carl").stub());
    let message = Message { recipients: 2, reply_to: Some(parent), ..text(3, "ann") };
    let fact = MessageCreated { message };
    let query = format!(
        "subscription {{ inbox {{ event {{ ... on MessageCreated {{ message {{ content {MARKS} replyTo {{ seq content contentType deletedAt }} }} }} }} }} }}"
    );
    let (seen, opened) = render(fact.clone(), None, Answers::SEES_PARENT, &query).await;
    let message = |reply: Json| {
        json!({
            "content": "3 of ann", "status": "SENT", "readByCount": 0, "recipientCount": 2, "readBy": [], "replyTo": reply,
        })
    };
    let stub = json!({ "seq": 2, "content": "2 of carl", "contentType": "TEXT", "deletedAt": null });
    assert_eq!((&seen["data"]["inbox"]["event"]["message"], opened), (&message(stub), false));
    let (hidden, opened) = render(fact, None, Answers::default(), &query).await;
    assert_eq!((&hidden["data"]["inbox"]["event"]["message"], opened), (&message(Json::Null), false));
}

#[tokio::test]
async fn a_deleted_message_shows_its_recipients() {
    let message = Message { recipients: 2, ..text(3, "ann") }.removed(8);
    let fact = MessageDeleted { message, by: user("ann") };
    let query =
        format!("subscription {{ messageUpdated(conversationId: \"{}\") {{ content {MARKS} }} }}", group(1));
    let (shown, opened) = render(fact.clone(), Some(people()), Answers::default(), &query).await;
    let expected = json!({
        "content": null, "status": "SENT", "readByCount": 1, "recipientCount": 2, "readBy": [{ "user": { "id": "carl" } }],
    });
    assert_eq!((&shown["data"]["messageUpdated"], opened), (&expected, false));
    let (unread, _) = render(fact, None, Answers::default(), &query).await;
    assert_eq!(unread["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}

#[tokio::test]
async fn a_field_gives_the_payload_whose_bit_is_set() {
    let created = ConversationFact::from(MessageCreated { message: text(3, "ann") });
    let deleted =
        ConversationFact::from(MessageDeleted { message: text(3, "ann").removed(8), by: user("ann") });
    let receipt =
        ConversationFact::from(ReceiptAdvanced { user: user("carl"), read_up_to: 3, is_shown: true });
    let id = group(1);
    let fields = [
        ("inbox { cursor }".to_owned(), Payloads::INBOX),
        (format!("messageReceived(conversationId: \"{id}\") {{ seq }}"), Payloads::MESSAGE_RECEIVED),
        (format!("messageUpdated(conversationId: \"{id}\") {{ seq }}"), Payloads::MESSAGE_UPDATED),
        ("conversationUpdated { id }".to_owned(), Payloads::CONVERSATION_UPDATED),
    ];
    for fact in [created, deleted, receipt] {
        let delivery = ConversationDelivery {
            conversation: id.clone(),
            at: 7,
            fact: fact.clone(),
            people: None,
            completed: Arc::default(),
        };
        let given = payloads(&Delivery::Conversation(delivery));
        for (field, bit) in &fields {
            let (response, opened) =
                render(fact.clone(), None, Answers::default(), &format!("subscription {{ {field} }}")).await;
            assert_eq!(response["data"].is_object(), given.has(*bit), "{} {field}", fact.name());
            assert!(!opened);
        }
    }
}
