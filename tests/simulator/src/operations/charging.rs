//! Refunds and look-ups, which machines ask for.

use std::collections::BTreeSet;

use schemas::charging::ChargeKind;
use schemas::credits::LedgerKind;
use schemas::operations::{LookUp, Refund};
use schemas::position::Offset;
use schemas::{ClientId, ConversationRequest};

use super::Simulated;
use crate::check::Rest;
use crate::clients::{Clients, client_id};
use crate::world::State;

impl Simulated for Refund {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it; accounts trust them.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// Every charge without a message is refunded, once, and no other is.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let paid: BTreeSet<(Offset, ClientId)> =
                rest.sent_by(user).map(|(id, charge)| (*charge, id.clone())).collect();
            let unpaid = rest.charged(user).into_iter();
            let unpaid = unpaid.filter(|(charge, price)| *price != 0 && !paid.contains(charge));
            let mut unpaid: Vec<i64> = unpaid.map(|(_, price)| price).collect();
            let refunds = account.ledger.iter().filter(|(_, entry)| entry.kind == LedgerKind::Refund);
            let mut refunds: Vec<i64> = refunds.map(|(_, entry)| entry.amount_milli).collect();
            unpaid.sort_unstable();
            refunds.sort_unstable();
            if unpaid != refunds {
                return Err(format!("{user}: charges without a message {unpaid:?}, refunds {refunds:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for LookUp {
    const WEIGHT: u32 = 2;

    /// Of a message that another charge has paid for.
    fn ask(clients: &mut Clients, state: &mut State) {
        const NO_CHARGE: Offset = 1_000_000;
        let known = clients.sends.values().next_back().cloned();
        let (user, conversation, client_id) = match known {
            Some(asked) => (asked.user, asked.conversation, asked.client_id),
            None => (clients.user(state), clients.conversation(state), client_id(state)),
        };
        let look_up = LookUp { user, client_id, kind: ChargeKind::Send, charge: NO_CHARGE };
        clients.direct(state, &conversation, look_up);
    }

    /// Nobody is answered with a message that their charge has not paid for.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.refused(|request| matches!(request, ConversationRequest::LookUp(_)))
    }
}
