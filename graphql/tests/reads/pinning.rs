//! Pinned messages, as many as a conversation may have.

use schemas::pinning::{Pin, PinAspect, Pinned};
use schemas::states::ConversationState;
use schemas::tables::views::{AspectBody, AspectRow};
use serde_json::{Value as Json, json};

use crate::world::{World, group, interval, state, text, user};

/// More messages of one partition than one read takes.
const MANY: i64 = 40;
/// Of the next partition.
const LATER: i64 = 1_500;

#[tokio::test]
async fn very_many_pins_are_listed_in_the_order_in_which_they_were_pinned() {
    let world = World::new();
    let id = group(1);
    let seqs: Vec<i64> = [LATER].into_iter().chain((1..=MANY).rev()).collect();
    let pins = (1..).zip(&seqs).map(|(at, seq)| Pin { seq: *seq, at }).collect();
    world.state(&id, &ConversationState { pins, ..state(LATER) }).await;
    for name in ["ann", "carl"] {
        world.member(&id, name, vec![interval(0, None)]).await;
    }
    world.block("carl", "bob", 0, None).await;
    for (at, seq) in (1..).zip(&seqs) {
        world.message(&id, text(*seq, if seq % 2 == 0 { "ann" } else { "bob" })).await;
        let pin = Some(Pinned { at, by: user("ann") });
        let body = AspectBody::Pin(PinAspect { pin });
        world.view(AspectRow { conversation: id.clone(), seq: *seq, at, body }.to_row()).await;
    }
    let query = format!("{{ getPinnedMessages(conversationId: \"{id}\") {{ seq }} }}");
    for (viewer, is_seen) in [("ann", (|_| true) as fn(i64) -> bool), ("carl", |seq| seq % 2 == 0)] {
        let expected: Vec<Json> =
            seqs.iter().filter(|seq| is_seen(**seq)).map(|seq| json!({ "seq": seq })).collect();
        let pinned = world.query(viewer, &query).await;
        assert_eq!(pinned["getPinnedMessages"], json!(expected), "{viewer}");
    }
}
