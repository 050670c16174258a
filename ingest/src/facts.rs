//! Facts that ingest puts beside what a client says: who they are, how many receive it, what it
//! answers. All are harmless when some milliseconds old.

mod changes;
mod known;

use std::sync::Arc;

use futures::future::try_join_all;
use graphql::Reads;
use graphql::reads::Seat;
use schemas::code::ErrorCode;
use schemas::conversation::{Mentions, Message, ReplyStub};
use schemas::people::Profile;
use schemas::{ConversationId, MessageId, Refusal, UserId};

use crate::metrics;
use known::Known;

/// The most people that one request may name.
const MAX_NAMED: usize = 200;

pub struct Facts {
    reads: Arc<Reads>,
    seats: Known<ConversationId, UserId, Seat>,
    profiles: Known<UserId, (), Profile>,
}

impl Facts {
    pub fn new(reads: Arc<Reads>) -> Self {
        Self { reads, seats: Known::new(), profiles: Known::new() }
    }

    /// What others see of the actor. A valid token of someone whom the platform has not published.
    pub async fn profile(&self, user: &UserId) -> Result<Profile, Refusal> {
        let known = self.profiles.get(user, &());
        count("profile", known.is_some());
        if let Some(profile) = known {
            return Ok(profile);
        }
        let unknown = || Refusal::new(ErrorCode::Forbidden, "the platform has not published this user yet");
        let profile = self.reads.find_dated_profile(user).await?.ok_or_else(unknown)?;
        self.profiles.learn(user, &(), profile.clone());
        Ok(profile.value)
    }

    /// The seat of someone who is in a conversation; NOT_FOUND otherwise, for whatever reason.
    pub async fn seat(&self, user: &UserId, conversation: &ConversationId) -> Result<Seat, Refusal> {
        let known = self.seats.get(conversation, user);
        count("seat", known.is_some());
        if let Some(seat) = known {
            return Ok(seat);
        }
        let seat = self.reads.seat(user, conversation).await?;
        self.seats.learn(conversation, user, seat.clone());
        Ok(seat.value)
    }

    /// Somebody is about to change who is in a conversation. They are not to find it as it was before
    /// because the log tells of it late.
    pub fn changes(&self, conversation: &ConversationId) {
        self.seats.doubted(conversation.clone());
    }

    /// The message that a send answers.
    pub async fn answered(
        &self,
        seat: &Seat,
        viewer: &UserId,
        conversation: &ConversationId,
        parent: Option<&MessageId>,
    ) -> Result<Option<ReplyStub>, Refusal> {
        let Some(parent) = parent else { return Ok(None) };
        if parent.conversation != *conversation {
            return Err(Refusal::bad_input("replyToId", "a message of another conversation"));
        }
        if !domain::access::sees_message(&seat.stay, parent.seq) {
            return Err(Refusal::not_found());
        }
        let message = self.reads.message(&parent.conversation, parent.seq).await?.message;
        if self.reads.blocks(viewer).await?.hide(&message) {
            return Err(Refusal::not_found());
        }
        let Message { seq, sender, content, sent_at, .. } = message;
        Ok(Some(ReplyStub { seq, sender, content, created_at: sent_at }))
    }

    /// The members whom a text names; who they are is read only if there are names.
    pub async fn mentions(
        &self,
        viewer: &UserId,
        conversation: &ConversationId,
        text: &str,
    ) -> Result<Mentions, Refusal> {
        let names = domain::text::mentioned(text);
        if names.is_empty() {
            return Ok(Mentions::default());
        }
        let loaded = self.reads.visible(viewer, conversation).await?;
        let profiles = loaded.present().into_iter().map(|(user, _)| self.reads.find_profile(user));
        let profiles = try_join_all(profiles).await?.into_iter().flatten();
        let is_named = |profile: &Profile| names.contains(&profile.username.to_lowercase());
        Ok(Mentions {
            people: profiles.filter(is_named).collect(),
            all: names.iter().any(|name| name == "all"),
        })
    }

    /// Everyone but the creator, sorted, each once; all of them exist.
    pub async fn participants(
        &self,
        creator: &UserId,
        mut named: Vec<UserId>,
    ) -> Result<Vec<UserId>, Refusal> {
        named.retain(|user| user != creator);
        let people = self.people("participantIds", named).await?;
        Ok(people.into_iter().map(|profile| profile.user).collect())
    }

    /// Those whom a request names, sorted, each once; all of them exist.
    pub async fn people(&self, field: &'static str, mut named: Vec<UserId>) -> Result<Vec<Profile>, Refusal> {
        if named.len() > MAX_NAMED {
            return Err(Refusal::bad_input(field, "too many"));
        }
        named.sort();
        named.dedup();
        try_join_all(named.iter().map(|user| self.reads.profile(user))).await
    }
}

fn count(fact: &str, is_known: bool) {
    metrics::FACTS.with_label_values(&[fact, if is_known { "memory" } else { "tables" }]).inc();
}

#[cfg(test)]
mod tests;
