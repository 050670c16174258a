//! Typing statuses on a node: taken from all processes, delivered to connected members, ended by time, by a
//! message and by the end of a membership.
//!
//! Invariants: an offered start is followed by an offered stop; repeats of one user are offered at most every
//! [`EVERY`], whichever process published them; the number of statuses is bounded.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use awareness::typing::{EVERY, LASTS, Typing};
use domain::delivery;
use futures::future::OptionFuture;
use graphql::live::Delivery;
use platform::lock::locked;
use schemas::{ConversationId, UserId};
use tokio::time::{Instant, sleep_until};

use crate::Node;
use crate::event::{About, Completed, Entry};
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};

/// Most statuses at once; further ones are dropped.
const MOST: usize = 20_000;

/// Statuses that were offered and have not ended.
#[derive(Default)]
pub struct Typists(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_conversation: HashMap<ConversationId, HashMap<UserId, Typist>>,
    by_end: BTreeSet<(Instant, ConversationId, UserId)>,
}

struct Typist {
    typing: Typing,
    until: Instant,
    /// When it was last offered.
    told_at: Instant,
}

/// What a typing status leads to.
#[derive(Debug, PartialEq, Eq)]
enum Begun {
    Tell,
    /// Offered within [`EVERY`].
    Known,
    NoRoom,
}

impl Known {
    /// A user types from now on, for a while.
    fn begin(&mut self, typing: Typing, now: Instant) -> Begun {
        let (conversation, user) = (typing.conversation.clone(), typing.by.user.clone());
        let known = self.take(&conversation, &user).map(|known| known.told_at);
        if self.by_end.len() >= MOST {
            return Begun::NoRoom;
        }
        let recent = known.filter(|told_at| now < *told_at + EVERY);
        let typist = Typist { typing, until: now + LASTS, told_at: recent.unwrap_or(now) };
        self.by_end.insert((typist.until, conversation.clone(), user.clone()));
        self.by_conversation.entry(conversation).or_default().insert(user, typist);
        if recent.is_some() { Begun::Known } else { Begun::Tell }
    }

    fn take(&mut self, conversation: &ConversationId, user: &UserId) -> Option<Typist> {
        let of_conversation = self.by_conversation.get_mut(conversation)?;
        let typist = of_conversation.remove(user)?;
        if of_conversation.is_empty() {
            self.by_conversation.remove(conversation);
        }
        self.by_end.remove(&(typist.until, conversation.clone(), user.clone()));
        Some(typist)
    }

    fn end(&mut self, conversation: &ConversationId, user: &UserId) -> Option<Typing> {
        self.take(conversation, user).map(|typist| typist.typing)
    }

    /// One whose time is over.
    fn over(&mut self, now: Instant) -> Option<Typing> {
        let (until, conversation, user) = self.by_end.first()?.clone();
        if until > now { None } else { self.end(&conversation, &user) }
    }
}

impl Typists {
    fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.0)
    }

    fn next_end(&self) -> Option<Instant> {
        self.known().by_end.first().map(|(until, ..)| *until)
    }
}

impl Node {
    /// Delivers the statuses of all processes to connected members. Never returns.
    pub async fn follow_typing(&self) {
        let mut incoming = self.awareness.typists();
        loop {
            // What begins later ends later.
            let over = OptionFuture::from(self.typists.next_end().map(sleep_until));
            tokio::select! {
                typing = incoming.next() => typing.into_iter().for_each(|typing| self.typing_changed(typing)),
                Some(()) = over => {
                    let now = Instant::now();
                    while let Some(typing) = { self.typists.known().over(now) } {
                        self.stopped(typing);
                    }
                }
            }
        }
    }

    fn typing_changed(&self, typing: Typing) {
        if !typing.is_typing {
            if self.typists.known().end(&typing.conversation, &typing.by.user).is_some() {
                self.stopped(typing);
            }
            return;
        }
        // Most conversations have no member on this node.
        if !self.hubs.iter().any(|hub| hub.has_members(&typing.conversation)) {
            return;
        }
        let begun = self.typists.known().begin(typing.clone(), Instant::now());
        match begun {
            Begun::NoRoom => metrics::dropped(Dropped::Typing).inc(),
            Begun::Known => {}
            Begun::Tell => {
                if !self.tell_typing(&typing) {
                    self.typists.known().end(&typing.conversation, &typing.by.user);
                }
            }
        }
    }

    fn stopped(&self, typing: Typing) {
        self.tell_typing(&Typing { is_typing: false, ..typing });
    }

    /// Offers a status to connected members; returns whether there are any.
    fn tell_typing(&self, typing: &Typing) -> bool {
        let (of, delivery) = (typing.by.user.clone(), Delivery::Typing(typing.clone()));
        let notice = Arc::new(Notice::new(NoticeKind::Typing, Some(of.clone()), delivery));
        let told = self.hubs.iter().map(|hub| hub.tell_members(&typing.conversation, &of, &notice));
        told.fold(false, |any, told| any | told)
    }

    /// Ends the statuses of users who have sent or left.
    pub fn end_typing(&self, entries: &[Entry]) {
        let mut ended = vec![];
        {
            let mut known = self.typists.known();
            if known.by_end.is_empty() {
                return;
            }
            for event in entries.iter().filter_map(|entry| entry.event.as_ref()) {
                let About::Conversation(conversation) = &event.about else { continue };
                if !known.by_conversation.contains_key(conversation) {
                    continue;
                }
                let fact = event.completed().and_then(Completed::fact);
                for user in fact.map(delivery::ends_typing).unwrap_or_default() {
                    self.awareness.typing.forget(user, conversation);
                    ended.extend(known.end(conversation, user));
                }
            }
        }
        ended.into_iter().for_each(|typing| self.stopped(typing));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use schemas::people::Profile;

    use super::*;

    fn typing(user: &str) -> Typing {
        let by = Profile {
            user: user.parse().unwrap(),
            username: user.to_owned(),
            display_name: user.to_owned(),
            avatar_url: None,
        };
        Typing { conversation: "0".repeat(32).parse().unwrap(), by, is_typing: true }
    }

    #[test]
    fn who_goes_on_is_told_every_two_seconds_and_ends_five_seconds_after_the_last_word() {
        let (mut known, start) = (Known::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(known.begin(typing("ann"), at(0)), Begun::Tell);
        assert_eq!(known.begin(typing("ann"), at(1)), Begun::Known);
        assert_eq!(known.begin(typing("bob"), at(1)), Begun::Tell);
        assert_eq!(known.begin(typing("ann"), at(2)), Begun::Tell);
        assert_eq!(known.begin(typing("ann"), at(3)), Begun::Known);
        assert!(known.over(at(5)).is_none());
        assert_eq!(known.over(at(6)), Some(typing("bob")));
        assert!(known.over(at(7)).is_none());
        assert_eq!(known.over(at(8)), Some(typing("ann")));
        assert!(known.over(at(100)).is_none() && known.by_conversation.is_empty());
    }

    #[test]
    fn who_has_ended_begins_anew() {
        let (mut known, now) = (Known::default(), Instant::now());
        let ann = typing("ann");
        assert_eq!(known.begin(ann.clone(), now), Begun::Tell);
        assert_eq!(known.end(&ann.conversation, &ann.by.user), Some(ann.clone()));
        assert_eq!(known.end(&ann.conversation, &ann.by.user), None);
        assert_eq!(known.begin(ann, now), Begun::Tell);
    }

    #[test]
    fn no_more_are_known_than_the_bound() {
        let (mut known, now) = (Known::default(), Instant::now());
        for number in 0..MOST {
            known.begin(typing(&format!("u{number}")), now);
        }
        assert_eq!(known.begin(typing("ann"), now), Begun::NoRoom);
        assert_eq!(known.by_end.len(), MOST);
    }
}
