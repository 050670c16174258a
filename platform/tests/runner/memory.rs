//! Owners in memory: as many as allowed, and never without what is unwritten.

use expect_test::expect;
use musclemap_platform::ports::Record;
use musclemap_platform::runner::Options;
use schemas::position::Offset;

use crate::records::{caused_by, command, start};
use crate::run::Run;

fn two() -> Options {
    Options { owners: 2, ..Options::default() }
}

fn each(offsets: std::ops::Range<Offset>) -> impl Iterator<Item = Record> {
    offsets.map(|offset| command(offset, &format!("user-{offset}"), "add 1"))
}

#[test]
fn owners_used_longest_ago_leave_memory_once_they_are_written() {
    let mut run = Run::bounded(two());
    for record in each(0..10) {
        run.read(vec![record]).rest();
        assert!(run.core.owners() <= 2);
    }
    run.quietly().read(vec![command(10, "user-9", "price 0"), command(11, "user-0", "price 0")]);
    run.is(expect![[r#"
        read 10 11
            load user-0
            write user-9: state@10 batch@10
    "#]]);
}

#[test]
fn an_owner_with_too_many_rows_leaves_memory_once_it_is_written() {
    let mut run = Run::bounded(Options { owner_rows: 3, ..Options::default() });
    for offset in 0..3 {
        run.read(vec![command(offset, "user-0", "add 1")]).rest();
        assert_eq!(run.core.owners(), 1);
    }
    run.read(vec![command(3, "user-0", "add 1")]);
    assert_eq!(run.core.owners(), 1, "not while its rows are unwritten");
    run.rest();
    assert_eq!(run.core.owners(), 0);
}

#[test]
fn an_owner_with_unwritten_rows_stays_however_many_there_are() {
    let mut run = Run::bounded(two());
    run.read(each(0..10).collect());
    for offset in 0..10 {
        run.loaded(&format!("user-{offset}"));
    }
    for offset in 0..5 {
        run.acknowledged(offset).written(&format!("user-{offset}"));
    }
    assert_eq!(run.core.owners(), 5);
    // What was decided on them is still there: nothing is loaded.
    run.quietly().read(vec![command(10, "user-9", "add 1")]).rest();
    run.is(expect![[r#"
        read 10
            produce 10.0 event
        acknowledged 5
            write user-5: view@5 state@5 batch@5 added-5@5
        acknowledged 6
            write user-6: view@6 state@6 batch@6 added-6@6
        acknowledged 7
            write user-7: view@7 state@7 batch@7 added-7@7
        acknowledged 8
            write user-8: view@8 state@8 batch@8 added-8@8
        acknowledged 9
            write user-9: view@9 state@9 batch@9 added-9@9
        told 0
        told 1
        told 2
        told 3
        told 4
        acknowledged 10
        written user-5
            verdict 5: 1
        written user-6
            verdict 6: 1
        written user-7
            verdict 7: 1
        written user-8
            verdict 8: 1
        written user-9
            verdict 9: 1
            write user-9: view@10 state@10 batch@10 added-10@10
        told 5
        told 6
        told 7
        told 8
        told 9
        written user-9
            verdict 10: 2
        told 10
    "#]]);
}

#[test]
fn owners_leave_memory_while_everything_is_told_again() {
    let mut before = Run::new();
    before.read(each(0..50).collect()).rest();
    let mut run = Run::from(start(), two(), before.table.clone());
    for record in each(0..50) {
        run.read(vec![record]).rest();
        assert!(run.core.owners() <= 3, "{} owners", run.core.owners());
    }
}

#[test]
fn owners_leave_memory_while_everything_is_dropped_as_a_repeat() {
    let mut run = Run::bounded(two());
    run.read(vec![caused_by(command(0, "ann", "add 1"), 3, 1_000, 0)]).rest();
    for offset in 1..50 {
        let repeat = caused_by(command(offset, &format!("user-{offset}"), "add 1"), 3, offset, 0);
        run.read(vec![repeat]).rest();
        assert!(run.core.owners() <= 3, "{} owners", run.core.owners());
    }
}

#[test]
fn what_can_be_read_again_does_not_pile_up() {
    let mut run = Run::new();
    for offset in 0..600 {
        run.read(vec![command(offset, "ann", "add 1")]).rest();
    }
    run.quietly().read(vec![command(600, "ann", "find 599"), command(601, "ann", "find 3")]).rest();
    run.is(expect![[r#"
        read 600 601
            write ann: state@600 batch@600
            read ann: added-3
        written ann
            verdict 600: 599
        found ann
            write ann: state@601 batch@601
        told 600
        written ann
            verdict 601: 3
        told 601
    "#]]);
}
