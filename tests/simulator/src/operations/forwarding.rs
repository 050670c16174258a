//! Forwards: of any message, to two conversations, asked again under the same ids.

use rand::Rng;
use schemas::forwarding::{ForwardCopy, ForwardMessage};
use schemas::message::{Content, Mentions};
use schemas::verdict::Outcome;
use schemas::{ClientId, ConversationId};

use super::Simulated;
use crate::check::Rest;
use crate::clients::{Clients, Forwarded, client_id, profile};
use crate::world::State;

/// One more than a policy lets pass.
const MOST_ASKED: usize = 3;

impl Simulated for ForwardMessage {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let known = clients.forwards.len();
        if known > 0 && state.chance(0.3) {
            let nth = state.random.random_range(known.saturating_sub(6)..known);
            let asked = clients.forwards[nth].asked.clone();
            clients.forward(state, asked);
            return;
        }
        let (user, source) = (clients.user(state), clients.conversation(state));
        let Some(message) = clients.message(state, &source) else { return };
        // Ingest forwards no poll.
        let Some(content) = message.body.content().filter(|_| message.body.poll().is_none()).cloned() else {
            return;
        };
        let mut targets: Vec<ConversationId> = vec![];
        for _ in 0..state.random.random_range(1..=MOST_ASKED) {
            let target = clients.conversation(state);
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        let comment = state.chance(0.3).then(|| Content::plain(clients.text(state)));
        let copies = targets.into_iter().map(|conversation| copy(clients, state, conversation)).collect();
        let from = Box::new(message.provenance(&source));
        let (sender, seq) = (Box::new(profile(&user)), message.seq);
        let attachments = message.body.attachments().to_vec();
        let sticker = message.body.sticker().cloned().map(Box::new);
        let gif = message.body.gif().cloned().map(Box::new);
        let conversation = source;
        let asked =
            Self { sender, conversation, seq, content, attachments, sticker, gif, from, comment, copies };
        clients.forward(state, asked);
    }

    /// Who is answered that a forward passed has an answer to each copy; what was refused made no message; a copy
    /// that is answered with a number is the message of that number.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.clients.forwards.iter().try_for_each(|forward| {
            answered(rest, forward).map_err(|wrong| format!("forward {}: {wrong}", forward.request))
        })
    }
}

fn copy(clients: &Clients, state: &mut State, conversation: ConversationId) -> ForwardCopy {
    ForwardCopy {
        recipients: clients.recipients(&conversation),
        conversation,
        client_id: client_id(state),
        comment_id: client_id(state),
        mentions: Mentions::default(),
        // Set when it is asked for.
        request: 0,
    }
}

fn answered(rest: &Rest<'_>, forward: &Forwarded) -> Result<(), String> {
    let Forwarded { request, asked, command } = forward;
    let verdicts = rest.state.verdicts.get(request).ok_or("never answered")?;
    let has_passed = verdicts.accounts.iter().any(|outcome| matches!(outcome, Outcome::Done(_)));
    if !has_passed && !verdicts.accounts.iter().any(|outcome| matches!(outcome, Outcome::Refused(_))) {
        return Err(format!("answered {:?}", verdicts.accounts));
    }
    for copy in &asked.copies {
        let made = rest.sent_by(&asked.sender.user).any(|(id, charge)| {
            let is_part = *id == copy.client_id || *id == copy.comment_id;
            is_part && charge == command
        });
        if made && !has_passed {
            return Err(format!("refused, and made a message in {}", copy.conversation));
        }
        let answers = rest.state.verdicts.get(&copy.request);
        if has_passed
            && answers.is_none_or(|given| given.conversations.is_empty() && given.accounts.is_empty())
        {
            return Err(format!("no answer to the copy for {}", copy.conversation));
        }
        for outcome in answers.into_iter().flat_map(|given| &given.conversations) {
            if let Outcome::Stored(stored) = outcome {
                is_stored(rest, &copy.conversation, stored.seq, &copy.client_id, asked)?;
            }
        }
    }
    Ok(())
}

/// The message is the copy, by its sender, and says where it comes from unless it was deleted since.
fn is_stored(
    rest: &Rest<'_>,
    id: &ConversationId,
    seq: i64,
    client_id: &ClientId,
    asked: &ForwardMessage,
) -> Result<(), String> {
    let message = rest.message(id, seq)?;
    let is_own = message.sender.user == asked.sender.user && message.client_id.as_ref() == Some(client_id);
    let says_source = message.body.forwarded() == Some(&*asked.from);
    if is_own && (says_source || message.body.removed_at().is_some()) {
        Ok(())
    } else {
        Err(format!("{seq} of {id} is {message:?}"))
    }
}
