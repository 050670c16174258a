//! Resuming at a cursor: exactly what came after it, then live, and nothing falls between.

use super::client::{Client, offsets, taken};
use super::world::World;
use crate::lanes::Lane;

/// Six events for `ann` in lane 0 and three in lane 1, among others that are not for her.
fn eventful() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    world.opens("k2", &["ann", "cleo"]);
    world.opens("k3", &["bob", "cleo"]);
    for text in ["one", "two", "three", "four", "five"] {
        world.says("k1", "bob", text);
        world.says("k3", "bob", "not for ann");
    }
    world.says("k2", "cleo", "uno");
    world.says("k2", "cleo", "due");
    world
}

const IN_ORDER: [&str; 9] = ["k1 opened", "one", "two", "three", "four", "five", "k2 opened", "uno", "due"];

#[test]
fn each_cursor_resumes_with_exactly_what_came_after_it() {
    let world = eventful();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    // The lanes take turns, so that each cursor names a place in both.
    for _ in 0..20 {
        world.enters_some(&node, Lane(0), 1);
        world.enters_some(&node, Lane(1), 1);
    }
    let frames = ann.frames();
    assert_eq!(frames.len(), IN_ORDER.len());
    let mut cursors = vec![world.start()];
    cursors.extend(frames.iter().map(|frame| frame.cursor.clone()));
    for (passed, cursor) in cursors.iter().enumerate() {
        let mut rest = offsets(&frames[passed..]);
        rest.sort();
        let resumed = world.resumes(&node, "ann", cursor).frames();
        assert_eq!(offsets(&resumed), rest, "after {passed}");
    }
}

#[test]
fn it_comes_in_steps_that_fit_the_queue() {
    let world = eventful();
    let node = world.node_with(usize::MAX, 4);
    world.enters(&node);
    for (most, steps) in [(4, vec![4, 4, 1]), (3, vec![3, 3, 3]), (2, vec![2, 2, 2, 2, 1])] {
        let (mut ann, mut next) = world.comes_back(&node, "ann", &world.start(), world.rows_of("ann"));
        let (mut got, mut sizes) = (vec![], vec![]);
        loop {
            let live = node.catch_up(ann.id, &mut next, most).unwrap();
            let step = ann.gets();
            sizes.push(step.len());
            got.extend(step);
            if live {
                break;
            }
        }
        assert_eq!(sizes, steps);
        assert_eq!(got, IN_ORDER);
        ann.goes();
    }
}

#[test]
fn what_enters_between_the_steps_and_after_them_is_not_lost() {
    let mut world = eventful();
    let node = world.node();
    world.enters(&node);
    let (mut ann, mut next) = world.comes_back(&node, "ann", &world.start(), world.rows_of("ann"));
    assert_eq!(node.catch_up(ann.id, &mut next, 7), Ok(false));
    let mut got = ann.gets();
    world.says("k1", "bob", "in a lane that is read already");
    world.says("k2", "cleo", "in the lane that is being read");
    world.enters(&node);
    assert_eq!(node.catch_up(ann.id, &mut next, 7), Ok(true));
    world.says("k1", "bob", "live, behind what waits");
    world.enters(&node);
    got.extend(ann.gets());
    let expected = [
        "in a lane that is read already",
        "uno",
        "due",
        "in the lane that is being read",
        "live, behind what waits",
    ];
    assert_eq!(got[..7], IN_ORDER[..7]);
    assert_eq!(got[7..], expected);
}

#[test]
fn who_goes_before_all_is_caught_up_goes_on_where_it_was() {
    let world = eventful();
    let node = world.node();
    world.enters(&node);
    let (mut ann, mut next) = world.comes_back(&node, "ann", &world.start(), world.rows_of("ann"));
    node.catch_up(ann.id, &mut next, 4).unwrap();
    let mut got = ann.gets();
    node.catch_up(ann.id, &mut next, 4).unwrap();
    let mut ann: Client = world.resumes(&node, "ann", &ann.goes());
    got.extend(ann.gets());
    assert_eq!(got, IN_ORDER, "the second step was lost with its socket");
}

#[test]
fn what_a_ring_does_not_hold_any_more_is_named() {
    let mut world = eventful();
    let node = world.node_with(0, 10);
    let mut ann = world.listens(&node, "ann");
    world.enters_some(&node, Lane(1), 2);
    let old = ann.frames().pop().unwrap().cursor;
    world.enters_some(&node, Lane(1), 1);
    let newer = ann.frames().pop().unwrap().cursor;
    node.settle(world.snapshot(&node));
    assert_eq!(node.ring_start(Lane(1)), 3);
    let (ann, mut next) = world.comes_back(&node, "ann", &old, world.rows_of("ann"));
    assert_eq!(node.catch_up(ann.id, &mut next, 10), Err(Lane(1)));
    assert!(taken(&node, ann.id).unwrap().0.is_empty());
    let (ann, mut next) = world.comes_back(&node, "ann", &newer, world.rows_of("ann"));
    assert_eq!(node.catch_up(ann.id, &mut next, 10), Ok(true), "at the very start of the ring");
    ann.goes();
}

#[test]
fn a_ring_that_moves_on_between_two_steps_is_named() {
    let mut world = eventful();
    let node = world.node_with(0, 10);
    world.enters(&node);
    let (mut ann, mut next) = world.comes_back(&node, "ann", &world.start(), world.rows_of("ann"));
    assert_eq!(node.catch_up(ann.id, &mut next, 2), Ok(false));
    assert_eq!(ann.gets(), IN_ORDER[..2]);
    node.settle(world.snapshot(&node));
    assert_eq!(node.catch_up(ann.id, &mut next, 2), Err(Lane(0)));
}
