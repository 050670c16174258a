//! Money.

use musclemap_domain::account::AccountRow;
use proptest::prelude::*;
use schemas::account::AccountFact;
use schemas::message::Output;

use super::account::{Life, steps};
use super::cases;

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_balance_is_the_sum_of_the_ledger_and_never_negative(steps in steps(60)) {
        let mut life = Life::new();
        for step in &steps {
            life.step(step);
            // Ledger rows sort by offset, so this is every prefix of the ledger.
            let mut sum = 0;
            for (key, row) in &life.seat.rows {
                let AccountRow::Ledger(entry) = row else { continue };
                sum += entry.amount_milli;
                prop_assert!(sum >= 0, "negative after #{:?}", key.number());
                prop_assert_eq!(sum, entry.balance_after_milli);
            }
            prop_assert_eq!(sum, life.seat.state.balance_milli);
        }
    }

    #[test]
    fn every_change_of_a_balance_is_an_event_of_that_change(steps in steps(60)) {
        let mut life = Life::new();
        for step in &steps {
            let Some(decided) = life.step(step) else { continue };
            let change = decided.decision.state.balance_milli - decided.before.balance_milli;
            let told: Vec<i64> = decided.decision.outputs.iter().filter_map(|output| match output {
                Output::AccountEvent { body: AccountFact::CreditsChanged(changed), .. } => {
                    Some(changed.amount_milli)
                }
                _ => None,
            }).collect();
            prop_assert_eq!(told, if change == 0 { vec![] } else { vec![change] });
        }
    }
}
