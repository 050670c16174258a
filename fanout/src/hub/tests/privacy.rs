//! Read receipts are reciprocal: a user with receipts off receives none of others, from the next event on.

use super::client::INBOX;
use super::world::World;

/// A group of `ann`, `bob` and `cleo`, with a message.
fn group() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob", "cleo"]);
    world.says("k1", "ann", "hello");
    world
}

#[test]
fn who_has_switched_read_receipts_off_gets_their_own_alone() {
    let mut world = group();
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut cleo] = ["ann", "cleo"].map(|name| world.listens(&node, name));
    world.switches_receipts("ann", false);
    world.enters(&node);
    world.gets("k1", "bob", 1);
    world.reads("k1", "bob", 1);
    world.reads_in_private("k1", "ann", 1);
    world.enters(&node);
    assert_eq!(ann.gets(), ["privacy", "bob has 1", "ann has read 1"]);
    assert_eq!(cleo.gets(), ["bob has 1", "bob has read 1"]);
    world.switches_receipts("ann", true);
    world.enters(&node);
    world.reads("k1", "cleo", 1);
    world.enters(&node);
    assert_eq!(ann.gets(), ["privacy", "cleo has read 1"]);
}

/// The rows may be behind the ring, and the ring behind the rows.
#[test]
fn settings_are_known_from_rows_and_from_the_ring() {
    for (is_in_ring, has_rows) in [(false, true), (true, false), (true, true)] {
        let mut world = group();
        let before = world.rows_of("ann");
        world.switches_receipts("ann", false);
        let node = if is_in_ring {
            world.node()
        } else {
            let node = world.node();
            world.enters(&node);
            let snapshot = world.snapshot(&node);
            world.node_at(&snapshot)
        };
        world.enters(&node);
        let rows = if has_rows { world.rows_of("ann") } else { before };
        let mut ann = world.listens_with(&node, "ann", &INBOX, rows);
        world.gets("k1", "bob", 1);
        world.reads("k1", "bob", 1);
        world.enters(&node);
        assert_eq!(ann.gets(), ["bob has 1"], "{is_in_ring} {has_rows}");
    }
}
