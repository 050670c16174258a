//! Messages, from the events of conversations: held, decided for each recipient, handed over.
//!
//! Invariants: a message is decided once its hold has passed, by the time of its record. Repeats do little harm: a
//! push with the topic and tag of an earlier one takes its place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::pushing::{self, HOLD_MS, Language, Shown, Withheld};
use futures::future::join_all;
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::{Ports, Record};
use platform::unknown::Writer;
use schemas::message::Message;
use schemas::position::{LogTime, Version};
use schemas::push::{PushChannel, PushSubscription};
use schemas::topics::{EVENTS, Topic};
use schemas::{ConversationFact, ConversationId, UserId};
use tokio::sync::Semaphore;

use crate::Served;
use crate::fcm;
use crate::hand_over::{HandOver, Push, To};
use crate::metrics;
use crate::pairs::{Pairs, Turn};
use crate::payload::Payload;
use crate::rows::{Conversation, Recipient, Rows, Settings};

/// Recipients whose rows are read at once.
const READS: usize = 32;

pub struct Messages {
    ports: Ports,
    rows: Rows,
    reads: Semaphore,
    pairs: Pairs,
    hand_over: Arc<HandOver>,
    served: Served,
}

/// What the events of conversations mean for pushes.
pub enum Told {
    Announced(Announced),
    Read(Read),
}

/// A message that users may be notified of.
pub struct Announced {
    conversation: ConversationId,
    seq: i64,
    /// Rows that are at least so new know of it.
    version: Version,
    /// When its hold has passed.
    due: LogTime,
}

/// A user has read a conversation up to a number: what was pushed of it is of no more use.
pub struct Read {
    conversation: ConversationId,
    user: UserId,
    up_to: i64,
}

/// What a push to one user says.
struct Batch<'a> {
    /// The newest message.
    message: &'a Message,
    count: usize,
    due: Option<LogTime>,
}

#[async_trait]
impl Effects for Messages {
    const NAME: &'static str = "notifier";
    const SOURCE: &'static str = "/musclemap/notifier";
    type Effect = Told;

    fn topic() -> &'static Topic {
        &EVENTS
    }

    fn writer() -> Option<Writer> {
        Some(Writer::of::<domain::Conversations>())
    }

    fn effects(&self, record: &Record) -> Result<Vec<Told>, Unreadable> {
        let fact = ConversationFact::decode(&record.value)?;
        let conversation = || record.key_as().ok_or_else(|| Unreadable::poison("malformed key"));
        if let Some((user, up_to)) = pushing::withdraws(&fact) {
            return Ok(vec![Told::Read(Read { conversation: conversation()?, user: user.clone(), up_to })]);
        }
        let Some(message) = pushing::notifies(&fact) else { return Ok(vec![]) };
        let (version, due) = (Version::of(message.position), record.time + HOLD_MS);
        let announced = Announced { conversation: conversation()?, seq: message.seq, version, due };
        Ok(vec![Told::Announced(announced)])
    }

    async fn apply(&self, told: &[&Told]) -> Result<(), Failure> {
        let each = told.iter().map(|told| async move {
            match told {
                Told::Announced(announced) => self.announce(announced).await,
                Told::Read(read) => self.withdraw(read).await,
            }
        });
        // None is given up because another one failed: its pushes may be on their way.
        join_all(each).await.into_iter().collect()
    }
}

impl Messages {
    pub fn new(ports: Ports, hand_over: Arc<HandOver>, served: Served) -> Self {
        let rows = Rows { tables: ports.tables.clone() };
        Self { ports, rows, reads: Semaphore::new(READS), pairs: Pairs::default(), hand_over, served }
    }

    async fn announce(&self, announced: &Announced) -> Result<(), Failure> {
        self.until(announced.due).await;
        if self.ports.clock.now() - announced.due > pushing::LATE_MS {
            metrics::withheld(Withheld::Late);
            return Ok(());
        }
        let Some((conversation, message)) = self.read(announced, announced.seq).await? else {
            return Ok(());
        };
        let all = conversation.members.iter();
        let all = all.map(|recipient| self.notify(announced, &conversation, &message, recipient));
        join_all(all).await.into_iter().collect()
    }

    /// The conversation and one of its messages, as they stand.
    async fn read(
        &self,
        announced: &Announced,
        seq: i64,
    ) -> Result<Option<(Conversation, Message)>, Failure> {
        let _reading = self.reads.acquire().await;
        let id = &announced.conversation;
        let Some(conversation) = self.rows.conversation(id, announced.version).await? else {
            return Ok(None);
        };
        Ok(self.rows.message(id, seq).await?.map(|message| (conversation, message)))
    }

    async fn notify(
        &self,
        announced: &Announced,
        conversation: &Conversation,
        message: &Message,
        recipient: &Recipient,
    ) -> Result<(), Failure> {
        let Announced { conversation: id, seq, due, version: _ } = announced;
        let user = &recipient.user;
        let Some(settings) = self.decided(id, message, recipient).await? else { return Ok(()) };
        match self.pairs.enter(user, id, *seq, self.ports.clock.now()) {
            Turn::Shared => Ok(()),
            Turn::Now => {
                let batch = Batch { message, count: 1, due: Some(*due) };
                self.send(id, conversation, recipient, &settings, batch).await
            }
            Turn::At(time, claim) => {
                self.until(time).await;
                let Some((newest, count)) = claim.waiting() else { return Ok(()) };
                let Some((conversation, message)) = self.read(announced, newest).await? else {
                    claim.settle(newest, None);
                    return Ok(());
                };
                let recipient = conversation.members.iter().find(|member| member.user == *user);
                let settings = match recipient {
                    Some(recipient) => self.decided(id, &message, recipient).await?.zip(Some(recipient)),
                    None => None,
                };
                let Some((settings, recipient)) = settings else {
                    claim.settle(newest, None);
                    return Ok(());
                };
                claim.settle(newest, Some(self.ports.clock.now()));
                let batch = Batch { message: &message, count, due: None };
                self.send(id, &conversation, recipient, &settings, batch).await
            }
        }
    }

    /// The settings of a recipient who is notified of a message now.
    async fn decided(
        &self,
        id: &ConversationId,
        message: &Message,
        recipient: &Recipient,
    ) -> Result<Option<Settings>, Failure> {
        let Recipient { user, member, marks } = recipient;
        let _reading = self.reads.acquire().await;
        if user == message.sender_id() {
            return Ok(None);
        }
        let Some(settings) = self.rows.settings(user, id).await? else { return Ok(None) };
        let blocks = self.rows.blocks(user, message.sender_id()).await?;
        let is_first = member.request.is_none() || self.rows.is_first(id, message.seq, member).await?;
        let now = self.ports.clock.now();
        let decision = pushing::decide(
            message,
            &pushing::Recipient {
                user,
                member,
                marks: *marks,
                blocks: &blocks,
                is_served: (self.served)(user, now),
                is_first,
                notifications: &settings.notifications,
                organized: &settings.organized,
            },
            now,
        );
        if let Err(reason) = decision {
            metrics::withheld(reason);
            return Ok(None);
        }
        Ok(Some(settings))
    }

    /// Sends a push to each of a user's subscriptions.
    async fn send(
        &self,
        id: &ConversationId,
        conversation: &Conversation,
        recipient: &Recipient,
        settings: &Settings,
        batch: Batch<'_>,
    ) -> Result<(), Failure> {
        let Batch { message, count, due } = batch;
        let shown = Shown {
            about: &conversation.about,
            message,
            count,
            with_content: settings.notifications.messaging_preview,
            language: Language::of(&settings.locale),
        };
        let silent = !settings.notifications.messaging_sound;
        let (whole, trimmed) = (pushing::notification(&shown), pushing::without_content(&shown));
        let whole = Payload::new(id, message.seq, &whole, silent, count);
        let trimmed = Payload::new(id, message.seq, &trimmed, silent, count);
        let (in_json, trimmed) = (Arc::new(whole.json()), Arc::new(trimmed.json()));
        let topic = self.hand_over.topic(&recipient.user, id);
        let to = settings.subscriptions.iter().map(|PushSubscription { channel, .. }| match channel {
            PushChannel::WebPush(to) => {
                To::Browser { to: to.clone(), payload: in_json.clone(), trimmed: trimmed.clone() }
            }
            PushChannel::Fcm(to) => {
                To::App { to: to.clone(), message: fcm::notification(to, &topic, &whole) }
            }
        });
        self.push(&recipient.user, &topic, due, to).await
    }

    /// Tells a user's apps that what was pushed of a conversation is read.
    async fn withdraw(&self, read: &Read) -> Result<(), Failure> {
        let Read { conversation, user, up_to } = read;
        if !self.pairs.was_pushed(user, conversation, *up_to) {
            return Ok(());
        }
        let settings = {
            let _reading = self.reads.acquire().await;
            self.rows.settings(user, conversation).await?
        };
        let Some(settings) = settings else { return Ok(()) };
        let topic = self.hand_over.topic(user, conversation);
        let to = settings.subscriptions.iter().filter_map(|PushSubscription { channel, .. }| match channel {
            // A browser closes its notification itself: a push of its own would have to show another.
            PushChannel::WebPush(_) => None,
            PushChannel::Fcm(to) => {
                let message = fcm::withdrawal(to, &topic, conversation.as_str());
                Some(To::App { to: to.clone(), message })
            }
        });
        self.push(user, &topic, None, to).await
    }

    async fn push(
        &self,
        user: &UserId,
        topic: &str,
        due: Option<LogTime>,
        to: impl Iterator<Item = To>,
    ) -> Result<(), Failure> {
        let sends =
            to.map(|to| self.hand_over.send(Push { user: user.clone(), to, topic: topic.to_owned(), due }));
        let sent: Result<(), _> = join_all(sends).await.into_iter().collect();
        Ok(sent?)
    }

    async fn until(&self, time: LogTime) {
        if let Ok(left) = u64::try_from(time - self.ports.clock.now()) {
            self.ports.clock.sleep(Duration::from_millis(left)).await;
        }
    }
}
