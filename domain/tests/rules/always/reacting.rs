//! Reactions in random runs, against a model of who has put what where.

use std::collections::{BTreeMap, BTreeSet};

use musclemap_domain::{Accounts, Conversations};
use proptest::prelude::*;
use schemas::ConversationFact;
use schemas::charging::ChargeKind;
use schemas::control::Limit;
use schemas::message::MessageTarget;
use schemas::operations::{AddReaction, React, RemoveReaction};
use schemas::reacting::{Reacted, ReactionGroup, Reactions};
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::conversation::{of_ann_and_bob, own_charge, some_message};
use super::generators::{Draw, Generated, Run, steps};
use super::{account, cases};
use crate::names::{asked, conversation, refund, user};

const EMOJI: [&str; 3] = ["👍", "❤️", "🎉"];
const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

impl Generated<Accounts> for AddReaction {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let target = MessageTarget { seq: draw.from(1, 4), author: user("bob") };
        let (conversation, emoji) = (conversation(draw.from(1, 3) as u8), draw.of(&EMOJI).to_owned());
        Some((asked(), Self { conversation, target, emoji }))
    }
}

/// Some message, now and then as another's.
fn target(run: &Run<Conversations>, draw: &mut Draw<'_>) -> Option<MessageTarget> {
    let message = some_message(run, draw)?;
    let author = if draw.below(9) == 0 { user("dave") } else { message.sender.user };
    Some(MessageTarget { seq: message.seq, author })
}

impl Generated<Conversations> for React {
    const WEIGHT: u32 = 12;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let target = target(run, draw)?;
        let (user, emoji) = (user(draw.of(&PEOPLE)), draw.of(&EMOJI).to_owned());
        Some((own_charge(run, 0, ChargeKind::React), Self { user, target, emoji }))
    }
}

impl Generated<Conversations> for RemoveReaction {
    const WEIGHT: u32 = 6;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let target = target(run, draw)?;
        let (user, emoji) = (user(draw.of(&PEOPLE)), draw.of(&EMOJI).to_owned());
        Some((asked(), Self { user, target, emoji }))
    }
}

/// By number and emoji: the users who have put it there, in order.
type Model = BTreeMap<(i64, String), Vec<String>>;

fn follow(model: &mut Model, fact: &ConversationFact) {
    match fact {
        ConversationFact::ReactionAdded(added) => {
            let told = &added.reaction;
            let users = model.entry((told.target.seq, told.emoji.clone())).or_default();
            users.push(told.user.to_string());
        }
        ConversationFact::ReactionRemoved(removed) => {
            let told = &removed.reaction;
            let users = model.entry((told.target.seq, told.emoji.clone())).or_default();
            users.retain(|user| *user != told.user.as_str());
        }
        ConversationFact::MessageDeleted(deleted) => model.retain(|(seq, _), _| *seq != deleted.message.seq),
        _ => {}
    }
    model.retain(|_, users| !users.is_empty());
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn counts_and_rows_are_those_of_the_facts(steps in steps(80)) {
        let (mut run, mut model) = (of_ann_and_bob(), Model::new());
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            for fact in taken.decided.facts() {
                follow(&mut model, fact);
            }
            let all = run.harness.all::<Reactions>();
            let groups = all.flat_map(|(seq, row)| row.groups.iter().map(move |group| (seq, group)));
            let groups: BTreeMap<(i64, String), &ReactionGroup> =
                groups.map(|(seq, group)| ((seq, group.emoji.clone()), group)).collect();
            prop_assert_eq!(groups.keys().collect::<Vec<_>>(), model.keys().collect::<Vec<_>>());
            for (key, group) in groups {
                let users = &model[&key];
                prop_assert_eq!(group.count as usize, users.len());
                let first: Vec<String> = group.first.iter().map(ToString::to_string).collect();
                prop_assert!(first.len() <= 3 && users.starts_with(&first), "{first:?} of {users:?}");
            }
            let heads: BTreeMap<i64, &MessageHead> = run.harness.all::<MessageHead>().collect();
            let own = run.harness.all::<Reacted>().filter(|((seq, _), _)| heads[seq].removed_at.is_none());
            let own = own.flat_map(|((seq, user), row)| {
                row.reactions.iter().map(move |one| (seq, one.emoji.clone(), user.to_string()))
            });
            // Those of a hidden message stay, and are compared when it is shown again.
            let standing = model.iter().filter(|((seq, _), _)| heads[seq].removed_at.is_none());
            let told = standing.flat_map(|((seq, emoji), users)| {
                users.iter().map(move |user| (*seq, emoji.clone(), user.clone()))
            });
            prop_assert_eq!(own.collect::<BTreeSet<_>>(), told.collect::<BTreeSet<_>>());
            for (seq, head) in heads {
                let has = model.keys().any(|(of, _)| *of == seq);
                prop_assert_eq!(head.aspects & 1 != 0, has, "bits of {}", seq);
            }
        }
    }

    /// Against the definition: a reaction passes exactly if fewer than the limit are in the window that ends with it,
    /// and one that comes back counts as if it had never been.
    #[test]
    fn no_more_reactions_count_than_the_limit_allows(
        gaps in prop::collection::vec((0i64..6_000, any::<bool>()), 1..60),
    ) {
        let mut run = account::ann();
        run.harness.policy.limits.react = Limit { count: 3, seconds: 10 };
        let mut passed: Vec<i64> = vec![];
        for (gap, back) in gaps {
            run.now += gap;
            let target = MessageTarget { seq: 1, author: user("bob") };
            let add = AddReaction { conversation: conversation(1), target, emoji: EMOJI[0].to_owned() };
            let decided = run.harness.asks(run.now, add.into());
            let inside = passed.iter().filter(|then| run.now - **then < 10_000).count();
            let charge = decided.charges().next();
            prop_assert_eq!(charge.is_some(), inside < 3);
            match charge {
                Some(charge) if back => {
                    run.harness.asks(run.now, refund(&charge, None));
                }
                Some(_) => passed.push(run.now),
                None => prop_assert_eq!(decided.refused_with(), "RATE_LIMITED"),
            }
        }
    }
}
