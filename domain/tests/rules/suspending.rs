//! Suspensions: what a suspended user is refused, and when it ends.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::AccountRequest;
use schemas::creating::ConversationKind::Group;
use schemas::editing::SubmitEdit;
use schemas::suspending::{SetSuspension, SuspendingReport, Suspension};
use schemas::verdict::Outcome;

use crate::forwarding::forwarding;
use crate::harness::{Decided, Harness};
use crate::names::{conversation, create, edit, send, sent, user, with_price};
use crate::render::Table;
use crate::voice::speaking;

fn suspend(seq: i64, until: Option<i64>) -> AccountRequest {
    let report = SuspendingReport { conversation: conversation(2), seq, reporter: user("bob") };
    SetSuspension { report, until }.into()
}

fn editing() -> AccountRequest {
    let edit = edit("ann", sent(1, "ann", 1, 1_000), "edited");
    SubmitEdit { conversation: conversation(1), edit }.into()
}

fn is_accepted(decided: &Decided<Accounts>) -> bool {
    matches!(decided.verdict(), Outcome::Accepted(_) | Outcome::Done(_))
}

#[test]
fn a_suspended_user_writes_nothing_that_others_read() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    ann.policy = with_price(0);
    assert!(is_accepted(&ann.asks(1_000, send(1, "before", 0))));
    table.case("suspended", &ann.asks(2_000, suspend(1, Some(9_000))));
    table.answer("again", &ann.asks(2_100, suspend(1, Some(9_000))));
    table.answer("a send", &ann.asks(3_000, send(2, "after", 0)));
    table.answer("a group", &ann.asks(3_000, create(Group, 3, &["bob"], Some("crew"))));
    table.answer("an edit", &ann.asks(3_000, editing()));
    table.answer("a forward", &ann.asks(3_000, forwarding(4, &[5], None).into()));
    table.answer("a recording", &ann.asks(3_000, speaking(5, 1, 0).into()));
    assert!(is_accepted(&ann.asks(3_000, send(1, "before", 0))), "the repeat of one that was accepted");
    table.case("lifted", &ann.asks(4_000, suspend(1, None)));
    table.answer("lifted again", &ann.asks(4_100, suspend(1, None)));
    assert!(is_accepted(&ann.asks(5_000, send(6, "lifted", 0))));
    table.is(expect![[r#"
        suspended
          done
          suspensions 0 → 1
        again: nothing to do
        a send: FORBIDDEN reason=SUSPENDED until=9000 (moderators have suspended the account)
        a group: FORBIDDEN reason=SUSPENDED until=9000 (moderators have suspended the account)
        an edit: FORBIDDEN reason=SUSPENDED until=9000 (moderators have suspended the account)
        a forward: FORBIDDEN reason=SUSPENDED until=9000 (moderators have suspended the account)
        a recording: FORBIDDEN reason=SUSPENDED until=9000 (moderators have suspended the account)
        lifted
          done
          suspensions 1 → 0
        lifted again: nothing to do
    "#]]);
}

#[test]
fn a_suspension_ends_by_its_time_and_each_report_has_its_own() {
    let mut ann = Harness::ann(0);
    ann.policy = with_price(0);
    ann.asks(1_000, suspend(1, Some(5_000)));
    ann.asks(1_000, suspend(2, Some(7_000)));
    assert_eq!(ann.asks(4_000, send(1, "one", 0)).refused_with(), "FORBIDDEN");
    ann.asks(4_500, suspend(2, None));
    assert_eq!(ann.asks(4_999, send(1, "one", 0)).refused_with(), "FORBIDDEN", "by the other report");
    assert!(is_accepted(&ann.asks(5_000, send(1, "one", 0))));
    ann.asks(6_000, suspend(3, Some(8_000)));
    assert_eq!(ann.state.suspensions.len(), 1, "what has ended is not kept");
}

#[test]
fn the_suspensions_that_end_last_are_kept() {
    let mut ann = Harness::ann(0);
    let most = Suspension::MOST as i64;
    for seq in 0..most + 5 {
        ann.asks(1_000, suspend(seq, Some(10_000 + seq)));
    }
    let kept = ann.state.suspensions.iter().map(|one| one.report.seq);
    assert!(kept.eq(5..most + 5), "{:?}", ann.state.suspensions);
}

#[test]
fn a_repeated_verdict_tells_whether_a_suspension_stands() {
    let mut ann = Harness::ann(0);
    let suspended = ann.asks(1_000, suspend(1, Some(9_000)));
    let repeat =
        |ann: &Harness<Accounts>, request| ann.repeats(suspended.offset, crate::names::asked(), request);
    assert!(matches!(repeat(&ann, suspend(1, Some(9_000))), Some(Outcome::Done(_))));
    assert!(matches!(repeat(&ann, suspend(1, None)), Some(Outcome::Refused(_))));
}
