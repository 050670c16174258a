//! Polls: sending one, voting, closing it.
//!
//! Invariant: a repeated client id gives the first outcome, as of any send.

use async_graphql::{Context, ID, Object};
use domain::{polls, text};
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use graphql::scalars::DateTime;
use graphql::{Error, Result};
use schemas::charging::ChargeKind;
use schemas::message::Content;
use schemas::operations::{ClosePoll, CreatePoll, VotePoll};
use schemas::polling::Poll;
use schemas::{ClientId, ConversationId, ErrorCode, MessageId, Refusal};
use uuid::Uuid;

use super::{Caller, caller};
use crate::facts::SendFacts;
use crate::requests::{Completed, RequestKind};

#[derive(Default)]
pub struct Polling;

#[Object]
impl Polling {
    /// A message with a question of up to 300 characters and 2 to 10 different options of up to 100; it costs what a
    /// send costs. It takes votes until it is closed, or until closesAt, at most a year ahead.
    #[expect(clippy::too_many_arguments, reason = "the arguments are those of the contract")]
    async fn create_poll(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        question: String,
        options: Vec<String>,
        multiple: Option<bool>,
        anonymous: Option<bool>,
        closes_at: Option<DateTime>,
        client_message_id: Uuid,
    ) -> Result<Message> {
        let content = |text: &str| Content::plain(text::normalise(text));
        let poll = Poll {
            question: content(&question),
            options: options.iter().map(|option| content(option)).collect(),
            multiple: multiple.unwrap_or(false),
            anonymous: anonymous.unwrap_or(false),
            closes_at: closes_at.map(|time| time.0),
        };
        let client_id = ClientId::from(client_message_id);
        let sent = async {
            let caller = caller(ctx).map_err(|error| error.refusal)?;
            caller.create_poll(parse_id(&conversation_id)?, client_id.clone(), poll).await
        };
        sent.await.map_err(|refusal| Error { refusal, client_message_id: Some(client_id.clone()) })
    }

    /// The options take the place of those chosen before; none takes the vote back. CONFLICT once the poll is closed.
    async fn vote_poll(&self, ctx: &Context<'_>, message_id: ID, option_ids: Vec<ID>) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.poll(&id).await?);
        let options = places(&option_ids)?;
        let user = caller.user().clone();
        caller.run_in(&id.conversation, VotePoll { user, message, options }).await?;
        Ok(caller.message(&id).await?)
    }

    /// By its sender, and by the owner and moderators of a group. CONFLICT if it is closed already.
    async fn close_poll(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.poll(&id).await?);
        let actor = caller.user().clone();
        caller.run_in(&id.conversation, ClosePoll { actor, message }).await?;
        Ok(caller.message(&id).await?)
    }
}

impl Caller<'_> {
    async fn create_poll(
        &self,
        conversation: ConversationId,
        client_id: ClientId,
        poll: Poll,
    ) -> Result<Message, Refusal> {
        let facts = self.ingest.facts.of_send(self.user(), &conversation, None, "").await;
        let facts = facts.and_then(|facts| polls::check(&poll).map(|()| facts));
        let (facts, denied) = match facts {
            Ok(facts) => (facts, None),
            Err(denied) if matches!(denied.code, ErrorCode::NotFound | ErrorCode::BadUserInput) => {
                if !self.remembers(ChargeKind::Send, &client_id, &conversation).await? {
                    return Err(denied);
                }
                (SendFacts::absent(self.user(), None), Some(denied))
            }
            Err(refusal) => return Err(refusal),
        };
        let SendFacts { sender, recipients, .. } = facts;
        let create = CreatePoll { conversation: conversation.clone(), client_id, poll, recipients, sender };
        let answer = self.run(RequestKind::Send, create).await;
        self.access.reads.awareness.typing.forget(self.user(), &conversation);
        let seq = match (answer, denied) {
            (Ok(Completed::Stored(seq)), _) => seq,
            (Ok(Completed::Done), _) => return Err(internal(&"a poll was answered without a number")),
            // The account has forgotten the first request meanwhile.
            (Err(refusal), Some(denied)) if refusal.code == ErrorCode::BadUserInput => return Err(denied),
            (Err(refusal), _) => return Err(refusal),
        };
        self.message(&MessageId { conversation, seq }).await
    }

    /// A poll that the caller sees.
    async fn poll(&self, id: &MessageId) -> Result<schemas::message::Message, Refusal> {
        let message = self.access.message(id).await?;
        match (message.body.poll(), message.body.removed_at()) {
            (Some(_), _) => Ok(message),
            (None, Some(_)) => Err(Refusal::not_found()),
            (None, None) => Err(Refusal::bad_input("messageId", "the message is no poll")),
        }
    }
}

/// Places of options by their ids, ascending. The conversation knows which options there are.
fn places(ids: &[ID]) -> Result<Vec<i32>, Refusal> {
    let bad = || Refusal::bad_input("optionIds", "options of the poll, each once");
    if ids.len() > polls::MAX_OPTIONS {
        return Err(bad());
    }
    let place = |id: &ID| id.parse::<i32>().ok().filter(|id| *id > 0).map(|id| id - 1);
    let mut places = ids.iter().map(place).collect::<Option<Vec<i32>>>().ok_or_else(bad)?;
    places.sort_unstable();
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_named_by_their_places_from_1_in_any_order() {
        let named = |ids: &[&str]| {
            let ids: Vec<ID> = ids.iter().map(|id| ID::from(*id)).collect();
            places(&ids).map_err(|refusal| refusal.field)
        };
        assert_eq!(named(&["3", "1"]), Ok(vec![0, 2]));
        assert_eq!(named(&[]), Ok(vec![]));
        for ids in [&["0"][..], &["-1"], &["one"], &["1"; 11]] {
            assert_eq!(named(ids), Err(Some("optionIds".to_owned())), "{ids:?}");
        }
    }
}
