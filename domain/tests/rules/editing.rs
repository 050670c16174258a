//! Editing a message.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::Send;
use schemas::creating::ConversationKind::Group;
use schemas::editing::EditMessage;
use schemas::message::{Content, Mentions};

use crate::harness::Harness;
use crate::names::{asked, charge, delete, paid, post, profile, sent, user};
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
    EditMessage {
        actor: user(actor),
        message: Box::new(sent(1, "bob", 1, 1_500)),
        content: Content::plain(text),
        mentions: Mentions { people: vec![profile("ann"), profile("eve")], all: true },
    }
}

#[test]
fn an_edit_replaces_the_text_and_keeps_what_it_replaced() {
    let (mut table, mut k1) = (Table::default(), group());
    let first = edit("bob", "two");
    table.case("an edit", &k1.asks(2_000, first.into()));
    let same = edit("bob", "two");
    table.case("the same again", &k1.asks(3_000, same.into()));
    let second = edit("bob", "three");
    table.case("another", &k1.asks(4_000, second.into()));
    table.is(expect![[r#"
        an edit
          done
          row edits of 1: 1, "two"
          row version 0 of 1: "text"
          view messages k1 1: "two" (edit 1 at 2000) by bob as c1, 2 recipients @ann
          to events k1: edited 1: "two" (edit 1 at 2000) by bob as c1, 2 recipients @ann
             MessageEdited id=1.3.2.0 at 2000
        the same again
          nothing to do
        another
          done
          row edits of 1: 2, "three"
          row version 1 of 1: "two"
          view messages k1 1: "three" (edit 2 at 4000) by bob as c1, 2 recipients @ann
          to events k1: edited 1: "three" (edit 2 at 4000) by bob as c1, 2 recipients @ann
             MessageEdited id=1.3.4.0 at 4000
    "#]]);
}

#[test]
fn only_the_sender_edits_in_time_and_not_too_often() {
    let mut k1 = group();
    let by_ann = edit("ann", "two");
    assert_eq!(k1.asks(2_000, by_ann.into()).refused_with(), "FORBIDDEN");
    let by_eve = edit("eve", "two");
    assert_eq!(k1.asks(2_000, by_eve.into()).refused_with(), "NOT_FOUND");
    let blank = edit("bob", "\u{3164}");
    assert_eq!(k1.asks(2_000, blank.into()).refused_with(), "BAD_USER_INPUT");
    for number in 0..5 {
        let next = edit("bob", &format!("number {number}"));
        let done = k1.asks(3_000, next.clone().into());
        assert!(done.decision.verdict.is_some_and(|verdict| verdict.refusal().is_none()));
        assert!(k1.repeats(done.offset, asked(), next.into()).is_some());
    }
    let sixth = edit("bob", "six");
    assert_eq!(k1.asks(4_000, sixth.into()).refused_with(), "EDIT_LIMIT_REACHED");
    let late = edit("bob", "late");
    assert_eq!(k1.asks(1_500 + 15 * MINUTE, late.into()).refused_with(), "EDIT_WINDOW_CLOSED");
    k1.asks(5_000, delete("bob", sent(1, "bob", 1, 1_500)));
    let gone = edit("bob", "gone");
    assert_eq!(k1.asks(6_000, gone.into()).refused_with(), "NOT_FOUND");
}
