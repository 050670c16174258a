//! A server that is not there, goes away, forgets, or stops to answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance::harness::{eventually, within};
use musclemap_redis::{Config, Redis};
use platform::config::Secret;
use platform::ports::ephemeral::CALL_WITHIN;
use platform::ports::{Ephemeral, EphemeralError, Incoming, Subscription};
use tests::service::Service;

use crate::connect;
use crate::server::TlsServer;

const LONG: Duration = Duration::from_secs(600);

async fn set(redis: &Redis) -> Result<(), EphemeralError> {
    redis.set("key", Bytes::from_static(b"value"), LONG).await
}

async fn set_again(redis: &Redis) {
    eventually("a write after an outage", async || set(redis).await.ok()).await;
}

async fn is_unavailable_in_time(redis: &Redis) {
    let failed = eventually("a failure", async || set(redis).await.err()).await;
    assert!(matches!(failed, EphemeralError::Unavailable(_)), "{failed:?}");
    let began = Instant::now();
    set(redis).await.expect_err("nobody answers");
    assert!(began.elapsed() < CALL_WITHIN, "{:?}", began.elapsed());
}

/// Waits until messages of a channel come again.
async fn resumes(redis: &Redis, subscription: &mut Subscription) {
    while within("a new subscription", subscription.next()).await != Incoming::Resumed {}
    redis.publish("channel", Bytes::from_static(b"again")).await.expect("a message");
    let again = Incoming::Message(Bytes::from_static(b"again"));
    while within("a message", subscription.next()).await != again {}
}

/// Whether messages of channels are received, as the metric says.
fn is_subscribed(redis: &Redis) -> bool {
    use prometheus::core::Collector;
    let families = redis.metrics().collect();
    let family = families.iter().find(|family| family.name() == "musclemap_redis_subscribed");
    family.expect("the metric").get_metric()[0].get_gauge().get_value() == 1.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_starts_without_a_server_and_finds_it_later() {
    let server = Service::redis();
    server.kill();
    let running = connect(Config::new(server.address()));
    let mut subscription = running.redis.subscribe("channel");
    is_unavailable_in_time(&running.redis).await;
    server.restart();
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_is_lost_with_the_server_and_the_rest_goes_on() {
    let server = Service::redis();
    let running = connect(Config::new(server.address()));
    let mut subscription = running.redis.subscribe("channel");
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
    running.redis.add("counter", 1, LONG).await.expect("a script that is loaded");
    server.kill();
    server.restart();
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
    assert_eq!(running.redis.add("counter", 3, LONG).await.expect("a script that is loaded again"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_unavailable_until_it_does() {
    let server = Service::redis();
    let running = connect(Config::new(server.address()));
    let mut subscription = running.redis.subscribe("channel");
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
    server.signal("STOP");
    is_unavailable_in_time(&running.redis).await;
    let given_up = async || (!is_subscribed(&running.redis)).then_some(());
    eventually("subscriptions that are given up", given_up).await;
    server.signal("CONT");
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_signs_in_over_tls_to_a_server_that_is_known() {
    let server = TlsServer::start("messaging on >hush ~mm:* &mm:* +@all");
    let config = Config {
        prefix: "mm:".into(),
        tls: true,
        ca: server.ca.clone(),
        user: "messaging".into(),
        password: Secret::of("hush"),
        ..Config::new(format!("127.0.0.1:{}", server.port))
    };
    let running = connect(config.clone());
    let mut subscription = running.redis.subscribe("channel");
    set_again(&running.redis).await;
    resumes(&running.redis, &mut subscription).await;
    for wrong in [
        Config { password: Secret::of("loud"), ..config.clone() },
        // The machine's authorities do not know the server's.
        Config { ca: Default::default(), ..config.clone() },
        Config { prefix: "other:".into(), ..config.clone() },
    ] {
        let refused = set(&connect(wrong).redis).await;
        assert!(matches!(refused, Err(EphemeralError::Unavailable(_))), "{refused:?}");
    }
}
