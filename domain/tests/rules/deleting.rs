//! Taking back what a message says.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::Send;
use schemas::creating::ConversationKind::Group;
use schemas::message::Message;
use schemas::verdict::Outcome;

use crate::harness::Harness;
use crate::names::{add, answer_with, asked, charge, delete, paid, post, remove, sent};
use crate::render::Table;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "a secret"));
    k1
}

/// The message by `bob`, as its row has it.
fn secret() -> Message {
    sent(1, "bob", 1, 1_500)
}

#[test]
fn what_is_deleted_leaves_a_stub_and_is_quoted_no_more() {
    let mut table = Table::default();
    let mut k1 = group();
    table.case("by its sender", &k1.asks(2_000, delete("bob", secret())));
    table.case("again", &k1.asks(3_000, delete("ann", secret())));
    // Ingest had read the message before it was deleted.
    let quoting = paid(charge(2, Send, 9));
    table.case("an answer", &k1.takes(4_000, quoting, answer_with(1, "a secret", "cleo", 2, "really")));
    table.is(expect![[r#"
        by its sender
          done
          removed [] → [1]
          row message 1: by bob at #1, ordinal 1, removed at 2000
          view messages k1 1: removed at 2000 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 2000 by bob as c1, 2 recipients
             MessageDeleted id=1.3.2.0 at 2000
        again
          nothing to do
        an answer
          stored as 2
          head 1 at 1500 → 2 at 4000
          countable 1 → 2
          row message 2: by cleo at #4, ordinal 2
          row sent cleo c2: 2, paid by #9
          row receipt cleo: read 2, ordinal 2
          view messages k1 2: "really" by cleo as c2, 2 recipients answering 1
          to events k1: created 2: "really" by cleo as c2, 2 recipients answering 1
             MessageCreated id=1.3.4.0 at 4000
    "#]]);
}

#[test]
fn only_its_sender_and_the_owner_delete_a_message() {
    let mut k1 = group();
    assert_eq!(k1.asks(2_000, delete("cleo", secret())).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_000, delete("dan", secret())).refused_with(), "NOT_FOUND");
    assert_eq!(k1.asks(2_000, delete("bob", sent(2, "bob", 2, 2_000))).refused_with(), "NOT_FOUND");
    k1.asks(2_000, add("ann", &["dan"]));
    assert_eq!(k1.asks(2_000, delete("dan", secret())).refused_with(), "NOT_FOUND", "from before he came");
    assert_eq!(k1.asks(2_000, delete("ann", sent(2, "ann", 5, 2_000))).refused_with(), "FORBIDDEN", "a note");
    k1.asks(2_000, remove("ann", "bob"));
    assert_eq!(k1.asks(2_000, delete("bob", secret())).refused_with(), "NOT_FOUND", "gone with its sender");
    let done = k1.asks(2_000, delete("ann", secret()));
    assert!(matches!(done.decision.verdict, Some(Outcome::Done(_))));
    assert!(matches!(k1.repeats(done.offset, asked(), delete("ann", secret())), Some(Outcome::Done(_))));
}

/// Ingest takes the core from the row; another core is not this message.
#[test]
fn a_core_that_is_not_the_messages_own_is_not_found() {
    let mut k1 = group();
    let others = [
        Message { position: 0, ..secret() },
        Message { sent_at: 1_501, ..secret() },
        Message { seq: 0, ..secret() },
        sent(1, "cleo", 1, 1_500),
    ];
    for other in others {
        let refused = k1.asks(2_000, delete("ann", other));
        assert_eq!(refused.refused_with(), "NOT_FOUND");
        assert!(refused.decision.rows.is_empty() && refused.decision.outputs.is_empty());
    }
    assert!(k1.state.removed.is_empty());
}

#[test]
fn the_newest_512_removals_are_listed_in_the_order_of_their_numbers() {
    let mut k1 = group();
    for id in 2..=520 {
        k1.takes(1_500, paid(charge(0, Send, id)), post("bob", 2, "text"));
    }
    // The newest first, but for the last ones, of which each has a lower number.
    for seq in (1..=520).rev() {
        let message = sent(seq, "bob", seq, 1_500);
        assert!(matches!(k1.asks(2_000, delete("bob", message)).verdict(), Outcome::Done(_)), "{seq}");
        assert!(k1.state.removed.is_sorted());
    }
    assert_eq!(k1.state.removed.len(), 512);
    assert_eq!((k1.state.removed.first(), k1.state.removed_dropped), (Some(&9), 8));
    assert_eq!(k1.state.countable, 520, "removals are subtracted where they are read");
}
