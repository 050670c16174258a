//! Previews: which text gets them, and what ends them.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Edit, Report as ReportKind, Send};
use schemas::creating::ConversationKind::Group;
use schemas::message::{Body, Content, Edited, Message};
use schemas::operations::{AttachPreviews, FileReport, ResolveReport};
use schemas::previewing::{LinkPreview, MAX_LINK_BYTES, PreviewImage};
use schemas::reporting::{ModerationAction, ReportReason};
use schemas::{ConversationRequest, UserId};

use crate::harness::Harness;
use crate::names::{asked, charge, delete, edit, paid, post, sent, shipped, user};
use crate::polling::{asking, lunch};
use crate::render::Table;

pub fn preview(url: &str) -> LinkPreview {
    LinkPreview {
        url: url.to_owned(),
        title: Some("Title".to_owned()),
        description: None,
        site_name: None,
        image: Some(PreviewImage {
            object: "7".repeat(32).parse().unwrap(),
            content_type: "image/jpeg".to_owned(),
        }),
        favicon: None,
    }
}

/// A group of `ann`, who owns it, and `bob`, with one text by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "https://a.example"));
    k1
}

/// The message of `bob` after a number of edits.
fn text(edits: i32) -> Message {
    let mut message = sent(1, "bob", 1, 1_500);
    if edits > 0 {
        let content = Content::plain("https://b.example");
        message.body = message.body.with_text(content, Edited { at: 1_600, count: edits });
    }
    message
}

fn attach(message: Message, urls: &[&str]) -> ConversationRequest {
    AttachPreviews { message: Box::new(message), previews: urls.iter().map(|url| preview(url)).collect() }
        .into()
}

const A: &str = "https://a.example/";

#[test]
fn a_text_gets_previews_once_and_an_edit_makes_room_for_those_of_the_new_text() {
    let (mut table, mut k1) = (Table::default(), group());
    let first = k1.asks(2_000, attach(text(0), &[A]));
    table.case("previews", &first);
    table.answer("again", &k1.asks(2_100, attach(text(0), &["https://other.example/"])));
    table.outcome("repeated", k1.repeats(first.offset, asked(), attach(text(0), &[A])).as_ref());
    let edited = edit("bob", text(0), "https://b.example");
    table.case("edited", &k1.takes(2_200, paid(charge(2, Edit, 6)), edited.into()));
    table.answer("of the older text", &k1.asks(2_300, attach(text(0), &[A])));
    table.answer("of a text that nobody wrote", &k1.asks(2_300, attach(text(2), &[A])));
    table.case("of the new text", &k1.asks(2_400, attach(text(1), &["https://b.example/"])));
    table.case("deleted", &k1.asks(2_500, delete("bob", text(1))));
    table.answer("of a text that is gone", &k1.asks(2_600, attach(text(1), &[A])));
    table.is(expect![[r#"
        previews
          done
          row message 1: by bob at #1, ordinal 1, aspects 8
          view aspect k1 1: previews after 0 edits: https://a.example/
          to events k1: previews after 0 edits: https://a.example/: 1: "text" by bob as c1, 2 recipients
             PreviewAttached id=1.3.2.0 at 2000
        again: nothing to do
        repeated: done
        edited
          done
          row message 1: by bob at #1, ordinal 1
          row edits of 1: 1, "https://b.example"
          row version 0 of 1: "text"
          view aspect k1 1: no previews
          view messages k1 1: "https://b.example" (edit 1 at 2200) by bob as c1, 2 recipients
          to events k1: edited 1: "https://b.example" (edit 1 at 2200) by bob as c1, 2 recipients
             MessageEdited id=1.3.4.0 at 2200
        of the older text: nothing to do
        of a text that nobody wrote: nothing to do
        of the new text
          done
          row message 1: by bob at #1, ordinal 1, aspects 8
          view aspect k1 1: previews after 1 edits: https://b.example/
          to events k1: previews after 1 edits: https://b.example/: 1: "https://b.example" (edit 1 at 1600) by bob as c1, 2 recipients
             PreviewAttached id=1.3.7.0 at 2400
        deleted
          done
          removed [] → [1]
          row version 0 of 1: erased
          row edits of 1: 1, erased
          row message 1: by bob at #1, ordinal 1, removed at 2500
          view aspect k1 1: no previews
          view messages k1 1: removed at 2500 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 2500 by bob as c1, 2 recipients
             MessageDeleted id=1.3.8.0 at 2500
        of a text that is gone: nothing to do
    "#]]);
}

#[test]
fn what_no_text_has_is_refused_and_nothing_is_nothing() {
    let (mut table, mut k1) = (Table::default(), group());
    table.answer("no message", &k1.asks(2_000, attach(Message { seq: 9, ..text(0) }, &[A])));
    table.answer("another's core", &k1.asks(2_000, attach(sent(1, "ann", 1, 1_500), &[A])));
    table.answer("a poll", &k1.asks(2_000, attach(asking(text(0), lunch()), &[A])));
    table.answer("a tombstone", &k1.asks(2_000, attach(text(0).removed(1_700), &[A])));
    table.answer("no previews", &k1.asks(2_000, attach(text(0), &[])));
    table.answer("four", &k1.asks(2_000, attach(text(0), &[A; 4])));
    let long = format!("{A}{}", "x".repeat(MAX_LINK_BYTES));
    table.answer("a link that is too long", &k1.asks(2_000, attach(text(0), &[&long])));
    table.case("three", &k1.asks(2_000, attach(text(0), &[A; 3])));
    table.is(expect![[r#"
        no message: NOT_FOUND (not found)
        another's core: NOT_FOUND (not found)
        a poll: BAD_USER_INPUT field=messageId (only texts have links)
        a tombstone: BAD_USER_INPUT field=messageId (only texts have links)
        no previews: nothing to do
        four: BAD_USER_INPUT field=previews (more than a message has)
        a link that is too long: BAD_USER_INPUT field=previews (more than a message has)
        three
          done
          row message 1: by bob at #1, ordinal 1, aspects 8
          view aspect k1 1: previews after 0 edits: https://a.example/ https://a.example/ https://a.example/
          to events k1: previews after 0 edits: https://a.example/ https://a.example/ https://a.example/: 1: "text" by bob as c1, 2 recipients
             PreviewAttached id=1.3.9.0 at 2000
    "#]]);
}

#[test]
fn a_sender_without_the_feature_gets_none() {
    let mut k1 = group();
    let mut policy = shipped();
    let rule = policy.features.flags.iter_mut().find(|rule| rule.key == "messaging.link_previews").unwrap();
    rule.off = true;
    k1.policy = policy;
    assert_eq!(k1.asks(2_000, attach(text(0), &[A])).refused_with(), "FEATURE_DISABLED");
}

#[test]
fn moderators_hide_the_previews_with_the_message_and_they_come_anew() {
    let (mut table, mut k1) = (Table::default(), group());
    k1.asks(2_000, attach(text(0), &[A]));
    let reporter: UserId = user("ann");
    let message = || Box::new(Message { body: Body::text("https://a.example"), ..text(0) });
    let report = FileReport {
        reporter: reporter.clone(),
        message: message(),
        reason: ReportReason::Spam,
        details: None,
    };
    k1.takes(2_100, paid(charge(3, ReportKind, 7)), report.into());
    let decide = |action, known| ResolveReport {
        moderator: user("mia"),
        reporter: reporter.clone(),
        message: message(),
        action,
        note: None,
        known,
    };
    table.case("hidden", &k1.asks(2_200, decide(ModerationAction::HideMessage, 0).into()));
    table.answer("while it is hidden", &k1.asks(2_300, attach(text(0), &[A])));
    k1.asks(2_400, decide(ModerationAction::Dismiss, 1).into());
    table.case("shown", &k1.asks(2_500, attach(text(0), &[A])));
    table.is(expect![[r#"
        hidden
          done
          removed [] → [1]
          row hidden 1: 1: "https://a.example" by bob as c1, 2 recipients, 1 reports
          row message 1: by bob at #1, ordinal 1, removed at 2200
          row audit log of 2 entries
          row report of 1 by ann: SPAM of "https://a.example", 1 decisions [HIDE_MESSAGE], HIDE_MESSAGE by mia at 2200 ""
          view aspect k1 1: no previews
          view messages k1 1: hidden at 2200 by bob as c1, 2 recipients
          view reports pending: k1 1 by ann at 2100 not listed
          view reports actioned: k1 1 by ann at 2100 listed
          view audit 2: MessageHidden by mia, 1 of ann, follows
          to events k1: hidden 1: hidden at 2200 by bob as c1, 2 recipients
             MessageHidden id=1.3.4.0 at 2200
          to events k1: report of 1 by ann resolved by mia: HIDE_MESSAGE
             ReportResolved id=1.3.4.1 at 2200
        while it is hidden: nothing to do
        shown
          done
          row message 1: by bob at #1, ordinal 1, aspects 8
          view aspect k1 1: previews after 0 edits: https://a.example/
          to events k1: previews after 0 edits: https://a.example/: 1: "text" by bob as c1, 2 recipients
             PreviewAttached id=1.3.7.0 at 2500
    "#]]);
}
