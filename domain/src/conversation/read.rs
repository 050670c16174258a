//! Reading: a watermark by user, which never falls.

use schemas::UserId;
use schemas::conversation::{ConversationFact, MarkRead, ReceiptAdvanced};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::rows::{ConversationState, Receipt};
use schemas::verdict::{Done, Outcome};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect, member};
use crate::access;

pub fn decide(context: &Context<'_>, read: &MarkRead) -> Result<Decision<Conversations>, NoEffect> {
    let user = &read.user;
    let stay = access::viewing(member(context.conversation, user))?;
    let before = receipt(context.conversation, user);
    // Nobody has read what is not there yet, or what they may not see.
    let up_to = read.up_to.min(context.conversation.state.head);
    if up_to <= before.read_up_to || !access::sees_message(stay, up_to) {
        return Err(NoEffect(None));
    }
    let after = Receipt { read_up_to: up_to, read_at: context.at };
    let advanced = ReceiptAdvanced { user: user.clone(), read_up_to: up_to };
    Ok(Decision {
        state: ConversationState::clone(&context.conversation.state),
        rows: vec![(RowKey::receipt(user), ConversationRow::Receipt(after))],
        views: vec![],
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::ReceiptAdvanced(advanced),
        }],
        verdict: Some(Outcome::Done(Done { changed: true })),
    })
}

/// The verdict on a reading decided before. It is the same for a member whether it moved anything.
pub fn repeat(conversation: &Conversation, read: &MarkRead) -> Outcome {
    match access::viewing(member(conversation, &read.user)) {
        Ok(_) => Outcome::Done(Done { changed: true }),
        Err(refusal) => Outcome::refused(refusal),
    }
}

fn receipt(conversation: &Conversation, user: &UserId) -> Receipt {
    match conversation.row(&RowKey::receipt(user)) {
        Some(ConversationRow::Receipt(receipt)) => receipt.clone(),
        _ => Receipt::default(),
    }
}
