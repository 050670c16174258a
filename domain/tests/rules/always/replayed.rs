//! Replay: the same commands give the same bytes, also from rows that were stored and read again.

use fold::{Fold, StoredRow};
use proptest::prelude::*;
use schemas::avro;

use super::generators::steps;
use super::{account, cases, conversation};
use crate::harness::Harness;

/// The owner as another process reads it from its table.
fn reload<F: Fold>(harness: &mut Harness<F>) {
    harness.state = avro::decode(&avro::encode(&harness.state)).unwrap();
    for (key, row) in &mut harness.rows {
        *row = F::Row::decode(key.kind, &row.encode()).unwrap();
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn an_account_decides_the_same_bytes_again(steps in steps(40)) {
        let (mut first, mut second) = (account::ann(), account::ann());
        for step in &steps {
            reload(&mut second.harness);
            let (one, other) = (account::step(&mut first, step), account::step(&mut second, step));
            prop_assert_eq!(one.map(|decided| decided.bytes()), other.map(|decided| decided.bytes()));
        }
    }

    #[test]
    fn a_conversation_decides_the_same_bytes_again(steps in steps(40)) {
        let (mut first, mut second) = (conversation::of_ann_and_bob(), conversation::of_ann_and_bob());
        for step in &steps {
            reload(&mut second.harness);
            let (one, other) = (first.step(step), second.step(step));
            prop_assert_eq!(one.map(|taken| taken.decided.bytes()), other.map(|taken| taken.decided.bytes()));
        }
    }
}
