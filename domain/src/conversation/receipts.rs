//! Reading: a watermark by user, which never falls.

use fold::{Decision, Purpose};
use schemas::membership::Member;
use schemas::receipts::{MarkRead, Receipt, ReceiptAdvanced};
use schemas::rows::{MessageHead, RowKey};
use schemas::verdict::{Done, Outcome};

use super::{Conversations, Here};
use crate::access;
use crate::operation::{NoEffect, Operation, Past};

impl Operation<Conversations> for MarkRead {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let member = RowKey::of::<Member>(&self.user);
        match purpose {
            Purpose::Decide => {
                vec![member, RowKey::of::<Receipt>(&self.user), RowKey::of::<MessageHead>(&self.up_to)]
            }
            Purpose::Repeat => vec![member],
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let member = context.row::<Member>(user);
        let interval = access::viewing(member)?;
        let before = member.map_or(0, |member| member.read_mark(context.row::<Receipt>(user)));
        // A mark does not pass the head, and begins where the member's interval does.
        let state = context.state();
        let up_to = self.up_to.min(state.head);
        if up_to <= before || up_to < interval.first_seq {
            return Err(NoEffect::Nothing);
        }
        let head = context.row::<MessageHead>(&self.up_to);
        let ordinal = head.map_or(state.countable, |head| head.ordinal);
        let mut effect = context.effect();
        effect
            .row(user, Receipt { read_up_to: up_to, read_at: context.at, ordinal, ended: false })
            .event(context.id, ReceiptAdvanced { user: user.clone(), read_up_to: up_to });
        Ok(effect.done())
    }

    /// The same for every member, whether the mark moved or not.
    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        Some(match access::viewing(past.owner.get::<Member>(&self.user)) {
            Ok(_) => Outcome::Done(Done { changed: true }),
            Err(refusal) => Outcome::refused(refusal),
        })
    }
}
