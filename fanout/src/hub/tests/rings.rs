//! How far the rings reach back.

use super::world::{LANES, World, user};
use crate::hub::Hub;
use crate::lanes::Lane;

/// Each record of the logs below, as a ring counts it: they are all alike.
fn bytes_of_one(world: &World) -> usize {
    let record = world.records(Lane(0)).last().unwrap();
    record.value.len() + 256
}

/// Ten messages in `k1`, then ten in `k2`.
fn chatter() -> World {
    let mut world = World::new();
    for k in ["k1", "k2"] {
        for n in 0..10 {
            world.says(k, "bob", &n.to_string());
        }
    }
    world
}

fn starts(node: &Hub) -> Vec<i64> {
    LANES.all().map(|lane| node.ring_start(lane)).collect()
}

#[test]
fn nothing_is_trimmed_beyond_the_settled_snapshot_whatever_the_bound() {
    let mut world = chatter();
    let node = world.node_with(0, 100);
    world.enters_some(&node, Lane(0), 4);
    world.enters_some(&node, Lane(1), 7);
    let snapshot = world.snapshot(&node);
    world.enters(&node);
    assert_eq!(starts(&node), [0, 0, 0, 0], "the rings start at the first snapshot");
    node.adopt(snapshot.clone());
    assert_eq!(starts(&node), [0, 0, 0, 0], "a stored snapshot is not a settled one");
    node.settle(snapshot);
    assert_eq!(starts(&node), [4, 7, 0, 0]);
}

#[test]
fn rings_that_keep_within_the_bound_are_left_alone() {
    let mut world = chatter();
    let node = world.node_with(20 * bytes_of_one(&world), 100);
    world.enters(&node);
    node.settle(world.snapshot(&node));
    assert_eq!(starts(&node), [0, 0, 0, 0]);
}

#[test]
fn no_more_is_trimmed_than_the_bound_demands() {
    for (fit, trimmed) in [(19, 1), (15, 5), (8, 12), (0, 20)] {
        let mut world = chatter();
        let node = world.node_with(fit * bytes_of_one(&world), 100);
        world.enters(&node);
        node.settle(world.snapshot(&node));
        assert_eq!(starts(&node).iter().sum::<i64>(), trimmed, "{fit} fit");
    }
}

#[test]
fn what_is_trimmed_makes_room() {
    let mut world = chatter();
    let node = world.node_with(20 * bytes_of_one(&world), 100);
    world.enters(&node);
    for round in 1..10 {
        world.says("k1", "bob", "x");
        world.enters(&node);
        node.settle(world.snapshot(&node));
        assert_eq!(starts(&node), [round, 0, 0, 0]);
    }
}

#[test]
fn the_rings_hold_what_is_not_settled() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    let node = world.node_with(0, 100);
    let _ann = world.listens(&node, "ann");
    world.enters(&node);
    node.settle(world.snapshot(&node));
    world.says("k1", "bob", "one");
    world.says("k1", "bob", "two");
    world.enters(&node);
    let since = |name| node.since_settled(&user(name)).iter().map(|event| event.offset).collect::<Vec<_>>();
    assert_eq!(since("ann"), [1, 2]);
    assert!(since("eve").is_empty());
}
