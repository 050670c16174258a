//! Resuming on a node that is behind the one that gave the cursor: nothing comes twice.

use std::sync::Arc;

use super::client::Client;
use super::world::World;
use crate::hub::Hub;
use crate::lanes::Lane;

/// A node that `ann` was told "one" and "two" by, in two lanes, and one that knows of neither.
fn ahead_and_behind() -> (World, Arc<Hub>, Arc<Hub>, Client) {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.opens("k2", &["ann"]);
    let (ahead, behind) = (world.node(), world.node());
    world.enters(&ahead);
    world.enters(&behind);
    let mut ann = world.listens(&ahead, "ann");
    world.says("k1", "bob", "one");
    world.says("k2", "bob", "two");
    world.enters(&ahead);
    assert_eq!(ann.gets(), ["one", "two"]);
    (world, ahead, behind, ann)
}

#[test]
fn what_the_cursor_is_beyond_does_not_come_again() {
    let (mut world, _, behind, ann) = ahead_and_behind();
    let mut ann = world.resumes(&behind, "ann", &ann.goes());
    assert!(ann.gets().is_empty());
    world.says("k1", "bob", "three");
    world.enters(&behind);
    assert_eq!(ann.gets(), ["three"]);
}

#[test]
fn what_the_cursors_snapshot_covers_does_not_come_again() {
    let (mut world, ahead, behind, mut ann) = ahead_and_behind();
    ahead.adopt(world.snapshot(&ahead));
    ann.is_pinged();
    assert!(ann.cursor.beyond.as_slice().is_empty(), "the snapshot says it all");
    let mut ann = world.resumes(&behind, "ann", &ann.goes());
    world.says("k1", "bob", "three");
    world.enters(&behind);
    assert_eq!(ann.gets(), ["three"]);
}

#[test]
fn a_node_that_catches_up_halfway_sends_the_other_half() {
    let (mut world, _, behind, ann) = ahead_and_behind();
    world.says("k1", "bob", "three");
    world.enters_some(&behind, Lane(0), 2);
    assert_eq!(behind.positions()[0].next, 3, "ahead of the cursor in one lane, behind it in the other");
    let mut ann = world.resumes(&behind, "ann", &ann.goes());
    assert_eq!(ann.gets(), ["three"]);
    world.enters(&behind);
    assert!(ann.gets().is_empty());
}

#[test]
fn a_snapshot_of_its_own_that_is_older_does_not_move_the_cursor_back() {
    for pinged in [false, true] {
        let (mut world, ahead, behind, mut ann) = ahead_and_behind();
        if pinged {
            ahead.adopt(world.snapshot(&ahead));
            ann.is_pinged();
        }
        let mut ann = world.resumes(&behind, "ann", &ann.goes());
        let older = world.snapshot(&behind);
        behind.adopt(older.clone());
        ann.is_pinged();
        assert_eq!(ann.cursor.snapshot, older.id);
        world.enters(&behind);
        assert!(ann.gets().is_empty(), "on this node");
        ann.is_pinged();
        let mut ann = world.resumes(&ahead, "ann", &ann.goes());
        assert!(ann.gets().is_empty(), "nor on the next");
    }
}

#[test]
fn a_node_that_was_behind_takes_over_where_it_has_passed_the_cursor() {
    let (mut world, ahead, behind, ann) = ahead_and_behind();
    let mut ann = world.resumes(&behind, "ann", &ann.goes());
    world.enters(&behind);
    behind.adopt(world.snapshot(&behind));
    ann.is_pinged();
    assert!(ann.cursor.beyond.as_slice().is_empty());
    world.says("k2", "bob", "three");
    world.enters(&behind);
    world.enters(&ahead);
    let mut ann = world.resumes(&ahead, "ann", &ann.goes());
    assert_eq!(ann.gets(), ["three"]);
}

#[test]
fn a_snapshot_that_it_took_before_the_client_came_does_not_move_the_cursor_back() {
    let (mut world, ahead, behind, mut ann) = ahead_and_behind();
    let taken_before = world.snapshot(&behind);
    ahead.adopt(world.snapshot(&ahead));
    ann.is_pinged();
    world.enters(&behind);
    let mut ann = world.resumes(&behind, "ann", &ann.goes());
    behind.adopt(taken_before);
    ann.is_pinged();
    let mut ann = world.resumes(&ahead, "ann", &ann.goes());
    assert_eq!(ann.gets(), [""; 0]);
}
