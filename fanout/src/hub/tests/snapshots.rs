//! Snapshots in memory, and the cursors that refer to them.

use super::world::World;
use crate::lanes::Lane;

/// `ann` in a conversation of each lane, and one word in each.
fn two_lanes() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.opens("k2", &["ann"]);
    world
}

#[test]
fn adopting_drops_the_lanes_that_are_covered_and_keeps_those_beyond() {
    let mut world = two_lanes();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.enters(&node);
    let covers_both = world.snapshot(&node);
    world.says("k2", "bob", "beyond it");
    world.enters(&node);
    ann.gets();
    assert_eq!(ann.cursor.beyond.as_slice(), [(Lane(0), 1), (Lane(1), 2)]);
    node.adopt(covers_both.clone());
    ann.is_pinged();
    assert_eq!(ann.cursor.snapshot, covers_both.id);
    assert_eq!(ann.cursor.beyond.as_slice(), [(Lane(1), 2)]);
    assert!(world.resumes(&node, "ann", &ann.goes()).gets().is_empty());
}

#[test]
fn frames_that_wait_keep_the_cursor_that_they_were_given() {
    let mut world = two_lanes();
    let node = world.node();
    let mut ann = world.listens(&node, "ann");
    world.enters(&node);
    let (start, snapshot) = (node.settled(), world.snapshot(&node));
    node.adopt(snapshot.clone());
    world.says("k1", "bob", "one");
    world.enters(&node);
    let frames = ann.frames();
    let cursors: Vec<_> = frames.iter().map(|frame| frame.cursor.clone()).collect();
    let snapshots: Vec<_> = cursors.iter().map(|cursor| &cursor.snapshot).collect();
    assert_eq!(snapshots, [&start.id, &start.id, &snapshot.id]);
    let beyond: Vec<_> = cursors.iter().map(|cursor| cursor.beyond.as_slice()).collect();
    let expected = [&[(Lane(0), 1)][..], &[(Lane(0), 1), (Lane(1), 1)], &[(Lane(0), 2)]];
    assert_eq!(beyond, expected);
    let rests = [vec!["one", "k2 opened"], vec!["one"], vec![]];
    for (cursor, rest) in cursors.iter().zip(rests) {
        assert_eq!(world.resumes(&node, "ann", cursor).gets(), rest);
    }
}

#[test]
fn who_is_still_catching_up_keeps_the_snapshot_that_they_came_with() {
    let mut world = two_lanes();
    let node = world.node();
    world.enters(&node);
    let start = world.start();
    let (mut ann, mut next) = world.comes_back(&node, "ann", &start, world.rows_of("ann"));
    assert_eq!(node.catch_up(ann.id, &mut next, 1), Ok(false));
    node.adopt(world.snapshot(&node));
    assert_eq!(ann.gets(), ["k1 opened"]);
    assert_eq!(ann.cursor.snapshot, start.snapshot, "it has not got what the newer one covers");
    let mut ann = world.resumes(&node, "ann", &ann.goes());
    assert_eq!(ann.gets(), ["k2 opened"]);
}

#[test]
fn the_newest_stored_and_the_newest_settled_are_remembered() {
    let mut world = two_lanes();
    let node = world.node();
    let start = node.settled();
    let (one, two) = (world.snapshot(&node), world.snapshot(&node));
    node.adopt(one.clone());
    assert_eq!((node.newest(), node.settled()), (one.clone(), start.clone()));
    node.settle(one.clone());
    assert!(node.remembers(start.id).is_none());
    node.adopt(two.clone());
    assert_eq!((node.newest(), node.settled()), (two.clone(), one.clone()));
    assert_eq!(node.remembers(one.id), Some(one));
    assert_eq!(node.remembers(two.id), Some(two));
}
