//! Replay: the same commands give the same bytes, also from rows that were stored and read again.

use proptest::prelude::*;
use schemas::avro;
use schemas::fold::{Fold, StoredRow};

use super::{account, cases, conversation};
use crate::seat::Seat;

/// The owner as another process reads it from its table.
fn reload<F: Fold>(seat: &mut Seat<F>) {
    seat.state = avro::decode(&avro::encode(&seat.state)).unwrap();
    for (key, row) in &mut seat.rows {
        *row = F::Row::decode(key.kind, &row.encode()).unwrap();
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn an_account_decides_the_same_bytes_again(steps in account::steps(40)) {
        let (mut first, mut second) = (account::Life::new(), account::Life::new());
        for step in &steps {
            reload(&mut second.seat);
            let (one, other) = (first.step(step), second.step(step));
            prop_assert_eq!(one.map(|decided| decided.bytes()), other.map(|decided| decided.bytes()));
        }
    }

    #[test]
    fn a_conversation_decides_the_same_bytes_again(steps in conversation::steps(40)) {
        let (mut first, mut second) = (conversation::Life::new(), conversation::Life::new());
        for step in &steps {
            reload(&mut second.seat);
            prop_assert_eq!(first.step(step).bytes(), second.step(step).bytes());
        }
    }
}
