//! Receipts: watermarks by user, which never fall, and a mark that says unread.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::membership::{Member, MembershipInterval};
use schemas::receipts::{
    AcknowledgeDelivery, DeliveryAdvanced, MarkRead, MarkUnread, MarkedUnread, Receipt, ReceiptAdvanced,
    Watermarks,
};
use schemas::rows::{MessageHead, RowKey};
use schemas::verdict::Outcome;

use super::{Conversations, Here};
use crate::access;
use crate::operation::{NoEffect, Operation, Past, holds};

/// A member, with what is known of how far they are.
struct Reader<'a> {
    interval: &'a MembershipInterval,
    marks: Watermarks,
    receipt: Receipt,
    /// Others learn nothing of a member who has not accepted the request to them.
    is_accepted: bool,
}

/// NOT_FOUND for a user who is no member.
fn reader<'a>(context: &Here<'a>, user: &UserId) -> Result<Reader<'a>, NoEffect> {
    let member = context.row::<Member>(user);
    let interval = access::viewing(member)?;
    let receipt = context.row::<Receipt>(user).filter(|receipt| !receipt.ended);
    let marks = member.map(|member| member.marks(receipt)).unwrap_or_default();
    let is_accepted = member.is_some_and(|member| member.request.is_none());
    Ok(Reader { interval, marks, receipt: receipt.cloned().unwrap_or_default(), is_accepted })
}

impl Reader<'_> {
    fn delivered(&self, user: &UserId, up_to: i64) -> DeliveryAdvanced {
        DeliveryAdvanced { user: user.clone(), delivered_up_to: up_to, is_shown: self.is_accepted }
    }

    /// The number that a mark moves to. It does not pass the head, and begins where the interval does.
    fn moves_to(&self, context: &Here<'_>, up_to: i64, from: i64) -> Option<i64> {
        let up_to = up_to.min(context.state().head);
        (up_to > from && up_to >= self.interval.first_seq).then_some(up_to)
    }
}

fn needs(user: &UserId) -> Vec<RowKey> {
    vec![RowKey::of::<Member>(user), RowKey::of::<Receipt>(user)]
}

/// The same for every member, whether a mark moved or not.
fn repeat(user: &UserId, past: &Past<'_, Conversations>) -> Option<Outcome> {
    access::viewing(past.owner.get::<Member>(user))
        .map_or_else(|refusal| Some(Outcome::refused(refusal)), |_| holds(true))
}

impl Operation<Conversations> for MarkRead {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let head = match purpose {
            Purpose::Decide => Some(RowKey::of::<MessageHead>(&self.up_to)),
            Purpose::Repeat => None,
        };
        needs(&self.user).into_iter().chain(head).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let reader = reader(context, user)?;
        let moved = reader.moves_to(context, self.up_to, reader.marks.read.up_to);
        let was_unread = reader.receipt.marked_unread;
        if moved.is_none() && !was_unread {
            return Err(NoEffect::Nothing);
        }
        let mut receipt = Receipt { marked_unread: false, ..reader.receipt.clone() };
        let mut effect = context.effect();
        if was_unread {
            effect.event(context.id, MarkedUnread { user: user.clone(), marked: false });
        }
        if let Some(up_to) = moved {
            let head = context.row::<MessageHead>(&self.up_to);
            receipt.ordinal = head.map_or(context.state().countable, |head| head.ordinal);
            let is_shown = self.is_shown && reader.is_accepted;
            receipt.marks = receipt.marks.with_read(up_to, context.at, is_shown);
            if up_to > reader.marks.delivered.up_to {
                effect.event(context.id, reader.delivered(user, up_to));
            }
            effect.event(context.id, ReceiptAdvanced { user: user.clone(), read_up_to: up_to, is_shown });
        }
        effect.row(user, receipt);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        repeat(&self.user, past)
    }
}

impl Operation<Conversations> for AcknowledgeDelivery {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        needs(&self.user)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let reader = reader(context, user)?;
        let moved = reader.moves_to(context, self.up_to, reader.marks.delivered.up_to);
        let up_to = moved.ok_or(NoEffect::Nothing)?;
        let marks = reader.receipt.marks.with_delivered(up_to, context.at);
        let mut effect = context.effect();
        effect
            .row(user, Receipt { marks, ..reader.receipt.clone() })
            .event(context.id, reader.delivered(user, up_to));
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        repeat(&self.user, past)
    }
}

impl Operation<Conversations> for MarkUnread {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        needs(&self.user)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let reader = reader(context, user)?;
        if reader.receipt.marked_unread {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect
            .row(user, Receipt { marked_unread: true, ..reader.receipt })
            .event(context.id, MarkedUnread { user: user.clone(), marked: true });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        repeat(&self.user, past)
    }
}
