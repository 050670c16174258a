//! Usage: effects that a limit counts for each user, in a row by the limit's name.
//!
//! Invariant: an effect is counted in the decision that accepts it, and taken back with its charge, so the
//! limit is exact for commands at the same time.

use schemas::charging::ChargeKind;
use schemas::code::Refusal;
use schemas::control::{Limit, Limits};
use schemas::limits::{Usage, Use};
use schemas::position::Offset;
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Account, Accounts, accepted, refused_before};
use crate::effect::Effect;
use crate::operation::{Context, Past};
use crate::window;

/// Names of the limits that rows count, as refusals and the API say them.
pub const EDIT: &str = "edit";
pub const UPLOAD: &str = "upload";
pub const REACT: &str = "react";
pub const REPORT: &str = "report";
pub const STICKER_PACK: &str = "sticker_pack";

/// A limit of a policy.
type LimitOf = fn(&Limits) -> &Limit;

/// Every limit that rows count, with its place in the policy.
pub const ALL: [(&str, LimitOf); 5] = [
    (EDIT, |limits| &limits.edit),
    (UPLOAD, |limits| &limits.upload),
    (REACT, |limits| &limits.react),
    (REPORT, |limits| &limits.report),
    (STICKER_PACK, |limits| &limits.sticker_pack),
];

/// The row of a limit.
pub fn key(name: &str) -> RowKey {
    RowKey::of::<Usage>(&name.to_owned())
}

/// Counts the effect that is decided, or refuses it beyond the limit.
pub fn count(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    name: &str,
    limit: &Limit,
) -> Result<(), Refusal> {
    let uses = of(context.owner, name);
    window::check(uses.iter().map(|one| one.at), context.at, limit)
        .map_err(|full| full.refusal(name, limit))?;
    let counting = window::counting(uses, context.at, limit.seconds, |one| one.at);
    let new = Use { position: context.offset, at: context.at };
    effect.row(&name.to_owned(), Usage { uses: window::one_more(counting, new, |one| one.at) });
    Ok(())
}

/// Takes back the effect that was counted at `position`, if it still counts.
pub fn take_back(account: &Account, effect: &mut Effect<Accounts>, name: &str, position: Offset) {
    let uses = of(account, name);
    if uses.iter().any(|one| one.position == position) {
        let uses = uses.iter().filter(|one| one.position != position).copied().collect();
        effect.row(&name.to_owned(), Usage { uses });
    }
}

/// The limit that counts a charge of this kind, if a row counts it.
pub fn of_charge(kind: ChargeKind) -> Option<&'static str> {
    match kind {
        ChargeKind::Send | ChargeKind::Scheduled | ChargeKind::Create => None,
        ChargeKind::Edit => Some(EDIT),
        ChargeKind::React => Some(REACT),
        ChargeKind::Report => Some(REPORT),
    }
}

/// The outcome of a command that comes again: accepted if its effect is counted. One that was taken back has its
/// answer from the refund.
pub fn repeated(past: &Past<'_, Accounts>, name: &str) -> Outcome {
    let is_counted = of(past.owner, name).iter().any(|one| one.position == past.offset);
    if is_counted { accepted(false) } else { refused_before() }
}

fn of<'a>(account: &'a Account, name: &str) -> &'a [Use] {
    account.get::<Usage>(&name.to_owned()).map_or(&[], |usage| &usage.uses)
}
