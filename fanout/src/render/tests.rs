//! The fields of a payload: those that all share, those that depend on answers, and each viewer's own; and
//! what shares an execution.

mod payload;
pub(crate) mod samples;
mod sharing;
mod translated;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use domain::delivery::Answers;
use expect_test::expect;
use graphql::Viewer;
use graphql::live::{Delivery, Rendering};
use schemas::{AccountFact, ConversationFact};

use super::Selected;
use crate::hub::tests::world::user;
use crate::subscription::tests::ports::translating_schema;
use payload::{Path, Shape};

/// Every field of every type that a subscription's payload can reach. `shared`: everyone gets the same.
/// `by answers`: viewers with equal answers get the same, or each their own under one of the answers.
/// `private`: it has opened its viewer, and with it the whole payload is for that viewer alone. `below`:
/// reached through a field that is not shared.
///
/// A field that moves was given another dependence: see that it is meant. One that moves to `shared` must
/// not depend on the viewer.
#[tokio::test]
async fn fields_that_are_shared_by_answers_and_each_viewers_own() {
    expect![[r#"
        AccountChanged
            shared: what
        Attachment
            shared: id contentType fileName byteSize state rejectedReason url thumbnailUrl width height placeholder durationSeconds waveform
        AttachmentChanged
            shared: attachment
        Conversation
            shared: id kind title description avatarUrl announcementsOnly createdAt createdBy
            private: participants participantCount viewer lastMessage lastMessageAt pinnedMessages lastSeq unreadCount unreadMentionCount archivedAt starred muted mutedUntil notificationLevel labels draft markedUnread isRequest canPost
        ConversationChanged
            shared: conversation
            by answers: left
        Drained
            shared: replayed
        ForwardAttribution
            shared: sender
            private: messageId conversationId conversationTitle
        Gif
            shared: id title url previewUrl width height provider
        InboxFrame
            shared: cursor event
        LinkPreview
            shared: url title description imageUrl siteName faviconUrl
        Message
            shared: id conversationId conversation sender seq clientMessageId contentType content attachments sticker gif createdAt editedAt editCount isEdited deletedAt hiddenAt forwardedFrom mentions mentionsAll system pinnedAt pinnedBy linkPreviews originalLanguage translations recipientCount
            by answers: replyTo reactions card status deliveredTo readBy readByCount
        MessageChanged
            shared: message change
        MessageCreated
            shared: message
        MessageReceipt
            shared: messageId conversationId user deliveredAt readAt
        MessageTranslation
            shared: language content
        PinChange
            shared: message pinned by
        PinChanged
            shared: pin
        PresenceChanged
            shared: presence
        ReactionChange
            shared: messageId conversationId emoji user
        ReactionChanged
            shared: reaction added
        ReceiptAdvanced
            shared: receipt
        ResumeGap
            shared: reason
        SendRejected
            shared: clientMessageId code detail
        Sticker
            shared: id name imageUrl emojiShortcode
        SystemEvent
            shared: kind actor targets value
        TypingChanged
            shared: conversationId typing
        TypingIndicator
            shared: userId username avatarUrl isTyping
        User
            shared: id username displayName avatarUrl
            private: presence
        UserChanged
            shared: user
        UserPresence
            shared: userId status lastSeen
        PageInfo
            below Conversation.participants: hasNextPage hasPreviousPage startCursor endCursor
        Participant
            below Conversation.viewer: user role joinedAt lastReadMessageId lastDeliveredMessageId
        ParticipantConnection
            below Conversation.participants: nodes pageInfo
        Poll
            below Message.card: question options multiple anonymous closesAt closed
        PollOption
            below Message.card: id text votes hasVoted voters
        ReactionGroup
            below Message.reactions: emoji count users hasReacted
    "#]].assert_eq(&listed().await);
}

#[test]
fn every_fact_has_a_sample() {
    let (_, deliveries) = samples::all();
    let sampled: BTreeSet<&str> = deliveries
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Conversation(delivery) => Some(delivery.fact.name()),
            Delivery::Account(fact) => Some(fact.name()),
            Delivery::Typing(_)
            | Delivery::Presence(_)
            | Delivery::UserChanged(_)
            | Delivery::FlagsChanged
            | Delivery::Translated(_)
            | Delivery::ResumeGap { .. }
            | Delivery::Drained { .. } => None,
        })
        .collect();
    let facts = schemas::avro::released()
        .filter(|schema| ConversationFact::knows(schema.id) || AccountFact::knows(schema.id));
    assert_eq!(sampled, facts.map(|schema| schema.subject).collect());
}

/// The field that is asked about, as an answer says it.
const PROBE: &str = "\"probe\":";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dependence {
    Shared,
    Private,
    Answers,
}

async fn listed() -> String {
    let shape = Shape::published();
    let mut found: BTreeMap<String, Vec<Option<Dependence>>> = BTreeMap::new();
    let (mut below, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut waiting: VecDeque<Path> = shape.roots().into();
    while let Some(path) = waiting.pop_front() {
        for (at, field) in shape.fields(&path.on).enumerate() {
            let next = shape.below(&path, field);
            let (dependence, is_filled) = dependence(&shape.query(&path, field)).await.unzip();
            let fields = found.entry(path.on.clone()).or_default();
            fields.resize(fields.len().max(at + 1), None);
            fields[at] = fields[at].max(dependence);
            if dependence > Some(Dependence::Shared) {
                let through = format!("{}.{}", path.on, field.name);
                below.extend(shape.members(next).into_iter().map(|member| (member.on, through.clone())));
            } else if is_filled == Some(true) && seen.insert((path.on.clone(), field.name.clone())) {
                waiting.extend(shape.members(next));
            }
        }
    }
    let mut listed = BTreeMap::new();
    for (on, dependences) in found {
        let mut fields: [Vec<&str>; 3] = Default::default();
        for (field, dependence) in shape.fields(&on).zip(dependences) {
            let Some(dependence) = dependence else { panic!("no sample answers {on}.{}", field.name) };
            fields[dependence as usize].push(&field.name);
        }
        listed.insert(on, fields);
    }
    let mut text = String::new();
    for (on, fields) in &listed {
        text += &format!("{on}\n");
        for (kind, fields) in ["shared", "private", "by answers"].iter().zip(fields) {
            if !fields.is_empty() {
                text += &format!("    {kind}: {}\n", fields.join(" "));
            }
        }
    }
    for (on, through) in shape.only_below(&listed, below) {
        let fields: Vec<&str> = shape.fields(&on).map(|field| field.name.as_str()).collect();
        text += &format!("{on}\n    below {through}: {}\n", fields.join(" "));
    }
    text
}

/// What a field's answer depends on, over all samples, and whether one has more than null or an empty list; `None` if
/// none answers it. Without its viewer, a stranger gets the same.
async fn dependence(query: &str) -> Option<(Dependence, bool)> {
    let (tables, deliveries) = samples::all();
    let schema = translating_schema(&tables, Some(translated::translations().await));
    let [ann, stranger] = ["ann", "eve"].map(|name| Viewer::plain(user(name)));
    let selected = Selected::new(parse_query(query).unwrap(), None, Variables::default()).unwrap();
    let (mut was_answered, mut is_filled, mut dependence) = (false, false, Dependence::Shared);
    for delivery in deliveries.into_iter().map(Arc::new) {
        let mut outcomes = vec![];
        for answers in all_answers() {
            let rendering = Rendering { delivery: delivery.clone(), answers };
            // A subscription field has no payload for what it does not deliver.
            let Ok((payload, is_private)) = selected.execute(&schema, &ann, rendering.clone()).await else {
                continue;
            };
            let text = payload.parts().join("null");
            assert!(!text.contains("\"errors\""), "{query}: {text}");
            if !is_private {
                let (same, _) = selected.execute(&schema, &stranger, rendering).await.unwrap();
                assert_eq!(same, payload, "{query}");
            }
            was_answered |= text.contains(PROBE);
            is_filled |=
                text.split(PROBE).skip(1).any(|said| !said.starts_with("null") && !said.starts_with("[]"));
            outcomes.push((text, is_private));
        }
        outcomes.dedup();
        match outcomes.as_slice() {
            [] | [(_, false)] => {}
            [(_, true)] if dependence == Dependence::Shared => dependence = Dependence::Private,
            [(_, true)] => {}
            _ => dependence = Dependence::Answers,
        }
    }
    was_answered.then_some((dependence, is_filled))
}

/// Every combination, and those of votes by themselves; bits that no question of a sample asks for change nothing.
fn all_answers() -> impl Iterator<Item = Answers> {
    let kinds = [
        Answers::SEES_PARENT,
        Answers::IS_GONE,
        Answers::IS_BLOCKED,
        Answers::HIDES_READS,
        Answers::HIDES_REACTION,
        Answers::has_reacted(0),
    ];
    let of_all = (0..1 << kinds.len()).map(move |set: usize| {
        let yes = kinds.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
        yes.fold(Answers::default(), |answers, (_, kind)| answers.and(*kind))
    });
    let of_votes =
        [Answers::HIDES_VOTE, Answers::has_voted(0), Answers::HIDES_VOTE.and(Answers::has_voted(0))];
    of_all.chain(of_votes)
}
