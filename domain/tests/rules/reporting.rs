//! Reporting messages, and deciding about reports.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::charging::Charge;
use schemas::charging::ChargeKind::{Edit, Report as Reported, Send};
use schemas::creating::ConversationKind::Group;
use schemas::editing::EditMessage;
use schemas::message::{Content, Mentions, Message};
use schemas::moderation::{Flagged, Reason};
use schemas::operations::PinMessage;
use schemas::record::Output;
use schemas::reporting::ModerationAction::{Dismiss, HideMessage, SuspendUser};
use schemas::reporting::{
    FileReport, Hidden, ModerationAction, Report, ReportMessage, ReportReason, ResolveReport,
};
use schemas::tables::REPORTS;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ConversationRequest, Refusal};

use crate::harness::{Decided, Harness};
use crate::names::{
    add, asked, charge, conversation, delete, paid, post, profile, refund, remove, sent, user,
};
use crate::render::Table;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message by `bob`.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "text"));
    k1
}

fn by_bob() -> Message {
    sent(1, "bob", 1, 1_500)
}

fn report(who: &str, message: Message) -> ConversationRequest {
    let details = Some("rude".to_owned());
    let reason = ReportReason::Harassment;
    FileReport { reporter: user(who), message: Box::new(message), reason, details }.into()
}

fn files(k1: &mut Harness<Conversations>, time: i64, who: &str, message: Message) -> Decided<Conversations> {
    k1.takes(time, paid(charge(0, Reported, 9)), report(who, message))
}

fn resolve(of: &str, action: ModerationAction, known: i32) -> ConversationRequest {
    let (moderator, reporter, note) = (user("mia"), user(of), Some("seen".to_owned()));
    ResolveReport { moderator, reporter, message: Box::new(by_bob()), action, note, known }.into()
}

/// The code with which a counted request comes back to its account.
fn comes_back(decided: &Decided<Conversations>) -> String {
    format!("{:?}", decided.decision.outputs)
}

#[test]
fn the_service_reports_the_first_text_of_a_message_that_a_rule_flags() {
    let (mut table, mut k1) = (Table::default(), group());
    let flagged = |of: Charge, rule: &str| Charge {
        flagged: Some(Flagged { reason: Reason::Spam, rules: vec![rule.to_owned()] }),
        ..of
    };
    let text = k1.takes(2_000, paid(flagged(charge(2, Send, 6), "links")), post("bob", 2, "a shop"));
    table.case("a text", &text);
    let edit = |message, text: &str| -> ConversationRequest {
        let (actor, content, mentions) = (user("bob"), Content::plain(text), Mentions::default());
        EditMessage { actor, message: Box::new(message), content, mentions }.into()
    };
    let again = edit(sent(2, "bob", 2, 2_000), "another shop");
    table.case("an edit of it", &k1.takes(3_000, paid(flagged(charge(0, Edit, 7), "shops")), again));
    let other = edit(by_bob(), "my shop");
    table.case("an edit of another", &k1.takes(4_000, paid(flagged(charge(0, Edit, 8), "shops")), other));
    table.case("its end", &k1.asks(5_000, resolve("mm:service", Dismiss, 0)));
    table.is(expect![[r#"
        a text
          stored as 2
          head 1 at 1500 → 2 at 2000
          countable 1 → 2
          row message 2: by bob at #2, ordinal 2
          row report of 2 by mm:service: SPAM (links) of "a shop", 0 decisions []
          row sent bob c2: 2, paid by #6
          row receipt bob: read 2, ordinal 2
          view messages k1 2: "a shop" by bob as c2, 2 recipients
          view reports pending: k1 2 by mm:service at 2000 listed
          to events k1: created 2: "a shop" by bob as c2, 2 recipients
             MessageCreated id=1.3.2.0 at 2000
          to events k1: report of 2 by mm:service: SPAM
             ReportFiled id=1.3.2.1 at 2000
        an edit of it
          done
          row edits of 2: 1, "another shop"
          row version 0 of 2: "text"
          view messages k1 2: "another shop" (edit 1 at 3000) by bob as c1, 2 recipients
          to events k1: edited 2: "another shop" (edit 1 at 3000) by bob as c1, 2 recipients
             MessageEdited id=1.3.3.0 at 3000
        an edit of another
          done
          row edits of 1: 1, "my shop"
          row version 0 of 1: "text"
          row report of 1 by mm:service: SPAM (shops) of "my shop", 0 decisions []
          view messages k1 1: "my shop" (edit 1 at 4000) by bob as c1, 2 recipients
          view reports pending: k1 1 by mm:service at 4000 listed
          to events k1: edited 1: "my shop" (edit 1 at 4000) by bob as c1, 2 recipients
             MessageEdited id=1.3.4.0 at 4000
          to events k1: report of 1 by mm:service: SPAM
             ReportFiled id=1.3.4.1 at 4000
        its end
          done
          row audit log of 1 entries
          row report of 1 by mm:service: SPAM (shops) of "my shop", 1 decisions [DISMISS], DISMISS by mia at 5000 "seen"
          view reports pending: k1 1 by mm:service at 4000 not listed
          view reports dismissed: k1 1 by mm:service at 4000 listed
          view audit 1: Dismissed by mia, 1 of mm:service, the first
          to events k1: report of 1 by mm:service resolved by mia: DISMISS
             ReportResolved id=1.3.5.0 at 5000
    "#]]);
}

#[test]
fn a_report_hides_a_message_until_it_is_dismissed() {
    let (mut table, mut k1) = (Table::default(), group());
    let filed = files(&mut k1, 2_000, "ann", by_bob());
    table.case("a report", &filed);
    table.case("again", &files(&mut k1, 2_100, "ann", by_bob()));
    let envelope = paid(charge(0, Reported, 9));
    assert!(matches!(k1.repeats(filed.offset, envelope, report("ann", by_bob())), Some(Outcome::Done(_))));
    let hiding = k1.asks(3_000, resolve("ann", HideMessage, 0));
    table.case("it is hidden", &hiding);
    table.answer("again", &k1.asks(3_100, resolve("ann", HideMessage, 0)));
    table.answer("another decision at the same time", &k1.asks(3_200, resolve("ann", Dismiss, 0)));
    let repeated = k1.repeats(hiding.offset, asked(), resolve("ann", HideMessage, 0));
    assert!(matches!(repeated, Some(Outcome::Done(_))));
    table.case("it is dismissed", &k1.asks(4_000, resolve("ann", Dismiss, 1)));
    table.is(expect![[r#"
        a report
          done
          row audit log of 1 entries
          row report of 1 by ann: HARASSMENT (rude) of "text", 0 decisions []
          view reports pending: k1 1 by ann at 2000 listed
          view audit 1: Reported by ann, 1 of ann, the first
          to events k1: report of 1 by ann: HARASSMENT
             ReportFiled id=1.3.2.0 at 2000
        again
          (the account answers)
          to accounts.commands ann: refund [#9 ann Report k1 at 0 for 0] because nothing to do
             Refund id=1.3.3.0 at 2100 mm-reply=0.7
        it is hidden
          done
          removed [] → [1]
          row hidden 1: 1: "text" by bob as c1, 2 recipients, 1 reports
          row message 1: by bob at #1, ordinal 1, removed at 3000
          row audit log of 2 entries
          row report of 1 by ann: HARASSMENT (rude) of "text", 1 decisions [HIDE_MESSAGE], HIDE_MESSAGE by mia at 3000 "seen"
          view messages k1 1: hidden at 3000 by bob as c1, 2 recipients
          view reports pending: k1 1 by ann at 2000 not listed
          view reports actioned: k1 1 by ann at 2000 listed
          view audit 2: MessageHidden by mia, 1 of ann, follows
          to events k1: hidden 1: hidden at 3000 by bob as c1, 2 recipients
             MessageHidden id=1.3.4.0 at 3000
          to events k1: report of 1 by ann resolved by mia: HIDE_MESSAGE
             ReportResolved id=1.3.4.1 at 3000
        again: nothing to do
        another decision at the same time: CONFLICT (another moderator has decided)
        it is dismissed
          done
          removed [1] → []
          row hidden 1: nothing, 0 reports
          row message 1: by bob at #1, ordinal 1
          row audit log of 3 entries
          row report of 1 by ann: HARASSMENT (rude) of "text", 2 decisions [DISMISS], DISMISS by mia at 4000 "seen"
          view messages k1 1: "text" by bob as c1, 2 recipients
          view reports actioned: k1 1 by ann at 2000 not listed
          view reports dismissed: k1 1 by ann at 2000 listed
          view audit 3: Dismissed by mia, 1 of ann, follows
          to events k1: shown 1: "text" by bob as c1, 2 recipients
             MessageShown id=1.3.7.0 at 4000
          to events k1: report of 1 by ann resolved by mia: DISMISS
             ReportResolved id=1.3.7.1 at 4000
    "#]]);
}

#[test]
fn a_snapshot_tells_the_text_as_it_stood() {
    let mut k1 = group();
    let edit = |content: &str| EditMessage {
        actor: user("bob"),
        message: Box::new(by_bob()),
        content: Content::plain(content),
        mentions: Mentions::default(),
    };
    k1.takes(1_600, paid(charge(0, Edit, 9)), edit("edited").into());
    files(&mut k1, 2_000, "ann", by_bob());
    k1.takes(2_100, paid(charge(0, Edit, 10)), edit("harmless").into());
    files(&mut k1, 2_200, "cleo", by_bob());
    k1.asks(2_300, delete("bob", by_bob()));
    let snapshot =
        |k1: &Harness<Conversations>, who: &str| k1.row::<Report>(&(1, user(who))).unwrap().snapshot.clone();
    assert_eq!((snapshot(&k1, "ann"), snapshot(&k1, "cleo")), ("edited".to_owned(), "harmless".to_owned()));
    assert_eq!(k1.asks(2_400, resolve("ann", HideMessage, 0)).refused_with(), "CONFLICT", "it is deleted");
    assert!(matches!(k1.asks(2_500, resolve("ann", Dismiss, 0)).verdict(), Outcome::Done(_)));
}

#[test]
fn who_sees_a_text_of_another_reports_it() {
    let mut k1 = group();
    k1.asks(1_700, add("ann", &["dave"]));
    for (who, code) in [("bob", "BadUserInput"), ("dave", "NotFound"), ("eve", "NotFound")] {
        assert!(comes_back(&files(&mut k1, 2_000, who, by_bob())).contains(code), "by {who}");
    }
    let note = Message { position: 2, ..sent(2, "ann", 2, 1_700) };
    assert!(comes_back(&files(&mut k1, 2_000, "cleo", note)).contains("BadUserInput"), "a note");
    k1.asks(2_100, remove("ann", "cleo"));
    assert!(comes_back(&files(&mut k1, 2_200, "cleo", by_bob())).contains("NotFound"), "gone");
    assert_eq!(k1.asks(2_300, report("ann", by_bob())).refused_with(), "UNAVAILABLE", "without a charge");
    k1.asks(2_400, delete("bob", by_bob()));
    assert!(comes_back(&files(&mut k1, 2_500, "ann", by_bob())).contains("NotFound"), "deleted");
    assert_eq!(k1.asks(2_600, resolve("ann", Dismiss, 0)).refused_with(), "NOT_FOUND");
}

#[test]
fn a_message_is_hidden_until_the_last_report_is_dismissed() {
    let mut k1 = group();
    for who in ["ann", "cleo"] {
        files(&mut k1, 2_000, who, by_bob());
    }
    for who in ["ann", "cleo"] {
        k1.asks(2_100, resolve(who, HideMessage, 0));
    }
    let reports = |k1: &Harness<Conversations>| k1.row::<Hidden>(&1).map(|row| row.reports);
    assert_eq!((reports(&k1), k1.state.removed.as_slice()), (Some(2), &[1][..]));
    let first = k1.asks(2_200, resolve("ann", Dismiss, 1));
    assert_eq!(first.decision.outputs.len(), 1, "it is not shown: {:?}", first.decision.outputs);
    assert_eq!((reports(&k1), k1.state.removed.as_slice()), (Some(1), &[1][..]));
    k1.asks(2_300, resolve("cleo", Dismiss, 1));
    assert_eq!((reports(&k1), k1.state.removed.as_slice()), (Some(0), &[][..]));
}

#[test]
fn what_is_hidden_takes_part_in_nothing_and_can_be_deleted() {
    let mut k1 = group();
    k1.asks(1_600, PinMessage { actor: profile("ann"), message: Box::new(by_bob()) }.into());
    files(&mut k1, 2_000, "ann", by_bob());
    k1.asks(2_100, resolve("ann", HideMessage, 0));
    assert!(k1.state.pins.is_empty());
    let pin = PinMessage { actor: profile("ann"), message: Box::new(by_bob()) };
    assert_eq!(k1.asks(2_200, pin.into()).refused_with(), "NOT_FOUND");
    assert!(comes_back(&files(&mut k1, 2_200, "cleo", by_bob())).contains("NotFound"));
    let deleted = k1.asks(2_300, delete("bob", by_bob()));
    assert!(matches!(deleted.verdict(), Outcome::Done(_)));
    assert_eq!((k1.row::<Hidden>(&1), k1.state.removed.as_slice()), (Some(&Hidden::OVER), &[1][..]));
    let dismissed = k1.asks(2_400, resolve("ann", Dismiss, 1));
    assert!(matches!(dismissed.verdict(), Outcome::Done(_)) && dismissed.decision.outputs.len() == 1);
    assert!(matches!(k1.repeats(deleted.offset, asked(), delete("bob", by_bob())), Some(Outcome::Done(_))));
}

/// The ends of suspensions that a decision sends to the account of `bob`.
fn suspensions(decided: &Decided<Conversations>) -> Vec<Option<i64>> {
    let outputs = decided.decision.outputs.iter().filter_map(|output| match output {
        Output::ToAccount { user: of, request: AccountRequest::SetSuspension(set), .. } => {
            assert_eq!((of, set.report.seq), (&user("bob"), 1));
            Some(set.until)
        }
        _ => None,
    });
    outputs.collect()
}

#[test]
fn a_dismissal_undoes_all_that_a_report_has_caused() {
    let (mut table, mut k1) = (Table::default(), group());
    files(&mut k1, 2_000, "ann", by_bob());
    table.case("suspended", &k1.asks(3_000, resolve("ann", SuspendUser, 0)));
    table.answer("again", &k1.asks(3_100, resolve("ann", SuspendUser, 1)));
    let hidden = k1.asks(3_200, resolve("ann", HideMessage, 1));
    assert_eq!(suspensions(&hidden), [], "the suspension lasts");
    assert!(hidden.decision.views.iter().all(|view| view.to_row().table.name != REPORTS.name), "one status");
    let in_force = |k1: &Harness<Conversations>| k1.row::<Report>(&(1, user("ann"))).unwrap().in_force();
    assert_eq!(in_force(&k1), [HideMessage, SuspendUser]);
    assert!(matches!(k1.repeats(3, asked(), resolve("ann", SuspendUser, 0)), Some(Outcome::Done(_))));
    let dismissed = k1.asks(3_300, resolve("ann", Dismiss, 2));
    assert_eq!((suspensions(&dismissed), in_force(&k1)), (vec![None], vec![Dismiss]));
    assert!(k1.state.removed.is_empty(), "it is shown");
    k1.asks(3_400, delete("bob", by_bob()));
    let week = 7 * 24 * 60 * 60 * 1_000;
    let again = k1.asks(4_000, resolve("ann", SuspendUser, 3));
    assert_eq!(suspensions(&again), [Some(4_000 + week)], "of a deleted message");
    table.is(expect![[r#"
        suspended
          done
          row audit log of 2 entries
          row report of 1 by ann: HARASSMENT (rude) of "text", 1 decisions [SUSPEND_USER], SUSPEND_USER by mia at 3000 "seen"
          view reports pending: k1 1 by ann at 2000 not listed
          view reports actioned: k1 1 by ann at 2000 listed
          view audit 2: UserSuspended by mia, 1 of ann, follows
          to accounts.commands bob: suspended until 604803000 for 1 by ann
             SetSuspension id=1.3.3.0 at 3000
          to events k1: report of 1 by ann resolved by mia: SUSPEND_USER
             ReportResolved id=1.3.3.1 at 3000
        again: nothing to do
    "#]]);
}

/// Ingest may have read the message before an edit: what is hidden would come back with the old text.
#[test]
fn a_message_that_has_just_changed_is_not_hidden() {
    let mut k1 = group();
    files(&mut k1, 2_000, "ann", by_bob());
    let (actor, message) = (user("bob"), Box::new(by_bob()));
    let content = Content::plain("edited");
    let edit = EditMessage { actor, message, content, mentions: Mentions::default() };
    k1.takes(2_100, paid(charge(0, Edit, 9)), edit.into());
    assert_eq!(k1.asks(2_200, resolve("ann", HideMessage, 0)).refused_with(), "CONFLICT");
}

#[test]
fn an_account_counts_reports_that_have_an_effect() {
    let mut ann = Harness::<Accounts>::ann(0);
    let ask = |details: Option<&str>| ReportMessage {
        conversation: conversation(1),
        message: Box::new(by_bob()),
        reason: ReportReason::Spam,
        details: details.map(str::to_owned),
    };
    let first = ann.asks(1_000, ask(None).into());
    for _ in 1..20 {
        ann.asks(1_000, ask(None).into());
    }
    assert_eq!(ann.asks(2_000, ask(None).into()).refused_with(), "RATE_LIMITED");
    assert_eq!(ann.asks(2_000, ask(Some(&"x".repeat(1_001))).into()).refused_with(), "BAD_USER_INPUT");
    let position = first.offset;
    let charge = Charge { position, at: 1_000, ..charge(0, Reported, position) };
    ann.asks(3_000, refund(&charge, Some(Refusal::not_found())));
    assert!(matches!(ann.asks(3_000, ask(None).into()).verdict(), Outcome::Accepted(_)));
}
