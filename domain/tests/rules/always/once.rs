//! Idempotency.

use std::collections::BTreeMap;

use proptest::prelude::*;
use schemas::charging::Charge;
use schemas::position::{LogTime, Offset};
use schemas::record::Output;
use schemas::verdict::Outcome;
use schemas::{ClientId, ConversationRequest};

use super::account::{ann, step};
use super::cases;
use super::generators::steps;
use crate::names::grant;

const DAY: LogTime = 24 * 60 * 60 * 1_000;

/// The charge that an output asks after.
fn looked_up(output: &Output) -> Option<Offset> {
    match output {
        Output::ToConversation { request: ConversationRequest::LookUp(look_up), .. } => Some(look_up.charge),
        _ => None,
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_client_id_is_charged_once_in_a_day_unless_the_charge_came_back(steps in steps(60)) {
        let mut run = ann();
        let mut last: BTreeMap<ClientId, Charge> = BTreeMap::new();
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            for charge in decided.charges() {
                let Some(id) = charge.client_id.clone() else { continue };
                if let Some(first) = last.insert(id, charge.clone()) {
                    let stands = run.out.iter().any(|out| {
                        (out.position, &out.client_id) == (first.position, &first.client_id)
                    });
                    prop_assert!(!stands || charge.at >= first.at + DAY, "{first:?} and {charge:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_accepted_is_charged_or_follows_a_charge_that_stands(steps in steps(60)) {
        let mut run = ann();
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            let Some(Outcome::Accepted(accepted)) = &decided.decision.verdict else { continue };
            prop_assert_eq!(decided.charges().count(), usize::from(!accepted.repeated));
            let followed = decided.decision.outputs.iter().find_map(looked_up);
            prop_assert_eq!(followed.is_some(), accepted.repeated);
            let stands = |charge: Offset| run.out.iter().any(|out| out.position == charge);
            prop_assert!(followed.is_none_or(stands));
        }
    }

    #[test]
    fn a_grant_is_credited_once_under_its_key_for_ever(
        grants in prop::collection::vec((0..4u8, -5i64..50, 0i64..100_000_000), 1..40)
    ) {
        let mut run = ann();
        let mut credited: BTreeMap<u8, i64> = BTreeMap::new();
        for (once, amount, after) in grants {
            run.now += after;
            let decided = run.harness.asks(run.now, grant(&once.to_string(), amount));
            let change = decided.decision.state.balance_milli - decided.before.balance_milli;
            let expected = if amount > 0 && !credited.contains_key(&once) { amount } else { 0 };
            prop_assert_eq!(change, expected);
            if change > 0 {
                credited.insert(once, change);
            }
        }
    }
}
