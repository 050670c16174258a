//! One subscription: from its start (fresh, or at a cursor) to live, then frame by frame.
//!
//! Invariants: what was missed since the cursor is sent before `Drained`; each frame's cursor says
//! that everything up to it was sent before it, so what cannot be sent ends the subscription.

mod replay;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::try_join_all;
use graphql::live::{Live, Topic};
use graphql::reads::whole::Unread;
use graphql::{ApiSchema, Viewer};
use platform::ports::TablesError;
use schemas::conversation::Message;
use schemas::position::Offset;
use tokio::sync::{Notify, mpsc};

use crate::Node;
use crate::cursor::Cursor;
use crate::event::Event;
use crate::hub::{Interest, SubscriptionId};
use crate::lanes::Lane;
use crate::protocol::{self, CloseCode, ServerMessage};
use crate::render::{Failed, Payload, Selected};
use crate::snapshot;

/// What goes to a socket, in order.
#[derive(Debug)]
pub enum Outgoing {
    Text(String),
    Close(CloseCode),
}

/// Why a subscription has ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The socket is gone.
    #[error("socket closed")]
    Closed,
    #[error("the client reads too slowly")]
    TooSlow,
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// An event that is due could not be rendered.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// The user has more memberships or blocks than a node takes in.
    #[error("too many rows in {0}")]
    TooMany(&'static str),
}

impl From<Unread> for Ended {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Tables(error) => Self::Tables(error),
            Unread::TooMany { table } => Self::TooMany(table),
        }
    }
}

impl<T> From<mpsc::error::SendError<T>> for Ended {
    fn from(_: mpsc::error::SendError<T>) -> Self {
        Self::Closed
    }
}

/// A subscription that was let in.
pub struct Subscription {
    pub node: Arc<Node>,
    pub schema: ApiSchema,
    pub viewer: Viewer,
    /// Id of the operation on its socket.
    pub operation: String,
    pub selected: Selected,
    pub topic: Topic,
    pub out: mpsc::Sender<Outgoing>,
}

/// A queue in the hub, closed when the subscription ends in whatever way.
struct Open {
    node: Arc<Node>,
    id: SubscriptionId,
    wake: Arc<Notify>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.node.hub.close(self.id);
    }
}

impl Subscription {
    /// Delivers until the socket or the client's reading ends. Says why, after telling the client.
    pub async fn run(self) -> Ended {
        let ended = match self.deliver().await {
            Ok(never) => match never {},
            Err(ended) => ended,
        };
        let close = match &ended {
            Ended::Closed => None,
            Ended::TooSlow => Some(CloseCode::TooSlow),
            // The client resumes at its last cursor, and gets the event then.
            Ended::Failed(_) => Some(CloseCode::Restart),
            Ended::Tables(_) | Ended::TooMany(_) => Some(CloseCode::Overloaded),
        };
        if let Some(code) = close {
            tracing::warn!(error = %ended, code = code.code(), "subscription ended");
            // If the socket is gone there is nobody to tell.
            let _ = self.out.send(Outgoing::Close(code)).await;
        }
        ended
    }

    async fn deliver(&self) -> Result<std::convert::Infallible, Ended> {
        let open = self.open().await?;
        match &self.topic {
            Topic::Inbox { after: Some(text) } => self.resume(&open, text).await?,
            Topic::Inbox { after: None } => {
                let cursor = self.start_fresh(&open).await?;
                self.send(&Arc::new(Live::Drained { replayed: 0 }), Some(&cursor)).await?;
            }
            _ => {
                self.start_fresh(&open).await?;
            }
        }
        loop {
            let quiet = tokio::time::sleep(self.node.options.ping_every);
            tokio::select! {
                () = open.wake.notified() => {
                    self.send_queued(&open).await?;
                }
                () = quiet => self.ping(&open).await?,
            }
        }
    }

    async fn open(&self) -> Result<Open, Ended> {
        let node = &self.node;
        let interest = Interest::of(&self.topic);
        loop {
            let reach = node.hub.reach();
            let rows = rows::of_user(&*node.tables, &self.viewer.user).await?;
            let cursor = Cursor::at(node.hub.settled().id.clone());
            if let Some((id, wake)) = node.hub.open(&self.viewer.user, interest.clone(), cursor, rows, &reach)
            {
                return Ok(Open { node: node.clone(), id, wake });
            }
        }
    }

    /// Starts at the newest settled snapshot. What was in the rows when this began is not sent: the
    /// client reads it. What was not yet is sent as live.
    async fn start_fresh(&self, open: &Open) -> Result<Cursor, Ended> {
        let node = &self.node;
        loop {
            let settled = node.hub.settled();
            let recent = node.hub.since_settled(&self.viewer.user);
            let lanes: BTreeSet<Lane> = recent.iter().map(|event| event.lane).collect();
            let passed = lanes.into_iter().map(async |lane| {
                let passed = snapshot::checkpointed(&*node.tables, node.hub.lanes, lane).await?;
                Ok::<_, TablesError>((lane, passed))
            });
            let passed: BTreeMap<Lane, Offset> = try_join_all(passed).await?.into_iter().collect();
            let is_readable =
                |event: &Event| passed.get(&event.lane).is_some_and(|next| *next > event.number.offset);
            if let Some(cursor) = node.hub.go_live_fresh(open.id, &settled, is_readable) {
                return Ok(cursor);
            }
        }
    }

    /// Sends what waits; gives the cursor after it.
    async fn send_queued(&self, open: &Open) -> Result<Cursor, Ended> {
        let (frames, cursor) = self.node.hub.take(open.id).ok_or(Ended::TooSlow)?;
        for frame in frames {
            self.send_event(&frame.event, &frame.cursor).await?;
        }
        Ok(cursor)
    }

    /// Sends an event, if it delivers anything.
    async fn send_event(&self, event: &Event, cursor: &Cursor) -> Result<(), Ended> {
        let Some(live) = event.live() else { return Ok(()) };
        if self.node.hub.misses_quote(&self.viewer.user, event) {
            return self.send(&Arc::new(without_quote(live)), Some(cursor)).await;
        }
        let renderings = &self.node.hub.renderings;
        let rendering = self.selected.render_event(&self.schema, &self.viewer, (event, live), renderings);
        self.put(&*rendering.await?, Some(cursor)).await
    }

    /// Sends something for this subscription alone.
    async fn send(&self, live: &Arc<Live>, cursor: Option<&Cursor>) -> Result<(), Ended> {
        self.put(&*self.selected.render(&self.schema, &self.viewer, live).await?, cursor).await
    }

    async fn put(&self, payload: &Payload, cursor: Option<&Cursor>) -> Result<(), Ended> {
        let cursor = cursor.map(|cursor| cursor.encode(&self.node.cursor_key, &self.viewer.user));
        let text = protocol::next(&self.operation, &payload.with_cursor(cursor.as_deref()));
        Ok(self.out.send(Outgoing::Text(text)).await?)
    }

    /// A quiet inbox gets a fresh cursor with its ping, so that it never grows too old.
    async fn ping(&self, open: &Open) -> Result<(), Ended> {
        let cursor = self.send_queued(open).await?;
        if matches!(self.topic, Topic::Inbox { .. }) {
            let cursor = cursor.encode(&self.node.cursor_key, &self.viewer.user);
            let payload = serde_json::json!({ "cursors": { &self.operation: cursor } });
            let text = ServerMessage::Ping { payload: Some(payload) }.to_text();
            self.out.send(Outgoing::Text(text)).await?;
        }
        Ok(())
    }
}

/// A message as someone sees it who does not see what it answers.
fn without_quote(live: &Live) -> Live {
    match live {
        Live::Message { conversation, message } => Live::Message {
            conversation: conversation.clone(),
            message: Message { reply_to: None, ..message.clone() },
        },
        other => other.clone(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
