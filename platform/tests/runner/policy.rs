//! Control records: policy and rules come in force at their offset, on every replay.

use expect_test::expect;
use musclemap_platform::runner::{Options, RunnerError};
use schemas::control::RULES;

use crate::records::{command, control};
use crate::run::Run;

#[test]
fn a_policy_comes_in_force_at_its_offset_and_the_checkpoint_says_what_held_at_its_own() {
    let mut run = Run::new();
    run.read(vec![
        command(0, "ann", "price 0"),
        control(1, Some(2), None),
        command(2, "bob", "price 0"),
        control(3, Some(3), Some(RULES)),
    ]);
    run.loaded("ann").loaded("bob").written("ann").told(0).tick().checkpointed();
    run.written("bob").told(2).tick();
    run.is(expect![[r#"
        read 0 1 2 3
            load ann
            load bob
        loaded ann
            write ann: state@0 batch@0
        loaded bob
            write bob: state@2 batch@2
        written ann
            verdict 0: 1
        told 0
        tick
            checkpoint 2 with policy 2, rules 1
        checkpointed
        written bob
            verdict 2: 2
        told 2
        tick
            checkpoint 4 with policy 3, rules 1
    "#]]);
}

#[test]
fn a_new_owner_goes_on_with_the_policy_of_its_checkpoint() {
    let mut run = Run::new();
    run.read(vec![control(0, Some(2), None), command(1, "ann", "price 0")]).tick().checkpointed();
    // The command was decided and not checkpointed; another process decides it again.
    let mut next = Run::from(run.checkpoint.clone(), Options::default(), run.table.clone());
    next.read(vec![command(1, "ann", "price 0")]).loaded("ann").rest();
    next.is(expect![[r#"
        read 1
            load ann
        loaded ann
            write ann: state@1 batch@1
        written ann
            verdict 1: 2
        told 1
    "#]]);
}

#[test]
fn a_policy_that_is_not_newer_changes_nothing() {
    let mut run = Run::new();
    run.read(vec![control(0, Some(5), None), control(1, Some(4), None), command(2, "ann", "price 0")]);
    run.loaded("ann").written("ann");
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            write ann: state@2 batch@2
        written ann
            verdict 2: 5
    "#]]);
}

#[test]
fn rules_that_this_build_does_not_know_end_the_run_before_anything_is_decided_by_them() {
    for (rules, known) in [(RULES - 2, false), (RULES - 1, true), (RULES, true), (RULES + 1, false)] {
        let mut run = Run::new();
        let read = run.tries_to_read(vec![control(0, None, Some(rules)), command(1, "ann", "add 1")]);
        match read {
            Ok(()) => assert!(known, "{rules}"),
            Err(RunnerError::UnknownRules { offset: 0, rules: named, .. }) => {
                assert!(!known && named == rules, "{rules}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn rules_never_fall() {
    let mut run = Run::new();
    run.read(vec![control(0, None, Some(RULES)), control(1, None, Some(RULES - 1))]).tick();
    run.is(expect![[r#"
        read 0 1
        tick
            checkpoint 2 with policy 1, rules 1
    "#]]);
}
