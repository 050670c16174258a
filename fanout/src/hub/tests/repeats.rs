//! What repeats in a lane is dropped by counting; what is no event is passed over.

use super::world::{World, entries};
use crate::lanes::Lane;

#[test]
fn what_a_lane_says_again_is_dropped() {
    let mut world = World::new();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.opens("k1", &["ann"]);
    world.says("k1", "bob", "one");
    world.says("k1", "bob", "two");
    world.repeats(Lane(0), 0..3);
    world.says("k1", "bob", "three");
    world.repeats(Lane(0), 1..2);
    world.repeats(Lane(0), 0..7);
    world.enters(&node);
    assert_eq!(ann.gets(), ["k1 opened", "one", "two", "three"]);
    assert_eq!(node.positions()[0].next, 15, "it is passed nevertheless");
}

#[test]
fn outputs_of_one_command_are_told_apart() {
    let mut world = World::new();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.adds("k1", "ann");
    world.repeats(Lane(0), 0..1);
    world.repeats(Lane(0), 0..2);
    world.enters(&node);
    assert_eq!(ann.gets(), ["members of k1", "ann in k1: added"]);
}

#[test]
fn records_that_are_read_a_second_time_are_dropped() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.says("k1", "bob", "one");
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    for _ in 0..2 {
        node.enter(Lane(0), &entries(Lane(0), world.records(Lane(0))));
    }
    assert_eq!(ann.gets(), ["k1 opened", "one"]);
    assert_eq!(node.positions()[0].next, 2);
}

#[test]
fn a_node_that_starts_at_a_snapshot_drops_what_repeats_from_before_it() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.says("k1", "bob", "one");
    world.says("k1", "bob", "two");
    let before = world.node();
    world.enters(&before);
    let snapshot = world.snapshot(&before);
    world.repeats(Lane(0), 1..3);
    world.says("k1", "bob", "three");
    let after = world.node_at(&snapshot);
    let mut ann = world.listens(&after, "ann");
    world.enters(&after);
    assert_eq!(ann.gets(), ["three"]);

    let mut numberless = (*snapshot).clone();
    numberless.positions.iter_mut().for_each(|position| position.number = None);
    let forgetful = world.node_at(&numberless);
    let mut ann = world.listens(&forgetful, "ann");
    world.enters(&forgetful);
    assert_eq!(ann.gets(), ["one", "two", "three"], "it is the number that tells");
}

#[test]
fn each_lane_counts_for_itself() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.opens("k2", &["ann"]);
    world.says("k1", "bob", "late in lane 0");
    world.says("k2", "bob", "later in lane 1");
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.enters_some(&node, Lane(1), 2);
    world.enters_some(&node, Lane(0), 2);
    assert_eq!(ann.gets(), ["k2 opened", "later in lane 1", "k1 opened", "late in lane 0"]);
}

#[test]
fn what_is_no_event_is_passed_over() {
    let mut world = World::new();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.opens("k1", &["ann"]);
    world.is_littered(Lane(0));
    world.says("k1", "bob", "one");
    world.is_littered(Lane(0));
    world.enters(&node);
    assert_eq!(ann.gets(), ["k1 opened", "one"]);
    let position = node.positions()[0];
    assert_eq!(position.next, 4);
    let cursor = ann.goes();
    assert!(world.resumes(&node, "ann", &cursor).gets().is_empty());
}
