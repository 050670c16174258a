//! Repeats of the other machine are dropped by counting, by source partition.

use expect_test::expect;
use musclemap_platform::runner::Options;

use crate::records::{caused_by, command, start};
use crate::run::{Run, Table};

#[test]
fn a_cause_that_is_not_above_the_last_of_its_partition_is_dropped_unanswered() {
    let mut run = Run::new();
    run.read(vec![
        caused_by(command(0, "ann", "add 1"), 3, 7, 0),
        caused_by(command(1, "ann", "add 1"), 3, 7, 0),
        caused_by(command(2, "ann", "add 1"), 3, 6, 9),
        caused_by(command(3, "ann", "add 1"), 3, 7, 1),
        caused_by(command(4, "ann", "add 1"), 5, 0, 0),
        command(5, "ann", "add 1"),
        command(6, "ann", "add 1"),
    ]);
    run.loaded("ann").quietly().rest().tick();
    run.is(expect![[r#"
        acknowledged 0
            write ann: view@0 state@0 batch@0 added-0@0
        acknowledged 3
        acknowledged 4
        acknowledged 5
        acknowledged 6
        written ann
            verdict 0: 1
            write ann: view@3 view@4 view@5 view@6 state@6 batch@6 added-3@3 added-4@4 added-5@5 added-6@6
        told 0
        written ann
            verdict 3: 2
            verdict 4: 3
            verdict 5: 4
            verdict 6: 5
        told 3
        told 4
        told 5
        told 6
        tick
            checkpoint 7 with policy 1, rules 1
    "#]]);
}

#[test]
fn poison_is_counted_too_and_its_repeat_is_dropped() {
    let mut run = Run::new();
    run.read(vec![
        caused_by(command(0, "ann", "?"), 3, 7, 0),
        caused_by(command(1, "ann", "?"), 3, 7, 0),
        caused_by(command(2, "ann", "add 1"), 3, 7, 0),
    ]);
    run.is(expect![[r#"
        read 0 1 2
            load ann
            produce 0.0 dead letter of 4.0: malformed body: no word and number
    "#]]);
}

#[test]
fn what_is_told_again_is_counted_so_that_its_repeat_is_dropped() {
    let mut before = Run::new();
    let first = || caused_by(command(0, "ann", "add 1"), 3, 7, 0);
    before.read(vec![first()]).loaded("ann").acknowledged(0).written("ann");
    let mut run = Run::from(start(), Options::default(), before.table.clone());
    run.read(vec![first(), caused_by(command(1, "ann", "add 1"), 3, 7, 0)]).rest();
    run.is(expect![[r#"
        read 0 1
            load ann
        loaded ann
            read ann: added-0
        found ann
            write ann: state@0 batch@0 added-0@0
        written ann
            verdict 0: done
        told 0
    "#]]);
}

#[test]
fn the_checkpoint_says_the_numbers_as_of_its_offset_and_a_new_owner_counts_from_them() {
    let mut run = Run::new();
    let record = |offset| caused_by(command(offset, "ann", "add 1"), 3, 7 + offset, 0);
    run.read(vec![record(0), record(1)]).loaded("ann").acknowledged(0).written("ann").told(0);
    run.tick().checkpointed();
    // Only the first is passed: of it repeats are known, of the second none.
    let mut next = Run::from(run.checkpoint.clone(), Options::default(), run.table.clone());
    let repeat_of_first = caused_by(command(2, "ann", "add 1"), 3, 7, 0);
    next.read(vec![record(1), repeat_of_first]).rest().tick();
    next.is(expect![[r#"
        read 1 2
            load ann
        loaded ann
            produce 1.0 event
        acknowledged 1
            write ann: view@1 state@1 batch@1 added-1@1
        written ann
            verdict 1: 2
        told 1
        tick
            checkpoint 3 with policy 1, rules 1
    "#]]);
}

#[test]
fn a_repeat_waits_for_no_owner() {
    let mut run = Run::from(start(), Options::default(), Table::new());
    run.read(vec![caused_by(command(0, "ann", "add 1"), 3, 7, 0)]).rest().tick().checkpointed();
    run.quietly().read(vec![caused_by(command(1, "cleo", "add 1"), 3, 7, 0)]).tick();
    run.is(expect![[r#"
        read 1
            load cleo
        tick
            checkpoint 2 with policy 1, rules 1
    "#]]);
}
