//! Editing a message: counted by the account of its sender, decided by the conversation.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::AccountRequest;
use schemas::Refusal;
use schemas::charging::ChargeKind::{Edit, Send};
use schemas::creating::ConversationKind::Group;
use schemas::editing::{EditMessage, SubmitEdit};
use schemas::limits::Usage;
use schemas::message::Mentions;
use schemas::operations::Refund;
use schemas::position::LogTime;
use schemas::record::Output;
use schemas::verdict::Outcome;

use crate::harness::{Decided, Harness};
use crate::names::{asked, charge, conversation, delete, paid, post, profile, refund, sent};
use crate::render::Table;

const MINUTE: i64 = 60_000;

/// A group of `ann`, who owns it, and `bob`, with one message by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "one"));
    k1
}

/// Of the message by `bob`, as ingest may have read it when it was new.
fn edit(actor: &str, text: &str) -> EditMessage {
    let mentions = Mentions { people: vec![profile("ann"), profile("eve")], all: true };
    EditMessage { mentions, ..crate::names::edit(actor, sent(1, "bob", 1, 1_500), text) }
}

/// Decides an edit that its account has counted.
fn decide(k1: &mut Harness<Conversations>, at: LogTime, edit: EditMessage) -> Decided<Conversations> {
    let paid = paid(charge(0, Edit, 100 + k1.next));
    k1.takes(at, paid, edit.into())
}

/// The code by which the charge goes back.
fn refused_with(decided: &Decided<Conversations>) -> &'static str {
    assert_eq!(decided.decision.verdict, None, "the account answers");
    let [Output::ToAccount { request: AccountRequest::Refund(refund), .. }] = &decided.decision.outputs[..]
    else {
        panic!("no refund: {:?}", decided.decision.outputs)
    };
    refund.refusal.as_ref().map_or("nothing to do", |refusal| refusal.code.as_str())
}

#[test]
fn an_edit_replaces_the_text_and_keeps_what_it_replaced() {
    let (mut table, mut k1) = (Table::default(), group());
    table.case("an edit", &decide(&mut k1, 2_000, edit("bob", "two")));
    assert_eq!(refused_with(&decide(&mut k1, 3_000, edit("bob", "two"))), "nothing to do");
    table.case("another", &decide(&mut k1, 4_000, edit("bob", "three")));
    table.case("the deletion", &k1.asks(5_000, delete("bob", sent(1, "bob", 1, 1_500))));
    table.is(expect![[r#"
        an edit
          done
          row edits of 1: 1, "two"
          row version 0 of 1: "text"
          view messages k1 1: "two" (edit 1 at 2000) by bob as c1, 2 recipients @ann
          to events k1: edited 1: "two" (edit 1 at 2000) by bob as c1, 2 recipients @ann
             MessageEdited id=1.3.2.0 at 2000
        another
          done
          row edits of 1: 2, "three"
          row version 1 of 1: "two"
          view messages k1 1: "three" (edit 2 at 4000) by bob as c1, 2 recipients @ann
          to events k1: edited 1: "three" (edit 2 at 4000) by bob as c1, 2 recipients @ann
             MessageEdited id=1.3.4.0 at 4000
        the deletion
          done
          removed [] → [1]
          row version 0 of 1: erased
          row version 1 of 1: erased
          row edits of 1: 2, erased
          row message 1: by bob at #1, ordinal 1, removed at 5000
          view messages k1 1: removed at 5000 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 5000 by bob as c1, 2 recipients
             MessageDeleted id=1.3.5.0 at 5000
    "#]]);
}

#[test]
fn only_the_sender_edits_in_time_and_not_too_often() {
    let mut k1 = group();
    assert_eq!(refused_with(&decide(&mut k1, 2_000, edit("ann", "two"))), "FORBIDDEN");
    assert_eq!(refused_with(&decide(&mut k1, 2_000, edit("eve", "two"))), "NOT_FOUND");
    assert_eq!(refused_with(&decide(&mut k1, 2_000, edit("bob", "\u{3164}"))), "BAD_USER_INPUT");
    for number in 0..5 {
        let done = decide(&mut k1, 3_000, edit("bob", &format!("number {number}")));
        assert!(matches!(done.verdict(), Outcome::Done(_)));
    }
    assert_eq!(refused_with(&decide(&mut k1, 4_000, edit("bob", "six"))), "EDIT_LIMIT_REACHED");
    let too_late = 1_500 + 15 * MINUTE;
    assert_eq!(refused_with(&decide(&mut k1, too_late, edit("bob", "late"))), "EDIT_WINDOW_CLOSED");
    k1.asks(5_000, delete("bob", sent(1, "bob", 1, 1_500)));
    assert_eq!(refused_with(&decide(&mut k1, 6_000, edit("bob", "gone"))), "NOT_FOUND");
    assert_eq!(k1.asks(7_000, edit("bob", "uncounted").into()).refused_with(), "UNAVAILABLE");
}

#[test]
fn a_conversation_repeats_done_for_the_charge_of_an_edit_that_stood() {
    let mut k1 = group();
    let first = decide(&mut k1, 2_000, edit("bob", "two"));
    let again = |k1: &Harness<_>, charged, text: &str| {
        k1.repeats(first.offset, paid(charge(0, Edit, charged)), edit("bob", text).into())
    };
    assert!(matches!(again(&k1, 100 + first.offset, "two"), Some(Outcome::Done(_))));
    assert_eq!(again(&k1, 99, "two"), None, "the refund of that charge answers");
    decide(&mut k1, 3_000, edit("bob", "three"));
    assert!(matches!(again(&k1, 100 + first.offset, "two"), Some(Outcome::Done(_))), "it was replaced");
}

fn submit(text: &str) -> AccountRequest {
    SubmitEdit { conversation: conversation(1), edit: edit("ann", text) }.into()
}

#[test]
fn a_user_edits_ten_times_an_hour_in_all_conversations() {
    let (mut table, mut ann) = (Table::default(), Harness::<Accounts>::ann(0));
    table.case("an edit", &ann.asks(0, submit("one")));
    for number in 1..10 {
        assert!(matches!(ann.asks(number * MINUTE, submit("more")).verdict(), Outcome::Accepted(_)));
    }
    table.answer("the eleventh", &ann.asks(59 * MINUTE, submit("more")));
    // The conversation refused the fourth one, and found nothing to do in the fifth.
    let back = |position, refusal| refund(&charge(0, Edit, position), refusal);
    table.case("a refusal", &ann.asks(59 * MINUTE, back(4, Some(Refusal::not_found()))));
    table.case("nothing to do", &ann.asks(59 * MINUTE, back(5, None)));
    for _ in 0..2 {
        assert!(matches!(ann.asks(59 * MINUTE, submit("more")).verdict(), Outcome::Accepted(_)));
    }
    table.answer("another one", &ann.asks(59 * MINUTE, submit("more")));
    assert!(matches!(ann.asks(60 * MINUTE, submit("more")).verdict(), Outcome::Accepted(_)));
    assert_eq!(ann.row::<Usage>(&"edit".to_owned()).unwrap().uses.len(), 10);
    table.answer("a blank text", &ann.asks(200 * MINUTE, submit(" ")));
    let of_bob = SubmitEdit { conversation: conversation(1), edit: edit("bob", "two") };
    table.answer("an edit by another user", &ann.asks(200 * MINUTE, of_bob.into()));
    table.is(expect![[r#"
        an edit
          accepted
          row uses of edit: #1
          to conversations.commands k1: edit 1 to "one"
             EditMessage id=1.3.1.0 at 0 mm-reply=0.7 mm-charge=[#1 ann Edit k1 at 0 for 0]
        the eleventh: RATE_LIMITED limit=edit windowSeconds=3600 quota=10 retryAfterMs=60000 (too many in too short a time)
        a refusal
          NOT_FOUND (not found)
          row uses of edit: #1 #2 #3 #5 #6 #7 #8 #9 #10
        nothing to do
          nothing to do
          row uses of edit: #1 #2 #3 #6 #7 #8 #9 #10
        another one: RATE_LIMITED limit=edit windowSeconds=3600 quota=10 retryAfterMs=60000 (too many in too short a time)
        a blank text: BAD_USER_INPUT field=content (the text has no visible character)
        an edit by another user: FORBIDDEN (an edit is counted for its actor)
    "#]]);
}

#[test]
fn an_account_repeats_accepted_for_an_edit_that_counts() {
    let mut ann = Harness::<Accounts>::ann(0);
    let first = ann.asks(0, submit("one")).offset;
    let again = |ann: &Harness<_>, offset| ann.repeats(offset, asked(), submit("one")).unwrap();
    assert!(matches!(again(&ann, first), Outcome::Accepted(_)));
    assert_eq!(again(&ann, first + 1).refusal().unwrap().code.as_str(), "UNAVAILABLE");
    ann.asks(1_000, Refund { charge: charge(0, Edit, first), refusal: None }.into());
    assert_eq!(again(&ann, first).refusal().unwrap().code.as_str(), "UNAVAILABLE");
}
