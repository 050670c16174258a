//! Replay: what the rows hold is told again, what they do not hold is decided to the same bytes.

use expect_test::expect;
use musclemap_platform::ports::Record;
use musclemap_platform::runner::Options;
use musclemap_platform::runner::effect::Effect;

use crate::records::{command, start};
use crate::run::{Run, Table};

fn three() -> Vec<Record> {
    vec![command(0, "ann", "add 5"), command(1, "ann", "add 6"), command(2, "ann", "add 7")]
}

/// Another process goes on from the start of the log, with what `before` has written.
fn after(before: &Run) -> Run {
    Run::from(start(), Options::default(), before.table.clone())
}

#[test]
fn what_is_stored_is_told_again_and_not_decided_and_what_is_not_is_decided() {
    let mut before = Run::new();
    before.read(three()).loaded("ann").acknowledged(0).acknowledged(1).written("ann").written("ann");
    let mut run = after(&before);
    run.read(three()).rest().tick();
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            read ann: added-1
        found ann
            write ann: state@1 batch@1 added-1@1
        written ann
            verdict 0: done
            verdict 1: done
            produce 2.0 event
        told 0
        told 1
        acknowledged 2
            write ann: view@2 state@2 batch@2 added-2@2
        written ann
            verdict 2: 18
        told 2
        tick
            checkpoint 3 with policy 1, rules 1
    "#]]);
}

#[test]
fn what_is_decided_again_is_the_same_to_the_byte() {
    let decided = |run: &Run| -> Vec<String> {
        let produced = run.asked().iter().filter(|effect| matches!(effect, Effect::Produce { .. }));
        produced.map(|effect| format!("{effect:?}")).collect()
    };
    let mut before = Run::new();
    before.read(three()).loaded("ann");
    // Nothing was written; time goes on elsewhere, the log's time stays.
    let mut run = after(&before);
    run.read(three()).loaded("ann");
    assert_eq!(decided(&run).len(), 3);
    assert_eq!(decided(&run), decided(&before));
}

/// Of the last write some replicas may know nothing; nothing may be told before all do.
#[test]
fn an_owner_ahead_of_the_checkpoint_has_its_last_batch_written_again_before_anything_else() {
    let mut before = Run::new();
    before.read(three()).loaded("ann").acknowledged(0).written("ann");
    let mut run = after(&before);
    run.read(vec![command(0, "ann", "add 5")]).loaded("ann").found("ann").written("ann");
    run.is(expect![[r#"
        read 0
            load ann
        loaded ann
            read ann: added-0
        found ann
            write ann: state@0 batch@0 added-0@0
        written ann
            verdict 0: done
    "#]]);
}

#[test]
fn a_row_that_is_written_again_lives_as_long_as_a_new_one() {
    let mut before = Run::new();
    before.read(three()).loaded("ann").acknowledged(0).written("ann");
    // As read, a row does not say how long it lives.
    for row in before.table.values_mut().flat_map(|rows| rows.values_mut()) {
        row.seconds_to_live = None;
    }
    let mut run = after(&before);
    run.read(three()).loaded("ann").found("ann");
    let [Effect::Write { rows, .. }] = run.asked() else { panic!("one write") };
    let lives: Vec<Option<u64>> = rows.iter().map(|row| row.seconds_to_live).collect();
    assert_eq!(lives, [None, None, Some(60)]);
}

#[test]
fn an_owner_that_another_has_moved_on_meanwhile_is_loaded_anew() {
    let mut before = Run::new();
    before.read(three()).loaded("ann").acknowledged(0).written("ann");
    let mut run = after(&before);
    run.read(three()).loaded("ann");
    // The process before is not dead yet, and writes what it had begun.
    before.acknowledged(1).written("ann");
    run.table = before.table.clone();
    run.found("ann").loaded("ann").found("ann");
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            read ann: added-0
        found ann
            load ann
        loaded ann
            read ann: added-1
        found ann
            write ann: state@1 batch@1 added-1@1
    "#]]);
}

#[test]
fn a_last_batch_without_rows_is_written_again_too() {
    let mut before = Run::new();
    before.read(vec![command(0, "ann", "price 0")]).loaded("ann").written("ann");
    let mut run = after(&before);
    run.read(vec![command(0, "ann", "price 0")]).rest();
    run.is(expect![[r#"
        read 0
            load ann
        loaded ann
            read ann: 
        found ann
            write ann: state@0 batch@0
        written ann
            verdict 0: done
        told 0
    "#]]);
}

#[test]
fn rows_that_cannot_be_read_end_the_run() {
    let mut table = Table::new();
    let mut before = Run::new();
    before.read(three()).loaded("ann").rest();
    table.extend(before.table.clone());
    for row in table.values_mut().flat_map(|rows| rows.values_mut()) {
        row.body = bytes::Bytes::from_static(b"rubbish");
    }
    let mut run = Run::from(start(), Options::default(), table);
    run.read(three());
    assert!(run.tries_to_load("ann", true).is_err());
}

#[test]
fn a_verdict_is_repeated_under_the_id_of_the_first_one() {
    let id = |run: &Run| {
        let [Effect::Verdict { record, .. }] = run.asked() else { panic!("one verdict") };
        let (name, value) = &record.headers[0];
        (*name, String::from_utf8_lossy(value).into_owned())
    };
    let mut before = Run::new();
    before.read(vec![command(0, "ann", "twice 5")]).loaded("ann");
    before.acknowledged(0).acknowledged(0).written("ann");
    let mut run = after(&before);
    run.read(vec![command(0, "ann", "twice 5")]).loaded("ann").found("ann").written("ann");
    assert_eq!(id(&before), ("ce_id", "1.4.0.128".to_owned()));
    assert_eq!(id(&run), id(&before));
}
