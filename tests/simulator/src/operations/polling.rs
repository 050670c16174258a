//! Polls: few of them, with votes by members and others, some of which end by themselves.

use rand::Rng;
use schemas::message::{Body, Content, Message};
use schemas::operations::{ClosePoll, CreatePoll, PostPoll, VotePoll};
use schemas::polling::{Poll, Tally, Voted};
use schemas::position::LogTime;
use schemas::tables::views::AspectBody;
use schemas::{ConversationId, ConversationRequest, UserId};

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::{Clients, FORBIDDEN, client_id, profile};
use crate::world::State;

const OPTIONS: usize = 3;
/// Until a poll ends by itself, in milliseconds.
const LASTS: LogTime = 5_000;

fn poll(clients: &Clients, state: &mut State) -> Poll {
    let question = Content::plain(clients.text(state));
    // Now and then an option that no policy allows.
    let mut options: Vec<Content> = (0..OPTIONS).map(|nth| Content::plain(format!("option {nth}"))).collect();
    if state.chance(0.05) {
        options[0] = Content::plain(FORBIDDEN);
    }
    let (multiple, anonymous) = (state.chance(0.5), state.chance(0.4));
    let closes_at = state.chance(0.3).then(|| state.now + LASTS);
    Poll { question, options, multiple, anonymous, closes_at }
}

/// A user, and a poll that the user may see or not; now and then a message that is none.
fn drawn(clients: &Clients, state: &mut State) -> Option<(ConversationId, UserId, Box<Message>)> {
    let (user, conversation) = (clients.user(state), clients.conversation(state));
    let mut message = clients.message(state, &conversation)?;
    // Polls are few among the messages.
    for _ in 0..8 {
        if message.body.poll().is_some() {
            break;
        }
        message = clients.message(state, &conversation)?;
    }
    Some((conversation, user, Box::new(message)))
}

impl Simulated for CreatePoll {
    const WEIGHT: u32 = 14;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let recipients = clients.recipients(&conversation);
        let (poll, client_id, sender) = (poll(clients, state), client_id(state), profile(&user));
        clients.own(state, &user, Self { conversation, client_id, poll, recipients, sender });
    }

    /// No poll has an option that no policy allows.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let polls = story.history.messages.iter().filter_map(|written| written.message.body.poll());
            let mut options = polls.flat_map(|poll| &poll.options);
            if options.any(|option| option.text.contains(FORBIDDEN)) {
                return Err(format!("{} has an option that no policy allows", story.id));
            }
        }
        Ok(())
    }
}

impl Simulated for PostPoll {
    const WEIGHT: u32 = 1;

    /// Without a charge, which its account alone can give.
    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let (poll, client_id, sender) = (poll(clients, state), client_id(state), profile(&user));
        clients.direct(state, &conversation, Self { client_id, sender, poll, shows_reads: true });
    }

    /// What nobody paid for is refused.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.refused(|request| matches!(request, ConversationRequest::PostPoll(_)))
    }
}

impl Simulated for VotePoll {
    const WEIGHT: u32 = 20;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((conversation, user, message)) = drawn(clients, state) else { return };
        let options = [&[][..], &[0], &[1], &[0, 2], &[3]][state.random.random_range(0..5)].to_vec();
        clients.direct(state, &conversation, Self { user, message, options });
    }

    /// Rows and aspects say what the events tell; a tally is the sum of the rows of users.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.stories()
            .try_for_each(|story| agrees(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

fn agrees(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let stored = story.stored.all::<Tally>().filter(|(_, tally)| **tally != Tally::default());
    let told = story.history.votes.iter().map(|(seq, votes)| (*seq, &votes.tally));
    if stored.ne(told) {
        return Err(format!("tallies are not those of {:?}", story.history.votes));
    }
    for (seq, votes) in &story.history.votes {
        let own: Vec<(UserId, &Voted)> = story
            .stored
            .all::<Voted>()
            .filter(|((of, _), _)| of == seq)
            .map(|((_, user), voted)| (user, voted))
            .collect();
        let count =
            |place: i32| own.iter().filter(|(_, voted)| voted.options.contains(&place)).count() as i32;
        let counted: Vec<i32> = (0..OPTIONS as i32).map(count).collect();
        if counted != votes.tally.votes {
            return Err(format!("{seq} has the votes {own:?}, not {:?}", votes.tally));
        }
        let is_anonymous = story.history.messages.iter().any(|written| {
            written.message.seq == *seq && written.message.body.poll().is_some_and(|poll| poll.anonymous)
        });
        let mut named = votes.named.iter().map(|(user, vote)| (user, &vote.options, vote.at));
        if !is_anonymous
            && !named.by_ref().eq(own.iter().map(|(user, voted)| (user, &voted.options, voted.at)))
        {
            return Err(format!("{seq} has the votes {own:?}, not {:?}", votes.named));
        }
        let aspects = rest.aspects(&story.id, *seq)?;
        if !aspects.contains(&AspectBody::Poll(votes.tally.clone())) {
            return Err(format!("aspects of {seq} {aspects:?}, not {:?}", votes.tally));
        }
    }
    Ok(())
}

impl Simulated for ClosePoll {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((conversation, actor, message)) = drawn(clients, state) else { return };
        clients.direct(state, &conversation, Self { actor, message });
    }

    /// A poll was closed before its time, by a command behind its post.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in &story.history.messages {
                let Body::Poll(poll) = &written.message.body else { continue };
                let votes = story.history.votes.get(&written.message.seq);
                let Some(by) = votes.and_then(|votes| votes.tally.closed) else { continue };
                let is_late = poll.closes_at.is_some_and(|end| by.at >= end);
                if is_late || by.position <= written.message.position {
                    return Err(format!("{}: {:?} was closed by {by:?}", story.id, written.message));
                }
            }
        }
        Ok(())
    }
}
