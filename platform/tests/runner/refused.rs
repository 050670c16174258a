//! Commands that can be read and not run: a refusal, a dead letter, and the owner as it was.

use expect_test::expect;
use musclemap_platform::runner::Options;
use musclemap_platform::runner::checkpoint::Checkpoint;

use crate::records::{charged, command};
use crate::run::{Run, Table};

#[test]
fn a_panic_is_a_refusal_and_a_dead_letter_and_leaves_the_owner_as_it_was() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 5"), command(1, "ann", "panic 0"), command(2, "ann", "add 1")]);
    run.loaded("ann").rest();
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            produce 0.0 event
            produce 1.0 dead letter of 4.1: the decision panicked
            produce 2.0 event
        acknowledged 0
            write ann: view@0 state@0 batch@0 added-0@0
        acknowledged 1
        acknowledged 2
        written ann
            verdict 0: 5
            write ann: view@2 state@2 batch@2 added-2@2
        told 0
        written ann
            verdict 1: INTERNAL_SERVER_ERROR
            verdict 2: 6
        told 1
        told 2
    "#]]);
}

#[test]
fn a_panic_over_what_was_paid_for_refunds_the_charge_and_the_account_answers() {
    let mut run = Run::new();
    run.read(vec![charged(command(0, "ann", "panic 0"), 77)]).loaded("ann").rest();
    run.is(expect![[r#"
        read 0
            load ann
        loaded ann
            produce 0.0 refund #77: INTERNAL_SERVER_ERROR
            produce 0.1 dead letter of 4.0: the decision panicked
        acknowledged 0
        acknowledged 0
            write ann: state@0 batch@0
        written ann
    "#]]);
}

#[test]
fn what_puts_out_too_much_is_refused_whole_and_dead() {
    let mut run = Run::new();
    run.read(vec![
        command(0, "ann", "outputs 129"),
        command(1, "ann", "large 0"),
        command(2, "ann", "rows 91"),
        command(3, "ann", "add 1"),
    ]);
    run.loaded("ann");
    run.is(expect![[r#"
        read 0 1 2 3
            load ann
        loaded ann
            produce 0.0 dead letter of 4.0: the decision has too many outputs or rows
            produce 1.0 dead letter of 4.1: an output of the decision is too large
            produce 2.0 dead letter of 4.2: the decision has too many outputs or rows
            produce 3.0 event
    "#]]);
}

#[test]
fn the_most_that_may_be_put_out_is_put_out() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "outputs 128"), command(1, "ann", "rows 90")]).loaded("ann");
    assert_eq!(run.asked().len(), 128);
    run.quietly().rest();
    let rows = run.table.values().map(|rows| rows.len()).sum::<usize>();
    assert_eq!(rows, 2 + 90);
}

/// Nothing is wrong with the command, so it is no dead letter; its client may ask again.
#[test]
fn before_any_policy_is_in_force_commands_are_refused() {
    let mut run = Run::from(Checkpoint::default(), Options::default(), Table::new());
    run.read(vec![command(0, "ann", "add 1"), charged(command(1, "ann", "add 1"), 77)]).loaded("ann").rest();
    run.is(expect![[r#"
        read 0 1
            load ann
        loaded ann
            write ann: state@0 batch@0
            produce 1.0 refund #77: UNAVAILABLE
        written ann
            verdict 0: UNAVAILABLE
        acknowledged 1
            write ann: state@1 batch@1
        told 0
        written ann
    "#]]);
}
