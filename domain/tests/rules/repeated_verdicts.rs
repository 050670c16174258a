//! Verdicts repeated from the rows, after a process was interrupted.

use expect_test::expect;
use schemas::Refusal;
use schemas::charging::Charge;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::verdict::Outcome;

use crate::harness::Harness;
use crate::names::{asked, charge, create, grant, look_up, open, paid, post, read, refund, send, user};
use crate::render::Table;

#[test]
fn an_account_says_charged_of_the_live_charge_alone_and_known_of_what_followed_it() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let again = |ann: &Harness<_>, offset, text| ann.repeats(offset, asked(), send(1, text, 1));
    ann.asks(0, send(1, "refused", 99));
    ann.asks(0, send(1, "hello", 1));
    ann.asks(0, send(1, "hello", 1));
    ann.asks(0, send(1, "conflict", 1));
    table.outcome("#1, refused for credits", again(&ann, 1, "refused").as_ref());
    table.outcome("#2, charged", again(&ann, 2, "hello").as_ref());
    table.outcome("#3, its repeat", again(&ann, 3, "hello").as_ref());
    table.outcome("#4, a conflict", again(&ann, 4, "conflict").as_ref());
    ann.asks(0, refund(&charge(1, Send, 2), Some(Refusal::not_found())));
    table.outcome("#2, given back since", again(&ann, 2, "hello").as_ref());
    ann.asks(0, send(1, "hello", 1));
    table.outcome("#2, sent anew since", again(&ann, 2, "hello").as_ref());
    table.outcome("#6, the new charge", again(&ann, 6, "hello").as_ref());
    table.is(expect![[r#"
        #1, refused for credits: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
        #2, charged: accepted
        #3, its repeat: accepted as a repeat
        #4, a conflict: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
        #2, given back since: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
        #2, sent anew since: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
        #6, the new charge: accepted
    "#]]);
}

#[test]
fn an_account_says_of_everything_else_what_it_said_before() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let crew = || create(Group, 1, &["bob"], None);
    let back = |refusal| refund(&charge(1, Create, 1), refusal);
    ann.asks(0, crew());
    table.outcome("a creation", ann.repeats(1, asked(), crew()).as_ref());
    table.outcome("given back, refused", ann.repeats(2, asked(), back(Some(Refusal::not_found()))).as_ref());
    table.outcome("given back, nothing to do", ann.repeats(2, asked(), back(None)).as_ref());
    ann.asks(0, grant("welcome", 5));
    table.outcome("a grant", ann.repeats(2, asked(), grant("welcome", 5)).as_ref());
    table.is(expect![[r#"
        a creation: accepted
        given back, refused: NOT_FOUND (not found)
        given back, nothing to do: nothing to do
        a grant: done
    "#]]);
}

#[test]
fn an_account_says_of_a_grant_only_what_the_ledger_holds() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let again = |ann: &Harness<_>| ann.repeats(1, asked(), grant("welcome", -5));
    ann.asks(0, grant("welcome", -5));
    table.outcome("a grant that was refused", again(&ann).as_ref());
    table.is(expect![[r#"
        a grant that was refused: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
    "#]]);
}

#[test]
fn a_conversation_answers_only_for_what_was_paid_for_by_the_charge_that_asks() {
    let mut table = Table::default();
    let mut k1 = Harness::k1();
    let (first, second) = (charge(1, Create, 0), charge(2, Create, 1));
    let opening = || open(Group, "ann", &["bob"]);
    k1.takes(0, paid(first.clone()), opening());
    k1.takes(0, paid(charge(3, Send, 5)), post("ann", 3, "hello"));
    table.outcome("the opening", k1.repeats(0, paid(first), opening()).as_ref());
    table.outcome("a second opening", k1.repeats(1, paid(second), opening()).as_ref());
    let told = |position| k1.repeats(1, paid(charge(3, Send, position)), post("ann", 3, "hello"));
    table.outcome("the message", told(5).as_ref());
    table.outcome("a refused one before, under its id", told(2).as_ref());
    let looked = |position| k1.repeats(2, asked(), look_up("ann", 3, Send, position));
    table.outcome("a look-up", looked(5).as_ref());
    table.outcome("a look-up of a refused one", looked(2).as_ref());
    table.outcome("a reading", k1.repeats(2, asked(), read("bob", 1)).as_ref());
    table.outcome("a stranger's reading", k1.repeats(2, asked(), read("dave", 1)).as_ref());
    table.is(expect![[r#"
        the opening: done
        a second opening: (the account answers)
        the message: stored as 1
        a refused one before, under its id: (the account answers)
        a look-up: stored as 1
        a look-up of a refused one: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
        a reading: done
        a stranger's reading: NOT_FOUND (not found)
    "#]]);
}

/// Charges are named by their place in their own account's log: two people's may be named alike.
#[test]
fn an_opening_answers_only_to_who_paid_for_it() {
    let mut table = Table::default();
    let mut k1 = Harness::k1();
    let by_bob = Charge { user: user("bob"), ..charge(2, Create, 4) };
    k1.takes(0, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    k1.takes(0, paid(by_bob.clone()), open(Direct, "bob", &["ann"]));
    table.outcome("ann", k1.repeats(0, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"])).as_ref());
    table.outcome("bob", k1.repeats(1, paid(by_bob), open(Direct, "bob", &["ann"])).as_ref());
    table.answer("ann looks it up", &k1.asks(0, look_up("ann", 1, Create, 4)));
    table.answer("bob looks it up", &k1.asks(0, look_up("bob", 2, Create, 4)));
    table.is(expect![[r#"
        ann: done
        bob: (the account answers)
        ann looks it up: done
        bob looks it up: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
    "#]]);
}

/// What is told after an interruption must not contradict what may have been told before it.
#[test]
fn a_success_is_told_again_as_the_same_success() {
    let mut ann = Harness::ann(1_000);
    let said = ann.asks(0, send(1, "hello", 1)).decision.verdict;
    assert_eq!(ann.repeats(1, asked(), send(1, "hello", 1)), said);
    let mut k1 = Harness::k1();
    k1.takes(0, paid(charge(1, Create, 0)), open(Group, "ann", &["bob"]));
    let envelope = || paid(charge(2, Send, 1));
    let said: Option<Outcome> = k1.takes(0, envelope(), post("ann", 2, "hello")).decision.verdict;
    assert_eq!(k1.repeats(1, envelope(), post("ann", 2, "hello")), said);
}
