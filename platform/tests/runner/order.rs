//! Order: outputs before rows, rows before the verdict, the verdict before the checkpoint.

use expect_test::expect;
use musclemap_platform::runner::Options;

use crate::records::command;
use crate::run::Run;

#[test]
fn rows_wait_for_every_output_the_verdict_for_the_rows_the_checkpoint_for_the_verdict() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "twice 5")]).tick().loaded("ann");
    run.acknowledged(0).tick().acknowledged(0).tick().written("ann").tick().told(0).tick().checkpointed();
    assert!(run.core.is_idle());
    run.is(expect![[r#"
        read 0
            load ann
        tick
        loaded ann
            produce 0.0 event
            produce 0.1 event
        acknowledged 0
        tick
        acknowledged 0
            write ann: view@0 state@0 batch@0 added-0@0
        tick
        written ann
            verdict 0: 5
        tick
        told 0
        tick
            checkpoint 1 with policy 1, rules 1
        checkpointed
    "#]]);
}

#[test]
fn commands_are_decided_in_the_order_of_the_log_whichever_owner_comes_first() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1"), command(1, "bob", "add 2"), command(2, "ann", "add 3")]);
    run.loaded("bob").loaded("ann");
    run.is(expect![[r#"
        read 0 1 2
            load ann
            load bob
        loaded bob
        loaded ann
            produce 0.0 event
            produce 1.0 event
            produce 2.0 event
    "#]]);
}

#[test]
fn an_owner_is_written_for_the_commands_whose_outputs_are_acknowledged_without_a_gap() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1"), command(1, "ann", "add 2"), command(2, "ann", "add 3")]);
    run.loaded("ann").acknowledged(1).acknowledged(0).acknowledged(2).written("ann").written("ann");
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            produce 0.0 event
            produce 1.0 event
            produce 2.0 event
        acknowledged 1
        acknowledged 0
            write ann: view@0 view@1 state@1 batch@1 added-0@0 added-1@1
        acknowledged 2
        written ann
            verdict 0: 1
            verdict 1: 3
            write ann: view@2 state@2 batch@2 added-2@2
        written ann
            verdict 2: 6
    "#]]);
}

#[test]
fn one_owner_does_not_wait_for_another_but_the_checkpoint_does() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1"), command(1, "bob", "add 2")]).loaded("ann").loaded("bob");
    run.quietly().acknowledged(1).written("bob").told(1).tick();
    run.acknowledged(0).written("ann").told(0).tick();
    run.is(expect![[r#"
        acknowledged 1
            write bob: view@1 state@1 batch@1 added-1@1
        written bob
            verdict 1: 2
        told 1
        tick
        acknowledged 0
            write ann: view@0 state@0 batch@0 added-0@0
        written ann
            verdict 0: 1
        told 0
        tick
            checkpoint 2 with policy 1, rules 1
    "#]]);
}

#[test]
fn a_command_without_outputs_or_rows_is_still_stored_before_it_is_answered() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "price 0")]).loaded("ann").tick().written("ann").told(0).tick();
    run.is(expect![[r#"
        read 0
            load ann
        loaded ann
            write ann: state@0 batch@0
        tick
        written ann
            verdict 0: 1
        told 0
        tick
            checkpoint 1 with policy 1, rules 1
    "#]]);
}

#[test]
fn one_checkpoint_is_under_way_at_a_time_and_the_next_says_the_newest() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "price 0")]).loaded("ann").written("ann").told(0);
    run.quietly().tick().tick();
    run.read(vec![command(1, "ann", "price 0")]).written("ann").told(1).tick().checkpointed();
    assert!(!run.core.is_idle());
    run.tick().checkpointed().tick();
    assert!(run.core.is_idle());
    run.is(expect![[r#"
        tick
            checkpoint 1 with policy 1, rules 1
        tick
        read 1
            write ann: state@1 batch@1
        written ann
            verdict 1: 1
        told 1
        tick
        checkpointed
        tick
            checkpoint 2 with policy 1, rules 1
        checkpointed
        tick
    "#]]);
}

#[test]
fn no_more_is_in_flight_than_allowed_and_what_settles_makes_room_at_once() {
    let mut run = Run::bounded(Options { in_flight: 1, ..Options::default() });
    run.read(vec![command(0, "ann", "price 0"), command(1, "ann", "price 0")]);
    run.loaded("ann").written("ann").told(0);
    run.is(expect![[r#"
        read 0 1
            load ann
        loaded ann
            write ann: state@0 batch@0
        written ann
            verdict 0: 1
        told 0
            write ann: state@1 batch@1
    "#]]);
}

#[test]
fn no_more_is_read_ahead_than_allowed() {
    let mut run = Run::bounded(Options { read_ahead: 2, ..Options::default() });
    run.read(vec![command(0, "ann", "add 1")]);
    assert!(run.core.has_room());
    run.read(vec![command(1, "ann", "add 1")]);
    assert!(!run.core.has_room());
    run.loaded("ann");
    assert!(run.core.has_room());
}

#[test]
fn a_partition_that_is_given_up_finishes_what_it_began_and_nothing_else() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1"), command(1, "bob", "add 2")]).loaded("ann");
    run.core.stop_deciding();
    run.quietly().loaded("bob").rest().tick().checkpointed();
    assert!(run.core.is_idle());
    run.is(expect![[r#"
        loaded bob
        acknowledged 0
            write ann: view@0 state@0 batch@0 added-0@0
        written ann
            verdict 0: 1
        told 0
        tick
            checkpoint 1 with policy 1, rules 1
        checkpointed
    "#]]);
}
