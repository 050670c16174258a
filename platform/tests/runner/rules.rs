//! What counts as a command depends on the rules in force at its position, not on the build.
//!
//! "thrice" counts from the rules 2 on.

use expect_test::expect;
use musclemap_platform::ports::Record;
use musclemap_platform::runner::effect::Effect;
use musclemap_platform::runner::{Options, RunnerError};

use crate::records::{charged, command, control, start};
use crate::run::Build;

/// Knows the rules 1 and 2.
type New = Build<2>;
/// Knows the rules 1 at most.
type Old = Build<1>;

/// What the rules 1 know, and what they do not, charged and not.
fn before() -> Vec<Record> {
    vec![
        command(0, "ann", "add 1"),
        charged(command(1, "ann", "thrice 5"), 77),
        command(2, "bob", "thrice 5"),
        command(3, "ann", "twice 2"),
    ]
}

fn after() -> Vec<Record> {
    vec![command(5, "ann", "thrice 5")]
}

/// Everything that was asked for and would reach the log or the tables, to the byte.
fn bytes<const KNOWN: i32>(run: &Build<KNOWN>) -> Vec<String> {
    let reads = |effect: &&Effect<_>| matches!(effect, Effect::Load { .. } | Effect::Read { .. });
    run.asked().iter().filter(|effect| !reads(effect)).map(|effect| format!("{effect:?}")).collect()
}

#[test]
fn an_operation_is_poison_and_refunded_before_its_rules_and_decided_after() {
    let mut run = New::new();
    run.read([before(), vec![control(4, None, Some(2))], after()].concat()).loaded("ann").loaded("bob");
    run.is(expect![[r#"
        read 0 1 2 3 4 5
            load ann
            load bob
        loaded ann
            produce 0.0 event
            produce 1.0 refund #77: INTERNAL_SERVER_ERROR
            produce 1.1 dead letter of 4.1: unknown schema id 999
            produce 2.0 dead letter of 4.2: unknown schema id 999
            produce 3.0 event
            produce 3.1 event
            produce 5.0 event
            produce 5.1 event
            produce 5.2 event
        loaded bob
    "#]]);
}

/// The body of a command that waits is decoded by the rules that the controls before it leave.
#[test]
fn what_was_read_together_with_a_control_counts_by_it() {
    let mut run = New::new();
    run.read(vec![command(0, "ann", "add 1"), control(1, None, Some(2)), command(2, "ann", "thrice 5")]);
    run.loaded("ann").tick();
    run.is(expect![[r#"
        read 0 1 2
            load ann
        loaded ann
            produce 0.0 event
            produce 2.0 event
            produce 2.1 event
            produce 2.2 event
        tick
    "#]]);
}

#[test]
fn two_builds_side_by_side_put_out_the_same_bytes_until_the_control_ends_the_older_one() {
    let (mut new, mut old) = (New::new(), Old::new());
    new.read(before()).loaded("ann");
    old.read(before()).loaded("ann");
    assert!(bytes(&new).len() >= 6, "{:?}", bytes(&new));
    assert_eq!(bytes(&new), bytes(&old));

    // The rows, too.
    new.rest().tick();
    old.rest().tick();
    assert_eq!(new.table, old.table);
    assert_eq!(bytes(&new), bytes(&old), "the same checkpoint");

    new.checkpointed().read(vec![control(4, None, Some(2))]);
    let ended = old.checkpointed().tries_to_read(vec![control(4, None, Some(2))]);
    assert!(matches!(ended, Err(RunnerError::UnknownRules { offset: 4, rules: 2, known: 1 })), "{ended:?}");
    new.quietly().read(after());
    new.is(expect![[r#"
        read 5
            produce 5.0 event
            produce 5.1 event
            produce 5.2 event
    "#]]);
}

/// A new build takes over what an old one left undone, and does what that one would have done.
#[test]
fn a_replay_by_a_newer_build_gives_the_same_bytes() {
    let mut old = Old::new();
    old.read(before()).loaded("ann");
    let mut new = New::from(start(), Options::default(), old.table.clone());
    new.read(before()).loaded("ann");
    assert_eq!(bytes(&new), bytes(&old));
}

/// An older build that is put back stops where it is started, not behind the control.
#[test]
fn the_rules_of_the_checkpoint_are_those_of_what_comes_after_it() {
    let mut run = New::new();
    run.read(vec![control(0, None, Some(2))]).tick().checkpointed();
    let mut next = New::from(run.checkpoint.clone(), Options::default(), run.table.clone());
    next.read(vec![command(1, "ann", "thrice 5")]).loaded("ann");
    next.is(expect![[r#"
        read 1
            load ann
        loaded ann
            produce 1.0 event
            produce 1.1 event
            produce 1.2 event
    "#]]);
}
