//! Scheduled messages: made, changed, cancelled, and what comes of them at their time.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::charging::ChargeKind;
use schemas::message::Mentions;
use schemas::operations::{CancelSchedule, ChangeSchedule, FireSchedule, ScheduleMessage, SettleSchedule};
use schemas::position::LogTime;
use schemas::rows::Schedules;
use schemas::scheduling::{FiringDenied, FiringFacts, Found};
use schemas::{AccountRequest, Refusal};

use crate::harness::Harness;
use crate::names::{asked, client, conversation, profile, refund, send};
use crate::render::Table;

pub fn schedule(id: i64, content: &str, due: LogTime) -> ScheduleMessage {
    let (id, conversation, zone) = (client(id), conversation(1), "Europe/Berlin".to_owned());
    ScheduleMessage { id, conversation, content: content.to_owned(), due, zone }
}

pub fn facts(recipients: i32) -> Found {
    Found::Facts(Box::new(FiringFacts { recipients, sender: profile("ann"), mentions: Mentions::default() }))
}

pub fn denied(refusal: Refusal) -> Found {
    Found::Denied(FiringDenied { refusal })
}

pub fn fire(id: i64, revision: i32, found: Found) -> FireSchedule {
    FireSchedule { id: client(id), revision, found }
}

fn change(id: i64, content: Option<&str>, due: Option<LogTime>) -> AccountRequest {
    ChangeSchedule { id: client(id), content: content.map(str::to_owned), due }.into()
}

fn cancel(id: i64) -> AccountRequest {
    CancelSchedule { id: client(id) }.into()
}

#[test]
fn a_message_is_sent_and_charged_at_its_time() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(1_000));
    table.case("scheduled", &ann.asks(1_000, schedule(1, "later", 5_000).into()));
    table.answer("again", &ann.asks(1_100, schedule(1, "later", 5_000).into()));
    table.answer("another with its id", &ann.asks(1_200, schedule(1, "other", 5_000).into()));
    table.answer("too early", &ann.asks(4_999, fire(1, 0, facts(2)).into()));
    table.case("another text", &ann.asks(2_000, change(1, Some("later on"), None)));
    table.answer("of the text before", &ann.asks(5_000, fire(1, 0, facts(2)).into()));
    let fired = ann.asks(5_000, fire(1, 1, facts(2)).into());
    table.case("at its time", &fired);
    table.answer("by another scheduler", &ann.asks(5_001, fire(1, 1, facts(2)).into()));
    table.answer("cancelled too late", &ann.asks(5_002, cancel(1)));
    table.answer("changed too late", &ann.asks(5_003, change(1, None, Some(9_000))));
    let settle = SettleSchedule { id: client(1), charge: fired.offset, seq: 7 };
    table.case("there", &ann.asks(5_100, settle.clone().into()));
    table.answer("there again", &ann.asks(5_101, settle.into()));
    table.answer("the first again", &ann.asks(5_200, schedule(1, "later", 5_000).into()));
    table.outcome("repeated", ann.repeats(fired.offset, asked(), fire(1, 1, facts(2)).into()).as_ref());
    table.is(expect![[r#"
        scheduled
          done
          row schedules: open c1, settled
          row scheduled c1: "later" to k1 at 5000 Europe/Berlin, waits since 1000
          view timer c1 of ann at 5000 set
          to account-events ann: scheduled c1: "later" to k1 at 5000 Europe/Berlin, waits since 1000
             ScheduleChanged id=1.3.1.0 at 1000
        again: nothing to do
        another with its id: IDEMPOTENCY_CONFLICT (this id was used for another request)
        too early: nothing to do
        another text
          done
          row scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, waits since 4999
          to account-events ann: scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, waits since 4999
             ScheduleChanged id=1.3.5.0 at 4999
        of the text before: nothing to do
        at its time
          accepted
          balance 1000 → 800
          sends 0 → 1
          texts 0 → 1
          row c1: Scheduled to k1 at #7, remembered
          row ledger #7: MESSAGE_SEND -200 → 800 for c1, 2 recipients
          row scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, charged at #7
          view timer c1 of ann at 5000 over
          to conversations.commands k1: post "later on"
             PostMessage id=1.3.7.0 at 5000 mm-reply=0.7 mm-charge=[#7 ann c1 Scheduled k1 at 5000 for 200]
          to account-events ann: MESSAGE_SEND -200 → 800
             CreditsChanged id=1.3.7.1 at 5000
          to account-events ann: scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, charged at #7
             ScheduleChanged id=1.3.7.2 at 5000
        by another scheduler: nothing to do
        cancelled too late: CONFLICT (the scheduled message waits no more)
        changed too late: CONFLICT (the scheduled message waits no more)
        there
          done
          row schedules: open, settled c1
          row scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, sent as 7 at 5100
          to account-events ann: scheduled c1: "later on" to k1 at 5000 Europe/Berlin, 1 changes, sent as 7 at 5100
             ScheduleChanged id=1.3.11.0 at 5100
        there again: nothing to do
        the first again: nothing to do
        repeated: UNAVAILABLE retryAfterMs=1000 (refused before an interruption)
    "#]]);
}

#[test]
fn a_cancelled_message_is_not_sent() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(1_000));
    ann.asks(1_000, schedule(1, "later", 5_000).into());
    table.case("earlier", &ann.asks(1_500, change(1, None, Some(3_000))));
    table.case("cancelled", &ann.asks(2_000, cancel(1)));
    table.answer("again", &ann.asks(2_100, cancel(1)));
    table.answer("at its time", &ann.asks(3_000, fire(1, 1, facts(2)).into()));
    table.answer("one that is none", &ann.asks(3_000, cancel(2)));
    table.is(expect![[r#"
        earlier
          done
          row scheduled c1: "later" to k1 at 3000 Europe/Berlin, 1 changes, waits since 1500
          view timer c1 of ann at 5000 over
          view timer c1 of ann at 3000 set
          to account-events ann: scheduled c1: "later" to k1 at 3000 Europe/Berlin, 1 changes, waits since 1500
             ScheduleChanged id=1.3.2.0 at 1500
        cancelled
          done
          row schedules: open, settled c1
          row scheduled c1: "later" to k1 at 3000 Europe/Berlin, 1 changes, cancelled at 2000
          view timer c1 of ann at 3000 over
          to account-events ann: scheduled c1: "later" to k1 at 3000 Europe/Berlin, 1 changes, cancelled at 2000
             ScheduleChanged id=1.3.3.0 at 2000
        again: nothing to do
        at its time: nothing to do
        one that is none: NOT_FOUND (not found)
    "#]]);
}

#[test]
fn what_is_refused_at_its_time_fails_and_costs_nothing() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(100));
    for id in 1..=3 {
        ann.asks(1_000, schedule(id, &format!("later {id}"), 5_000).into());
    }
    table.case("without credits", &ann.asks(5_000, fire(1, 0, facts(2)).into()));
    table.case("not a member", &ann.asks(5_000, fire(2, 0, denied(Refusal::not_found())).into()));
    let fired = ann.asks(5_000, fire(3, 0, facts(1)).into());
    let charge = fired.charges().next().expect("a charge");
    assert_eq!(charge.kind, ChargeKind::Scheduled);
    table.case("refused by its conversation", &ann.asks(5_100, refund(&charge, Some(Refusal::not_found()))));
    assert_eq!((ann.state.balance_milli, ann.state.sends.len()), (100, 0));
    table.is(expect![[r#"
        without credits
          INSUFFICIENT_CREDITS requiredMilli=200 balanceMilli=100 (not enough credits)
          row schedules: open c2 c3, settled c1
          row scheduled c1: "later 1" to k1 at 5000 Europe/Berlin, failed at 5000: INSUFFICIENT_CREDITS requiredMilli=200 balanceMilli=100 (not enough credits)
          view timer c1 of ann at 5000 over
          to account-events ann: scheduled c1: "later 1" to k1 at 5000 Europe/Berlin, failed at 5000: INSUFFICIENT_CREDITS requiredMilli=200 balanceMilli=100 (not enough credits)
             ScheduleChanged id=1.3.4.0 at 5000
        not a member
          NOT_FOUND (not found)
          row schedules: open c3, settled c1 c2
          row scheduled c2: "later 2" to k1 at 5000 Europe/Berlin, failed at 5000: NOT_FOUND (not found)
          view timer c2 of ann at 5000 over
          to account-events ann: scheduled c2: "later 2" to k1 at 5000 Europe/Berlin, failed at 5000: NOT_FOUND (not found)
             ScheduleChanged id=1.3.5.0 at 5000
        refused by its conversation
          NOT_FOUND (not found)
          balance 0 → 100
          sends 1 → 0
          texts 1 → 0
          row c3: Scheduled to k1 at #6, forgotten
          row ledger #7: REFUND +100 → 100 for c3
          row schedules: open, settled c1 c2 c3
          row scheduled c3: "later 3" to k1 at 5000 Europe/Berlin, failed at 5100: NOT_FOUND (not found)
          to account-events ann: REFUND +100 → 100
             CreditsChanged id=1.3.7.0 at 5100
          to account-events ann: scheduled c3: "later 3" to k1 at 5000 Europe/Berlin, failed at 5100: NOT_FOUND (not found)
             ScheduleChanged id=1.3.7.1 at 5100
    "#]]);
}

#[test]
fn a_send_that_comes_too_often_is_tried_again_for_an_hour() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(1_000));
    ann.policy.limits.send.count = 1;
    ann.asks(1_000, schedule(1, "later", 5_000).into());
    ann.asks(4_000, send(2, "now", 1));
    table.answer("too often", &ann.asks(5_000, fire(1, 0, facts(1)).into()));
    let an_hour = 60 * 60 * 1_000;
    ann.asks(5_000 + an_hour - 1, send(3, "then", 1));
    table.case("for too long", &ann.asks(5_000 + an_hour, fire(1, 0, facts(1)).into()));
    table.is(expect![[r#"
        too often: RATE_LIMITED limit=send windowSeconds=60 quota=1 retryAfterMs=59000 (too many in too short a time)
        for too long
          RATE_LIMITED limit=send windowSeconds=60 quota=1 retryAfterMs=59999 (too many in too short a time)
          row schedules: open, settled c1
          row scheduled c1: "later" to k1 at 5000 Europe/Berlin, failed at 3605000: RATE_LIMITED limit=send windowSeconds=60 quota=1 retryAfterMs=59999 (too many in too short a time)
          view timer c1 of ann at 5000 over
          to account-events ann: scheduled c1: "later" to k1 at 5000 Europe/Berlin, failed at 3605000: RATE_LIMITED limit=send windowSeconds=60 quota=1 retryAfterMs=59999 (too many in too short a time)
             ScheduleChanged id=1.3.5.0 at 3605000
    "#]]);
}

#[test]
fn times_texts_and_numbers_are_bounded() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let year = 366 * 24 * 60 * 60 * 1_000;
    for (name, content, due) in [
        ("past", "later", 1_000),
        ("beyond a year", "later", 1_001 + year),
        ("blank", " ", 5_000),
        ("too long", &"a".repeat(4_001), 5_000),
    ] {
        table.answer(name, &ann.asks(1_000, schedule(1, content, due).into()));
    }
    let zone = ScheduleMessage { zone: "nowhere\u{0}".to_owned(), ..schedule(1, "later", 5_000) };
    table.answer("no zone", &ann.asks(1_000, zone.into()));
    let most = Schedules::MOST as i64;
    for id in 0..most {
        ann.asks(1_000, schedule(id, "later", 1_000 + year).into());
    }
    table.answer("too many", &ann.asks(1_000, schedule(most, "later", 5_000).into()));
    ann.asks(1_000, cancel(0));
    ann.asks(1_000, schedule(most, "later", 5_000).into());
    let listed = |ann: &Harness<Accounts>| ann.all::<Schedules>().next().map(|(_, all)| all.clone()).unwrap();
    assert_eq!((listed(&ann).open.len(), listed(&ann).settled.len()), (100, 1));
    for id in 1..=most {
        ann.asks(1_000, cancel(id));
    }
    assert_eq!(
        (listed(&ann).open.len(), listed(&ann).settled.len()),
        (0, 100),
        "the last hundred are listed"
    );
    table.is(expect![[r#"
        past: BAD_USER_INPUT field=scheduledFor (the time is past)
        beyond a year: BAD_USER_INPUT field=scheduledFor (more than a year ahead)
        blank: BAD_USER_INPUT field=content (the text has no visible character)
        too long: BAD_USER_INPUT field=content (the text is too long)
        no zone: BAD_USER_INPUT field=timeZone (not the name of a time zone)
        too many: LIMIT_REACHED limit=scheduled_messages (too many scheduled messages)
    "#]]);
}
