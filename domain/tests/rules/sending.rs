//! Sending, as the account decides it: what a send costs, passes on, and is refused for.

use expect_test::expect;
use schemas::AccountRequest;

use crate::harness::Harness;
use crate::names::{asked, send, sending, with_price};
use crate::render::Table;

#[test]
fn a_send_is_charged_by_recipient_remembered_and_passed_on_with_its_charge() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    table.case("to two", &ann.asks(1_000, send(1, "hello", 2)));
    table.case("to oneself", &ann.asks(2_000, send(2, "note", 0)));
    ann.policy = with_price(0);
    table.case("at price 0", &ann.asks(3_000, send(3, "free", 2)));
    table.is(expect![[r#"
        to two
          accepted
          balance 1000 → 800
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #1, remembered
          row ledger #1: MESSAGE_SEND -200 → 800 for c1, 2 recipients
          to conversations.commands k1: post "hello"
             PostMessage id=1.3.1.0 at 1000 mm-reply=0.7 mm-charge=[#1 ann c1 Send k1 at 1000 for 200]
          to account-events ann: MESSAGE_SEND -200 → 800
             CreditsChanged id=1.3.1.1 at 1000
        to oneself
          accepted
          sends 1 → 2
          texts 1 → 2
          row c2: Send to k1 at #2, remembered
          to conversations.commands k1: post "note"
             PostMessage id=1.3.2.0 at 2000 mm-reply=0.7 mm-charge=[#2 ann c2 Send k1 at 2000 for 0]
        at price 0
          accepted
          sends 2 → 3
          texts 2 → 3
          row c3: Send to k1 at #3, remembered
          to conversations.commands k1: post "free"
             PostMessage id=1.3.3.0 at 3000 mm-reply=0.7 mm-charge=[#3 ann c3 Send k1 at 3000 for 0]
    "#]]);
}

#[test]
fn a_send_is_refused_for_its_text_its_recipients_or_want_of_credits() {
    let mut table = Table::default();
    let mut ann = Harness::ann(100);
    let long = |characters: usize| "é".repeat(characters);
    table.answer("no text", &ann.asks(0, send(1, "", 1)));
    table.answer("nothing to see", &ann.asks(0, send(1, " \n\u{200b}", 1)));
    table.answer("4,001 characters", &ann.asks(0, send(1, &long(4_001), 1)));
    table.answer("a recipient less than none", &ann.asks(0, send(1, "hello", -1)));
    table.answer("two recipients for the price of one", &ann.asks(0, send(1, "hello", 2)));
    table.case("4,000 characters, for the last credits", &ann.asks(0, send(1, &long(4_000), 1)));
    table.answer("one recipient, for nothing left", &ann.asks(0, send(2, "hello", 1)));
    table.is(expect![[r#"
        no text: BAD_USER_INPUT field=content (the text has no visible character)
        nothing to see: BAD_USER_INPUT field=content (the text has no visible character)
        4,001 characters: BAD_USER_INPUT field=content (the text is too long)
        a recipient less than none: BAD_USER_INPUT (negative number of recipients)
        two recipients for the price of one: INSUFFICIENT_CREDITS requiredMilli=200 balanceMilli=100 (not enough credits)
        4,000 characters, for the last credits
          accepted
          balance 100 → 0
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #6, remembered
          row ledger #6: MESSAGE_SEND -100 → 0 for c1, 1 recipients
          to conversations.commands k1: post (4000 characters)
             PostMessage id=1.3.6.0 at 0 mm-reply=0.7 mm-charge=[#6 ann c1 Send k1 at 0 for 100]
          to account-events ann: MESSAGE_SEND -100 → 0
             CreditsChanged id=1.3.6.1 at 0
        one recipient, for nothing left: INSUFFICIENT_CREDITS requiredMilli=100 balanceMilli=0 (not enough credits)
    "#]]);
}

#[test]
fn what_nobody_waits_for_is_decided_alike_and_asks_for_no_answer() {
    let mut table = Table::default();
    let mut silent = asked();
    silent.reply = None;
    table.case("no reply header", &Harness::ann(100).takes(0, silent, send(1, "hello", 1)));
    table.is(expect![[r#"
        no reply header
          accepted
          balance 100 → 0
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #1, remembered
          row ledger #1: MESSAGE_SEND -100 → 0 for c1, 1 recipients
          to conversations.commands k1: post "hello"
             PostMessage id=1.3.1.0 at 0 mm-charge=[#1 ann c1 Send k1 at 0 for 100]
          to account-events ann: MESSAGE_SEND -100 → 0
             CreditsChanged id=1.3.1.1 at 0
    "#]]);
}

#[test]
fn the_price_is_that_of_the_policy_in_force_and_the_largest_does_not_overflow() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    ann.policy = with_price(1_000_000);
    let crowd = AccountRequest::SendMessage(sending(1, "hello", i32::MAX));
    table.answer("everybody", &ann.asks(0, crowd));
    table.is(expect![[r#"
        everybody: INSUFFICIENT_CREDITS requiredMilli=2147483647000000 balanceMilli=1000 (not enough credits)
    "#]]);
}
