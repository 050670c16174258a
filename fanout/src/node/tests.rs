//! A node that follows a log: what it completes, and what it makes of events that this build does not know.

use std::sync::Arc;

use bytes::Bytes;
use platform::clock::SystemClock;
use platform::runner::checkpoint::Checkpoint;
use schemas::control::RULES;
use schemas::topics::EVENTS;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Node, NodeError};
use crate::cursor::CursorKey;
use crate::event::{AsOf, Event};
use crate::hub::tests::client::INBOX;
use crate::hub::tests::world::{LANES, World, user};
use crate::lanes::Lane;
use crate::node::Entrance;
use crate::subscription::tests::ports::{Memory, MemoryLog, awareness};
use crate::{Options, metrics};

/// The first command of a world.
const COMMAND: i64 = 1_001;
/// No fact of any build.
const UNKNOWN: u32 = 99_999;

/// A world whose second record in lane 0 is under an unknown schema.
fn ahead() -> World {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    world.says("k1", "bob", "of newer rules");
    world.says("k1", "bob", "of ours");
    world
}

async fn node(world: &World, tables: &Arc<Memory>, unknown: Option<usize>) -> (Arc<Node>, Vec<Entrance>) {
    let mut log = MemoryLog { partitions: LANES.partitions, end: COMMAND + 100, ..MemoryLog::default() };
    let mut records: Vec<_> = world.records(Lane(0)).collect();
    if let Some(at) = unknown {
        let mut value = records[at].value.to_vec();
        value[1..5].copy_from_slice(&UNKNOWN.to_be_bytes());
        records[at].value = Bytes::from(value);
    }
    log.records.insert((EVENTS.name, 0), records);
    let options = Options { shards: 1, ..Options::default() };
    let awareness = awareness(tables);
    let (log, clock, key) = (Arc::new(log), Arc::new(SystemClock), CursorKey::new([7; 32]));
    Node::new(log, tables.clone(), clock, awareness, key, options).await.unwrap()
}

async fn checkpoint(tables: &Memory, next: i64, rules: i32) {
    let checkpoint = Checkpoint { next, rules, ..Checkpoint::default() };
    checkpoint.write(tables, "conversations", 0).await.unwrap();
}

/// The next batch of lane 0.
async fn next(entrance: &mut Entrance) -> Vec<Option<Arc<Event>>> {
    let batch = entrance.recv().await.unwrap();
    batch.entries.iter().map(|entry| entry.event.clone()).collect()
}

#[tokio::test]
async fn an_event_of_newer_rules_ends_the_node_with_that_reason() {
    let tables = Arc::new(Memory::default());
    checkpoint(&tables, 0, RULES + 1).await;
    let (node, _entrances) = node(&ahead(), &tables, Some(1)).await;
    let ended = node.run(CancellationToken::new()).await;
    let Err(NodeError::NewerRules(newer)) = ended else { panic!("{ended:?}") };
    assert_eq!((newer.machine, newer.rules, newer.schema), ("conversations", RULES + 1, UNKNOWN));
}

#[tokio::test]
async fn an_event_of_newer_rules_that_a_resume_reads_ends_the_node_too() {
    let tables = Arc::new(Memory::default());
    checkpoint(&tables, 0, RULES).await;
    let (node, _entrances) = node(&ahead(), &tables, Some(1)).await;
    let undecided = node.past.read(Lane(0), 0, 3).await;
    assert!(undecided.is_err(), "the checkpoint has not passed its command");
    checkpoint(&tables, 1, RULES + 1).await;
    assert!(node.past.read(Lane(0), 0, 3).await.is_err());
    assert_eq!(node.past.newer_rules().await.rules, RULES + 1);
}

#[tokio::test]
async fn an_unknown_event_is_poison_once_the_checkpoint_has_passed_its_command() {
    let tables = Arc::new(Memory::default());
    checkpoint(&tables, COMMAND + 1, RULES).await;
    let (node, mut entrances) = node(&ahead(), &tables, Some(1)).await;
    let before = metrics::UNREADABLE.get();
    let mut running = JoinSet::new();
    running.spawn(node.clone().run(CancellationToken::new()));
    let mut batch = std::pin::pin!(next(&mut entrances[0]));
    assert!(futures::poll!(&mut batch).is_pending());
    // Passed, by a machine that decides by the rules of this build.
    checkpoint(&tables, COMMAND + 2, RULES).await;
    let events = batch.await;
    assert_eq!(events.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert!(metrics::UNREADABLE.get() > before);
}

#[tokio::test]
async fn events_are_completed_before_they_enter_if_a_user_who_is_here_may_get_them() {
    let mut world = World::new();
    world.opens("k1", &["ann", "bob"]);
    let said = world.says("k1", "bob", "one");
    world.deletes("k1", &said);
    for is_here in [true, false] {
        let tables = Arc::new(Memory::default());
        let (node, mut entrances) = node(&world, &tables, None).await;
        let hub = &node.hubs[0];
        if is_here {
            let rows = world.rows_of("ann");
            hub.open(&user("ann"), (0, &INBOX), world.start(), rows, &hub.reach()).unwrap();
        }
        let mut running = JoinSet::new();
        running.spawn(node.clone().run(CancellationToken::new()));
        let events = next(&mut entrances[0]).await;
        let as_of = events.last().unwrap().as_ref().unwrap().completed().unwrap().as_of;
        assert_eq!(as_of, if is_here { AsOf::Event } else { AsOf::Incomplete });
    }
}
