//! A charge that comes back leaves the account as it was.

use musclemap_domain::window;
use proptest::prelude::*;
use schemas::Refusal;
use schemas::control::Limits;
use schemas::creating::ConversationKind::Group;
use schemas::position::LogTime;
use schemas::states::AccountState;

use super::account::{ann, step};
use super::cases;
use super::generators::steps;
use crate::names::{create, refund, send};

/// What of a state counts at `at`.
fn counting(state: &AccountState, at: LogTime, limits: &Limits) -> AccountState {
    let mut state = AccountState { applied: 0, at, ..state.clone() };
    let longest = limits.identical_text.seconds.max(limits.identical_text_conversations.seconds);
    state.sends.retain(|then| window::counts(*then, at, limits.send.seconds));
    state.creations.retain(|then| window::counts(*then, at, limits.create_conversation.seconds));
    state.texts.retain(|mark| window::counts(mark.at, at, longest));
    state
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn credits_windows_and_client_id_are_as_before_the_charge(
        steps in steps(30),
        price in prop_oneof![Just(0), 1i64..200],
        later in prop_oneof![0i64..3_000, 0i64..100_000],
        creates in any::<bool>(),
        refused in any::<bool>(),
    ) {
        let mut run = ann();
        for next in &steps {
            step(&mut run, next);
        }
        run.harness.policy.prices.message_per_recipient = price;
        let request = || match creates {
            true => create(Group, 99, &["bob"], None),
            false => send(99, "a text of its own", 1),
        };
        // A moment after whatever came before, and after any minute's window of creations.
        run.now = run.harness.state.at + 60_000;
        let before = run.harness.state.clone();
        let decided = run.harness.asks(run.now, request());
        let charge = decided.charges().next();
        prop_assume!(charge.is_some());
        let charge = charge.unwrap();
        run.harness.asks(run.now + later, refund(&charge, refused.then(Refusal::not_found)));

        let (limits, at) = (run.harness.policy.limits.clone(), run.now + later);
        prop_assert_eq!(counting(&run.harness.state, at, &limits), counting(&before, at, &limits));
        // The id is free again: the same request is let pass, and charged.
        let again = run.harness.asks(at, request());
        prop_assert_eq!(again.charges().count(), 1);
    }
}
