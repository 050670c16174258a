//! Live delivery: each event once, in order, to whom it concerns.

use graphql::live::Filter;

use super::client::{INBOX, taken, told};
use super::world::{World, conversation, user};
use crate::cursor::Cursor;
use crate::hub::{NotOpened, UserRows};
use crate::lanes::Lane;

#[test]
fn a_member_gets_each_event_once_in_order_and_a_stranger_nothing() {
    let mut world = World::new();
    let node = world.node();
    let [mut ann, mut bob, mut eve] = ["ann", "bob", "eve"].map(|name| world.listens(&node, name));
    world.opens("k1", &["ann", "bob"]);
    for text in ["one", "two", "three"] {
        world.says("k1", "bob", text);
    }
    world.reads("k1", "ann", 2);
    world.enters(&node);
    let all = ["k1 opened", "one", "two", "three", "ann has read 2"];
    assert_eq!(ann.gets(), all);
    assert_eq!(bob.gets(), all);
    assert!(eve.gets().is_empty());
    assert!(ann.gets().is_empty() && bob.gets().is_empty(), "once");
}

#[test]
fn every_subscription_of_a_user_gets_it_until_it_is_closed() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    let node = world.node();
    let (mut phone, mut desk) = (world.listens(&node, "ann"), world.listens(&node, "ann"));
    world.says("k1", "bob", "one");
    world.enters(&node);
    assert_eq!(phone.gets(), ["k1 opened", "one"]);
    assert_eq!(desk.gets(), ["k1 opened", "one"]);
    let closed = phone.id;
    phone.goes();
    world.says("k1", "bob", "two");
    world.enters(&node);
    assert_eq!(desk.gets(), ["two"]);
    assert!(node.take(closed, 1, &mut vec![]).is_err());
    assert_eq!(node.subscriptions(), 1);
}

#[test]
fn a_subscription_gets_what_it_asked_for() {
    let mut world = World::new();
    for k in ["k1", "k2"] {
        world.opens(k, &["ann"]);
    }
    let node = world.node();
    world.enters(&node);
    let k1 = conversation("k1");
    let filters = [
        INBOX,
        Filter::MessageReceived { conversation: k1.clone() },
        Filter::MessageUpdated { conversation: k1.clone() },
        Filter::ConversationUpdated,
    ];
    let [mut inbox, mut messages, mut updates, mut conversations] =
        filters.map(|filter| world.listens_to(&node, "ann", &filter));
    let said = world.says("k1", "bob", "in k1");
    world.deletes("k1", &said);
    world.rejects("ann");
    world.says("k2", "bob", "in k2");
    world.enters(&node);
    assert_eq!(inbox.gets(), ["in k1", "bob took it back", "in k2", "rejected"]);
    assert_eq!(messages.gets(), ["in k1"]);
    assert_eq!(updates.gets(), ["bob took it back"]);
    assert_eq!(conversations.gets(), ["in k1", "bob took it back", "in k2"]);
}

#[test]
fn what_an_account_says_is_for_its_user_alone() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node();
    world.enters(&node);
    let (mut ann, mut bob) = (world.listens(&node, "ann"), world.listens(&node, "bob"));
    world.rejects("ann");
    world.enters(&node);
    assert_eq!(ann.gets(), ["rejected"]);
    assert!(bob.gets().is_empty());
}

#[test]
fn a_fresh_subscription_passes_over_what_is_readable_and_gets_the_rest() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    world.says("k1", "bob", "readable");
    world.says("k1", "bob", "not yet");
    let node = world.node();
    world.enters(&node);
    let (settled, reach) = (node.settled(), node.reach());
    let id = node.open(&user("ann"), (0, &INBOX), world.start(), world.rows_of("ann"), &reach).unwrap();
    let recent = node.since_settled(&user("ann"));
    let all: Vec<_> = recent.iter().map(|event| told(event)).collect();
    assert_eq!(all, ["k1 opened", "readable", "not yet"]);
    let (cursor, mut next) = node.start_fresh(id, &settled, &recent[..2]).unwrap();
    assert_eq!(node.catch_up(id, &mut next, usize::MAX), Ok(true));
    let (frames, _) = taken(&node, id).unwrap();
    assert_eq!(frames.iter().map(|frame| told(&frame.event)).collect::<Vec<_>>(), ["not yet"]);
    let mut again = world.resumes(&node, "ann", &cursor);
    assert_eq!(again.gets(), ["not yet"], "the cursor is between the two");
}

#[test]
fn a_subscription_does_not_start_at_a_snapshot_that_another_has_followed() {
    let mut world = World::new();
    let node = world.node();
    let (settled, reach) = (node.settled(), node.reach());
    let id = node.open(&user("ann"), (0, &INBOX), world.start(), UserRows::default(), &reach).unwrap();
    node.settle(world.snapshot(&node));
    assert!(node.start_fresh(id, &settled, &[]).is_none());
    assert!(node.start_fresh(id, &node.settled(), &[]).is_some());
}

#[test]
fn nothing_is_queued_before_a_subscription_is_live() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    let node = world.node();
    let (ann, mut next) = world.comes_back(&node, "ann", &world.start(), world.rows_of("ann"));
    world.enters(&node);
    let (frames, _) = taken(&node, ann.id).unwrap();
    assert!(frames.is_empty());
    assert_eq!(node.catch_up(ann.id, &mut next, 10), Ok(true));
    let (frames, cursor) = taken(&node, ann.id).unwrap();
    assert_eq!(frames.len(), 1);
    assert!(cursor.is_past(Lane(0), 0));
}

#[test]
fn rows_that_were_read_before_the_rings_moved_are_not_taken() {
    let mut world = World::new();
    world.opens("k1", &["ann"]);
    let node = world.node_with(0, 10);
    world.enters(&node);
    let (reach, rows) = (node.reach(), UserRows::default());
    node.settle(world.snapshot(&node));
    let cursor = Cursor::at(node.settled().id);
    let opened = node.open(&user("ann"), (0, &INBOX), cursor.clone(), rows, &reach);
    assert_eq!(opened, Err(NotOpened::Moved));
    let rows = world.rows_of("ann");
    assert!(node.open(&user("ann"), (0, &INBOX), cursor, rows, &node.reach()).is_ok());
}

#[test]
fn a_user_has_four_different_selections_in_as_many_subscriptions_as_they_like() {
    let world = World::new();
    let node = world.node();
    let opens = |name, selection| {
        let rows = world.rows_of(name);
        node.open(&user(name), (selection, &INBOX), world.start(), rows, &node.reach())
    };
    let ids: Vec<_> = [1, 2, 3, 4, 1, 4].map(|selection| opens("ann", selection).unwrap()).into();
    assert_eq!(opens("ann", 5), Err(NotOpened::TooManySelections));
    assert!(opens("bob", 5).is_ok(), "each user for themselves");
    node.close(ids[3]);
    assert_eq!(opens("ann", 5), Err(NotOpened::TooManySelections), "another subscription selects it");
    node.close(ids[5]);
    assert!(opens("ann", 5).is_ok());
}
