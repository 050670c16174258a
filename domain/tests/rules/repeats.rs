//! Client ids: what is asked again is charged once, and follows the first on its way.

use expect_test::expect;
use schemas::creating::ConversationKind::Group;
use schemas::record::Output;
use schemas::sending::SendMessage;
use schemas::{AccountRequest, ConversationRequest};

use crate::harness::Harness;
use crate::names::{conversation, create, send, send_to, sending, stub};
use crate::render::Table;

const DAY: i64 = 24 * 60 * 60 * 1_000;

#[test]
fn a_repeat_within_a_day_is_free_and_asks_the_conversation_what_became_of_the_first() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    ann.asks(1_000, send(1, "hello", 1));
    table.case("at once", &ann.asks(1_000, send(1, "hello", 1)));
    table.case("with another count of recipients", &ann.asks(2_000, send(1, "hello", 9)));
    table.case("a millisecond before the day is over", &ann.asks(1_000 + DAY - 1, send(1, "hello", 1)));
    table.case("a day later it is a new send", &ann.asks(1_000 + DAY, send(1, "hello", 1)));
    table.is(expect![[r#"
        at once
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #1
             LookUp id=1.3.2.0 at 1000 mm-reply=0.7
        with another count of recipients
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #1
             LookUp id=1.3.3.0 at 2000 mm-reply=0.7
        a millisecond before the day is over
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #1
             LookUp id=1.3.4.0 at 86400999 mm-reply=0.7
        a day later it is a new send
          accepted
          balance 900 → 800
          row c1: Send to k1 at #5, remembered
          row ledger #5: MESSAGE_SEND -100 → 800 for c1, 1 recipients
          to conversations.commands k1: post "hello"
             PostMessage id=1.3.5.0 at 86401000 mm-reply=0.7 mm-charge=[#5 ann c1 Send k1 at 86401000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 800
             CreditsChanged id=1.3.5.1 at 86401000
    "#]]);
}

#[test]
fn another_content_under_the_same_id_is_a_conflict() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    ann.asks(1_000, send(1, "hello", 1));
    let parent = stub(4, "bob", None);
    let answering = SendMessage { reply_to: Some(Box::new(parent)), ..sending(1, "hello", 1) };
    table.answer("another text", &ann.asks(2_000, send(1, "hello!", 1)));
    table.answer("another conversation", &ann.asks(2_000, send_to(2, 1, "hello")));
    table.answer("as an answer", &ann.asks(2_000, AccountRequest::SendMessage(answering)));
    table.answer("as a creation", &ann.asks(2_000, create(Group, 1, &["bob"], None)));
    table.is(expect![[r#"
        another text: IDEMPOTENCY_CONFLICT (this id was used for another request)
        another conversation: IDEMPOTENCY_CONFLICT (this id was used for another request)
        as an answer: IDEMPOTENCY_CONFLICT (this id was used for another request)
        as a creation: IDEMPOTENCY_CONFLICT (this id was used for another request)
    "#]]);
}

#[test]
fn a_refused_id_may_be_sent_again_with_other_content() {
    let mut table = Table::default();
    let mut ann = Harness::ann(100);
    table.answer("too many recipients", &ann.asks(1_000, send(1, "hello", 2)));
    table.case("fewer, and other words", &ann.asks(1_000, send(1, "hi", 1)));
    table.is(expect![[r#"
        too many recipients: INSUFFICIENT_CREDITS requiredMilli=200 balanceMilli=100 (not enough credits)
        fewer, and other words
          accepted
          balance 100 → 0
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #2, remembered
          row ledger #2: MESSAGE_SEND -100 → 0 for c1, 1 recipients
          to conversations.commands k1: post "hi"
             PostMessage id=1.3.2.0 at 1000 mm-reply=0.7 mm-charge=[#2 ann c1 Send k1 at 1000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 0
             CreditsChanged id=1.3.2.1 at 1000
    "#]]);
}

#[test]
fn a_repeated_creation_asks_after_the_first_and_another_is_a_conflict() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let crew = |others: &[&str], title| create(Group, 1, others, title);
    ann.asks(1_000, crew(&["bob", "cleo"], Some("crew")));
    table.case("again", &ann.asks(2_000, crew(&["bob", "cleo"], Some("crew"))));
    table.answer("others", &ann.asks(2_000, crew(&["bob"], Some("crew"))));
    table.answer("another title", &ann.asks(2_000, crew(&["bob", "cleo"], None)));
    table.is(expect![[r#"
        again
          accepted as a repeat
          to conversations.commands 922f7b: look up ann c1 Create charged at #1
             LookUp id=1.3.2.0 at 2000 mm-reply=0.7
        others: IDEMPOTENCY_CONFLICT (this id was used for another request)
        another title: IDEMPOTENCY_CONFLICT (this id was used for another request)
    "#]]);
}

/// Of another conversation nothing may be asked, whatever the repeat names.
#[test]
fn a_look_up_goes_where_the_first_went() {
    let mut ann = Harness::ann(1_000);
    ann.asks(1_000, send_to(2, 1, "hello"));
    let again = ann.asks(1_000, send_to(2, 1, "hello"));
    let [Output::ToConversation { conversation: to, request, charge, .. }] = &again.decision.outputs[..]
    else {
        panic!("one look-up goes out")
    };
    assert!(matches!(request, ConversationRequest::LookUp(look_up) if look_up.charge == 1));
    assert_eq!((to, charge.as_ref()), (&conversation(2), None));
}
