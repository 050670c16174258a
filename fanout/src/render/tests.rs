//! Which fields of a payload all may share, and which are each viewer's own.

mod payload;
mod samples;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use expect_test::expect;
use graphql::Viewer;

use super::Selected;
use crate::hub::tests::world::user;
use crate::subscription::tests::ports::rendering_schema;
use payload::{Path, Shape};

/// Every field of every type that a subscription's payload can reach. `shared`: its answer is
/// everyone's. `per viewer`: it has asked who views, in some of the samples, and with it the whole
/// payload is for that viewer alone. `below`: reached through such a field only.
///
/// A field that moves has another answer for each viewer now, or has not any more: see that it is
/// meant. One that moves to `shared` must not depend on the viewer.
#[tokio::test]
async fn fields_that_are_shared_and_fields_that_are_each_viewers_own() {
    expect![[r#"
        Conversation
            shared: id kind title createdAt createdBy
            per viewer: participants participantCount lastMessage lastMessageAt lastSeq unreadCount unreadMentionCount viewer canPost
        ConversationChanged
            shared: conversation
            per viewer: left
        Drained
            shared: replayed
        InboxFrame
            shared: cursor event
        Message
            shared: id conversationId conversation sender seq clientMessageId contentType content createdAt deletedAt mentions mentionsAll system recipientCount
            per viewer: replyTo status deliveredTo readBy readByCount
        MessageChanged
            shared: message change
        MessageCreated
            shared: message
        MessageReceipt
            shared: messageId conversationId user deliveredAt readAt
        ReceiptAdvanced
            shared: receipt
        ResumeGap
            shared: reason
        SendRejected
            shared: clientMessageId code detail
        SystemEvent
            shared: kind actor targets value
        User
            shared: id username displayName avatarUrl
        PageInfo
            below Conversation.participants: hasNextPage hasPreviousPage startCursor endCursor
        Participant
            below Conversation.viewer: user role joinedAt lastReadMessageId lastDeliveredMessageId
        ParticipantConnection
            below Conversation.participants: nodes pageInfo
    "#]].assert_eq(&listed().await);
}

async fn listed() -> String {
    let shape = Shape::published();
    let (mut told, mut below) = (BTreeMap::new(), BTreeMap::new());
    let mut waiting: VecDeque<Path> = shape.roots().into();
    while let Some(path) = waiting.pop_front() {
        let [mut shared, mut own] = [vec![], vec![]];
        if told.contains_key(&path.on) {
            continue;
        }
        for field in shape.fields(&path.on) {
            let next = shape.below(&path, field);
            if is_private(&shape.query(&path, field)).await {
                own.push(field.name.clone());
                below.insert(next.on, format!("{}.{}", path.on, field.name));
            } else {
                shared.push(field.name.clone());
                waiting.extend(shape.members(next));
            }
        }
        told.insert(path.on.clone(), [shared, own]);
    }
    let mut text = String::new();
    for (on, [shared, own]) in &told {
        text += &format!("{on}\n    shared: {}\n", shared.join(" "));
        if !own.is_empty() {
            text += &format!("    per viewer: {}\n", own.join(" "));
        }
    }
    for (on, through) in shape.only_below(&told, below) {
        let fields: Vec<&str> = shape.fields(&on).map(|field| field.name.as_str()).collect();
        text += &format!("{on}\n    below {through}: {}\n", fields.join(" "));
    }
    text
}

/// Whether a field has asked who views, in any sample; it must have been answered in one at least. If
/// it has not, a stranger gets the same.
async fn is_private(query: &str) -> bool {
    let (tables, lives) = samples::all();
    let schema = rendering_schema(&tables);
    let [ann, stranger] = ["ann", "eve"].map(|name| Viewer { user: user(name) });
    let selected = Selected::new(parse_query(query).unwrap(), None, Variables::default()).unwrap();
    let (mut was_answered, mut is_private) = (false, false);
    for live in lives.into_iter().map(Arc::new) {
        // A subscription field has no payload for what it does not deliver.
        let Ok((payload, asked)) = selected.execute(&schema, &ann, &live).await else { continue };
        let text = payload.parts().join("null");
        assert!(!text.contains("\"errors\""), "{query}: {text}");
        if !asked {
            assert_eq!(selected.render(&schema, &stranger, &live).await, Ok(payload), "{query}");
        }
        was_answered |= text.contains("\"probe\"");
        is_private |= asked;
    }
    assert!(was_answered, "no sample answers {query}");
    is_private
}
