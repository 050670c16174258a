//! How many requests are under way at once.

use std::sync::Arc;

use musclemap_egress::{Egress, Refusal, Room, Settings};
use tokio::task::JoinSet;

use crate::names::addresses;
use crate::site::{Gate, Reply};
use crate::world::{PUBLIC, World, ip};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsite";

/// A site under many names, which holds each request at a gate.
async fn gated() -> (World, Arc<Gate>) {
    let gate = Arc::<Gate>::default();
    let held = gate.clone();
    let world = World::start(
        move |_| Reply::Held(held.clone(), ANSWER.to_vec()),
        |question| question.name.ends_with(".many.test").then(|| addresses(question, &[ip(PUBLIC[0])])),
    );
    (world.await, gate)
}

/// Asks under these names at once, and gives the most requests that were held together. None passes before
/// `expected` are held.
async fn together(room: Room, hosts: &[&str], expected: usize) -> usize {
    let (world, gate) = gated().await;
    let egress = Arc::new(Egress::new(Settings { room, ..world.settings() }).unwrap());
    let mut asking = JoinSet::new();
    for host in hosts {
        let (egress, url) = (egress.clone(), world.url(host, "/"));
        asking.spawn(async move { egress.get(&url, "*/*").await });
    }
    gate.until_held(expected).await;
    for _ in hosts {
        gate.open();
        assert_eq!(asking.join_next().await.unwrap().unwrap().unwrap().body, "site");
    }
    gate.most()
}

#[tokio::test]
async fn a_host_is_asked_by_few_requests_at_once() {
    let room = |per_host| Room { in_all: 10, per_host, waiting: 10 };
    let hosts = ["a.many.test"; 6];
    assert_eq!(together(room(2), &hosts, 2).await, 2);
    assert_eq!(together(room(6), &hosts, 6).await, 6, "the control");
}

#[tokio::test]
async fn all_hosts_together_are_asked_by_as_many_as_are_set() {
    let hosts = ["a.many.test", "b.many.test", "c.many.test", "d.many.test", "e.many.test"];
    let room = |in_all| Room { in_all, per_host: 1, waiting: 10 };
    assert_eq!(together(room(3), &hosts, 3).await, 3);
    assert_eq!(together(room(5), &hosts, 5).await, 5, "the control");
}

#[tokio::test]
async fn who_finds_no_place_and_may_not_wait_is_refused_at_once() {
    let (world, gate) = gated().await;
    let room = Room { in_all: 1, per_host: 1, waiting: 0 };
    let egress = Arc::new(Egress::new(Settings { room, ..world.settings() }).unwrap());
    let mut first = JoinSet::new();
    let (client, url) = (egress.clone(), world.url("a.many.test", "/"));
    first.spawn(async move { client.get(&url, "*/*").await });
    gate.until_held(1).await;
    assert_eq!(egress.get(&world.url("b.many.test", "/"), "*/*").await, Err(Refusal::Busy));
    gate.open();
    assert_eq!(first.join_next().await.unwrap().unwrap().unwrap().body, "site");
}
