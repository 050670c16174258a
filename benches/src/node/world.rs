//! What the machines would have written: rows of members, events of messages, checkpoints.
//!
//! Invariant: causes go up from event to event, so none counts as a repeat.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use domain::Conversations;
use fold::Fold;
use platform::clock::{Clock, SystemClock};
use platform::ports::tables::put_views;
use platform::ports::{Log, Receipt, Tables};
use platform::runner::checkpoint::Checkpoint;
use schemas::membership::{Member, MembershipInterval, Role};
use schemas::message::{Body, Mentions, Message};
use schemas::people::Profile;
use schemas::position::{Cause, EPOCH, Number, Offset, Version};
use schemas::receipts::Watermarks;
use schemas::record::{Origin, Output, RecordId};
use schemas::sending::MessageCreated;
use schemas::tables::views::MembershipRow;
use schemas::topics::{EVENTS, partition_of};
use schemas::{ClientId, ConversationId, UserId};

use crate::clock;

/// Rows that are written at once.
const ROWS: usize = 1_000;

pub struct World {
    log: Arc<dyn Log>,
    tables: Arc<dyn Tables>,
    /// Newest message of each group.
    heads: HashMap<usize, i64>,
    /// Offset of the last command that was made up; those of members come first.
    command: Offset,
}

impl World {
    pub fn new(log: Arc<dyn Log>, tables: Arc<dyn Tables>) -> Self {
        Self { log, tables, heads: HashMap::new(), command: 0 }
    }

    pub async fn populate(&self, sizes: &[usize]) -> Result<()> {
        for (group, size) in sizes.iter().enumerate() {
            let conversation = conversation(group)?;
            let rows = (0..*size).map(|member| {
                let interval = MembershipInterval { from: 0, to: None, first_seq: 1, first_ordinal: 0 };
                let intervals = vec![interval];
                let member_row = Member {
                    role: Role::Member,
                    joined_at: 0,
                    intervals,
                    marks: Watermarks::default(),
                    request: None,
                };
                let (user, conversation) = (super::user(group, member), conversation.clone());
                let row = MembershipRow { user, conversation, member: member_row };
                (row.to_row(), Version::of(0))
            });
            for rows in rows.collect::<Vec<_>>().chunks(ROWS) {
                put_views(&*self.tables, rows).await?;
            }
        }
        Ok(())
    }

    /// Posts messages that are due now; waits until the log has them.
    pub async fn publish(&mut self, group: usize, messages: usize, characters: usize) -> Result<()> {
        let due = clock::monotonic();
        let mut receipts = Vec::with_capacity(messages);
        for _ in 0..messages {
            receipts.push(self.post(group, due, characters).await?);
        }
        for receipt in receipts {
            receipt.await?;
        }
        Ok(())
    }

    /// Posts a message that says when it was due.
    pub async fn post(&mut self, group: usize, due: u64, characters: usize) -> Result<Receipt> {
        let conversation = conversation(group)?;
        let partition = partition_of(conversation.as_str().as_bytes(), self.log.partitions(&EVENTS));
        let head = self.heads.entry(group).or_default();
        *head += 1;
        self.command += 1;
        let at = SystemClock.now();
        let message = Message {
            seq: *head,
            position: self.command,
            sent_at: at,
            sender: sender()?,
            client_id: Some(ClientId::from(uuid::Uuid::new_v4())),
            reply_to: None,
            mentions: Mentions::default(),
            recipients: 1,
            body: Body::text(format!("{due} {:x<characters$}", "")),
        };
        let number = Number { offset: self.command, index: 0 };
        let fact = MessageCreated { message }.into();
        let event = Output::ConversationEvent { conversation, fact, names: vec![] };
        let id = RecordId::Cause(Cause { epoch: EPOCH, partition, number });
        let origin = Origin { id, source: Conversations::SOURCE, at, traceparent: None };
        Ok(self.log.enqueue(event.record(&origin)).await?)
    }

    /// Says that the conversation machine has passed everything so far, so that snapshots settle.
    pub async fn settle(&self) -> Result<()> {
        let checkpoint = Checkpoint { next: self.command + 1, ..Checkpoint::default() };
        for partition in 0..self.log.partitions(&EVENTS) {
            checkpoint.write(&*self.tables, Conversations::NAME, partition).await?;
        }
        Ok(())
    }
}

fn conversation(group: usize) -> Result<ConversationId> {
    format!("{:032x}", group + 1).parse().ok().context("a conversation id")
}

/// Writes to every group, and is in none.
fn sender() -> Result<Profile> {
    let user: UserId = "publisher".parse()?;
    let name = "publisher".to_owned();
    Ok(Profile { user, username: name.clone(), display_name: name, avatar_url: None })
}
