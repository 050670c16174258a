//! Reacting to a message.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::charging::{Charge, ChargeKind};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::message::MessageTarget;
use schemas::operations::{AddReaction, React, RemoveReaction};
use schemas::verdict::Outcome;
use schemas::{ConversationRequest, Refusal};

use crate::harness::{Decided, Harness};
use crate::names::{add, asked, block, charge, conversation, delete, paid, post, refund, remove, sent, user};
use crate::render::Table;

/// A group of `ann`, who owns it, `bob`, `cleo`, `dave` and `eve`, with one message by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo", "dave", "eve"]);
    k1.takes(1_500, paid(charge(1, ChargeKind::Send, 5)), post("bob", 1, "one"));
    k1
}

fn by_bob(seq: i64) -> MessageTarget {
    MessageTarget { seq, author: user("bob") }
}

fn charged() -> schemas::record::Envelope {
    paid(charge(0, ChargeKind::React, 9))
}

fn react(k1: &mut Harness<Conversations>, time: i64, who: &str, emoji: &str) -> Decided<Conversations> {
    let request = React { user: user(who), target: by_bob(1), emoji: emoji.to_owned() };
    k1.takes(time, charged(), request.into())
}

fn take(who: &str, emoji: &str) -> ConversationRequest {
    RemoveReaction { user: user(who), target: by_bob(1), emoji: emoji.to_owned() }.into()
}

#[test]
fn a_reaction_is_counted_once_and_goes_as_it_came() {
    let (mut table, mut k1) = (Table::default(), group());
    table.case("the first", &react(&mut k1, 2_000, "ann", "👍"));
    table.case("again", &react(&mut k1, 2_100, "ann", "👍"));
    table.case("another's", &react(&mut k1, 2_200, "cleo", "👍"));
    table.case("its end", &k1.asks(3_000, take("ann", "👍")));
    table.answer("its end again", &k1.asks(3_100, take("ann", "👍")));
    table.case("the last", &k1.asks(3_200, take("cleo", "👍")));
    table.is(expect![[r#"
        the first
          done
          row reactions 1: 👍 1 (ann)
          row message 1: by bob at #1, ordinal 1, aspects 1
          row reacted 1 ann: 👍 at 2000 by #2
          view aspect k1 1: 👍 1 (ann)
          to events k1: added 👍 by ann at 2000 on 1 by bob of 1500
             ReactionAdded id=1.3.2.0 at 2000
        again
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because nothing to do
             Refund id=1.3.3.0 at 2100 mm-reply=0.7
        another's
          done
          row reactions 1: 👍 2 (ann cleo)
          row reacted 1 cleo: 👍 at 2200 by #4
          view aspect k1 1: 👍 2 (ann cleo)
          to events k1: added 👍 by cleo at 2200 on 1 by bob of 1500
             ReactionAdded id=1.3.4.0 at 2200
        its end
          done
          row reactions 1: 👍 1 (cleo)
          row reacted 1 ann:
          view aspect k1 1: 👍 1 (cleo)
          to events k1: removed 👍 by ann at 2000 on 1 by bob of 1500
             ReactionRemoved id=1.3.5.0 at 3000
        its end again: nothing to do
        the last
          done
          row reactions 1: no reactions
          row message 1: by bob at #1, ordinal 1
          row reacted 1 cleo:
          view aspect k1 1: no reactions
          to events k1: removed 👍 by cleo at 2200 on 1 by bob of 1500
             ReactionRemoved id=1.3.7.0 at 3200
    "#]]);
}

#[test]
fn the_first_are_named_as_far_as_they_are_known() {
    let mut k1 = group();
    let first = |k1: &Harness<Conversations>| {
        let row = k1.row::<schemas::rows::Reactions>(&1).unwrap();
        let names: Vec<String> = row.groups[0].first.iter().map(ToString::to_string).collect();
        (row.groups[0].count, names.join(" "))
    };
    for who in ["ann", "bob", "cleo", "dave"] {
        react(&mut k1, 2_000, who, "👍");
    }
    assert_eq!(first(&k1), (4, "ann bob cleo".to_owned()));
    k1.asks(2_100, take("bob", "👍"));
    assert_eq!(first(&k1), (3, "ann cleo".to_owned()), "who is the third is in the rows of users");
    react(&mut k1, 2_200, "eve", "👍");
    assert_eq!(first(&k1), (4, "ann cleo".to_owned()), "dave was before eve");
    for who in ["dave", "eve"] {
        k1.asks(2_300, take(who, "👍"));
    }
    react(&mut k1, 2_400, "bob", "👍");
    assert_eq!(first(&k1), (3, "ann cleo bob".to_owned()));
}

#[test]
fn reactions_are_for_who_sees_the_message() {
    let mut k1 = group();
    let free = React { user: user("ann"), target: by_bob(1), emoji: "👍".to_owned() };
    assert_eq!(k1.asks(2_000, free.into()).refused_with(), "UNAVAILABLE", "without an account");
    k1.asks(2_000, add("ann", &["finn"]));
    let mut table = Table::default();
    table.case("a stranger", &react(&mut k1, 2_000, "mia", "👍"));
    table.case("a newcomer", &react(&mut k1, 2_000, "finn", "👍"));
    let note = React {
        user: user("ann"),
        target: MessageTarget { seq: 2, author: user("ann") },
        emoji: "👍".to_owned(),
    };
    table.case("to a system message", &k1.takes(2_000, charged(), note.into()));
    let other = React {
        user: user("ann"),
        target: MessageTarget { seq: 1, author: user("cleo") },
        emoji: "👍".to_owned(),
    };
    table.case("to another's", &k1.takes(2_000, charged(), other.into()));
    react(&mut k1, 2_000, "eve", "👍");
    k1.asks(2_100, remove("ann", "eve"));
    assert_eq!(k1.asks(2_200, take("eve", "👍")).refused_with(), "NOT_FOUND", "who has left");
    table.case("its deletion", &k1.asks(3_000, delete("bob", sent(1, "bob", 1, 1_500))));
    table.case("to what was deleted", &react(&mut k1, 3_100, "ann", "👍"));
    table.is(expect![[r#"
        a stranger
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because NOT_FOUND (not found)
             Refund id=1.3.4.0 at 2000 mm-reply=0.7
        a newcomer
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because NOT_FOUND (not found)
             Refund id=1.3.5.0 at 2000 mm-reply=0.7
        to a system message
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because BAD_USER_INPUT field=messageId (system messages take no reactions)
             Refund id=1.3.6.0 at 2000 mm-reply=0.7
        to another's
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because NOT_FOUND (not found)
             Refund id=1.3.7.0 at 2000 mm-reply=0.7
        its deletion
          done
          removed [] → [1]
          row reactions 1: no reactions
          row message 1: by bob at #1, ordinal 1, removed at 3000
          view aspect k1 1: no reactions
          view messages k1 1: removed at 3000 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 3000 by bob as c1, 2 recipients
             MessageDeleted id=1.3.11.0 at 3000
        to what was deleted
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because NOT_FOUND (not found)
             Refund id=1.3.12.0 at 3100 mm-reply=0.7
    "#]]);
}

#[test]
fn a_message_has_at_most_twenty_emoji() {
    let mut k1 = group();
    k1.policy.limits.emoji_per_message = 2;
    react(&mut k1, 2_000, "ann", "👍");
    react(&mut k1, 2_000, "ann", "🎉");
    let mut table = Table::default();
    table.case("one more", &react(&mut k1, 2_000, "bob", "🙈"));
    assert!(matches!(react(&mut k1, 2_000, "bob", "🎉").verdict(), Outcome::Done(_)), "one that is there");
    k1.asks(2_100, take("ann", "👍"));
    assert!(matches!(react(&mut k1, 2_200, "bob", "🙈").verdict(), Outcome::Done(_)), "there is room");
    table.is(expect![[r#"
        one more
          (the account answers)
          to accounts.commands ann: refund [#9 ann React k1 at 0 for 0] because LIMIT_REACHED limit=emoji_per_message (the message has too many different emoji)
             Refund id=1.3.4.0 at 2000 mm-reply=0.7
    "#]]);
}

#[test]
fn nobody_reacts_through_a_block_between_two() {
    let mut pair = Harness::pair();
    let open = crate::names::open(Direct, "ann", &["bob"]);
    pair.takes(1_000, paid(charge(1, ChargeKind::Create, 4)), open);
    pair.takes(1_500, paid(charge(1, ChargeKind::Send, 5)), post("bob", 1, "one"));
    pair.asks(2_000, block("ann", "bob", true));
    for (who, code) in [("ann", "BLOCKED"), ("bob", "RECIPIENT_UNAVAILABLE")] {
        let request = React { user: user(who), target: by_bob(1), emoji: "👍".to_owned() };
        let decided = pair.takes(2_100, paid(charge(1, ChargeKind::React, 6)), request.into());
        let back = &decided.decision.outputs[0];
        assert!(format!("{back:?}").contains(&format!("{:?}", code_of(code))), "{back:?}");
    }
}

fn code_of(name: &str) -> schemas::ErrorCode {
    schemas::ErrorCode::ALL.into_iter().find(|code| code.as_str() == name).unwrap()
}

#[test]
fn an_account_counts_reactions_that_have_an_effect() {
    let mut ann = Harness::<Accounts>::ann(0);
    let add = |emoji: &str| AddReaction {
        conversation: conversation(1),
        target: by_bob(1),
        emoji: emoji.to_owned(),
    };
    let mut table = Table::default();
    let first = ann.asks(1_000, add("👍").into());
    table.case("the first", &first);
    for _ in 1..30 {
        ann.asks(1_000, add("🎉").into());
    }
    table.answer("one too many", &ann.asks(60_999, add("👍").into()));
    let position = first.offset;
    let charge = Charge { position, at: 1_000, ..charge(0, ChargeKind::React, position) };
    table.case("the first comes back", &ann.asks(61_000 - 1, refund(&charge, Some(Refusal::not_found()))));
    table.case("there is room", &ann.asks(61_000 - 1, add("👍").into()));
    table.answer("no emoji", &ann.asks(61_000, add("").into()));
    table.outcome("the first, repeated", ann.repeats(position, asked(), add("👍").into()).as_ref());
    table.outcome("the last, repeated", ann.repeats(ann.next - 2, asked(), add("👍").into()).as_ref());
    table.is(expect![[r#"
        the first
          accepted
          row uses of react: #1
          to conversations.commands k1: react 👍 to 1 of bob by ann
             React id=1.3.1.0 at 1000 mm-reply=0.7 mm-charge=[#1 ann React k1 at 1000 for 0]
        one too many: RATE_LIMITED limit=react windowSeconds=60 quota=30 retryAfterMs=1 (too many in too short a time)
        the first comes back
          NOT_FOUND (not found)
          row uses of react: #2 #3 #4 #5 #6 #7 #8 #9 #10 #11 #12 #13 #14 #15 #16 #17 #18 #19 #20 #21 #22 #23 #24 #25 #26 #27 #28 #29 #30
        there is room
          accepted
          row uses of react: #2 #3 #4 #5 #6 #7 #8 #9 #10 #11 #12 #13 #14 #15 #16 #17 #18 #19 #20 #21 #22 #23 #24 #25 #26 #27 #28 #29 #30 #33
          to conversations.commands k1: react 👍 to 1 of bob by ann
             React id=1.3.33.0 at 60999 mm-reply=0.7 mm-charge=[#33 ann React k1 at 60999 for 0]
        no emoji: BAD_USER_INPUT field=emoji (one emoji, and nothing beside it)
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
        the last, repeated: accepted
    "#]]);
}

#[test]
fn a_repeated_verdict_is_that_of_the_same_command() {
    let mut k1 = group();
    let made = react(&mut k1, 2_000, "ann", "👍").offset;
    let again = react(&mut k1, 2_100, "ann", "👍").offset;
    let request = || {
        ConversationRequest::from(React { user: user("ann"), target: by_bob(1), emoji: "👍".to_owned() })
    };
    assert!(matches!(k1.repeats(made, charged(), request()), Some(Outcome::Done(_))));
    assert_eq!(k1.repeats(again, charged(), request()), None, "its account answers");
    assert!(matches!(k1.repeats(again, asked(), request()), Some(Outcome::Refused(_))));
    assert!(matches!(k1.repeats(again, asked(), take("ann", "👍")), Some(Outcome::Refused(_))));
    k1.asks(2_200, take("ann", "👍"));
    assert!(matches!(k1.repeats(made, charged(), request()), Some(Outcome::Done(_))), "it was removed since");
    assert_eq!(k1.repeats(again, charged(), request()), None);
    assert!(matches!(k1.repeats(again, asked(), take("ann", "👍")), Some(Outcome::Done(_))));
}
