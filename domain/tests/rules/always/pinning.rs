//! Pins in random runs, against a model of what is pinned.

use musclemap_domain::Conversations;
use proptest::prelude::*;
use schemas::ConversationFact;
use schemas::operations::{PinMessage, UnpinMessage};
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::cases;
use super::conversation::{of_ann_and_bob, some_message};
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, profile};

const PEOPLE: [&str; 3] = ["ann", "bob", "cleo"];

impl Generated<Conversations> for PinMessage {
    const WEIGHT: u32 = 6;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(some_message(run, draw)?);
        Some((asked(), Self { actor: profile(draw.of(&PEOPLE)), message }))
    }
}

impl Generated<Conversations> for UnpinMessage {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(some_message(run, draw)?);
        Some((asked(), Self { actor: profile(draw.of(&PEOPLE)), message }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_state_lists_what_the_facts_have_pinned(steps in steps(80), most in 1i32..4) {
        let (mut run, mut pinned) = (of_ann_and_bob(), Vec::<i64>::new());
        run.harness.policy.limits.pins_per_conversation = most;
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            for fact in taken.decided.facts() {
                match fact {
                    ConversationFact::MessagePinned(fact) => pinned.push(fact.message.seq),
                    ConversationFact::MessageUnpinned(fact) => pinned.retain(|seq| *seq != fact.message.seq),
                    ConversationFact::MessageHidden(fact) => pinned.retain(|seq| *seq != fact.message.seq),
                    ConversationFact::MessageDeleted(fact) => pinned.retain(|seq| *seq != fact.message.seq),
                    _ => {}
                }
            }
            let listed: Vec<i64> = run.harness.state.pins.iter().map(|pin| pin.seq).collect();
            prop_assert_eq!(&listed, &pinned);
            prop_assert!(listed.len() <= most as usize);
            for (seq, head) in run.harness.all::<MessageHead>() {
                prop_assert_eq!(head.aspects & 2 != 0, pinned.contains(&seq), "bits of {}", seq);
            }
        }
    }
}
