//! Notices are delivered to the members who may see them, and are dropped before events.

use std::sync::Arc;

use awareness::typing::Typing;
use graphql::live::{Delivery, Filter};
use schemas::people::Profile;

use super::client::{Client, INBOX};
use super::world::{Name, World, conversation, user};
use crate::hub::{Hub, Step};
use crate::notice::{Notice, NoticeKind};

fn typing(group: Name, name: Name) -> Arc<Notice> {
    let by = Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url: None };
    let typing = Typing { conversation: conversation(group), by, is_typing: true };
    Arc::new(Notice::new(NoticeKind::Typing, user(name), Delivery::Typing(typing)))
}

/// Offers a typing notice; returns whether any member may see it.
fn types(node: &Hub, group: Name, name: Name) -> bool {
    node.tell_members(&conversation(group), &typing(group, name))
}

impl Client {
    /// All that waits, in order: events in a few words, notices by whom they are about.
    fn gets_all(&mut self) -> Vec<String> {
        let mut steps = vec![];
        self.node.take(self.id, usize::MAX, &mut steps).expect("it has not overflowed");
        let words = steps.iter().filter_map(|step| match step {
            Step::Over(event, _) => Some(super::client::told(event)),
            Step::Beside(notice) => Some(format!("{} types", notice.of)),
            Step::To(_) => None,
        });
        words.collect()
    }
}

#[test]
fn members_who_follow_the_user_are_told_and_the_user_is_not() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob", "carl"]);
    world.opens("k2", &["ann", "dan"]);
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut bob, mut dan] = ["ann", "bob", "dan"].map(|name| world.listens(&node, name));
    let filter = Filter::TypingIndicator { conversation: conversation("k1") };
    let mut narrow = world.listens_to(&node, "ann", &filter);
    assert!(types(&node, "k1", "bob"));
    assert!(types(&node, "k2", "dan"));
    assert_eq!(ann.gets_all(), ["bob types", "dan types"]);
    assert_eq!(narrow.gets_all(), ["bob types"]);
    assert!(bob.gets_all().is_empty() && dan.gets_all().is_empty());
    world.blocks("ann", "bob");
    world.enters(&node);
    assert!(types(&node, "k1", "carl"));
    assert!(!types(&node, "k1", "bob"), "ann blocks him, and carl is not here");
    assert_eq!(
        (ann.gets_all(), bob.gets_all()),
        (vec!["carl types".to_owned()], vec!["carl types".to_owned()])
    );
    world.removes("k1", "ann");
    world.enters(&node);
    ann.gets_all();
    assert!(types(&node, "k1", "carl"));
    assert_eq!((ann.gets_all(), bob.gets_all().pop()), (vec![], Some("carl types".to_owned())));
}

#[test]
fn a_full_queue_drops_notices_and_no_event() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node_with(usize::MAX, 3);
    world.enters(&node);
    let mut ann = world.listens(&node, "ann");
    types(&node, "k1", "bob");
    world.says("k1", "bob", "one");
    world.enters(&node);
    types(&node, "k1", "bob");
    world.says("k1", "bob", "two");
    world.says("k1", "bob", "three");
    world.enters(&node);
    types(&node, "k1", "bob");
    assert_eq!(ann.gets_all(), ["one", "two", "three"]);
    types(&node, "k1", "bob");
    assert_eq!(ann.gets_all(), ["bob types"]);
}

#[test]
fn the_cursor_passes_events_alone() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node();
    world.enters(&node);
    let mut ann = world.listens_to(&node, "ann", &INBOX);
    world.says("k1", "bob", "one");
    world.enters(&node);
    types(&node, "k1", "bob");
    node.adopt(world.snapshot(&node));
    types(&node, "k1", "bob");
    assert_eq!(ann.gets_all(), ["one", "bob types", "bob types"]);
    ann.is_pinged();
    let cursor = ann.goes();
    world.says("k1", "bob", "two");
    world.enters(&node);
    assert_eq!(world.resumes(&node, "ann", &cursor).gets(), ["two"]);
}
