//! What stands between two keeps their messages from each other, and from nobody else.

use domain::delivery::Answers;

use super::client::Frame;
use super::world::World;

/// A group of `ann`, `bob` and `cleo` in the lane of the pair's own conversation.
fn group() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob", "cleo"]);
    world
}

#[test]
fn what_is_sent_while_a_block_stands_reaches_the_others_alone() {
    let mut world = group();
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut bob, mut cleo] = ["ann", "bob", "cleo"].map(|name| world.listens(&node, name));
    world.says("k1", "bob", "before");
    world.blocks("ann", "bob");
    world.says("k1", "bob", "by bob");
    world.says("k1", "ann", "by ann");
    world.says("k1", "cleo", "by cleo");
    world.unblocks("ann", "bob");
    world.says("k1", "bob", "after");
    world.enters(&node);
    assert_eq!(ann.gets(), ["before", "by ann", "by cleo", "after"]);
    assert_eq!(bob.gets(), ["before", "by bob", "by cleo", "after"]);
    assert_eq!(cleo.gets(), ["before", "by bob", "by ann", "by cleo", "after"]);
}

#[test]
fn what_a_block_has_hidden_stays_hidden_from_who_comes_later() {
    let mut world = group();
    world.blocks("bob", "ann");
    let hidden = world.says("k1", "bob", "hidden");
    world.unblocks("bob", "ann");
    world.says("k1", "bob", "after");
    world.deletes("k1", &hidden);
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut cleo] = ["ann", "cleo"].map(|name| world.resumes(&node, name, &world.start()));
    assert_eq!(ann.gets(), ["k1 opened", "after"]);
    assert_eq!(cleo.gets(), ["k1 opened", "hidden", "after", "bob took it back"]);
}

#[test]
fn a_block_is_known_from_rows_where_the_ring_does_not_reach() {
    let mut world = group();
    world.blocks("ann", "bob");
    let before = world.node();
    world.enters(&before);
    let snapshot = world.snapshot(&before);
    let node = world.node_at(&snapshot);
    let [mut ann, mut bob, mut cleo] = ["ann", "bob", "cleo"].map(|name| world.listens(&node, name));
    world.says("k1", "bob", "by bob");
    world.says("k1", "ann", "by ann");
    world.enters(&node);
    assert_eq!(ann.gets(), ["by ann"]);
    assert_eq!(bob.gets(), ["by bob"]);
    assert_eq!(cleo.gets(), ["by bob", "by ann"]);
}

#[test]
fn each_blocks_for_themselves_and_one_is_enough() {
    let mut world = group();
    let node = world.node();
    world.enters(&node);
    let mut ann = world.listens(&node, "ann");
    world.blocks("ann", "bob");
    world.blocks("bob", "ann");
    world.unblocks("ann", "bob");
    world.says("k1", "bob", "hidden");
    world.unblocks("bob", "ann");
    world.says("k1", "bob", "heard");
    world.enters(&node);
    assert_eq!(ann.gets(), ["heard"]);
}

#[test]
fn a_block_that_stands_hides_how_far_one_has_read() {
    let mut world = group();
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut cleo] = ["ann", "cleo"].map(|name| world.listens(&node, name));
    world.blocks("ann", "bob");
    world.reads("k1", "bob", 1);
    world.unblocks("ann", "bob");
    world.reads("k1", "bob", 2);
    world.enters(&node);
    assert_eq!(ann.gets(), ["bob has read 2"]);
    assert_eq!(cleo.gets(), ["bob has read 1", "bob has read 2"]);
}

#[test]
fn an_answer_to_someone_who_is_not_heard_comes_marked() {
    let mut world = group();
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut cleo] = ["ann", "cleo"].map(|name| world.listens(&node, name));
    let before = world.says("k1", "bob", "before");
    world.blocks("ann", "bob");
    let hidden = world.says("k1", "bob", "hidden");
    world.answers("k1", "cleo", "to what ann has heard", &before);
    world.answers("k1", "cleo", "to what she has not", &hidden);
    world.enters(&node);
    let frames = ann.frames();
    let sees = |frames: &[Frame]| {
        frames.iter().map(|frame| frame.answers.has(Answers::SEES_PARENT)).collect::<Vec<_>>()
    };
    assert_eq!(sees(&frames), [false, true, false], "the first answers nothing");
    assert_eq!(sees(&cleo.frames()), [false, false, true, true]);
}
