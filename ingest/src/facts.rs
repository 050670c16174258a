//! Facts that ingest adds to what a client says: who the sender is, how many receive the message, what it
//! answers. Each may be some milliseconds old; the machines check what must hold.

mod cache;
mod changes;

use std::sync::Arc;

use domain::access::{self, Seen, Sight, When};
use domain::mentions;
use domain::privacy::{self, Reach};
use futures::future::{try_join, try_join_all};
use graphql::Rows;
use graphql::reads::BlockList;
use graphql::rows::Versioned;
use schemas::code::ErrorCode;
use schemas::flags::Tier;
use schemas::membership::MembershipInterval;
use schemas::message::{Mentions, ReplyStub};
use schemas::people::Profile;
use schemas::{ConversationId, MessageId, Refusal, UserId};

use crate::metrics;
use cache::InvalidatedCache;

/// The most people that one request may name.
const MAX_NAMED: usize = 200;
/// The number of recipients of a send without facts: the account refuses it unless it repeats a first one.
const UNKNOWN_RECIPIENTS: i32 = -1;

pub struct Facts {
    rows: Arc<Rows>,
    senders: InvalidatedCache<ConversationId, UserId, SenderContext>,
    profiles: InvalidatedCache<UserId, (), Profile>,
    tiers: InvalidatedCache<UserId, (), Option<Tier>>,
}

/// What a send needs of its sender's conversation.
#[derive(Debug, Clone)]
struct SenderContext {
    /// The interval through which the sender sees it.
    interval: MembershipInterval,
    /// Present members.
    members: i32,
}

/// The facts of a send.
#[derive(Debug, Clone)]
pub struct SendFacts {
    pub sender: Profile,
    pub recipients: i32,
    pub reply_to: Option<ReplyStub>,
    pub mentions: Mentions,
}

impl SendFacts {
    /// In place of facts that deny a send whose client id the account remembers. Of the parent only the
    /// number counts, which the client's request is compared by.
    pub fn absent(user: &UserId, parent: Option<&MessageId>) -> Self {
        let sender = Profile {
            user: user.clone(),
            username: String::new(),
            display_name: String::new(),
            avatar_url: None,
        };
        let stub = |parent: &MessageId| ReplyStub {
            seq: parent.seq,
            sender: sender.clone(),
            content: None,
            attachments: vec![],
            sticker: None,
            gif: None,
            created_at: 0,
        };
        let reply_to = parent.map(stub);
        Self { sender, recipients: UNKNOWN_RECIPIENTS, reply_to, mentions: Mentions::default() }
    }
}

impl Facts {
    pub fn new(rows: Arc<Rows>) -> Self {
        let (senders, profiles) = (InvalidatedCache::new(), InvalidatedCache::new());
        Self { rows, senders, profiles, tiers: InvalidatedCache::new() }
    }

    /// The facts of a send. NOT_FOUND if the user is not in the conversation, or does not see the parent.
    pub async fn of_send(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        parent: Option<&MessageId>,
        text: &str,
    ) -> Result<SendFacts, Refusal> {
        let context = self.sender_context(user, conversation);
        let (context, sender) = try_join(context, self.profile(user)).await?;
        let reply_to = self.parent(&context, user, conversation, parent).await?;
        let mentions = self.mentions(conversation, text).await?;
        Ok(SendFacts { sender, recipients: (context.members - 1).max(0), reply_to, mentions })
    }

    /// What others see of the actor; FORBIDDEN for a valid token of a user without a published profile.
    pub async fn profile(&self, user: &UserId) -> Result<Profile, Refusal> {
        let cached = self.profiles.get(user, &());
        count("profile", cached.is_some());
        if let Some(profile) = cached {
            return Ok(profile);
        }
        let unknown = || Refusal::new(ErrorCode::Forbidden, "the platform has not published this user yet");
        let profile = self.rows.profile(user).await?.ok_or_else(unknown)?;
        self.profiles.insert(user, &(), profile.clone());
        Ok(profile.value)
    }

    /// The tier of a user: as the platform has published it; else, and while that cannot be read, as the token
    /// says.
    pub async fn tier(&self, user: &UserId, token: Option<&Tier>) -> Option<Tier> {
        let cached = self.tiers.get(user, &());
        count("tier", cached.is_some());
        let published = match cached {
            Some(published) => published,
            None => {
                let row = self.rows.tier(user).await.ok().flatten();
                row.and_then(|row| {
                    self.tiers.insert(user, &(), row.clone());
                    row.value
                })
            }
        };
        published.or_else(|| token.cloned())
    }

    /// The context of a member; NOT_FOUND for anyone else, after a second read.
    async fn sender_context(
        &self,
        user: &UserId,
        conversation: &ConversationId,
    ) -> Result<SenderContext, Refusal> {
        let cached = self.senders.get(conversation, user);
        count("sender_context", cached.is_some());
        if let Some(context) = cached {
            return Ok(context);
        }
        let rows = self.rows.of_member(user, conversation).await?.ok_or_else(Refusal::not_found)?;
        let interval = access::viewing(rows.value.member.as_ref())?.clone();
        let value = SenderContext { interval, members: rows.value.state.members };
        let context = Versioned { version: rows.version, value };
        self.senders.insert(conversation, user, context.clone());
        Ok(context.value)
    }

    /// The caller is about to change who is in a conversation, and must not find it as it was because the
    /// log reports the change late.
    pub fn will_change(&self, conversation: &ConversationId) {
        self.senders.invalidate_for_a_while(conversation.clone());
    }

    /// The message that a send answers.
    async fn parent(
        &self,
        context: &SenderContext,
        user: &UserId,
        conversation: &ConversationId,
        parent: Option<&MessageId>,
    ) -> Result<Option<ReplyStub>, Refusal> {
        let Some(parent) = parent else { return Ok(None) };
        if parent.conversation != *conversation {
            return Err(Refusal::bad_input("replyToId", "a message of another conversation"));
        }
        let message = self.rows.message(conversation, parent.seq);
        let (message, blocks) = try_join(message, self.rows.blocks(user)).await?;
        let intervals = std::slice::from_ref(&context.interval);
        let sight = Sight { intervals, when: When::Now, blocks: BlockList::new(blocks) };
        let message = message.filter(|message| sight.sees(Seen::message(&message.core)));
        Ok(Some(message.ok_or_else(Refusal::not_found)?.core.stub()))
    }

    /// The members whom a text mentions. Members are read only for a text that can name one.
    pub async fn mentions(&self, conversation: &ConversationId, text: &str) -> Result<Mentions, Refusal> {
        if !mentions::may_name(text) {
            return Ok(Mentions::default());
        }
        let people = self.rows.conversation(conversation).await?.people;
        let profiles = people.present().into_iter().map(|(user, _)| self.rows.profile(user));
        let profiles = try_join_all(profiles).await?.into_iter().flatten().map(|profile| profile.value);
        let profiles: Vec<Profile> = profiles.collect();
        let named = mentions::named(text, profiles.iter().map(|profile| profile.username.as_str()));
        let people = named.people.into_iter().filter_map(|at| profiles.get(at).cloned()).collect();
        Ok(Mentions { people, all: named.all })
    }

    /// Refuses a request that would bring a user into a conversation with others, where a block stands between
    /// them.
    pub async fn reachable(&self, user: &UserId, others: &[UserId]) -> Result<(), Refusal> {
        let blocks = self.rows.blocks_with(user, others).await?;
        let has_blocked = blocks.iter().any(|row| row.blocks.by_user.stands());
        let is_blocked = blocks.iter().any(|row| row.blocks.by_other.stands());
        access::reachable(has_blocked, is_blocked)
    }

    /// Of the users whom a user would bring into a conversation, those whom a request alone may reach.
    /// RECIPIENT_UNAVAILABLE if one can be reached by none.
    pub async fn reach(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, Refusal> {
        let privacy = try_join_all(others.iter().map(|other| self.rows.privacy(other)));
        let (privacy, followed) = try_join(privacy, self.rows.follows(user, others)).await?;
        let mut requests = vec![];
        for (other, privacy) in others.iter().zip(privacy) {
            match privacy::reach(&privacy, followed.contains(other))? {
                Reach::Open => {}
                Reach::Request => requests.push(other.clone()),
            }
        }
        Ok(requests)
    }

    /// The users whom a request names, sorted, each once; NOT_FOUND if one has no published profile.
    pub async fn people(&self, field: &'static str, mut named: Vec<UserId>) -> Result<Vec<Profile>, Refusal> {
        if named.len() > MAX_NAMED {
            return Err(Refusal::bad_input(field, format!("more than {MAX_NAMED} users")));
        }
        named.sort();
        named.dedup();
        let profiles = try_join_all(named.iter().map(|user| self.rows.profile(user))).await?;
        let profiles = profiles.into_iter().map(|profile| profile.map(|profile| profile.value));
        profiles.collect::<Option<_>>().ok_or_else(Refusal::not_found)
    }
}

fn count(fact: &str, is_cached: bool) {
    metrics::FACTS.with_label_values(&[fact, if is_cached { "memory" } else { "tables" }]).inc();
}

#[cfg(test)]
mod tests;
