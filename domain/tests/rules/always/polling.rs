//! Polls in random runs, against a model of who has chosen what.

use std::collections::BTreeMap;

use musclemap_domain::{Accounts, Conversations};
use proptest::prelude::*;
use schemas::ConversationFact;
use schemas::charging::ChargeKind;
use schemas::operations::{ClosePoll, CreatePoll, PostPoll, VotePoll};
use schemas::polling::{Poll, Tally, Voted};
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::cases;
use super::conversation::{of_ann_and_bob, own_charge, some_message};
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, conversation, user};
use crate::polling::{asking, creating, lunch, posting};

const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

/// All polls take several options.
fn poll() -> Poll {
    Poll { multiple: true, ..lunch() }
}

impl Generated<Accounts> for CreatePoll {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (id, to) = (draw.from(14, 17), draw.from(1, 4) as u8);
        let poll = Poll { anonymous: draw.coin(), ..lunch() };
        Some((asked(), Self { conversation: conversation(to), ..creating(id, poll, draw.from(0, 4) as i32) }))
    }
}

impl Generated<Conversations> for PostPoll {
    const WEIGHT: u32 = 4;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (sender, id) = (draw.of(&PEOPLE), draw.from(6, 9) as u8);
        Some((own_charge(run, id, ChargeKind::Send), posting(sender, id, poll())))
    }
}

/// In any message as if it were a poll: what a message is, is read by ingest.
impl Generated<Conversations> for VotePoll {
    const WEIGHT: u32 = 12;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = some_message(run, draw)?;
        let anonymous = message.seq % 2 == 0;
        let message = Box::new(asking(message, Poll { anonymous, ..poll() }));
        let options = [&[][..], &[0], &[1], &[0, 2], &[3]][draw.below(5)].to_vec();
        Some((asked(), Self { user: user(draw.of(&PEOPLE)), message, options }))
    }
}

impl Generated<Conversations> for ClosePoll {
    const WEIGHT: u32 = 1;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(asking(some_message(run, draw)?, poll()));
        Some((asked(), Self { actor: user(draw.of(&PEOPLE)), message }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// Counts are those of the rows of users; the counts of a closed poll do not change; a fact names the voter, and of
    /// an anonymous poll no user.
    #[test]
    fn a_tally_is_the_sum_of_the_users_rows_until_it_is_closed(steps in steps(80)) {
        let mut run = of_ann_and_bob();
        let mut told: BTreeMap<i64, Tally> = BTreeMap::new();
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            for fact in taken.decided.facts() {
                match fact {
                    ConversationFact::PollChanged(changed) => {
                        let seq = changed.message.seq;
                        let before = told.insert(seq, changed.tally.clone()).unwrap_or_default();
                        prop_assert_eq!(before.closed, None, "a closed poll changed");
                        prop_assert_eq!(before.changes + 1, changed.tally.changes);
                        let is_named = changed.vote.is_some();
                        let is_anonymous = changed.message.body.poll().is_some_and(|poll| poll.anonymous);
                        prop_assert_eq!(is_named, !is_anonymous && changed.tally.closed.is_none());
                    }
                    ConversationFact::MessageDeleted(deleted) => {
                        told.remove(&deleted.message.seq);
                    }
                    _ => {}
                }
            }
            let stored = run.harness.all::<Tally>().filter(|(_, tally)| **tally != Tally::default());
            let stored: BTreeMap<i64, Tally> = stored.map(|(seq, tally)| (seq, tally.clone())).collect();
            prop_assert_eq!(&stored, &told);
            for (seq, tally) in &told {
                let own = run.harness.all::<Voted>().filter(|((of, _), _)| of == seq);
                let own: Vec<&Voted> = own.map(|(_, voted)| voted).collect();
                let count = |place: i32| own.iter().filter(|voted| voted.options.contains(&place)).count();
                let counted: Vec<i32> = (0..3).map(|place| count(place) as i32).collect();
                prop_assert_eq!(&tally.votes, &counted);
            }
            for (seq, head) in run.harness.all::<MessageHead>() {
                prop_assert_eq!(head.aspects & 4 != 0, told.contains_key(&seq), "bits of {}", seq);
            }
        }
    }
}
