//! Blocks between two, kept where their DIRECT conversation is or would be.

use expect_test::expect;
use proptest::prelude::*;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::Direct;
use schemas::record::Output;
use schemas::rows::Blocks;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ErrorCode};

use crate::harness::Harness;
use crate::names::{asked, block, charge, open, paid, post, user};
use crate::render::Table;

#[test]
fn a_block_stands_before_anything_is_opened_and_outlasts_it() {
    let mut table = Table::default();
    let mut pair = Harness::pair();
    table.case("ann blocks bob", &pair.asks(1_000, block("ann", "bob", true)));
    table.case("again", &pair.asks(2_000, block("ann", "bob", true)));
    pair.asks(2_500, block("ann", "bob", false));
    pair.takes(3_000, paid(charge(1, Create, 4)), open(Direct, "bob", &["ann"]));
    pair.asks(3_500, block("ann", "bob", true));
    table.case("bob sends", &pair.takes(4_000, paid(charge(2, Send, 5)), post("bob", 2, "hi")));
    table.case("ann sends", &pair.takes(4_000, paid(charge(3, Send, 6)), post("ann", 3, "hi")));
    table.case("ann unblocks bob", &pair.asks(5_000, block("ann", "bob", false)));
    table.case("bob sends again", &pair.takes(6_000, paid(charge(4, Send, 7)), post("bob", 4, "hi")));
    table.is(expect![[r#"
        ann blocks bob
          done
          row blocks by ann: 1000..
          row changes by ann: 1, noted 0
          view blocks ann and bob: by them 1000.., by the other never
          view blocks bob and ann: by them never, by the other 1000..
          to events b65dda: blocks by ann 1000.., by bob never
             BlocksChanged id=1.3.0.0 at 1000 mm-users=ann,bob
          to accounts.commands ann: note that bob is blocked
             NoteBlock id=1.3.0.1 at 1000
        again
          nothing to do
        bob sends
          (the account answers)
          to accounts.commands ann: refund [#5 ann c2 Send k1 at 0 for 100] because RECIPIENT_UNAVAILABLE (the recipient cannot be reached)
             Refund id=1.3.5.0 at 4000 mm-reply=0.7
        ann sends
          (the account answers)
          to accounts.commands ann: refund [#6 ann c3 Send k1 at 0 for 100] because BLOCKED (you have blocked this user)
             Refund id=1.3.6.0 at 4000 mm-reply=0.7
        ann unblocks bob
          done
          row blocks by ann: 1000..2500 3500..5000
          row changes by ann: 4, noted 0
          view blocks ann and bob: by them 1000..2500 3500..5000, by the other never
          view blocks bob and ann: by them never, by the other 1000..2500 3500..5000
          to events b65dda: blocks by ann 1000..2500 3500..5000, by bob never
             BlocksChanged id=1.3.7.0 at 5000 mm-users=ann,bob
          to accounts.commands ann: note that bob is blocked no more
             NoteBlock id=1.3.7.1 at 5000
        bob sends again
          stored as 1
          head 0 at 3000 → 1 at 6000
          countable 0 → 1
          row message 1: by bob at #8, ordinal 1
          row sent bob c4: 1, paid by #7
          row receipt bob: read 1, ordinal 1
          view messages b65dda 1: "hi" by bob as c4, 1 recipients
          to events b65dda: created 1: "hi" by bob as c4, 1 recipients
             MessageCreated id=1.3.8.0 at 6000
    "#]]);
}

#[test]
fn each_blocks_the_other_for_themselves() {
    let mut pair = Harness::pair();
    pair.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    pair.asks(2_000, block("ann", "bob", true));
    pair.asks(3_000, block("bob", "ann", true));
    pair.asks(4_000, block("ann", "bob", false));
    let refused = pair.takes(5_000, paid(charge(2, Send, 5)), post("ann", 2, "hi"));
    assert!(refused.decision.verdict.is_none() && refused.decision.outputs.len() == 1, "given back");
    pair.asks(6_000, block("bob", "ann", false));
    let sent = pair.takes(7_000, paid(charge(3, Send, 6)), post("ann", 3, "hi"));
    assert!(matches!(sent.decision.verdict, Some(Outcome::Stored(_))));
}

/// While either of a pair blocks the other, no conversation of the pair opens.
#[test]
fn no_conversation_opens_through_a_block() {
    for (creator, code) in [("ann", ErrorCode::Blocked), ("bob", ErrorCode::RecipientUnavailable)] {
        let (mut pair, other) = (Harness::pair(), if creator == "ann" { "bob" } else { "ann" });
        pair.asks(1_000, block("ann", "bob", true));
        let refused = pair.takes(2_000, paid(charge(1, Create, 4)), open(Direct, creator, &[other]));
        let [Output::ToAccount { request: AccountRequest::Refund(refund), .. }] =
            &refused.decision.outputs[..]
        else {
            panic!("the creation is given back")
        };
        assert_eq!(refund.refusal.as_ref().unwrap().code, code, "{creator}");
        pair.asks(3_000, block("ann", "bob", false));
        let opened = pair.takes(4_000, paid(charge(2, Create, 5)), open(Direct, creator, &[other]));
        assert!(matches!(opened.decision.verdict, Some(Outcome::Done(_))));
    }
}

/// A sender who has blocked the other learns nothing of the other's block.
#[test]
fn ones_own_block_is_the_answer_whichever_id_sorts_first() {
    for (sender, other) in [("ann", "bob"), ("bob", "ann")] {
        let mut pair = Harness::pair();
        pair.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
        pair.asks(2_000, block(other, sender, true));
        pair.asks(3_000, block(sender, other, true));
        let refused = pair.takes(4_000, paid(charge(2, Send, 5)), post(sender, 2, "hi"));
        let [Output::ToAccount { request: AccountRequest::Refund(refund), .. }] =
            &refused.decision.outputs[..]
        else {
            panic!("one refund goes out")
        };
        assert_eq!(refund.refusal.as_ref().unwrap().code, ErrorCode::Blocked, "{sender}");
    }
}

#[test]
fn nobody_blocks_where_they_are_not_one_of_the_pair() {
    let mut pair = Harness::pair();
    pair.takes(500, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    for request in [block("ann", "cleo", true), block("ann", "ann", true), block("cleo", "ann", true)] {
        let refused = pair.asks(1_000, request);
        assert!(matches!(refused.decision.verdict, Some(Outcome::Refused(_))));
        assert!(refused.decision.rows.is_empty() && refused.decision.outputs.is_empty());
    }
    let told = Harness::pair().repeats(0, asked(), block("ann", "bob", true));
    assert!(matches!(told, Some(Outcome::Refused(_))), "it does not hold");
}

proptest! {
    /// Whatever is asked when: intervals of one blocker stand in order, apart, and only the last is open.
    #[test]
    fn intervals_stand_in_order(asks in prop::collection::vec((any::<bool>(), any::<bool>(), -3_000i64..9_000), 1..200)) {
        let mut pair = Harness::pair();
        let mut time = 10_000;
        for (ann, blocked, step) in asks {
            time += step;
            let request = if ann { block("ann", "bob", blocked) } else { block("bob", "ann", blocked) };
            pair.asks(time, request);
            for name in ["ann", "bob"] {
                let Some(blocks) = pair.row::<Blocks>(&user(name)) else { continue };
                prop_assert!(blocks.intervals.len() <= 64);
                let (last, ended) = blocks.intervals.split_last().expect("a row has an interval");
                prop_assert!(last.to.is_none_or(|to| last.from <= to));
                let mut before = i64::MIN;
                for interval in ended {
                    let to = interval.to.expect("only the last is open");
                    prop_assert!(before <= interval.from && interval.from <= to);
                    before = to;
                }
                prop_assert!(before <= last.from);
            }
        }
    }
}
