//! Editing a message.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::Group;
use schemas::editing::EditMessage;
use schemas::message::{Content, Mentions};

use crate::names::{asked, charge, delete, open, paid, post, profile, stored_by, user};
use crate::render::Table;
use crate::seat::Seat;

const MINUTE: i64 = 60_000;

/// A group of `ann`, who owns it, and `bob`, with one message by `bob`.
fn group() -> Seat<Conversations> {
    let mut k1 = Seat::k1();
    k1.takes(1_000, paid(charge(1, Create, 4)), open(Group, "ann", &["bob"]));
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "one"));
    k1
}

fn edit(k1: &Seat<Conversations>, actor: &str, seq: i64, text: &str) -> EditMessage {
    EditMessage {
        actor: user(actor),
        message: Box::new(stored_by(k1, seq)),
        content: Content::plain(text),
        mentions: Mentions { people: vec![profile("ann"), profile("eve")], all: true },
    }
}

#[test]
fn an_edit_replaces_the_text_and_keeps_what_it_replaced() {
    let (mut table, mut k1) = (Table::default(), group());
    let first = edit(&k1, "bob", 1, "two");
    table.case("an edit", &k1.asks(2_000, first.into()));
    let same = edit(&k1, "bob", 1, "two");
    table.case("the same again", &k1.asks(3_000, same.into()));
    let second = edit(&k1, "bob", 1, "three");
    table.case("another", &k1.asks(4_000, second.into()));
    table.is(expect![[""]]);
}

#[test]
fn only_the_sender_edits_in_time_and_not_too_often() {
    let mut k1 = group();
    let by_ann = edit(&k1, "ann", 1, "two");
    assert_eq!(k1.asks(2_000, by_ann.into()).refused_with(), "FORBIDDEN");
    let by_eve = edit(&k1, "eve", 1, "two");
    assert_eq!(k1.asks(2_000, by_eve.into()).refused_with(), "NOT_FOUND");
    let blank = edit(&k1, "bob", 1, "\u{3164}");
    assert_eq!(k1.asks(2_000, blank.into()).refused_with(), "BAD_USER_INPUT");
    for number in 0..5 {
        let next = edit(&k1, "bob", 1, &format!("number {number}"));
        let done = k1.asks(3_000, next.clone().into());
        assert!(done.decision.verdict.is_some_and(|verdict| verdict.refusal().is_none()));
        assert!(k1.tells_again(done.offset, asked(), next.into()).is_some());
    }
    let sixth = edit(&k1, "bob", 1, "six");
    assert_eq!(k1.asks(4_000, sixth.into()).refused_with(), "EDIT_LIMIT_REACHED");
    let late = edit(&k1, "bob", 1, "late");
    assert_eq!(k1.asks(1_500 + 15 * MINUTE, late.into()).refused_with(), "EDIT_WINDOW_CLOSED");
    k1.asks(5_000, delete("bob", 1, "bob"));
    let gone = edit(&k1, "bob", 1, "gone");
    assert_eq!(k1.asks(6_000, gone.into()).refused_with(), "NOT_FOUND");
}
