//! Notices are delivered to the members who may see them, and are dropped before events.

use std::collections::BTreeSet;
use std::sync::Arc;

use awareness::presence::Seen;
use awareness::typing::Typing;
use domain::presence::Status;
use graphql::live::{Delivery, Filter};
use schemas::UserId;
use schemas::people::Profile;
use schemas::privacy::Audience;

use super::client::{Client, INBOX};
use super::world::{LANES, Name, World, conversation, user};
use crate::cursor::Cursor;
use crate::hub::{Acquainted, Hub, MAX_WATCHED, NotOpened, Parted, Step, UserRows};
use crate::notice::{Notice, NoticeKind};

fn typist(name: Name) -> Profile {
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url: None }
}

fn typing(group: Name, name: Name) -> Arc<Notice> {
    let typing = Typing { conversation: conversation(group), by: typist(name), is_typing: true };
    Arc::new(Notice::new(NoticeKind::Typing, Some(user(name)), Delivery::Typing(typing)))
}

/// Offers a typing notice; returns whether any member may see it.
fn types(node: &Hub, group: Name, name: Name) -> bool {
    node.tell_members(&conversation(group), &user(name), &typing(group, name))
}

impl Client {
    /// All that waits, in order: events in a few words, notices by whom they are about.
    fn gets_all(&mut self) -> Vec<String> {
        let mut steps = vec![];
        self.node.take(self.id, usize::MAX, &mut steps).expect("it has not overflowed");
        let words = steps.iter().filter_map(|step| match step {
            Step::Over(event, _) => Some(super::client::told(event)),
            Step::Beside(notice) => Some(match (notice.kind, &notice.of) {
                (NoticeKind::Typing, Some(of)) => format!("{of} types"),
                (NoticeKind::Presence, Some(of)) => format!("{of} is there"),
                (kind, of) => format!("{kind:?} {}", of.as_ref().map_or("", UserId::as_str)),
            }),
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
fn a_change_of_a_user_is_told_once_to_themselves_and_to_those_who_may_see_them() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob", "carl"]);
    world.opens("k2", &["ann", "bob"]);
    world.opens("k3", &["dan", "eve"]);
    world.blocks("carl", "ann");
    let node = world.node();
    world.enters(&node);
    let [mut ann, mut bob, mut carl, mut dan] =
        ["ann", "bob", "carl", "dan"].map(|name| world.listens(&node, name));
    let filter = Filter::MessageReceived { conversation: conversation("k1") };
    let mut narrow = world.listens_to(&node, "bob", &filter);
    let delivery = Delivery::UserChanged(typist("ann"));
    let changed = Arc::new(Notice::new(NoticeKind::UserChanged, Some(user("ann")), delivery));
    node.tell_acquaintances(&user("ann"), &["k1", "k2"].map(conversation), &changed);
    for told in [&mut ann, &mut bob] {
        assert_eq!(told.gets_all(), ["UserChanged ann"]);
    }
    // Carl and Ann do not see each other, Dan shares no conversation, and the last is about messages alone.
    for silent in [&mut carl, &mut dan, &mut narrow] {
        assert!(silent.gets_all().is_empty());
    }
    let flags = Arc::new(Notice::new(NoticeKind::FlagsChanged, None, Delivery::FlagsChanged));
    node.tell_users(|user| user.as_str() != "ann", &flags);
    assert_eq!((ann.gets_all(), carl.gets_all()), (vec![], vec!["FlagsChanged ".to_owned()]));
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

fn there(name: Name) -> Arc<Notice> {
    let (status, last_seen, audience) = (Status::Online, None, Audience::Everyone);
    let seen = Seen { user: user(name), status, last_seen, audience };
    Arc::new(Notice::new(NoticeKind::Presence, Some(user(name)), Delivery::Presence(seen)))
}

fn watch(names: &[Name]) -> Filter {
    Filter::UserPresence { users: names.iter().map(|name| user(name)).collect() }
}

/// Users who may want to see the presence of another, who is in some groups; with a `!` where that one is
/// hidden.
fn acquainted(node: &Hub, of: Name, groups: &[Name]) -> BTreeSet<String> {
    let groups: Vec<_> = groups.iter().map(|group| conversation(group)).collect();
    let users = node.acquainted(&user(of), &groups).into_iter();
    users
        .map(|Acquainted { user, is_hidden }| format!("{}{user}", if is_hidden { "!" } else { "" }))
        .collect()
}

fn set<const N: usize>(of: [&str; N]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}

#[test]
fn presence_is_for_watchers_and_for_users_who_share_a_conversation() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob", "carl"]);
    let node = world.node();
    world.enters(&node);
    let [mut ann, _carl] = ["ann", "carl"].map(|name| world.listens(&node, name));
    let mut watching = world.listens_to(&node, "dan", &watch(&["bob", "eve"]));
    let mut nobody = world.listens_to(&node, "dan", &watch(&[]));
    assert_eq!(acquainted(&node, "bob", &["k1"]), set(["ann", "carl", "dan"]));
    assert_eq!(acquainted(&node, "bob", &[]), set(["dan"]));
    assert_eq!(acquainted(&node, "ann", &["k1"]), set(["carl"]), "not she herself");

    let viewers: BTreeSet<UserId> = ["ann", "dan"].map(user).into();
    node.tell_viewers(&there("bob"), &viewers);
    node.tell_viewers(&there("ann"), &viewers);
    assert_eq!(ann.gets_all(), ["bob is there", "ann is there"]);
    assert_eq!(watching.gets_all(), ["bob is there"], "he does not watch ann");
    assert!(nobody.gets_all().is_empty());

    world.blocks("ann", "bob");
    world.removes("k1", "carl");
    world.enters(&node);
    assert_eq!(acquainted(&node, "bob", &["k1"]), set(["!ann", "dan"]));
    node.close(watching.id);
    assert_eq!(acquainted(&node, "bob", &[]), set([]));
}

#[test]
fn a_node_learns_of_a_block_from_each_side_that_is_here() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node();
    world.enters(&node);
    let _ann = world.listens(&node, "ann");
    let enters = |world: &World| {
        let entered = LANES.all().flat_map(|lane| world.parts(&node, lane, usize::MAX));
        entered.collect::<Vec<_>>()
    };
    let parted = || vec![Parted { of: user("bob"), viewer: user("ann") }];
    world.blocks("bob", "ann");
    assert_eq!(enters(&world), parted());
    assert_eq!(acquainted(&node, "bob", &["k1"]), set(["!ann"]));
    world.unblocks("bob", "ann");
    assert_eq!(enters(&world), parted());
    assert_eq!(acquainted(&node, "bob", &["k1"]), set(["ann"]));
    // A change that leaves what she sees as it was announces nothing.
    world.blocks("ann", "bob");
    assert_eq!(enters(&world), parted());
    world.blocks("bob", "ann");
    world.unblocks("bob", "ann");
    assert_eq!(enters(&world), []);
    world.unblocks("ann", "bob");
    assert_eq!(enters(&world), parted());
}

#[test]
fn a_block_that_rows_show_before_the_log_does_is_learned_once() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node();
    world.enters(&node);
    let _ann = world.listens(&node, "ann");
    world.blocks("ann", "bob");
    // Of the two users, ann alone has seen the other before.
    let _again = world.listens(&node, "ann");
    let _bob = world.listens(&node, "bob");
    let entered = LANES.all().flat_map(|lane| world.parts(&node, lane, usize::MAX));
    assert_eq!(entered.collect::<Vec<_>>(), [Parted { of: user("bob"), viewer: user("ann") }]);
}

#[test]
fn one_user_watches_a_bounded_number_of_others() {
    let world = World::new();
    let node = world.node();
    let opens = |count: usize| {
        let users = (0..count).map(|number| format!("u{number}").parse().unwrap()).collect();
        let filter = Filter::UserPresence { users };
        let cursor = Cursor::at(node.settled().id);
        node.open(&user("ann"), (0, &filter), cursor, UserRows::default(), &node.reach())
    };
    let first = opens(MAX_WATCHED - 1).unwrap();
    assert_eq!(opens(2), Err(NotOpened::TooManyWatched));
    opens(1).unwrap();
    node.close(first);
    opens(MAX_WATCHED - 1).unwrap();
}

#[test]
fn a_full_queue_drops_typing_before_presence() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let node = world.node_with(usize::MAX, 3);
    world.enters(&node);
    let mut ann = world.listens(&node, "ann");
    let viewers: BTreeSet<UserId> = [user("ann")].into();
    node.tell_viewers(&there("bob"), &viewers);
    types(&node, "k1", "bob");
    world.says("k1", "bob", "one");
    world.says("k1", "bob", "two");
    world.enters(&node);
    assert_eq!(ann.gets_all(), ["bob is there", "one", "two"]);
}

#[test]
fn a_thousand_watchers_of_a_user_share_one_notice() {
    let world = World::new();
    let node = world.node();
    let opens = |viewer: &UserId| {
        let cursor = Cursor::at(node.settled().id);
        let id =
            node.open(viewer, (0, &watch(&["bob"])), cursor, UserRows::default(), &node.reach()).unwrap();
        node.go_live(id);
        id
    };
    let viewers: BTreeSet<UserId> = (0..1_000).map(|number| format!("u{number}").parse().unwrap()).collect();
    let queues: Vec<_> = viewers.iter().map(opens).collect();
    let acquainted = node.acquainted(&user("bob"), &[]).into_iter().map(|acquainted| acquainted.user);
    assert_eq!(acquainted.collect::<BTreeSet<_>>(), viewers);
    let notice = there("bob");
    node.tell_viewers(&notice, &viewers);
    for id in queues {
        let mut steps = vec![];
        node.take(id, usize::MAX, &mut steps).unwrap();
        assert!(matches!(&steps[..], [Step::Beside(told)] if Arc::ptr_eq(told, &notice)));
    }
}
