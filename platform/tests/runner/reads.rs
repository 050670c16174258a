//! Reads of rows: what arrives counts only if it still fits what is in memory.

use expect_test::expect;
use musclemap_platform::runner::Options;

use crate::records::{command, start};
use crate::run::{Run, Table};

#[test]
fn a_read_in_flight_is_void_once_its_owner_has_left_memory() {
    let mut run = Run::bounded(Options { owners: 1, ..Options::default() });
    run.read(vec![command(0, "bob", "add 1"), command(1, "ann", "find 7")]);
    run.loaded("ann").loaded("bob").acknowledged(0);
    let (read, rows) = run.take_read("ann");
    run.written("bob").loaded("ann").answer("ann", read, rows).found("ann");
    run.is(expect![[r#"
        read 0 1
            load bob
            load ann
        loaded ann
        loaded bob
            produce 0.0 event
            read ann: added-7
        acknowledged 0
            write bob: view@0 state@0 batch@0 added-0@0
        written bob
            verdict 0: 1
            load ann
        loaded ann
            read ann: added-7
        found ann
        found ann
            write ann: state@1 batch@1
    "#]]);
}

#[test]
fn rows_count_only_if_the_state_read_with_them_is_the_one_in_memory() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1")]).loaded("ann").rest();
    run.quietly().read(vec![command(1, "ann", "find 0"), command(2, "ann", "find 1")]);
    // The read saw what stood before the write of #1, and arrives after it.
    let (read, rows) = run.take_read("ann");
    run.written("ann").answer("ann", read, rows).rest();
    run.is(expect![[r#"
        read 1 2
            write ann: state@1 batch@1
            read ann: added-1
        written ann
            verdict 1: 0
        found ann
            load ann
        told 1
        loaded ann
            read ann: 
        found ann
            write ann: state@1 batch@1
        written ann
            read ann: added-1
        found ann
            write ann: state@2 batch@2
        written ann
            verdict 2: NOT_FOUND
        told 2
    "#]]);
}

#[test]
fn an_owner_that_somebody_else_has_written_is_dropped_and_loaded_anew() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "price 0"), command(1, "ann", "find 7")]).loaded("ann");
    run.written("ann").quietly();
    // A newer owner of the partition is ahead of this one, and has decided the find.
    let mut newer = Run::from(start(), Options::default(), run.table.clone());
    newer.read(vec![command(0, "ann", "price 0"), command(1, "ann", "find 7")]).rest();
    run.table = newer.table.clone();
    run.found("ann").rest();
    run.is(expect![[r#"
        found ann
            load ann
        told 0
        loaded ann
            read ann: 
        found ann
            write ann: state@1 batch@1
        written ann
            read ann: added-7
        found ann
            verdict 1: NOT_FOUND
        told 1
    "#]]);
}

#[test]
fn a_table_is_asked_once_for_what_many_commands_need() {
    let mut run = Run::from(start(), Options::default(), Table::new());
    run.read(vec![command(0, "ann", "find 3"), command(1, "ann", "find 3")]);
    run.read(vec![command(2, "ann", "find 3"), command(3, "bob", "add 1")]).loaded("bob").loaded("ann");
    run.found("ann");
    run.is(expect![[r#"
        read 0 1
            load ann
        read 2 3
            load bob
        loaded bob
        loaded ann
            read ann: added-3
        found ann
            write ann: state@0 batch@0
            produce 3.0 event
    "#]]);
}

#[test]
fn what_is_loaded_with_an_owner_is_read_by_key_only_where_there_was_too_much_to_load() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "known 0"), command(1, "bob", "known 0")]);
    run.loaded("ann").loaded_in_part("bob").found("bob");
    run.is(expect![[r#"
        read 0 1
            load ann
            load bob
        loaded ann
            write ann: state@0 batch@0
        loaded bob
            read bob: client
        found bob
            write bob: state@1 batch@1
    "#]]);
}
