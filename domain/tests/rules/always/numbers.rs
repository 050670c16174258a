//! Order: messages are numbered without hole, and places that were read never fall.

use std::collections::BTreeMap;

use musclemap_domain::Conversations;
use musclemap_domain::conversation::ConversationRow;
use proptest::prelude::*;
use schemas::conversation::ConversationFact;
use schemas::message::Output;
use schemas::owner::{self, RowKey};
use schemas::tables::views::View;
use schemas::verdict::Outcome;

use super::cases;
use super::conversation::{Ask, Life, steps};
use crate::seat::{Decided, Seat};

/// Numbers of the messages whose heads are stored.
fn stored(seat: &Seat<Conversations>) -> Vec<i64> {
    seat.rows.keys().filter(|key| key.kind == owner::MESSAGE).filter_map(RowKey::number).collect()
}

/// Numbers of the messages whose content a decision writes or tells.
fn told(decided: &Decided<Conversations>) -> Vec<i64> {
    let posted = |output: &Output| match output {
        Output::Event { body: ConversationFact::MessagePosted(posted), .. } => Some(posted.message.seq),
        _ => None,
    };
    decided.decision.outputs.iter().filter_map(posted).collect()
}

/// Number that a post was answered with.
fn answered(decided: &Decided<Conversations>, ask: &Ask) -> Option<i64> {
    match (&decided.decision.verdict, ask) {
        (Some(Outcome::Stored(stored)), Ask::Post { .. } | Ask::Answer { .. }) => Some(stored.seq),
        _ => None,
    }
}

fn count(decided: &Decided<Conversations>, wanted: impl Fn(&&Output) -> bool) -> usize {
    decided.decision.outputs.iter().filter(wanted).count()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn messages_are_numbered_1_2_3_without_hole_in_rows_events_and_answers(steps in steps(60)) {
        let (mut life, mut last) = (Life::new(), 0);
        for step in &steps {
            let decided = life.step(step);
            let answered = answered(&decided, &step.ask);
            if let Some(seq) = answered {
                prop_assert_eq!(seq, last + 1);
                last = seq;
            }
            prop_assert_eq!(told(&decided), answered.into_iter().collect::<Vec<i64>>());
            let contents = decided.decision.views.iter().filter(|view| matches!(view, View::Message(_)));
            prop_assert_eq!(contents.count(), usize::from(answered.is_some()));
            prop_assert_eq!(stored(&life.seat), (1..=last).collect::<Vec<i64>>());
            prop_assert_eq!(life.seat.state.head, last);
        }
    }

    #[test]
    fn a_receipt_never_falls_and_never_passes_the_head(steps in steps(60)) {
        let (mut life, mut places) = (Life::new(), BTreeMap::new());
        for step in &steps {
            life.step(step);
            for (key, row) in &life.seat.rows {
                let ConversationRow::Receipt(receipt) = row else { continue };
                let before = places.insert(key.clone(), receipt.read_up_to).unwrap_or(0);
                prop_assert!((before..=life.seat.state.head).contains(&receipt.read_up_to));
            }
        }
    }

    #[test]
    fn a_charge_has_one_effect_or_goes_back_and_whoever_decides_that_answers(steps in steps(60)) {
        let mut life = Life::new();
        for step in &steps {
            let decided = life.step(step);
            let back = count(&decided, |output| matches!(output, Output::ToAccount { .. }));
            let made = count(&decided, |output| matches!(output, Output::Event { .. }));
            let is_paid = !matches!(step.ask, Ask::Read { .. } | Ask::LookUp { .. });
            prop_assert_eq!(back + made, if is_paid { 1 } else { made });
            prop_assert!(made <= 1);
            // The account answers where the charge goes back to it, and then nothing is left here.
            prop_assert_eq!(decided.decision.verdict.is_some(), back == 0);
            let left = decided.decision.rows.len() + decided.decision.views.len();
            prop_assert!(back == 0 || left == 0);
        }
    }
}
