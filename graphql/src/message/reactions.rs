//! Reactions to a message, as a viewer sees them.
//!
//! Invariants: a reaction that a block hides is in no group, count or list; without blocks the aspect says
//! everything but who reacted beyond the first, and a rendering reads nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::access::Blocking;
use domain::delivery::Answers;
use schemas::position::{LogTime, Offset};
use schemas::reacting::{Reacted, Reactions, ToldReaction};
use schemas::{MessageId, Refusal, UserId};

use super::own::Own;
use super::{Message, Origin};
use crate::people::user::User;
use crate::rows::{Aspects, Reactors, Voters};
use crate::{Result, access, paging, viewer};

/// Aspects of the message of an event, with everyone who reacted and voted.
#[derive(Debug, Clone, Default)]
pub struct Completed {
    pub aspects: Aspects,
    /// `None` if there are more than are read at once.
    pub reactors: Option<Reactors>,
    /// Votes in the poll that the message is, in the same way.
    pub voters: Option<Voters>,
}

impl Completed {
    /// Bytes that it takes, by a rough count.
    pub fn bytes(&self) -> usize {
        let reactors = self.reactors.iter().flatten().map(|(_, reacted)| 128 + 64 * reacted.reactions.len());
        let voters = self.voters.iter().flatten().map(|(_, voted)| 128 + 8 * voted.options.len());
        reactors.chain(voters).sum()
    }

    /// By emoji, in the order of the message's: who put it there, and when.
    pub fn reactions(&self) -> Vec<Vec<(&UserId, LogTime)>> {
        let of = |emoji: &str| {
            let all = self.reactors.iter().flatten();
            let found = all.filter_map(|(user, reacted)| Some((user, reacted.with(emoji)?)));
            found.map(|(user, reaction)| (user, reaction.at)).collect()
        };
        self.aspects.reactions.groups.iter().map(|group| of(&group.emoji)).collect()
    }
}

/// Whether the viewer has reacted.
enum Viewers {
    Answered(bool),
    /// Whether they are one of all.
    One,
    Own(Arc<Own<Reacted>>),
}

/// One emoji on a message.
pub struct ReactionGroup {
    message: MessageId,
    emoji: String,
    count: i32,
    /// The first who reacted, in order.
    first: Vec<UserId>,
    is_all: bool,
    viewers: Viewers,
}

impl Message {
    /// Groups of the message, by how much of them is known.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<ReactionGroup>> {
        if self.body.removed_at().is_some() {
            return Ok(vec![]);
        }
        match &self.origin {
            Origin::Accepted(_) => Ok(vec![]),
            Origin::Completed(None, ..) => {
                Err(Refusal::unavailable("the reactions could not be read").into())
            }
            Origin::Completed(Some(_), completed, answers) => match &completed.reactors {
                Some(reactors) if answers.has(Answers::HIDES_REACTION) => {
                    let blocks = access(ctx)?.blocks().await?;
                    let hides = |user: &UserId, at| blocks.hide(user, at);
                    Ok(self.seen_groups(&completed.aspects.reactions, reactors, hides))
                }
                Some(_) => Ok(self.answered_groups(completed, *answers)),
                None => self.read_groups(ctx).await,
            },
            Origin::Read => self.read_groups(ctx).await,
        }
    }

    /// As the aspect says, with what the viewer was asked.
    fn answered_groups(&self, completed: &Completed, answers: Answers) -> Vec<ReactionGroup> {
        let groups = completed.aspects.reactions.groups.iter().zip(completed.in_order()).enumerate();
        let group = |(place, (group, users)): (usize, (&schemas::reacting::ReactionGroup, Vec<UserId>))| {
            let viewers = if place < Answers::ASKED_EMOJI {
                Viewers::Answered(answers.has(Answers::has_reacted(place)))
            } else {
                Viewers::One
            };
            let (message, emoji, count) = (self.id.clone(), group.emoji.clone(), group.count);
            ReactionGroup { message, emoji, count, first: users, is_all: true, viewers }
        };
        groups.map(group).collect()
    }

    /// Of everyone's reactions, those that the viewer sees.
    fn seen_groups(
        &self,
        all: &Reactions,
        reactors: &Reactors,
        hides: impl Fn(&UserId, LogTime) -> bool,
    ) -> Vec<ReactionGroup> {
        let mut groups: BTreeMap<&str, Vec<(Offset, &UserId)>> = BTreeMap::new();
        for (user, reacted) in reactors {
            for reaction in reacted.reactions.iter().filter(|reaction| !hides(user, reaction.at)) {
                groups.entry(&reaction.emoji).or_default().push((reaction.position, user));
            }
        }
        groups.values_mut().for_each(|users| users.sort_unstable());
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(emoji, _)| all.groups.iter().position(|group| group.emoji == *emoji));
        let group = |(emoji, users): (&str, Vec<(Offset, &UserId)>)| ReactionGroup {
            message: self.id.clone(),
            emoji: emoji.to_owned(),
            count: i32::try_from(users.len()).unwrap_or(i32::MAX),
            first: users.into_iter().map(|(_, user)| user.clone()).collect(),
            is_all: true,
            viewers: Viewers::One,
        };
        groups.into_iter().map(group).collect()
    }

    async fn read_groups(&self, ctx: &Context<'_>) -> Result<Vec<ReactionGroup>> {
        let written = self.written(ctx).await?;
        let all = &written.aspects.reactions;
        if all.groups.is_empty() {
            return Ok(vec![]);
        }
        let access = access(ctx)?;
        let sight = access.sight(&self.id.conversation).await?;
        if sight.interval().is_err() {
            return Ok(vec![]);
        }
        if !sight.blocks().is_empty() && access.is_touched(&sight).await? {
            let reactors = access.reactors(&sight, self.id.seq).await?;
            return Ok(self.seen_groups(all, &reactors, |user, at| sight.sight().hides(user, at)));
        }
        let group = |group: &schemas::reacting::ReactionGroup| ReactionGroup {
            message: self.id.clone(),
            emoji: group.emoji.clone(),
            count: group.count,
            first: group.first.clone(),
            is_all: usize::try_from(group.count) == Ok(group.first.len()),
            viewers: Viewers::Own(self.own.clone()),
        };
        Ok(all.groups.iter().map(group).collect())
    }
}

impl Completed {
    /// By emoji, in the order of the message's: the users in the order in which they reacted.
    fn in_order(&self) -> Vec<Vec<UserId>> {
        let of = |emoji: &str| {
            let all = self.reactors.iter().flatten();
            let found = all.filter_map(|(user, reacted)| Some((reacted.with(emoji)?.position, user)));
            let mut found: Vec<(Offset, &UserId)> = found.collect();
            found.sort_unstable();
            found.into_iter().map(|(_, user)| user.clone()).collect()
        };
        self.aspects.reactions.groups.iter().map(|group| of(&group.emoji)).collect()
    }
}

/// Fields of a message about reactions to it.
pub struct MessageReactions<'a>(pub &'a Message);

#[Object]
impl MessageReactions<'_> {
    /// by emoji, in the order in which they came
    async fn reactions(&self, ctx: &Context<'_>) -> Result<Vec<ReactionGroup>> {
        self.0.groups(ctx).await
    }
}

/// One emoji on a message, with the users who put it there.
#[Object]
impl ReactionGroup {
    async fn emoji(&self) -> &str {
        &self.emoji
    }

    async fn count(&self) -> i32 {
        self.count
    }

    /// in the order in which they reacted; `after` is the id of the last one seen
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10)] first: Option<i32>,
        after: Option<ID>,
    ) -> Result<Vec<User>> {
        let (wanted, after) = paging::of_users(first, after)?;
        let users = if self.is_all || (after.is_none() && self.first.len() >= wanted) {
            self.first.clone()
        } else {
            access(ctx)?.reacted_with(&self.message, &self.emoji).await?
        };
        let behind = after.and_then(|after| users.iter().position(|user| *user == after));
        let users = users.into_iter().skip(behind.map_or(0, |place| place + 1));
        Ok(users.take(wanted).map(User::named).collect())
    }

    /// Whether the viewer is one of them.
    async fn has_reacted(&self, ctx: &Context<'_>) -> Result<bool> {
        match &self.viewers {
            Viewers::Answered(has) => Ok(*has),
            Viewers::One => Ok(self.first.contains(&viewer(ctx)?.user)),
            Viewers::Own(own) => {
                let reacted = own.of(&access(ctx)?, &self.message).await?;
                Ok(reacted.is_some_and(|reacted| reacted.with(&self.emoji).is_some()))
            }
        }
    }
}

/// One user's reaction came or went; a client keeps its own count by (emoji, user).
#[derive(SimpleObject)]
pub struct ReactionChange {
    message_id: ID,
    conversation_id: ID,
    emoji: String,
    user: User,
}

impl ReactionChange {
    pub fn of(conversation: &schemas::ConversationId, told: &ToldReaction) -> Self {
        let id = MessageId { conversation: conversation.clone(), seq: told.target.seq };
        Self {
            message_id: id.to_string().into(),
            conversation_id: conversation.as_str().into(),
            emoji: told.emoji.clone(),
            user: User::named(told.user.clone()),
        }
    }
}
