//! Order: messages are numbered without gap, ordinals count texts, and read marks never fall.

use std::collections::BTreeMap;

use musclemap_domain::Conversations;
use proptest::prelude::*;
use schemas::membership::{Former, Member};
use schemas::message::Message;
use schemas::receipts::Receipt;
use schemas::receipts::Watermarks;
use schemas::record::Output;
use schemas::rows::MessageHead;
use schemas::tables::views::View;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ConversationFact, UserId};

use super::cases;
use super::conversation::of_ann_and_bob;
use super::generators::{Run, steps};
use crate::harness::Decided;

/// The messages that a decision publishes.
fn created(decided: &Decided<Conversations>) -> Vec<&Message> {
    let created = decided.facts().filter_map(|fact| match fact {
        ConversationFact::MessageCreated(created) => Some(&created.message),
        _ => None,
    });
    created.collect()
}

/// The marks of every user who is or was a member.
fn marks(run: &Run<Conversations>) -> BTreeMap<UserId, Watermarks> {
    let former = run.harness.all::<Former>().map(|(user, former)| (user, former.marks));
    let mut marks: BTreeMap<UserId, Watermarks> = former.collect();
    for (user, member) in run.harness.all::<Member>().filter(|(_, member)| member.present().is_some()) {
        let mark = member.marks(run.harness.row::<Receipt>(&user));
        marks.insert(user, mark);
    }
    marks
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn messages_are_numbered_1_2_3_without_gap_in_rows_events_and_answers(steps in steps(60)) {
        let (mut run, mut last) = (of_ann_and_bob(), 0);
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            let decided = taken.decided;
            let created = created(&decided);
            for message in &created {
                last += 1;
                prop_assert_eq!((message.seq, message.position), (last, decided.offset));
            }
            prop_assert!(created.len() <= 1);
            let answered = match &decided.decision.verdict {
                Some(Outcome::Stored(stored)) if taken.is_paid => Some(stored.seq),
                _ => None,
            };
            let text = created.iter().find(|message| message.body.note().is_none());
            prop_assert_eq!(text.map(|message| message.seq), answered);
            let rewritten = decided.facts().filter(|fact| matches!(
                fact,
                ConversationFact::MessageDeleted(_)
                    | ConversationFact::MessageEdited(_)
                    | ConversationFact::MessageHidden(_)
                    | ConversationFact::MessageShown(_)
            ));
            let contents = decided.decision.views.iter().filter(|view| matches!(view, View::Message(_)));
            prop_assert_eq!(contents.count(), created.len() + rewritten.count());
            let heads: Vec<i64> = run.harness.all::<MessageHead>().map(|(seq, _)| seq).collect();
            prop_assert_eq!(heads, (1..=last).collect::<Vec<i64>>());
            prop_assert_eq!(run.harness.state.head, last);
        }
    }

    #[test]
    fn ordinals_count_the_texts_up_to_a_number(steps in steps(60)) {
        let mut run = of_ann_and_bob();
        for step in &steps {
            run.step(step);
            let heads: Vec<(i64, &MessageHead)> = run.harness.all::<MessageHead>().collect();
            let texts = |up_to: i64| {
                heads.iter().filter(|(seq, head)| *seq <= up_to && head.sender.is_some()).count() as i64
            };
            for (seq, head) in &heads {
                prop_assert_eq!(head.ordinal, texts(*seq));
            }
            prop_assert_eq!(run.harness.state.countable, texts(i64::MAX));
            for (_, receipt) in run.harness.all::<Receipt>().filter(|(_, receipt)| !receipt.ended) {
                prop_assert_eq!(receipt.ordinal, texts(receipt.marks.read.up_to));
            }
            let removed = heads.iter().filter(|(_, head)| head.removed_at.is_some());
            let removed: Vec<i64> = removed.map(|(seq, _)| *seq).collect();
            prop_assert_eq!(&run.harness.state.removed, &removed);
        }
    }

    #[test]
    fn marks_never_fall_and_never_pass_the_head_and_reading_implies_delivery(steps in steps(60)) {
        let (mut run, mut before) = (of_ann_and_bob(), BTreeMap::new());
        for step in &steps {
            run.step(step);
            let now = marks(&run);
            for (user, mark) in &now {
                let least: Watermarks = before.get(user).copied().unwrap_or_default();
                let (read, delivered) = (mark.read.up_to, mark.delivered.up_to);
                prop_assert!(read >= least.read.up_to && delivered >= least.delivered.up_to, "{user}: {mark:?}");
                prop_assert!(read <= delivered && delivered <= run.harness.state.head, "{user}: {mark:?}");
            }
            before = now;
        }
    }

    #[test]
    fn members_are_counted_and_a_group_has_one_owner(steps in steps(60)) {
        let mut run = of_ann_and_bob();
        for step in &steps {
            run.step(step);
            let shown = run.harness.all::<Member>().filter(|(_, member)| member.is_shown());
            let roles: Vec<_> = shown.map(|(_, member)| member.role).collect();
            prop_assert_eq!(run.harness.state.members as usize, roles.len());
            let owners = roles.iter().filter(|role| **role == schemas::membership::Role::Owner).count();
            let opened = run.harness.state.opened.as_ref();
            let is_group = opened.is_some_and(|opened| opened.kind == schemas::creating::ConversationKind::Group);
            prop_assert_eq!(owners, usize::from(is_group && !roles.is_empty()));
        }
    }

    #[test]
    fn every_charge_has_its_effect_or_is_refunded_and_whoever_has_the_effect_answers(steps in steps(60)) {
        let mut run = of_ann_and_bob();
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            let decided = taken.decided;
            let refunds = decided.decision.outputs.iter().filter(|output| matches!(
                output,
                Output::ToAccount { request: AccountRequest::Refund(_), .. }
            ));
            let (refunds, facts) = (refunds.count(), decided.facts().count());
            prop_assert_eq!(refunds, usize::from(taken.is_paid && facts == 0));
            prop_assert!(facts <= 4);
            // The account answers where it is asked for a refund, and then nothing is left here.
            prop_assert_eq!(decided.decision.verdict.is_some(), refunds == 0);
            let left = decided.decision.rows.len() + decided.decision.views.len();
            prop_assert!(refunds == 0 || left == 0);
        }
    }
}
