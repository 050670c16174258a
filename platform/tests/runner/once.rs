//! Commands that an operator replays: under one key they have their effect once.

use expect_test::expect;

use crate::records::{command, once};
use crate::run::Run;

#[test]
fn what_is_replayed_again_under_its_key_changes_nothing_more() {
    let mut run = Run::new();
    let replay = |offset| once(command(offset, "ann", "add 5"), "letter");
    run.read(vec![replay(0), replay(1), command(2, "ann", "add 1")]);
    run.loaded("ann").found("ann").rest();
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            read ann: once-letter
        found ann
            produce 0.0 event
            produce 2.0 event
        acknowledged 0
            write ann: view@0 state@1 batch@1 added-0@0 once-letter@0
        acknowledged 2
        written ann
            verdict 0: 5
            verdict 1: done
            write ann: view@2 state@2 batch@2 added-2@2
        told 0
        told 1
        written ann
            verdict 2: 6
        told 2
    "#]]);
}

#[test]
fn the_key_is_looked_up_where_the_owner_is_new_in_memory() {
    let mut first = Run::new();
    first.read(vec![once(command(0, "ann", "add 5"), "letter")]).loaded("ann").found("ann").rest();
    let mut later = Run::from(first.checkpoint.clone(), Default::default(), first.table.clone());
    later.read(vec![once(command(1, "ann", "add 5"), "letter"), once(command(2, "ann", "panic 0"), "other")]);
    later.loaded("ann").found("ann").written("ann").found("ann").rest();
    later.is(expect![[r#"
        read 1 2
            load ann
        loaded ann
            read ann: added-0 once-letter
        found ann
            write ann: state@0 batch@0 added-0@0 once-letter@0
        written ann
            read ann: once-letter
        found ann
            write ann: state@1 batch@1
            read ann: once-other
        written ann
            verdict 1: done
        found ann
            produce 2.0 dead letter of 4.2: the decision panicked
        told 1
        acknowledged 2
            write ann: state@2 batch@2
        written ann
            verdict 2: INTERNAL_SERVER_ERROR
        told 2
    "#]]);
}
