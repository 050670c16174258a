//! Forwarding a message.
//!
//! Invariants: what the API and the account decide holds for all copies or none; a repeated client id gives the
//! first outcome, also where facts would deny a new forward.

use async_graphql::{Context, ID, Object};
use domain::{account, text};
use futures::future::{join_all, try_join_all};
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use graphql::{Error, Result};
use schemas::charging::ChargeKind;
use schemas::control::Policy;
use schemas::forwarding::{ForwardCopy, ForwardMessage, Provenance};
use schemas::message::{Body, Content, Text};
use schemas::{ClientId, ConversationId, ErrorCode, MessageId, Refusal};
use uuid::Uuid;

use super::{Caller, caller};
use crate::facts::SendFacts;
use crate::requests::Completed;

#[derive(Default)]
pub struct Forwarding;

#[Object]
impl Forwarding {
    /// The text and the files of a message, to up to 10 conversations; each copy is a send, and the comment a message behind each
    /// copy. Gives the copies that are stored. With a client id it may be asked again for 24 hours: the first copy
    /// has that id.
    async fn forward_message(
        &self,
        ctx: &Context<'_>,
        message_id: ID,
        to_conversation_ids: Vec<ID>,
        add_comment: Option<String>,
        client_message_id: Option<Uuid>,
    ) -> Result<Vec<Message>> {
        let client_message_id = client_message_id.map(ClientId::from);
        let forwarded = async {
            let caller = caller(ctx).map_err(|error| error.refusal)?;
            let message = parse_id(&message_id)?;
            let targets = to_conversation_ids.iter().map(parse_id).collect::<Result<_, _>>()?;
            let comment = add_comment.map(|text| text::normalise(&text)).filter(|text| !text::is_blank(text));
            let client_id = client_message_id.clone().unwrap_or_else(|| Uuid::new_v4().into());
            caller.forward(message, targets, comment, client_id).await
        };
        forwarded.await.map_err(|refusal| Error { refusal, client_message_id })
    }
}

impl Caller<'_> {
    /// Forwards a message to targets. A comment has a visible character.
    async fn forward(
        &self,
        message: MessageId,
        targets: Vec<ConversationId>,
        comment: Option<String>,
        client_id: ClientId,
    ) -> Result<Vec<Message>, Refusal> {
        let first = account::first_target(&targets)?;
        let named: Vec<&ConversationId> = targets.iter().collect();
        let fits = |policy: &Policy| {
            account::check_targets(&named, policy.limits.forward_conversations)?;
            let longest = policy.limits.message_characters;
            comment.as_ref().map_or(Ok(()), |comment| text::check("addComment", comment, longest))
        };
        self.ingest.policy.check(fits).await?;

        let mut denied = None;
        let (text, from) = match self.forwarded(&message).await {
            Ok(found) => found,
            Err(refusal) => {
                denied = Some(self.unless_remembered(refusal, &client_id, first).await?);
                (Text::new(Content::plain("")), self.unknown(&message))
            }
        };
        let Text { content, attachments, sticker, gif, edited: _, forwarded: _ } = text;
        let sender = Box::new(self.ingest.facts.profile(self.user()).await?);
        let mentioning = comment.as_deref().unwrap_or_default();
        let facts =
            targets.iter().map(|target| self.ingest.facts.of_send(self.user(), target, None, mentioning));
        let mut facts_of = Vec::with_capacity(targets.len());
        for facts in join_all(facts).await {
            facts_of.push(match facts {
                Ok(facts) => facts,
                Err(refusal) => {
                    denied = Some(self.unless_remembered(refusal, &client_id, first).await?);
                    SendFacts::absent(self.user(), None)
                }
            });
        }
        let forward = |requests: &[i64]| {
            let copies = targets.iter().zip(facts_of).zip(requests).enumerate();
            let copies =
                copies.map(|(nth, ((to, facts), request))| copy(&client_id, nth, to, facts, *request));
            ForwardMessage {
                sender,
                conversation: message.conversation.clone(),
                seq: message.seq,
                content,
                attachments,
                sticker,
                gif,
                from: Box::new(from),
                comment: comment.as_ref().map(Content::plain),
                copies: copies.collect(),
            }
        };
        let answers = match self.run_parts(targets.len(), forward).await {
            Ok(answers) => answers,
            // The account has forgotten the first request meanwhile.
            Err(refusal) if refusal.code == ErrorCode::BadUserInput => return Err(denied.unwrap_or(refusal)),
            Err(refusal) => return Err(refusal),
        };
        for target in &targets {
            self.access.reads.awareness.typing.forget(self.user(), target);
        }
        let ids = stored(targets, answers)?;
        try_join_all(ids.iter().map(|id| self.message(id))).await
    }

    /// What a message says that the caller sees, and its provenance.
    async fn forwarded(&self, id: &MessageId) -> Result<(Text, Provenance), Refusal> {
        let message = self.access.message(id).await?;
        let from = message.provenance(&id.conversation);
        match message.body {
            Body::Text(text) => Ok((text, from)),
            Body::Poll(_) => Err(Refusal::bad_input("messageId", "a poll is not forwarded")),
            Body::Note(_) | Body::Removed(_) => {
                Err(Refusal::bad_input("messageId", "the message has no text"))
            }
        }
    }

    /// In place of a source that the caller sees no more: the account refuses it unless it repeats a first one.
    fn unknown(&self, id: &MessageId) -> Provenance {
        let SendFacts { sender, .. } = SendFacts::absent(self.user(), None);
        Provenance { conversation: id.conversation.clone(), seq: id.seq, sender }
    }

    /// Gives a denial back if the account remembers the first request, which facts cannot deny any more.
    async fn unless_remembered(
        &self,
        denied: Refusal,
        client_id: &ClientId,
        first: &ConversationId,
    ) -> Result<Refusal, Refusal> {
        let may_repeat = matches!(denied.code, ErrorCode::NotFound | ErrorCode::BadUserInput);
        if may_repeat && self.remembers(ChargeKind::Send, client_id, first).await? {
            Ok(denied)
        } else {
            Err(denied)
        }
    }
}

/// The first copy has the client's own id.
fn copy(id: &ClientId, nth: usize, to: &ConversationId, facts: SendFacts, request: i64) -> ForwardCopy {
    let client_id = if nth == 0 { id.clone() } else { id.part(&format!("copy {nth}")) };
    ForwardCopy {
        conversation: to.clone(),
        client_id,
        comment_id: id.part(&format!("comment {nth}")),
        recipients: facts.recipients,
        mentions: facts.mentions,
        request,
    }
}

/// The copies that are stored; the refusal of the first one if none is.
fn stored(
    targets: Vec<ConversationId>,
    answers: Vec<Result<Completed, Refusal>>,
) -> Result<Vec<MessageId>, Refusal> {
    let (mut ids, mut refused) = (vec![], None);
    for (conversation, answer) in targets.into_iter().zip(answers) {
        match answer {
            Ok(Completed::Stored(seq)) => ids.push(MessageId { conversation, seq }),
            Ok(Completed::Done) => return Err(internal(&"a copy was answered without a number")),
            // It is stored or not: no list can be given.
            Err(refusal) if refusal.code == ErrorCode::OutcomePending => return Err(refusal),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    match refused {
        Some(refusal) if ids.is_empty() => Err(refusal),
        _ => Ok(ids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::{RequestKind, pending};

    fn answered(answers: Vec<Result<Completed, Refusal>>) -> Result<Vec<String>, ErrorCode> {
        let targets: Vec<ConversationId> =
            (0..answers.len()).map(|nth| format!("{nth:032x}").parse().unwrap()).collect();
        let ids = stored(targets.clone(), answers).map_err(|refusal| refusal.code)?;
        let place = |id: &MessageId| targets.iter().position(|target| *target == id.conversation).unwrap();
        Ok(ids.iter().map(|id| format!("{}: {}", place(id), id.seq)).collect())
    }

    #[test]
    fn the_answer_lists_what_is_stored_or_says_why_nothing_is() {
        let full = || Err(Refusal::new(ErrorCode::LimitReached, "one message"));
        let (some, gone) = (Ok(Completed::Stored(7)), Err(Refusal::not_found()));
        assert_eq!(answered(vec![full(), some.clone(), gone.clone()]), Ok(vec!["1: 7".to_owned()]));
        assert_eq!(answered(vec![gone.clone(), full()]), Err(ErrorCode::NotFound));
        let unknown = Err(pending(RequestKind::Direct));
        assert_eq!(answered(vec![some.clone(), unknown, gone]), Err(ErrorCode::OutcomePending));
        assert_eq!(answered(vec![some, Ok(Completed::Done)]), Err(ErrorCode::InternalServerError));
    }
}
