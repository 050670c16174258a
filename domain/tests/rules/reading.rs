//! Reading: a watermark by member that never falls.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::Group;
use schemas::receipts::{AcknowledgeDelivery, MarkUnread, Receipt};

use crate::harness::Harness;
use crate::names::{asked, charge, open, paid, post, read, user};
use crate::render::Table;

/// `k1` with ann and bob, and three messages by ann.
fn talk() -> Harness<Conversations> {
    let mut k1 = Harness::k1();
    k1.takes(0, paid(charge(0, Create, 0)), open(Group, "ann", &["bob"]));
    for id in 1..=3 {
        k1.takes(0, paid(charge(id, Send, i64::from(id))), post("ann", id, "hello"));
    }
    k1
}

#[test]
fn a_reading_moves_a_receipt_forward_and_never_past_what_is_there() {
    let mut table = Table::default();
    let mut k1 = talk();
    table.case("the second", &k1.asks(1_000, read("bob", 2)));
    table.answer("again", &k1.asks(1_000, read("bob", 2)));
    table.answer("an earlier one", &k1.asks(1_000, read("bob", 1)));
    table.case("what is not there yet", &k1.asks(1_000, read("bob", 100)));
    table.answer("their own", &k1.asks(1_000, read("ann", 3)));
    table.answer("none", &k1.asks(1_000, read("bob", 0)));
    table.answer("less than none", &k1.asks(1_000, read("bob", i64::MIN)));
    table.is(expect![[r#"
        the second
          done
          row receipt bob: read 2, ordinal 2
          to events k1: bob has 2
             DeliveryAdvanced id=1.3.4.0 at 1000
          to events k1: bob has read 2
             ReceiptAdvanced id=1.3.4.1 at 1000
        again: nothing to do
        an earlier one: nothing to do
        what is not there yet
          done
          row receipt bob: read 3, ordinal 3
          to events k1: bob has 3
             DeliveryAdvanced id=1.3.7.0 at 1000
          to events k1: bob has read 3
             ReceiptAdvanced id=1.3.7.1 at 1000
        their own: nothing to do
        none: nothing to do
        less than none: nothing to do
    "#]]);
}

#[test]
fn a_delivery_is_acknowledged_once_and_reading_implies_it() {
    let (mut table, mut k1) = (Table::default(), talk());
    let has = |name: &str, up_to| AcknowledgeDelivery { user: user(name), up_to };
    table.case("two have come", &k1.asks(1_000, has("bob", 2).into()));
    table.answer("again", &k1.asks(1_000, has("bob", 2).into()));
    table.case("one is read", &k1.asks(2_000, read("bob", 1)));
    table.case("what is not there yet", &k1.asks(3_000, has("bob", 100).into()));
    table.answer("one's own", &k1.asks(3_000, has("ann", 3).into()));
    table.answer("a stranger", &k1.asks(3_000, has("dave", 3).into()));
    table.is(expect![[r#"
        two have come
          done
          row receipt bob: read 0, delivered 2, ordinal 0
          to events k1: bob has 2
             DeliveryAdvanced id=1.3.4.0 at 1000
        again: nothing to do
        one is read
          done
          row receipt bob: read 1, delivered 2, ordinal 1
          to events k1: bob has read 1
             ReceiptAdvanced id=1.3.6.0 at 2000
        what is not there yet
          done
          row receipt bob: read 1, delivered 3, ordinal 1
          to events k1: bob has 3
             DeliveryAdvanced id=1.3.7.0 at 3000
        one's own: nothing to do
        a stranger: NOT_FOUND (not found)
    "#]]);
}

#[test]
fn a_conversation_is_unread_from_the_mark_until_its_member_reads_or_sends() {
    let (mut table, mut k1) = (Table::default(), talk());
    let unread = |name| MarkUnread { user: user(name) };
    table.case("with nothing read", &k1.asks(1_000, unread("bob").into()));
    table.answer("again", &k1.asks(1_000, unread("bob").into()));
    table.case("read", &k1.asks(2_000, read("bob", 2)));
    table.case("unread again", &k1.asks(3_000, unread("bob").into()));
    table.case("looked at again", &k1.asks(4_000, read("bob", 1)));
    table.answer("and once more", &k1.asks(4_000, read("bob", 1)));
    k1.asks(5_000, unread("ann").into());
    k1.takes(5_000, paid(charge(9, Send, 9)), post("ann", 9, "news"));
    assert!(!k1.row::<Receipt>(&user("ann")).unwrap().marked_unread);
    table.answer("a stranger", &k1.asks(6_000, unread("dave").into()));
    table.is(expect![[r#"
        with nothing read
          done
          row receipt bob: read 0, ordinal 0, marked unread
          to events k1: bob has marked it as unread
             MarkedUnread id=1.3.4.0 at 1000
        again: nothing to do
        read
          done
          row receipt bob: read 2, ordinal 2
          to events k1: bob has unmarked it as unread
             MarkedUnread id=1.3.6.0 at 2000
          to events k1: bob has 2
             DeliveryAdvanced id=1.3.6.1 at 2000
          to events k1: bob has read 2
             ReceiptAdvanced id=1.3.6.2 at 2000
        unread again
          done
          row receipt bob: read 2, ordinal 2, marked unread
          to events k1: bob has marked it as unread
             MarkedUnread id=1.3.7.0 at 3000
        looked at again
          done
          row receipt bob: read 2, ordinal 2
          to events k1: bob has unmarked it as unread
             MarkedUnread id=1.3.8.0 at 4000
        and once more: nothing to do
        a stranger: NOT_FOUND (not found)
    "#]]);
}

#[test]
fn who_is_not_in_a_conversation_is_told_that_there_is_none() {
    let mut table = Table::default();
    table.answer("a stranger", &talk().asks(1_000, read("dave", 1)));
    table.answer("nobody opened it", &Harness::k1().takes(1_000, asked(), read("ann", 1)));
    table.is(expect![[r#"
        a stranger: NOT_FOUND (not found)
        nobody opened it: NOT_FOUND (not found)
    "#]]);
}
