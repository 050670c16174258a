//! A client of a node: comes afresh or at a cursor, gets frames, goes with the cursor of the last.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::delivery::Answers;
use graphql::live::{ConversationDelivery, Delivery, Filter};
use schemas::message::{Body, Note};
use schemas::position::Offset;
use schemas::{AccountFact, ConversationFact, ConversationId};

use super::world::{LANES, Name, World, user};
use crate::cursor::Cursor;
use crate::event::Event;
use crate::hub::{Hub, Overflowed, SubscriptionId, Taken, UserRows};
use crate::lanes::Lane;

pub const INBOX: Filter = Filter::Inbox { after: None };

pub struct Client {
    pub node: Arc<Hub>,
    pub id: SubscriptionId,
    /// Of the last frame that came.
    pub cursor: Cursor,
}

impl World {
    /// Comes afresh: all that the node has so far is in the rows already.
    pub fn listens(&self, node: &Arc<Hub>, name: Name) -> Client {
        self.listens_to(node, name, &INBOX)
    }

    pub fn listens_to(&self, node: &Arc<Hub>, name: Name, filter: &Filter) -> Client {
        self.listens_with(node, name, filter, self.rows_of(name))
    }

    pub fn listens_with(&self, node: &Arc<Hub>, name: Name, filter: &Filter, rows: UserRows) -> Client {
        let settled = node.settled();
        let reach = node.reach();
        let cursor = Cursor::at(settled.id);
        let id = node.open(&user(name), (0, filter), cursor, rows, &reach).unwrap();
        let readable = node.since_settled(&user(name));
        let (cursor, mut next) = node.start_fresh(id, &settled, &readable).unwrap();
        assert_eq!(node.catch_up(id, &mut next, usize::MAX), Ok(true));
        Client { node: node.clone(), id, cursor }
    }

    /// Comes back at a cursor, with the rows as they are now; catches up at once.
    pub fn resumes(&self, node: &Arc<Hub>, name: Name, cursor: &Cursor) -> Client {
        let (client, mut next) = self.comes_back(node, name, cursor, self.rows_of(name));
        assert_eq!(node.catch_up(client.id, &mut next, usize::MAX), Ok(true));
        client
    }

    /// Comes back at a cursor; gives the offsets that it is to catch up from.
    pub fn comes_back(
        &self,
        node: &Arc<Hub>,
        name: Name,
        cursor: &Cursor,
        rows: UserRows,
    ) -> (Client, BTreeMap<Lane, Offset>) {
        let start = Cursor::at(node.settled().id);
        let id = node.open(&user(name), (0, &INBOX), start, rows, &node.reach()).unwrap();
        node.set_cursor(id, cursor.clone());
        let starts = LANES.all().zip(&self.stored(&cursor.snapshot).positions);
        let next =
            starts.map(|(lane, start)| (lane, cursor.beyond.get(lane).unwrap_or(start.next).max(start.next)));
        (Client { node: node.clone(), id, cursor: cursor.clone() }, next.collect())
    }
}

impl Client {
    /// What came since the last time.
    pub fn gets(&mut self) -> Vec<String> {
        self.frames().iter().map(|frame| told(&frame.event)).collect()
    }

    pub fn frames(&mut self) -> Vec<Frame> {
        let (frames, _) = taken(&self.node, self.id).expect("it has not overflowed");
        if let Some(last) = frames.last() {
            self.cursor = last.cursor.clone();
        }
        frames
    }

    /// Gets a fresh cursor with a ping; nothing else waits.
    pub fn is_pinged(&mut self) {
        self.cursor = self.node.quiet(self.id).expect("a ping follows what waits");
    }

    pub fn has_overflowed(&self) -> bool {
        self.node.take(self.id, 0, &mut vec![]).is_err()
    }

    /// What waits is lost with the socket; the cursor is what the client has.
    pub fn goes(self) -> Cursor {
        self.node.close(self.id);
        self.cursor
    }
}

/// An event as it comes to a client.
pub struct Frame {
    pub event: Arc<Event>,
    pub answers: Answers,
    pub cursor: Cursor,
}

/// Up to `most` steps of what waits in a queue; the cursor after them, and whether that is all.
pub fn taken_in_part(node: &Hub, id: SubscriptionId, most: usize) -> Result<(Vec<Frame>, Taken), Overflowed> {
    let (mut steps, mut frames) = (vec![], vec![]);
    let Taken { mut cursor, is_all } = node.take(id, most, &mut steps)?;
    for step in steps {
        if let Some((event, answers)) = step.take(&mut cursor) {
            frames.push(Frame { event: event.clone(), answers, cursor: cursor.clone() });
        }
    }
    let stands = node.state().queues.get(id).map(|queue| queue.cursor.clone());
    assert_eq!(stands.as_ref(), Some(&cursor), "the queue is where the last step has led");
    Ok((frames, Taken { cursor, is_all }))
}

/// All that waits in a queue, and the cursor after it.
pub fn taken(node: &Hub, id: SubscriptionId) -> Result<(Vec<Frame>, Cursor), Overflowed> {
    let (frames, Taken { cursor, is_all }) = taken_in_part(node, id, usize::MAX)?;
    assert!(is_all, "nothing waits any more");
    Ok((frames, cursor))
}

/// An event in a few words.
pub fn told(event: &Event) -> String {
    match &*event.completed().expect("only what is decoded is offered").delivery {
        Delivery::Conversation(ConversationDelivery { conversation, fact, .. }) => said(conversation, fact),
        Delivery::Account(AccountFact::SendRejected(_)) => "rejected".to_owned(),
        Delivery::Account(AccountFact::PrivacyChanged(_)) => "privacy".to_owned(),
        other => panic!("no event says {other:?}"),
    }
}

fn said(conversation: &ConversationId, fact: &ConversationFact) -> String {
    match fact {
        ConversationFact::MessageCreated(created) => match &created.message.body {
            Body::Text(text) => text.content.text.clone(),
            Body::Note(Note { kind, targets, .. }) => {
                let kind = format!("{kind:?}").to_lowercase();
                format!("{} in {}: {kind}", targets[0].username, name(conversation))
            }
            Body::Poll(poll) => poll.question.text.clone(),
            Body::Removed(_) => panic!("a message says something"),
        },
        ConversationFact::MessageDeleted(deleted) => {
            format!("{} took it back", deleted.message.sender.username)
        }
        ConversationFact::MembersChanged(_) => format!("members of {}", name(conversation)),
        ConversationFact::ConversationOpened(_) => format!("{} opened", name(conversation)),
        ConversationFact::ReceiptAdvanced(receipt) => {
            format!("{} has read {}", receipt.user, receipt.read_up_to)
        }
        ConversationFact::DeliveryAdvanced(delivery) => {
            format!("{} has {}", delivery.user, delivery.delivered_up_to)
        }
        // These tests publish no other.
        other => other.name().to_owned(),
    }
}

fn name(conversation: &ConversationId) -> String {
    format!("k{}", conversation.as_str().trim_start_matches('0'))
}

pub fn offsets(frames: &[Frame]) -> Vec<(Lane, Offset)> {
    frames.iter().map(|frame| (frame.event.lane, frame.event.offset)).collect()
}
