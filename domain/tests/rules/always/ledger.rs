//! Money.

use proptest::prelude::*;
use schemas::AccountFact;
use schemas::record::Output;
use schemas::rows::LedgerEntry;

use super::account::{ann, step};
use super::cases;
use super::generators::steps;

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_balance_is_the_sum_of_the_ledger_and_never_negative(steps in steps(60)) {
        let mut run = ann();
        for next in &steps {
            step(&mut run, next);
            // Ledger rows sort by offset, so this is every prefix of the ledger.
            let mut sum = 0;
            for (offset, entry) in run.harness.all::<LedgerEntry>() {
                sum += entry.amount_milli;
                prop_assert!(sum >= 0, "negative after #{offset}");
                prop_assert_eq!(sum, entry.balance_after_milli);
            }
            prop_assert_eq!(sum, run.harness.state.balance_milli);
        }
    }

    #[test]
    fn every_change_of_a_balance_is_an_event_of_that_change(steps in steps(60)) {
        let mut run = ann();
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            let change = decided.decision.state.balance_milli - decided.before.balance_milli;
            let told: Vec<i64> = decided.decision.outputs.iter().filter_map(|output| match output {
                Output::AccountEvent { fact: AccountFact::CreditsChanged(changed), .. } => {
                    Some(changed.amount_milli)
                }
                _ => None,
            }).collect();
            prop_assert_eq!(told, if change == 0 { vec![] } else { vec![change] });
        }
    }
}
