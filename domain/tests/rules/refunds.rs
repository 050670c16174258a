//! Refunding what had no effect in its conversation.

use expect_test::expect;
use schemas::charging::Charge;
use schemas::creating::ConversationKind::Direct;
use schemas::{AccountRequest, ErrorCode, Refusal};

use crate::harness::Harness;
use crate::names::{create, refund, send, with_price};
use crate::render::Table;

fn refused(charge: &Charge) -> AccountRequest {
    refund(charge, Some(Refusal::not_found()))
}

#[test]
fn a_refused_send_gives_back_credits_window_and_client_id_and_tells_the_sender() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let charge = ann.asks(1_000, send(1, "hello", 2)).charge();
    table.case("refused", &ann.asks(1_500, refused(&charge)));
    table.case("the id may be sent again", &ann.asks(2_000, send(1, "hello again", 1)));
    table.is(expect![[r#"
        refused
          NOT_FOUND (not found)
          balance 800 → 1000
          sends 1 → 0
          texts 1 → 0
          row c1: Send to k1 at #1, forgotten
          row ledger #2: REFUND +200 → 1000 for c1
          to account-events ann: REFUND +200 → 1000
             CreditsChanged id=1.3.2.0 at 1500
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.2.1 at 1500
        the id may be sent again
          accepted
          balance 1000 → 900
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #3, remembered
          row ledger #3: MESSAGE_SEND -100 → 900 for c1, 1 recipients
          to conversations.commands k1: post "hello again"
             PostMessage id=1.3.3.0 at 2000 mm-reply=0.7 mm-charge=[#3 ann c1 Send k1 at 2000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 900
             CreditsChanged id=1.3.3.1 at 2000
    "#]]);
}

#[test]
fn a_free_send_that_is_refused_gives_back_its_window_and_client_id() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    ann.policy = with_price(0);
    let charge = ann.asks(1_000, send(1, "hello", 2)).charge();
    table.case("refused", &ann.asks(1_500, refused(&charge)));
    table.is(expect![[r#"
        refused
          NOT_FOUND (not found)
          sends 1 → 0
          texts 1 → 0
          row c1: Send to k1 at #1, forgotten
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.2.0 at 1500
    "#]]);
}

#[test]
fn a_creation_that_came_to_nothing_gives_back_its_count_and_tells_nobody_else() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let charge = ann.asks(1_000, create(Direct, 1, &["bob"], None)).charge();
    table.case("it was open already", &ann.asks(1_500, refund(&charge, None)));
    let charge = ann.asks(2_000, create(Direct, 1, &["bob"], None)).charge();
    let full = Refusal::new(ErrorCode::GroupFull, "no room");
    table.case("it was refused", &ann.asks(2_500, refund(&charge, Some(full))));
    table.is(expect![[r#"
        it was open already
          nothing to do
          creations 1 → 0
          row c1: Create to b65dda at #1, forgotten
        it was refused
          GROUP_FULL (no room)
          creations 1 → 0
          row c1: Create to b65dda at #3, forgotten
    "#]]);
}

#[test]
fn a_charge_comes_back_at_the_price_that_was_paid_whatever_is_in_force_now() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let charge = ann.asks(1_000, send(1, "hello", 2)).charge();
    ann.policy = with_price(7);
    table.case("refused at another price", &ann.asks(1_500, refused(&charge)));
    table.is(expect![[r#"
        refused at another price
          NOT_FOUND (not found)
          balance 800 → 1000
          sends 1 → 0
          texts 1 → 0
          row c1: Send to k1 at #1, forgotten
          row ledger #2: REFUND +200 → 1000 for c1
          to account-events ann: REFUND +200 → 1000
             CreditsChanged id=1.3.2.0 at 1500
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.2.1 at 1500
    "#]]);
}

#[test]
fn what_no_longer_counts_is_not_taken_out_of_the_windows() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let old = ann.asks(0, send(1, "hello", 1)).charge();
    ann.asks(700_000, send(2, "later", 1));
    table.case("refused after eleven minutes", &ann.asks(700_001, refused(&old)));
    table.is(expect![[r#"
        refused after eleven minutes
          NOT_FOUND (not found)
          balance 800 → 900
          row c1: Send to k1 at #1, forgotten
          row ledger #3: REFUND +100 → 900 for c1
          to account-events ann: REFUND +100 → 900
             CreditsChanged id=1.3.3.0 at 700001
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.3.1 at 700001
    "#]]);
}

/// The id was free again after a day, and stands for another charge by now.
#[test]
fn a_late_refusal_does_not_forget_what_came_after_it_under_the_same_id() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let day = 86_400_000;
    let first = ann.asks(0, send(1, "hello", 1)).charge();
    ann.asks(day, send(1, "hello", 1));
    table.case("the first is refused", &ann.asks(day + 1, refused(&first)));
    table.case("the second is still known", &ann.asks(day + 2, send(1, "hello", 1)));
    table.is(expect![[r#"
        the first is refused
          NOT_FOUND (not found)
          balance 800 → 900
          row ledger #3: REFUND +100 → 900 for c1
          to account-events ann: REFUND +100 → 900
             CreditsChanged id=1.3.3.0 at 86400001
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.3.1 at 86400001
        the second is still known
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #2
             LookUp id=1.3.4.0 at 86400002 mm-reply=0.7
    "#]]);
}

/// No machine makes such a charge; money must not appear even so.
#[test]
fn a_negative_charge_takes_nothing() {
    let mut table = Table::default();
    let mut ann = Harness::ann(1_000);
    let mut charge = ann.asks(1_000, send(1, "hello", 1)).charge();
    charge.price_milli = -100;
    table.case("given back", &ann.asks(1_500, refused(&charge)));
    table.is(expect![[r#"
        given back
          NOT_FOUND (not found)
          sends 1 → 0
          texts 1 → 0
          row c1: Send to k1 at #1, forgotten
          to account-events ann: send c1 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.2.0 at 1500
    "#]]);
}
