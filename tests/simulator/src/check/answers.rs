//! Answers: a success is true when it is given, whichever replicas are asked.

use domain::account::AccountRow;
use domain::conversation::ConversationRow;
use schemas::owner::RowKey;
use schemas::tables::MESSAGES;
use schemas::tables::views::MessageRow;
use schemas::verdict::Outcome;

use super::{account, conversation, quorums};
use crate::clients::{Asked, Clients};
use crate::world::{State, Told};

/// What the verdicts on a send add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Stored(i64),
    Refused,
    /// Nothing final yet.
    Open,
}

pub fn answer(told: &Told) -> Result<Answer, String> {
    let passed = told.accounts.iter().any(|outcome| matches!(outcome, Outcome::Accepted(_)));
    let refused = told.accounts.iter().any(|outcome| matches!(outcome, Outcome::Refused(_)));
    let mut numbers: Vec<i64> = told
        .conversations
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Stored(stored) => Some(stored.seq),
            _ => None,
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    match (passed, refused, numbers.as_slice()) {
        (_, _, [_, _, ..]) => Err(format!("one request has two numbers: {numbers:?}")),
        (true, true, [_]) => Err("one request succeeded and was refused".to_owned()),
        (true, _, [seq]) => Ok(Answer::Stored(*seq)),
        (_, true, _) => Ok(Answer::Refused),
        _ => Ok(Answer::Open),
    }
}

/// Checks what was answered since the last time.
pub fn violations(state: &mut State, clients: &Clients) -> Result<(), String> {
    if let Some(violation) = state.violation.take() {
        return Err(violation);
    }
    for request in std::mem::take(&mut state.told) {
        let (Some(asked), Some(told)) = (clients.sends.get(&request), state.verdicts.get(&request)) else {
            continue;
        };
        if let Answer::Stored(seq) = answer(told).map_err(|wrong| format!("request {request}: {wrong}"))? {
            is_stored(state, asked, seq)
                .map_err(|wrong| format!("answered {request} with {seq}, but {wrong}"))?;
            if seq <= asked.after {
                return Err(format!("{request} became {seq}, and was asked after {} was told", asked.after));
            }
            let newest = state.acknowledged.entry(asked.conversation.clone()).or_default();
            *newest = seq.max(*newest);
        }
    }
    Ok(())
}

/// Message, content and charge are readable at every quorum.
pub fn is_stored(state: &State, asked: &Asked, seq: i64) -> Result<(), String> {
    for quorum in quorums() {
        let conversation = conversation(state, &asked.conversation, quorum)?;
        match conversation.row(&RowKey::message(seq)) {
            Some(ConversationRow::Message(head)) if head.sender.as_ref() == Some(&asked.user) => {}
            other => return Err(format!("its message is {other:?}")),
        }
        let view = state.replicas.get(
            quorum,
            &(MESSAGES.name, MessageRow::partition(&asked.conversation, seq)),
            &[MessageRow::key(seq)],
        );
        let view = view.first().ok_or("its content is not there")?;
        let view = MessageRow::from_row(&asked.conversation, &view.columns);
        let view = view.map_err(|error| error.to_string())?.message;
        let is_text = view.content.as_ref().is_some_and(|content| content.text == asked.text);
        if view.client_id.as_ref() != Some(&asked.client_id) || !is_text {
            return Err(format!("its content is another's: {view:?}"));
        }
        let account = account(state, &asked.user, quorum)?;
        match account.row(&RowKey::client_request(&asked.client_id)) {
            Some(AccountRow::ClientRequest(request)) if request.live => {}
            other => return Err(format!("its charge is {other:?}")),
        }
    }
    Ok(())
}
