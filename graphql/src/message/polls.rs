//! Polls, as a viewer sees them.
//!
//! Invariants: nobody but a voter learns what they chose in an anonymous poll, and its counts are the same for all;
//! of another poll, a vote that a block hides is in no count and no list.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject, Union};
use domain::access::Blocking;
use domain::delivery::{self, Answers};
use domain::polls;
use schemas::polling::{Tally, Voted};
use schemas::position::LogTime;
use schemas::{MessageId, Refusal};
use tokio::sync::OnceCell;

use super::own::Own;
use super::reactions::Completed;
use super::{Message, Origin};
use crate::people::user::User;
use crate::rows::Voters;
use crate::scalars::DateTime;
use crate::{Result, access, paging};

/// What a message shows beside its text.
#[derive(Union)]
pub enum Card {
    Poll(Poll),
}

#[derive(SimpleObject)]
pub struct Poll {
    question: String,
    options: Vec<PollOption>,
    /// whether a user may choose several options
    multiple: bool,
    /// whether nobody learns who chose what
    anonymous: bool,
    closes_at: Option<DateTime>,
    /// Whether it takes no votes: it was closed, or its time had come when this was read or happened.
    closed: bool,
}

/// How many users chose each option.
pub fn counts(voters: &Voters, options: usize) -> Vec<i32> {
    let count = |place: usize| voters.iter().filter(|(_, voted)| voted.has(place)).count();
    (0..options).map(|place| i32::try_from(count(place)).unwrap_or(i32::MAX)).collect()
}

impl Completed {
    /// The votes in the poll of the message, as far as questions follow from them.
    pub fn votes(&self, poll: Option<&schemas::polling::Poll>) -> delivery::Votes<'_> {
        let Some(poll) = poll else { return delivery::Votes::default() };
        let all = || self.voters.iter().flatten().filter(|(_, voted)| !voted.options.is_empty());
        if all().next().is_none() {
            return delivery::Votes::default();
        }
        let of = |place| all().filter(|(_, voted)| voted.has(place)).map(|(user, _)| user).collect();
        let named = all().filter(|_| !poll.anonymous).map(|(user, voted)| (user, voted.at));
        delivery::Votes { by_option: (0..poll.options.len()).map(of).collect(), named: named.collect() }
    }
}

/// What the viewer has chosen.
enum Chosen {
    Answered(Answers),
    Read(Arc<Own<Voted>>),
}

/// The votes in a poll that a viewer sees.
struct Votes {
    message: MessageId,
    counts: Vec<i32>,
    closed: bool,
    own: Chosen,
    /// Nobody in an anonymous poll. Read when they are first asked for, if they are not known.
    voters: OnceCell<Voters>,
}

/// An option of a poll.
pub struct PollOption {
    place: usize,
    text: String,
    votes: Arc<Votes>,
}

impl Message {
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>> {
        let Some(poll) = self.body.poll() else { return Ok(None) };
        let votes = Arc::new(self.votes(ctx, poll).await?);
        let option = |(place, option): (usize, &schemas::message::Content)| PollOption {
            place,
            text: option.text.clone(),
            votes: votes.clone(),
        };
        Ok(Some(Poll {
            question: poll.question.text.clone(),
            options: poll.options.iter().enumerate().map(option).collect(),
            multiple: poll.multiple,
            anonymous: poll.anonymous,
            closes_at: poll.closes_at.map(DateTime),
            closed: votes.closed,
        }))
    }

    /// The votes, by how much of them is known.
    async fn votes(&self, ctx: &Context<'_>, poll: &schemas::polling::Poll) -> Result<Votes> {
        let told = |tally: &Tally, voters: Voters, answers| {
            let own = Chosen::Answered(answers);
            self.votes_of(poll, tally, self.told_at, own, Some(voters))
        };
        match &self.origin {
            Origin::Accepted(answers) => Ok(told(&Tally::default(), vec![], *answers)),
            Origin::Completed(None, ..) => Err(Refusal::unavailable("the votes could not be read").into()),
            Origin::Completed(Some(_), completed, answers) => match &completed.voters {
                Some(voters) if answers.has(Answers::HIDES_VOTE) => {
                    let (blocks, mut voters) = (access(ctx)?.blocks().await?, voters.clone());
                    voters.retain(|(user, voted)| !blocks.hide(user, voted.at));
                    let votes = counts(&voters, poll.options.len());
                    let tally = Tally { votes, ..completed.aspects.tally.clone() };
                    Ok(told(&tally, voters, *answers))
                }
                Some(voters) => Ok(told(&completed.aspects.tally, voters.clone(), *answers)),
                None => self.read_votes(ctx, poll).await,
            },
            Origin::Read => self.read_votes(ctx, poll).await,
        }
    }

    async fn read_votes(&self, ctx: &Context<'_>, poll: &schemas::polling::Poll) -> Result<Votes> {
        let tally = &self.written(ctx).await?.aspects.tally;
        let (access, own) = (access(ctx)?, Chosen::Read(self.own_votes.clone()));
        let now = access.now();
        let sight = access.sight(&self.id.conversation).await?;
        let may_hide = !poll.anonymous && sight.interval().is_ok() && !sight.blocks().is_empty();
        if may_hide && access.is_touched(&sight).await? {
            let voters = access.voters(&self.id).await?;
            let tally = Tally { votes: counts(&voters, poll.options.len()), ..tally.clone() };
            return Ok(self.votes_of(poll, &tally, now, own, Some(voters)));
        }
        Ok(self.votes_of(poll, tally, now, own, None))
    }

    fn votes_of(
        &self,
        poll: &schemas::polling::Poll,
        tally: &Tally,
        now: LogTime,
        own: Chosen,
        voters: Option<Voters>,
    ) -> Votes {
        Votes {
            message: self.id.clone(),
            counts: tally.votes.clone(),
            closed: polls::is_closed(poll, tally, now),
            own,
            voters: OnceCell::new_with(if poll.anonymous { Some(vec![]) } else { voters }),
        }
    }
}

#[Object]
impl PollOption {
    /// its place in the poll, from 1
    async fn id(&self) -> ID {
        (self.place + 1).to_string().into()
    }

    async fn text(&self) -> &str {
        &self.text
    }

    /// users who chose it; without those whose votes a block hides from the viewer, unless the poll is anonymous
    async fn votes(&self) -> i32 {
        self.votes.counts.get(self.place).copied().unwrap_or(0)
    }

    /// Whether the viewer is one of them.
    async fn has_voted(&self, ctx: &Context<'_>) -> Result<bool> {
        match &self.votes.own {
            Chosen::Answered(answers) => Ok(answers.has(Answers::has_voted(self.place))),
            Chosen::Read(own) => {
                let voted = own.of(&access(ctx)?, &self.votes.message).await?;
                Ok(voted.is_some_and(|voted| voted.has(self.place)))
            }
        }
    }

    /// by id; empty where anonymous; `after` is the id of the last one seen
    async fn voters(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10)] first: Option<i32>,
        after: Option<ID>,
    ) -> Result<Vec<User>> {
        let (wanted, after) = paging::of_users(first, after)?;
        let read = async || -> Result<Voters> { Ok(access(ctx)?.voters(&self.votes.message).await?) };
        let all = self.votes.voters.get_or_try_init(read).await?.iter();
        let chose = all.filter(|(_, voted)| voted.has(self.place)).map(|(user, _)| user);
        let behind = chose.filter(|user| after.as_ref().is_none_or(|after| *user > after));
        Ok(behind.take(wanted).cloned().map(User::named).collect())
    }
}

/// Fields of a message about what it shows beside its text.
pub struct MessageCard<'a>(pub &'a Message);

#[Object]
impl MessageCard<'_> {
    async fn card(&self, ctx: &Context<'_>) -> Result<Option<Card>> {
        Ok(self.0.poll(ctx).await?.map(Card::Poll))
    }
}
