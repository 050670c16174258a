//! Pinning messages.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Edit, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::membership::Role;
use schemas::message::{Content, Edited, Message};
use schemas::operations::{PinMessage, UnpinMessage};
use schemas::verdict::Outcome;
use schemas::{ConversationFact, ConversationRequest};

use crate::harness::Harness;
use crate::message_requests::{accept, pair};
use crate::names::{asked, block, charge, delete, edit, open, paid, post, profile, sent};
use crate::render::Table;
use crate::roles::role;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "one"));
    k1
}

fn pin_of(who: &str, message: Message) -> ConversationRequest {
    PinMessage { actor: profile(who), message: Box::new(message) }.into()
}

fn unpin_of(who: &str, message: Message) -> ConversationRequest {
    UnpinMessage { actor: profile(who), message: Box::new(message) }.into()
}

/// The message by `bob`, as ingest may have read it when it was new.
fn first() -> Message {
    sent(1, "bob", 1, 1_500)
}

#[test]
fn a_pin_is_listed_published_and_noted_until_it_goes() {
    let (mut table, mut k1) = (Table::default(), group());
    let pinned = k1.asks(2_000, pin_of("ann", first()));
    table.case("a pin", &pinned);
    table.answer("again", &k1.asks(2_100, pin_of("ann", first())));
    assert!(matches!(k1.repeats(pinned.offset, asked(), pin_of("ann", first())), Some(Outcome::Done(_))));
    table.case("its end", &k1.asks(3_000, unpin_of("ann", first())));
    table.answer("its end again", &k1.asks(3_100, unpin_of("ann", first())));
    assert!(matches!(k1.repeats(pinned.offset, asked(), pin_of("ann", first())), Some(Outcome::Refused(_))));
    k1.asks(4_000, pin_of("ann", first()));
    table.case("a deletion", &k1.asks(5_000, delete("bob", first())));
    table.is(expect![[r#"
        a pin
          done
          head 1 at 1500 → 2 at 2000
          pins [] → [1]
          row message 1: by bob at #1, ordinal 1, aspects 2
          row message 2: by nobody at #2, ordinal 1
          view aspect k1 1: pinned at 2000 by ann
          view messages k1 2: Pinned [] "00000000000000000000000000000001-000000000001" by ann, 2 recipients
          to events k1: pinned at 2000 by ann: 1: "text" by bob as c1, 2 recipients
             MessagePinned id=1.3.2.0 at 2000
          to events k1: created 2: Pinned [] "00000000000000000000000000000001-000000000001" by ann, 2 recipients
             MessageCreated id=1.3.2.1 at 2000
        again: nothing to do
        its end
          done
          pins [1] → []
          row message 1: by bob at #1, ordinal 1
          view aspect k1 1: not pinned
          to events k1: unpinned by ann: 1: "text" by bob as c1, 2 recipients
             MessageUnpinned id=1.3.4.0 at 3000
        its end again: nothing to do
        a deletion
          done
          removed [] → [1]
          pins [1] → []
          row message 1: by bob at #1, ordinal 1, removed at 5000
          view aspect k1 1: not pinned
          view messages k1 1: removed at 5000 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 5000 by bob as c1, 2 recipients
             MessageDeleted id=1.3.7.0 at 5000
    "#]]);
}

/// Ingest may have read the message before its edit.
#[test]
fn a_pin_tells_the_text_as_it_stands() {
    let mut k1 = group();
    k1.takes(1_600, paid(charge(0, Edit, 9)), edit("bob", first(), "edited").into());
    let pinned = k1.asks(2_000, pin_of("ann", first()));
    let Some(ConversationFact::MessagePinned(fact)) = pinned.facts().next() else {
        panic!("no pin: {:?}", pinned.decision.outputs)
    };
    assert_eq!(fact.message.body.content(), Some(&Content::plain("edited")));
    assert_eq!(fact.message.body.edited(), Some(&Edited { at: 1_600, count: 1 }));
}

#[test]
fn nothing_is_pinned_until_a_request_is_accepted() {
    let mut pair = pair();
    pair.takes(1_500, paid(charge(1, Send, 5)), post("ann", 1, "hello"));
    let hello = || sent(1, "ann", 1, 1_500);
    for who in ["ann", "bob"] {
        assert_eq!(pair.asks(2_000, pin_of(who, hello())).refused_with(), "LIMIT_REACHED", "by {who}");
    }
    pair.asks(2_100, accept("bob"));
    assert!(matches!(pair.asks(2_200, pin_of("ann", hello())).verdict(), Outcome::Done(_)));
}

#[test]
fn only_who_manages_a_group_pins_and_either_of_two() {
    let mut k1 = group();
    assert_eq!(k1.asks(2_000, pin_of("bob", first())).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_000, pin_of("dave", first())).refused_with(), "NOT_FOUND");
    k1.asks(2_100, role("ann", "bob", Role::Moderator).into());
    assert!(matches!(k1.asks(2_200, pin_of("bob", first())).verdict(), Outcome::Done(_)));
    assert_eq!(k1.asks(2_300, unpin_of("cleo", first())).refused_with(), "FORBIDDEN");
    let note = sent(2, "ann", 2, 2_100);
    let note = Message { position: k1.row::<schemas::rows::MessageHead>(&2).unwrap().position, ..note };
    assert_eq!(k1.asks(2_400, pin_of("ann", note)).refused_with(), "BAD_USER_INPUT", "a system message");
    let other = Message { sent_at: 1_501, ..first() };
    assert_eq!(k1.asks(2_500, pin_of("ann", other)).refused_with(), "NOT_FOUND", "another core");
    k1.asks(2_600, delete("bob", first()));
    assert_eq!(k1.asks(2_700, pin_of("ann", first())).refused_with(), "NOT_FOUND");

    let mut pair = Harness::pair();
    pair.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    pair.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "one"));
    pair.takes(1_600, paid(charge(1, Send, 6)), post("ann", 2, "two"));
    assert!(matches!(pair.asks(2_000, pin_of("bob", first())).verdict(), Outcome::Done(_)));
    let second = sent(2, "ann", 2, 1_600);
    assert!(matches!(pair.asks(2_000, pin_of("bob", second.clone())).verdict(), Outcome::Done(_)));
    pair.asks(2_100, block("ann", "bob", true));
    assert!(matches!(pair.asks(2_200, unpin_of("ann", first())).verdict(), Outcome::Done(_)));
    assert_eq!(pair.asks(2_300, pin_of("ann", first())).refused_with(), "BLOCKED");
}

#[test]
fn the_eleventh_pin_is_refused() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    for id in 1..=11 {
        k1.takes(1_500, paid(charge(1, Send, id)), post("bob", 1, "text"));
    }
    let message = |seq: i64| sent(seq, "bob", seq, 1_500);
    for seq in 1..=10 {
        assert!(matches!(k1.asks(2_000, pin_of("ann", message(seq))).verdict(), Outcome::Done(_)));
    }
    assert_eq!(k1.asks(2_100, pin_of("ann", message(11))).refused_with(), "PIN_LIMIT_REACHED");
    k1.asks(2_200, unpin_of("ann", message(3)));
    assert!(matches!(k1.asks(2_300, pin_of("ann", message(11))).verdict(), Outcome::Done(_)));
    let order: Vec<i64> = k1.state.pins.iter().map(|pin| pin.seq).collect();
    assert_eq!(order, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
}
