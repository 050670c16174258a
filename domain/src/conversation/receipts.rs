//! Reading: a watermark by user, which never falls, and a mark that says unread.

use fold::{Decision, Purpose};
use schemas::membership::Member;
use schemas::receipts::{MarkRead, MarkUnread, MarkedUnread, Receipt, ReceiptAdvanced};
use schemas::rows::{MessageHead, RowKey};
use schemas::verdict::{Done, Outcome};

use super::{Conversations, Here};
use crate::access;
use crate::operation::{NoEffect, Operation, Past, holds};

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
        let receipt = context.row::<Receipt>(user);
        let before = member.map_or(0, |member| member.read_mark(receipt));
        let mut effect = context.effect();
        let marked = receipt.filter(|receipt| receipt.marked_unread);
        if marked.is_some() {
            effect.event(context.id, MarkedUnread { user: user.clone(), marked: false });
        }
        // A mark does not pass the head, and begins where the member's interval does.
        let state = context.state();
        let up_to = self.up_to.min(state.head);
        if up_to <= before || up_to < interval.first_seq {
            let seen = marked.ok_or(NoEffect::Nothing)?;
            effect.row(user, Receipt { marked_unread: false, ..seen.clone() });
            return Ok(effect.done());
        }
        let head = context.row::<MessageHead>(&self.up_to);
        let ordinal = head.map_or(state.countable, |head| head.ordinal);
        let (read_at, ended, marked_unread) = (context.at, false, false);
        effect
            .row(user, Receipt { read_up_to: up_to, read_at, ordinal, ended, marked_unread })
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

impl Operation<Conversations> for MarkUnread {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Member>(&self.user), RowKey::of::<Receipt>(&self.user)]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let member = context.row::<Member>(user);
        access::viewing(member)?;
        let receipt = context.row::<Receipt>(user).filter(|receipt| !receipt.ended);
        if receipt.is_some_and(|receipt| receipt.marked_unread) {
            return Err(NoEffect::Nothing);
        }
        // Without a receipt the member's own mark stands.
        let unread = || Receipt { read_at: member.map_or(0, |member| member.read_at), ..Receipt::default() };
        let receipt = Receipt { marked_unread: true, ..receipt.cloned().unwrap_or_else(unread) };
        let mut effect = context.effect();
        effect.row(user, receipt).event(context.id, MarkedUnread { user: user.clone(), marked: true });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        access::viewing(past.owner.get::<Member>(&self.user))
            .map_or_else(|refusal| Some(Outcome::refused(refusal)), |_| holds(true))
    }
}
