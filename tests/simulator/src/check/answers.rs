//! Answers: a success is true when it is given, whichever replicas are asked.

use schemas::rows::{ClientRequest, MessageHead};
use schemas::verdict::Outcome;

use super::{account, conversation, message};
use crate::clients::{Asked, Clients};
use crate::operations;
use crate::tables::QUORUMS;
use crate::world::{State, Verdicts};

/// What the verdicts on a send add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Stored(i64),
    Refused,
    /// Nothing final yet.
    Open,
}

pub fn answer(verdicts: &Verdicts) -> Result<Answer, String> {
    let passed = verdicts.accounts.iter().any(|outcome| matches!(outcome, Outcome::Accepted(_)));
    let refused = verdicts.accounts.iter().any(|outcome| matches!(outcome, Outcome::Refused(_)));
    let mut numbers: Vec<i64> = verdicts
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
    for request in std::mem::take(&mut state.answered) {
        let Some(verdicts) = state.verdicts.get(&request) else { continue };
        if let Some((id, direct)) = clients.directs.get(&request) {
            let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Done(done) if done.changed);
            if verdicts.conversations.last().is_some_and(is_done) {
                operations::is_done(state, id, direct)
                    .map_err(|wrong| format!("answered {request}, {direct:?} to {id}, but {wrong}"))?;
            }
        }
        let Some(asked) = clients.sends.get(&request) else { continue };
        if let Answer::Stored(seq) =
            answer(verdicts).map_err(|wrong| format!("request {request}: {wrong}"))?
        {
            is_stored(state, asked, seq)
                .map_err(|wrong| format!("answered {request} with {seq}, but {wrong}"))?;
            if seq <= asked.after {
                return Err(format!(
                    "{request} became {seq}, and was asked after the answer {}",
                    asked.after
                ));
            }
            let newest = state.acknowledged.entry(asked.conversation.clone()).or_default();
            *newest = seq.max(*newest);
        }
    }
    Ok(())
}

/// Message, content and charge are readable at every quorum. The content may be removed by now.
pub fn is_stored(state: &State, asked: &Asked, seq: i64) -> Result<(), String> {
    for quorum in QUORUMS {
        let conversation = conversation(state, &asked.conversation, quorum)?;
        match conversation.get::<MessageHead>(&seq) {
            Some(head) if head.sender.as_ref() == Some(&asked.user) => {}
            other => return Err(format!("its message is {other:?}")),
        }
        let view = message(state, &asked.conversation, seq, quorum)?;
        let is_text = match view.body.content() {
            Some(content) => content.text == asked.text || view.body.edited().is_some(),
            None => view.body.removed_at().is_some(),
        };
        if view.client_id.as_ref() != Some(&asked.client_id) || !is_text {
            return Err(format!("its content is another's: {view:?}"));
        }
        let account = account(state, &asked.user, quorum)?;
        match account.get::<ClientRequest>(&asked.client_id) {
            Some(request) if request.live => {}
            other => return Err(format!("its charge is {other:?}")),
        }
    }
    Ok(())
}
