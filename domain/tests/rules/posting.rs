//! Posting messages, and looking up what became of them.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::{Direct, Group};

use crate::harness::Harness;
use crate::names::{answer_to, asked, block, charge, look_up, open, paid, post};
use crate::render::Table;

/// `k1` with ann, bob and cleo, opened by charge #0.
fn crew() -> Harness<Conversations> {
    let mut k1 = Harness::k1();
    k1.takes(0, paid(charge(1, Create, 0)), open(Group, "ann", &["bob", "cleo"]));
    k1
}

#[test]
fn a_message_gets_the_next_number_and_its_sender_has_read_it() {
    let mut table = Table::default();
    let mut k1 = crew();
    table.case("the first", &k1.takes(1_000, paid(charge(2, Send, 8)), post("ann", 2, "hello")));
    table
        .case("an answer", &k1.takes(2_000, paid(charge(3, Send, 9)), answer_to((1, "ann"), "bob", 3, "hi")));
    table.is(expect![[r#"
        the first
          stored as 1
          head 0 at 0 → 1 at 1000
          countable 0 → 1
          row message 1: by ann at #1, ordinal 1
          row sent ann c2: 1, paid by #8
          row receipt ann: read 1, ordinal 1
          view messages k1 1: "hello" by ann as c2, 2 recipients
          to events k1: created 1: "hello" by ann as c2, 2 recipients
             MessageCreated id=1.3.1.0 at 1000
        an answer
          stored as 2
          head 1 at 1000 → 2 at 2000
          countable 1 → 2
          row message 2: by bob at #2, ordinal 2
          row sent bob c3: 2, paid by #9
          row receipt bob: read 2, ordinal 2
          view messages k1 2: "hi" by bob as c3, 2 recipients answering 1
          to events k1: created 2: "hi" by bob as c3, 2 recipients answering 1
             MessageCreated id=1.3.2.0 at 2000
    "#]]);
}

#[test]
fn what_cannot_be_posted_gives_its_charge_back_and_its_account_answers() {
    let mut table = Table::default();
    let mut k1 = crew();
    let paid = || paid(charge(2, Send, 8));
    table.case("by a stranger", &k1.takes(1_000, paid(), post("dave", 2, "hello")));
    table.case("an answer to nothing", &k1.takes(1_000, paid(), answer_to((1, "bob"), "ann", 2, "hello")));
    let of_another = answer_to((1, "dave"), "bob", 2, "hello");
    let mut answered = crew();
    answered.takes(500, paid(), post("ann", 2, "hello"));
    table.case("an answer to another author's", &answered.takes(1_000, paid(), of_another));
    table.case("to what is not open", &Harness::k1().takes(1_000, paid(), post("ann", 2, "hello")));
    table.answer("past its account", &k1.takes(1_000, asked(), post("ann", 2, "hello")));
    table.is(expect![[r#"
        by a stranger
          (the account answers)
          to accounts.commands ann: refund [#8 ann c2 Send k1 at 0 for 100] because NOT_FOUND (not found)
             Refund id=1.3.1.0 at 1000 mm-reply=0.7
        an answer to nothing
          (the account answers)
          to accounts.commands ann: refund [#8 ann c2 Send k1 at 0 for 100] because NOT_FOUND (not found)
             Refund id=1.3.2.0 at 1000 mm-reply=0.7
        an answer to another author's
          (the account answers)
          to accounts.commands ann: refund [#8 ann c2 Send k1 at 0 for 100] because NOT_FOUND (not found)
             Refund id=1.3.2.0 at 1000 mm-reply=0.7
        to what is not open
          (the account answers)
          to accounts.commands ann: refund [#8 ann c2 Send k1 at 0 for 100] because NOT_FOUND (not found)
             Refund id=1.3.0.0 at 1000 mm-reply=0.7
        past its account: UNAVAILABLE retryAfterMs=1000 (the request reaches a conversation through its account)
    "#]]);
}

#[test]
fn a_refused_message_takes_no_number() {
    let mut k1 = crew();
    k1.takes(1_000, paid(charge(2, Send, 8)), post("dave", 2, "hello"));
    k1.takes(2_000, paid(charge(3, Send, 9)), post("ann", 3, "hello"));
    assert_eq!(k1.state.head, 1);
}

#[test]
fn a_look_up_finds_what_its_own_charge_paid_for() {
    let mut table = Table::default();
    let mut k1 = crew();
    table.answer("before the message", &k1.asks(1_000, look_up("ann", 2, Send, 8)));
    k1.takes(1_000, paid(charge(2, Send, 8)), post("ann", 2, "hello"));
    table.answer("after it", &k1.asks(1_000, look_up("ann", 2, Send, 8)));
    table.answer("by another charge", &k1.asks(1_000, look_up("ann", 2, Send, 5)));
    table.answer("by another sender", &k1.asks(1_000, look_up("bob", 2, Send, 8)));
    table.answer("the opening", &k1.asks(1_000, look_up("ann", 1, Create, 0)));
    table.answer("an opening by another charge", &k1.asks(1_000, look_up("ann", 1, Create, 3)));
    table.answer("of what is not open", &Harness::k1().asks(1_000, look_up("ann", 1, Create, 0)));
    table.is(expect![[r#"
        before the message: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
        after it: stored as 1
        by another charge: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
        by another sender: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
        the opening: done
        an opening by another charge: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
        of what is not open: UNAVAILABLE retryAfterMs=1000 (the first request had no effect)
    "#]]);
}

/// What was sent while a block stood is hidden from the other for good, so it cannot be quoted.
#[test]
fn a_reply_quotes_only_what_its_sender_sees() {
    let pair = || {
        let mut pair = Harness::pair();
        pair.takes(0, paid(charge(1, Create, 0)), open(Direct, "ann", &["bob"]));
        pair.takes(1_000, paid(charge(2, Send, 8)), post("bob", 2, "before"));
        pair
    };
    let answers = |pair: &mut Harness<Conversations>, time, sender| {
        let reply = pair.takes(time, paid(charge(3, Send, 9)), answer_to((1, "bob"), sender, 3, "re"));
        reply.decision.verdict.is_some()
    };
    let mut blocked = pair();
    blocked.asks(2_000, block("ann", "bob", true));
    blocked.asks(3_000, block("ann", "bob", false));
    assert!(answers(&mut blocked, 4_000, "ann"), "it was sent before the block");
    // Log time goes back by a little: the block began when the message was sent.
    let mut hidden = pair();
    hidden.asks(900, block("ann", "bob", true));
    hidden.asks(1_001, block("ann", "bob", false));
    assert!(!answers(&mut hidden, 4_000, "ann"), "the other does not see it");
    assert!(answers(&mut hidden, 4_000, "bob"), "its own sender does");
    assert!(!answers(&mut pair(), 4_000, "dave"), "nor does a stranger");
}
