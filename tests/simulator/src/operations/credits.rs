//! Grants, under keys that are used again and again.

use rand::Rng;
use schemas::credits::LedgerKind;
use schemas::operations::GrantCredits;

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

/// Milli-credits of a gift.
const GIFT: i64 = 300;

impl Simulated for GrantCredits {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let once = format!("gift-{}", state.random.random_range(0..3));
        clients.grant(state, &user, once, GIFT);
    }

    /// Each key has credited once; the balance is the sum of the ledger, never negative, and the events
    /// tell the ledger.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut running = 0;
            for (offset, entry) in &account.ledger {
                running += entry.amount_milli;
                if running < 0 || running != entry.balance_after_milli {
                    return Err(format!("balance of {user} after {offset} is {running}, not {entry:?}"));
                }
            }
            let balance = account.stored.state.as_ref().map_or(0, |state| state.balance_milli);
            if running != balance {
                return Err(format!("balance of {user} is {balance}, the ledger's {running}"));
            }
            let granted = account.ledger.iter().filter(|(_, entry)| entry.kind == LedgerKind::Grant);
            let granted: i64 = granted.map(|(_, entry)| entry.amount_milli).sum();
            if granted != rest.clients.granted(user) {
                return Err(format!("{user} was granted {granted}, not {}", rest.clients.granted(user)));
            }
            let rows = account.ledger.iter();
            let rows: Vec<_> =
                rows.map(|(_, entry)| (entry.amount_milli, entry.balance_after_milli)).collect();
            if account.changes != rows {
                return Err(format!("events of {user} tell {:?}, the ledger {rows:?}", account.changes));
            }
        }
        Ok(())
    }
}
