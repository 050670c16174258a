//! Taking back what a message says.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::account::ChargeKind::{Create, Send};
use schemas::conversation::ConversationKind::Group;
use schemas::verdict::Outcome;

use crate::names::{add, answer_with, asked, charge, delete, open, paid, post, remove};
use crate::render::Table;
use crate::seat::Seat;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message by `bob`.
fn group() -> Seat<Conversations> {
    let mut k1 = Seat::k1();
    k1.takes(1_000, paid(charge(1, Create, 4)), open(Group, "ann", &["bob", "cleo"]));
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "a secret"));
    k1
}

#[test]
fn what_is_deleted_leaves_a_stub_and_is_quoted_no_more() {
    let mut table = Table::default();
    let mut k1 = group();
    table.case("by its sender", &k1.asks(2_000, delete("bob", 1, "bob")));
    table.case("again", &k1.asks(3_000, delete("ann", 1, "bob")));
    // Ingest had read the message before it was deleted.
    let quoting = paid(charge(2, Send, 9));
    table.case("an answer", &k1.takes(4_000, quoting, answer_with(1, "a secret", "cleo", 2, "really")));
    table.is(expect![[r#"
        by its sender
          done
          row message 1: by bob, deleted at 2000
          view messages k1 1: nothing by bob as c1, 2 recipients, deleted at 2000
          to events k1: at 2000 deleted by bob: 1: nothing by bob as c1, 2 recipients, deleted at 2000
             mm-cause=1.3.2.0
        again
          nothing to do
        an answer
          stored as 2
          head 1 at 1500 → 2 at 4000
          row sent cleo c2: 2, paid by #9
          row receipt cleo: read 2
          row message 2: by cleo
          view messages k1 2: "really" by cleo as c2, 2 recipients answering 1
          to events k1: at 4000 posted 2: "really" by cleo as c2, 2 recipients answering 1
             mm-cause=1.3.4.0
    "#]]);
}

#[test]
fn only_its_sender_and_the_owner_delete_a_message() {
    let mut k1 = group();
    assert_eq!(k1.asks(2_000, delete("cleo", 1, "bob")).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_000, delete("dan", 1, "bob")).refused_with(), "NOT_FOUND");
    assert_eq!(k1.asks(2_000, delete("bob", 2, "bob")).refused_with(), "NOT_FOUND");
    k1.asks(2_000, add("ann", &["dan"]));
    assert_eq!(k1.asks(2_000, delete("dan", 1, "bob")).refused_with(), "NOT_FOUND", "from before he came");
    assert_eq!(k1.asks(2_000, delete("ann", 2, "ann")).refused_with(), "FORBIDDEN", "a note");
    k1.asks(2_000, remove("ann", "bob"));
    assert_eq!(k1.asks(2_000, delete("bob", 1, "bob")).refused_with(), "NOT_FOUND", "gone with its sender");
    let done = k1.asks(2_000, delete("ann", 1, "bob"));
    assert!(matches!(done.decision.verdict, Some(Outcome::Done(_))));
    assert!(matches!(k1.tells_again(done.offset, asked(), delete("ann", 1, "bob")), Some(Outcome::Done(_))));
}
