//! A queue that is full drops nothing but itself.

use std::sync::Arc;

use futures::FutureExt;

use graphql::live::Filter;

use super::client::taken_in_part;
use super::world::{World, conversation};
use crate::hub::Hub;

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
    let mut ann =
        world.listens_to(&node, "ann", &Filter::MessageUpdated { conversation: conversation("k1") });
    let messages: Vec<_> = (0..10).map(|n| world.says("k1", "bob", &n.to_string())).collect();
    world.deletes("k1", &messages[0]);
    world.enters(&node);
    assert_eq!(ann.gets(), ["bob took it back"]);
}

#[test]
fn a_shard_is_told_once_of_what_waits_and_of_an_overflow() {
    let (mut world, node) = narrow();
    let ann = world.listens(&node, "ann");
    let told = || {
        let mut waiting = vec![];
        node.waiting(&mut waiting);
        (node.wake.notified().now_or_never().is_some(), waiting)
    };
    assert_eq!(told(), (false, vec![]));
    let mut says = |text| {
        world.says("k1", "bob", text);
        world.enters(&node);
    };
    says("one");
    assert_eq!(told(), (true, vec![ann.id]));
    says("two");
    says("three");
    assert_eq!(told(), (false, vec![]), "it knows");
    says("four");
    assert_eq!(told(), (true, vec![ann.id]));
    assert!(ann.has_overflowed());
}

#[test]
fn what_is_taken_in_part_is_not_told_again_before_it_is_empty() {
    let (mut world, node) = narrow();
    let ann = world.listens(&node, "ann");
    let mut waiting = vec![];
    world.says("k1", "bob", "one");
    world.says("k1", "bob", "two");
    world.enters(&node);
    node.waiting(&mut waiting);
    let took = |most| taken_in_part(&node, ann.id, most).unwrap();
    let (mut frames, taken) = took(1);
    assert!(!taken.is_all);
    world.says("k1", "bob", "three");
    world.enters(&node);
    node.waiting(&mut waiting);
    assert_eq!(waiting, [ann.id], "once");
    assert_eq!(node.quiet(ann.id), None);
    let (rest, taken) = took(2);
    assert!(taken.is_all);
    frames.extend(rest);
    assert_eq!((node.quiet(ann.id).as_ref(), frames.len()), (Some(&frames[2].cursor), 3));
    world.says("k1", "bob", "four");
    world.enters(&node);
    node.waiting(&mut waiting);
    assert_eq!(waiting, [ann.id, ann.id], "once more");
}

#[test]
fn of_receipts_that_wait_the_newest_of_each_reader_stay() {
    let (mut world, node) = narrow();
    let bob = world.listens(&node, "bob");
    let messages: Vec<_> = (0..4).map(|n| world.says("k1", "bob", &n.to_string()).seq).collect();
    world.enters(&node);
    assert!(bob.has_overflowed(), "messages are not dropped");
    let (mut bob, mut next) = world.comes_back(&node, "bob", &bob.goes(), world.rows_of("bob"));
    while !node.catch_up(bob.id, &mut next, 2).unwrap() {
        bob.frames();
    }
    bob.frames();
    world.reads("k1", "ann", messages[0]);
    world.says("k1", "ann", "a word");
    world.reads("k1", "ann", messages[1]);
    world.reads("k1", "ann", messages[2]);
    world.reads("k1", "bob", messages[1]);
    world.enters(&node);
    assert_eq!(bob.gets(), ["a word", "ann has read 3", "bob has read 2"]);
    assert!(world.resumes(&node, "bob", &bob.goes()).gets().is_empty(), "what was dropped was passed");
}
