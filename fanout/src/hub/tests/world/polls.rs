//! Polls, and what becomes of their votes.

use schemas::facts::PollChanged;
use schemas::message::{Body, Content, Message};
use schemas::polling::{Poll, Tally, ToldVote};

use super::{Name, World, user};

impl World {
    /// A poll of two options.
    pub fn asks(&mut self, k: Name, sender: Name, anonymous: bool) -> Message {
        self.command();
        let options = ["yes", "no"].map(Content::plain).to_vec();
        let poll =
            Poll { question: Content::plain("well?"), options, multiple: false, anonymous, closes_at: None };
        let message = Message { body: Body::Poll(poll), ..self.message(k, sender) };
        self.posts(k, message)
    }

    /// A first vote for the first option, after which the tally stands.
    pub fn votes(&mut self, k: Name, name: Name, poll: &Message, tally: Tally) {
        self.command();
        let is_anonymous = poll.body.poll().is_some_and(|poll| poll.anonymous);
        let vote = ToldVote { user: user(name), options: vec![0], at: self.now, before: self.now };
        let vote = (!is_anonymous).then_some(vote);
        self.tells(k, vec![PollChanged { message: poll.clone(), tally, vote }.into()]);
    }
}
