//! Facts that ingest puts beside what a client says: who they are, how many receive it, what it
//! answers. All are harmless when some milliseconds old.

use futures::future::try_join_all;
use graphql::Reads;
use graphql::reads::Seat;
use schemas::code::ErrorCode;
use schemas::conversation::{Mentions, Message, ReplyStub};
use schemas::people::Profile;
use schemas::{ConversationId, MessageId, Refusal, UserId};

/// The most people that one request may name.
const MAX_NAMED: usize = 200;

/// What others see of the actor. A valid token of someone whom the platform has not published.
pub async fn profile(reads: &Reads, user: &UserId) -> Result<Profile, Refusal> {
    let unknown = || Refusal::new(ErrorCode::Forbidden, "the platform has not published this user yet");
    reads.find_profile(user).await?.ok_or_else(unknown)
}

/// The message that a send answers.
pub async fn answered(
    reads: &Reads,
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
    let message = reads.message(&parent.conversation, parent.seq).await?.message;
    if reads.blocks(viewer).await?.hide(&message) {
        return Err(Refusal::not_found());
    }
    let Message { seq, sender, content, sent_at, .. } = message;
    Ok(Some(ReplyStub { seq, sender, content, created_at: sent_at }))
}

/// The members whom a text names; who they are is read only if there are names.
pub async fn mentions(
    reads: &Reads,
    viewer: &UserId,
    conversation: &ConversationId,
    text: &str,
) -> Result<Mentions, Refusal> {
    let names = domain::text::mentioned(text);
    if names.is_empty() {
        return Ok(Mentions::default());
    }
    let loaded = reads.visible(viewer, conversation).await?;
    let profiles = loaded.present().into_iter().map(|(user, _)| reads.find_profile(user));
    let profiles = try_join_all(profiles).await?.into_iter().flatten();
    let is_named = |profile: &Profile| names.contains(&profile.username.to_lowercase());
    Ok(Mentions { people: profiles.filter(is_named).collect(), all: names.iter().any(|name| name == "all") })
}

/// Everyone but the creator, sorted, each once; all of them exist.
pub async fn participants(
    reads: &Reads,
    creator: &UserId,
    mut named: Vec<UserId>,
) -> Result<Vec<UserId>, Refusal> {
    named.retain(|user| user != creator);
    Ok(people("participantIds", reads, named).await?.into_iter().map(|profile| profile.user).collect())
}

/// Those whom a request names, sorted, each once; all of them exist.
pub async fn people(
    field: &'static str,
    reads: &Reads,
    mut named: Vec<UserId>,
) -> Result<Vec<Profile>, Refusal> {
    if named.len() > MAX_NAMED {
        return Err(Refusal::bad_input(field, "too many"));
    }
    named.sort();
    named.dedup();
    try_join_all(named.iter().map(|user| reads.profile(user))).await
}
