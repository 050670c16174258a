//! A queue that is full drops nothing but itself.

use std::sync::Arc;

use futures::FutureExt;

use super::world::{World, conversation, user};
use crate::hub::{Hub, Interest};

/// `k1` of `ann` and `bob`, on a node whose queues hold three.
fn narrow() -> (World, Arc<Hub>) {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node_with(usize::MAX, 3);
    world.enters(&node);
    (world, node)
}

#[test]
fn a_full_queue_overflows_whole_and_disturbs_nobody() {
    let (mut world, node) = narrow();
    let (ann, mut bob) = (world.listens(&node, "ann"), world.listens(&node, "bob"));
    for text in ["one", "two", "three"] {
        world.says("k1", "bob", text);
    }
    world.enters(&node);
    assert_eq!(bob.gets(), ["one", "two", "three"], "as many as it holds");
    world.says("k1", "bob", "four");
    world.enters(&node);
    assert!(ann.has_overflowed());
    assert_eq!(bob.gets(), ["four"]);
    world.says("k1", "bob", "five");
    world.enters(&node);
    assert!(ann.has_overflowed(), "for good");
    assert_eq!(bob.gets(), ["five"]);
    let (mut ann, mut next) = world.comes_back(&node, "ann", &ann.goes(), world.rows_of("ann"));
    let mut got = vec![];
    while !node.catch_up(ann.id, &mut next, 2).unwrap() {
        got.extend(ann.gets());
    }
    got.extend(ann.gets());
    assert_eq!(got, ["one", "two", "three", "four", "five"], "at the last cursor it goes on");
}

#[test]
fn what_is_taken_makes_room() {
    let (mut world, node) = narrow();
    let mut ann = world.listens(&node, "ann");
    for text in ["one", "two", "three", "four", "five", "six", "seven"] {
        world.says("k1", "bob", text);
        world.enters(&node);
        assert_eq!(ann.gets(), [text]);
    }
}

#[test]
fn what_does_not_interest_takes_no_room() {
    let (mut world, node) = narrow();
    let mut ann = world.listens_to(&node, "ann", Interest::UpdatesOf(conversation("k1")));
    let messages: Vec<_> = (0..10).map(|n| world.says("k1", "bob", &n.to_string())).collect();
    world.deletes("k1", &messages[0]);
    world.enters(&node);
    assert_eq!(ann.gets(), ["bob took it back"]);
}

#[test]
fn an_overflow_wakes_whoever_waits() {
    let (mut world, node) = narrow();
    let (settled, reach, rows) = (node.settled(), node.reach(), world.rows_of("ann"));
    let (id, wake) = node.open(&user("ann"), Interest::Inbox, world.start(), rows, &reach).unwrap();
    node.go_live_fresh(id, &settled, |_| true).unwrap();
    for text in ["one", "two", "three"] {
        world.says("k1", "bob", text);
    }
    world.enters(&node);
    assert!(wake.notified().now_or_never().is_some());
    world.says("k1", "bob", "four");
    world.enters(&node);
    assert!(wake.notified().now_or_never().is_some());
    assert!(node.take(id).is_none());
}
