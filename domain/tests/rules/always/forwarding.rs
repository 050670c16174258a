//! Forwards in random runs: to two conversations, some with a comment, under ids that are used again.

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::charging::Charge;
use schemas::operations::ForwardMessage;
use schemas::record::{Envelope, Output};

use super::account::ann;
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::attaching::file;
use crate::forwarding::forwarding;
use crate::names::asked;

impl Generated<Accounts> for ForwardMessage {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let targets: &[u8] = [&[1, 2][..], &[1], &[3, 1]][draw.below(3)];
        let comment = draw.coin().then_some("look");
        let attachments = if draw.coin() { vec![file(1)] } else { vec![] };
        let forward = forwarding(draw.from(10, 13) as u8, targets, comment);
        Some((asked(), Self { attachments, ..forward }))
    }
}

proptest! {
    #![proptest_config(cases(400))]

    /// For every history: each part is charged or follows its first charge, or none is; the balance decreases by the
    /// sum of the prices.
    #[test]
    fn a_forward_is_charged_whole_or_not_at_all(
        steps in steps(30),
        id in 10u8..13,
        with_comment in any::<bool>(),
        price in prop_oneof![Just(0), 1i64..200],
    ) {
        let mut run = ann();
        for next in &steps {
            super::account::step(&mut run, next);
        }
        run.harness.policy.prices.message_per_recipient = price;
        let forward = forwarding(id, &[1, 2], with_comment.then_some("look"));
        let decided = run.harness.asks(run.now, forward.into());
        let all: Vec<Charge> = decided.charges().collect();
        let paid: i64 = all.iter().map(|charge| charge.price_milli).sum();
        prop_assert_eq!(decided.before.balance_milli - decided.decision.state.balance_milli, paid);
        let parts = if with_comment { 4 } else { 2 };
        let outputs = decided.decision.outputs.iter();
        let passed = outputs.filter(|output| matches!(output, Output::ToConversation { .. })).count();
        prop_assert!(passed == 0 || passed == parts, "{passed} of {parts}");
        let sends = decided.decision.state.sends.len();
        prop_assert!(sends <= decided.before.sends.len() + all.len());
    }
}
