//! Membership by positions: an event is for those whose stay encloses it, whenever they come for it.

use domain::delivery::Answers;

use super::client::{Frame, told};
use super::world::World;
use crate::hub::UserRows;
use crate::lanes::Lane;

#[test]
fn who_is_added_hears_of_it_and_of_what_follows() {
    let mut world = World::new();
    let node = world.node();
    let mut dan = world.listens(&node, "dan");
    world.opens("k1", &["ann"]);
    world.says("k1", "ann", "before dan");
    world.adds("k1", "dan");
    world.says("k1", "ann", "hello dan");
    world.enters(&node);
    assert_eq!(dan.gets(), ["members of k1", "dan in k1: added", "hello dan"]);
}

#[test]
fn who_is_removed_hears_of_it_and_of_nothing_after() {
    let mut world = World::new();
    let node = world.node();
    let (mut ann, mut dan) = (world.listens(&node, "ann"), world.listens(&node, "dan"));
    world.opens("k1", &["ann", "dan"]);
    world.removes("k1", "dan");
    world.says("k1", "ann", "dan is gone");
    world.enters(&node);
    assert_eq!(dan.gets(), ["k1 opened", "members of k1", "dan in k1: removed"]);
    assert_eq!(ann.gets(), ["k1 opened", "members of k1", "dan in k1: removed", "dan is gone"]);
}

/// While `dan` was away: before he came, his stay, his removal, after it, and a second stay.
fn comings_and_goings() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.says("k1", "ann", "before dan");
    world.adds("k1", "dan");
    world.says("k1", "ann", "hello dan");
    world.removes("k1", "dan");
    world.says("k1", "ann", "dan is gone");
    world.adds("k1", "dan");
    world.says("k1", "ann", "welcome back");
    world
}

const FOR_DAN: [&str; 8] = [
    "members of k1",
    "dan in k1: added",
    "hello dan",
    "members of k1",
    "dan in k1: removed",
    "members of k1",
    "dan in k1: added",
    "welcome back",
];

#[test]
fn who_was_away_hears_of_exactly_their_own_time() {
    let world = comings_and_goings();
    let node = world.node();
    world.enters(&node);
    for rows in [UserRows::default(), world.rows_of("dan")] {
        let (mut dan, mut next) = world.comes_back(&node, "dan", &world.start(), rows);
        assert_eq!(node.catch_up(dan.id, &mut next, 100), Ok(true));
        assert_eq!(dan.gets(), FOR_DAN);
        dan.goes();
    }
}

#[test]
fn what_happened_before_a_removal_still_arrives_after_it() {
    let mut world = World::new();
    world.opens("k1", &["ann", "dan"]);
    let node = world.node();
    let mut dan = world.listens(&node, "dan");
    world.enters(&node);
    assert_eq!(dan.gets(), ["k1 opened"]);
    let cursor = dan.goes();
    world.says("k1", "ann", "a last word");
    world.removes("k1", "dan");
    world.says("k1", "ann", "dan is gone");
    world.enters(&node);
    let mut dan = world.resumes(&node, "dan", &cursor);
    assert_eq!(dan.gets(), ["a last word", "members of k1", "dan in k1: removed"]);
}

#[test]
fn rows_that_are_ahead_of_the_node_stand() {
    let world = comings_and_goings();
    let node = world.node();
    let mut dan = world.resumes(&node, "dan", &world.start());
    // Each older event would end or begin a stay, if it were believed.
    for _ in 0..20 {
        world.enters_some(&node, Lane(0), 1);
    }
    assert_eq!(dan.gets(), FOR_DAN);
}

#[test]
fn rows_that_are_behind_the_node_are_brought_up_to_date_by_the_ring() {
    let mut world = World::new();
    world.opens("k1", &["ann", "dan"]);
    let old = world.rows_of("dan");
    world.removes("k1", "dan");
    world.adds("k2", "dan");
    let node = world.node();
    world.enters(&node);
    let (mut dan, mut next) = world.comes_back(&node, "dan", &world.start(), old);
    assert_eq!(node.catch_up(dan.id, &mut next, 100), Ok(true));
    dan.gets();
    world.says("k1", "ann", "not for dan");
    world.says("k2", "ann", "for dan");
    world.enters(&node);
    assert_eq!(dan.gets(), ["for dan"]);
}

#[test]
fn rows_alone_tell_where_the_ring_does_not_reach() {
    let mut world = comings_and_goings();
    let before = world.node();
    world.enters(&before);
    let snapshot = world.snapshot(&before);
    let node = world.node_at(&snapshot);
    let (mut dan, mut eve) = (world.listens(&node, "dan"), world.listens(&node, "eve"));
    world.says("k1", "ann", "to all");
    world.enters(&node);
    assert_eq!(dan.gets(), ["to all"]);
    assert!(eve.gets().is_empty());
}

#[test]
fn what_was_said_before_one_came_is_not_told_by_what_happens_to_it_later() {
    let mut world = World::new();
    let node = world.node();
    let (mut ann, mut dan) = (world.listens(&node, "ann"), world.listens(&node, "dan"));
    world.opens("k1", &["ann"]);
    let before = world.says("k1", "ann", "before dan");
    world.adds("k1", "dan");
    let after = world.says("k1", "ann", "hello dan");
    world.reads("k1", "bob", before.seq);
    world.deletes("k1", &before);
    world.reads("k1", "bob", after.seq);
    world.deletes("k1", &after);
    world.enters(&node);
    let after = format!("bob has read {}", after.seq);
    let hello = ["members of k1", "dan in k1: added", "hello dan"];
    assert_eq!(dan.gets(), [&hello[..], &[&after, "ann took it back"]].concat());
    assert_eq!(ann.gets().len(), 9);
    let mut back = world.resumes(&node, "dan", &world.start());
    assert_eq!(back.gets(), [&hello[..], &[&after, "ann took it back"]].concat());
}

#[test]
fn an_answer_to_what_was_said_before_one_came_is_heard_without_it() {
    let mut world = World::new();
    let node = world.node();
    let mut dan = world.listens(&node, "dan");
    world.opens("k1", &["ann"]);
    let before = world.says("k1", "ann", "before dan");
    world.adds("k1", "dan");
    let first = world.answers("k1", "ann", "to what dan has not seen", &before);
    world.answers("k1", "ann", "to what dan has seen", &first);
    world.removes("k1", "dan");
    world.adds("k1", "dan");
    world.answers("k1", "ann", "to what dan saw when he was here first", &first);
    world.enters(&node);
    let frames = dan.frames();
    let answers = frames.iter().filter(|frame| told(&frame.event).starts_with("to what"));
    let sees = |frame: &Frame| frame.answers.has(Answers::SEES_PARENT);
    assert_eq!(answers.map(sees).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_change_of_members_is_answered_by_whose_membership_has_ended() {
    let mut world = World::new();
    let node = world.node();
    let [mut ann, mut dan] = ["ann", "dan"].map(|name| world.listens(&node, name));
    world.opens("k1", &["ann", "dan"]);
    world.removes("k1", "dan");
    world.enters(&node);
    let gone = |frames: Vec<Frame>| {
        frames.iter().map(|frame| frame.answers.has(Answers::IS_GONE)).collect::<Vec<_>>()
    };
    assert_eq!(gone(ann.frames()), [false, false, false]);
    assert_eq!(gone(dan.frames()), [false, true, false]);
}
