//! Facts that ingest puts beside what a client says: who they are, how many receive it, what it
//! answers. All are harmless when some milliseconds old.

use graphql::Reads;
use graphql::reads::Loaded;
use schemas::code::ErrorCode;
use schemas::conversation::ReplyStub;
use schemas::people::Profile;
use schemas::{MessageId, Refusal, UserId};

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
    loaded: &Loaded,
    viewer: &UserId,
    parent: Option<&MessageId>,
) -> Result<Option<ReplyStub>, Refusal> {
    let Some(parent) = parent else { return Ok(None) };
    if parent.conversation != loaded.id {
        return Err(Refusal::bad_input("replyToId", "a message of another conversation"));
    }
    if !domain::access::sees_message(loaded.seen_by(viewer)?, parent.seq) {
        return Err(Refusal::not_found());
    }
    let row = reads.message(&parent.conversation, parent.seq).await?;
    Ok(Some(ReplyStub { seq: row.seq, sender: row.sender, content: Some(row.content), created_at: row.at }))
}

/// Everyone but the creator, sorted, each once; all of them exist.
pub async fn participants(
    reads: &Reads,
    creator: &UserId,
    mut named: Vec<UserId>,
) -> Result<Vec<UserId>, Refusal> {
    if named.len() > MAX_NAMED {
        return Err(Refusal::bad_input("participantIds", "too many"));
    }
    named.sort();
    named.dedup();
    named.retain(|user| user != creator);
    for user in &named {
        reads.profile(user).await?;
    }
    Ok(named)
}
