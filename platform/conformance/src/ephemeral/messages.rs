//! Channels.

use std::sync::Arc;

use bytes::Bytes;
use platform::ports::ephemeral::MAX_WAITING;
use platform::ports::{Ephemeral, Incoming, Subscription};

use crate::harness::{fresh, within};

/// Every case's.
pub const CHANNEL: &str = "conformance";
const OTHER: &str = "conformance-other";

/// A subscription that delivers.
async fn subscribed(ephemeral: &dyn Ephemeral, channel: &'static str) -> Subscription {
    let mut subscription = ephemeral.subscribe(channel);
    assert_eq!(within("a subscription", subscription.next()).await, Incoming::Resumed);
    subscription
}

/// The next message of a case; those of others are passed over.
async fn next_of(subscription: &mut Subscription, case: &str) -> String {
    loop {
        if let Incoming::Message(message) = within("a message", subscription.next()).await
            && let Ok(text) = String::from_utf8(message.to_vec())
            && let Some(own) = text.strip_prefix(case)
        {
            return own.to_owned();
        }
    }
}

async fn publish(ephemeral: &dyn Ephemeral, channel: &str, text: String) {
    ephemeral.publish(channel, Bytes::from(text)).await.expect("a message that is published");
}

pub async fn all_subscribers_get_a_channel_in_order(ephemeral: Arc<dyn Ephemeral>) {
    let (case, ephemeral) = (fresh("case"), &*ephemeral);
    let mut one = subscribed(ephemeral, CHANNEL).await;
    let mut two = subscribed(ephemeral, CHANNEL).await;
    let mut other = subscribed(ephemeral, OTHER).await;
    for number in 0..100 {
        publish(ephemeral, CHANNEL, format!("{case}{number}")).await;
    }
    publish(ephemeral, OTHER, format!("{case}other")).await;
    for subscription in [&mut one, &mut two] {
        for number in 0..100 {
            assert_eq!(next_of(subscription, &case).await, number.to_string());
        }
    }
    assert_eq!(next_of(&mut other, &case).await, "other");
}

pub async fn a_subscriber_gets_nothing_from_before(ephemeral: Arc<dyn Ephemeral>) {
    let (case, ephemeral) = (fresh("case"), &*ephemeral);
    publish(ephemeral, CHANNEL, format!("{case}before")).await;
    let mut subscription = subscribed(ephemeral, CHANNEL).await;
    publish(ephemeral, CHANNEL, format!("{case}after")).await;
    assert_eq!(next_of(&mut subscription, &case).await, "after");
}

pub async fn a_lagging_subscriber_receives_resumed(ephemeral: Arc<dyn Ephemeral>) {
    let (case, ephemeral) = (fresh("case"), &*ephemeral);
    let mut slow = subscribed(ephemeral, OTHER).await;
    let mut quick = subscribed(ephemeral, OTHER).await;
    for number in 0..MAX_WAITING + 10 {
        publish(ephemeral, OTHER, format!("{case}{number}")).await;
        assert_eq!(next_of(&mut quick, &case).await, number.to_string());
    }
    assert_eq!(slow.next().await, Incoming::Resumed);
    let last = MAX_WAITING + 9;
    while next_of(&mut slow, &case).await != last.to_string() {}
}
