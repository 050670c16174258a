//! The channels that a process is subscribed to, on one connection.
//!
//! Invariants: a channel stays subscribed for the life of the process; a connection that does not answer is
//! replaced, within [`ASK_EVERY`] and an answer's time.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use platform::ports::ephemeral::MAX_WAITING;
use platform::ports::{Incoming, Subscription};
use redis::aio::PubSubSink;
use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::{Notify, broadcast};
use tokio::time::{interval, sleep, timeout};

use crate::connection::CONNECT_WITHIN;
use crate::{Redis, locked};

/// How often a quiet connection is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Between two attempts to connect.
const RETRY_EVERY: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(crate) struct Channels {
    state: Mutex<State>,
    /// Notified when a channel is added.
    added: Notify,
}

#[derive(Default)]
struct State {
    senders: HashMap<&'static str, broadcast::Sender<Incoming>>,
    /// Those that deliver now.
    delivering: HashSet<&'static str>,
}

impl Channels {
    pub(crate) fn subscribe(&self, channel: &'static str) -> Subscription {
        let state = &mut *locked(&self.state);
        let sender = state.senders.entry(channel).or_insert_with(|| {
            self.added.notify_one();
            broadcast::Sender::new(MAX_WAITING)
        });
        Subscription::new(sender.subscribe(), state.delivering.contains(channel))
    }

    fn silent(&self) -> Vec<&'static str> {
        let state = locked(&self.state);
        state.senders.keys().filter(|channel| !state.delivering.contains(*channel)).copied().collect()
    }

    fn deliver(&self, channel: &str, incoming: Incoming) {
        if let Some(sender) = locked(&self.state).senders.get(channel) {
            // Sending fails only without a subscriber.
            let _ = sender.send(incoming);
        }
    }
}

impl Redis {
    /// Never ends.
    pub(crate) async fn keep_subscribed(&self) {
        loop {
            let Err(error) = self.deliver().await;
            locked(&self.channels.state).delivering.clear();
            self.connections.metrics.subscribed(false);
            tracing::warn!(%error, "subscriptions lost");
            sleep(RETRY_EVERY).await;
        }
    }

    /// Delivers messages for as long as one connection lasts.
    async fn deliver(&self) -> RedisResult<std::convert::Infallible> {
        let (mut sink, mut messages) = in_time(self.connections.client.get_async_pubsub()).await?.split();
        self.connections.metrics.subscribed(true);
        self.subscribe_silent(&mut sink).await?;
        let mut asks = interval(ASK_EVERY);
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = message.ok_or_else(|| lost("connection closed"))?;
                    if let Some(channel) = message.get_channel_name().strip_prefix(&self.prefix) {
                        self.channels.deliver(channel, Incoming::Message(Bytes::from(message.get_payload_bytes().to_vec())));
                    }
                }
                () = self.channels.added.notified() => self.subscribe_silent(&mut sink).await?,
                _ = asks.tick() => in_time(sink.ping::<redis::Value>()).await.map(drop)?,
            }
        }
    }

    /// Subscribes the channels that deliver nothing yet.
    async fn subscribe_silent(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        for channel in self.channels.silent() {
            in_time(sink.subscribe(self.name(channel))).await?;
            let state = &mut *locked(&self.channels.state);
            state.delivering.insert(channel);
            if let Some(sender) = state.senders.get(channel) {
                let _ = sender.send(Incoming::Resumed);
            }
        }
        Ok(())
    }
}

async fn in_time<T>(call: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(CONNECT_WITHIN, call).await.unwrap_or_else(|_| Err(lost("no answer in time")))
}

fn lost(reason: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, reason))
}
