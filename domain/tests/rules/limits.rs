//! Limits of an account: how many, in what time, and when the next one fits.

use expect_test::expect;
use schemas::creating::ConversationKind::Group;
use schemas::verdict::Outcome;

use crate::harness::Harness;
use crate::names::{create, send, send_to};
use crate::render::Table;

const SECOND: i64 = 1_000;
const DAY: i64 = 24 * 60 * 60 * SECOND;

fn accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted(accepted) if !accepted.repeated)
}

#[test]
fn the_61st_send_waits_until_the_first_is_a_minute_old() {
    let mut table = Table::default();
    let mut ann = Harness::ann(100_000);
    for n in 0..59 {
        let sent = ann.asks(i64::from(n) * SECOND / 2, send(n, &format!("text {n}"), 1));
        assert!(accepted(sent.verdict()), "send {n}");
    }
    table.case("the 60th, at 0:30", &ann.asks(30 * SECOND, send(59, "sixtieth", 1)));
    table.answer("the 61st, at 0:30", &ann.asks(30 * SECOND, send(60, "one more", 1)));
    table.answer("again at 0:59.999", &ann.asks(60 * SECOND - 1, send(60, "one more", 1)));
    table.case("again at 1:00", &ann.asks(60 * SECOND, send(60, "one more", 1)));
    table.answer("the 62nd, at 1:00", &ann.asks(60 * SECOND, send(61, "yet more", 1)));
    table.is(expect![[r#"
        the 60th, at 0:30
          accepted
          balance 94100 → 94000
          sends 59 → 60
          texts 59 → 60
          row c59: Send to k1 at #60, remembered
          row ledger #60: MESSAGE_SEND -100 → 94000 for c59, 1 recipients
          to conversations.commands k1: post "sixtieth"
             PostMessage id=1.3.60.0 at 30000 mm-reply=0.7 mm-charge=[#60 ann c59 Send k1 at 30000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 94000
             CreditsChanged id=1.3.60.1 at 30000
        the 61st, at 0:30: RATE_LIMITED limit=send windowSeconds=60 quota=60 retryAfterMs=30000 (too many in too short a time)
        again at 0:59.999: RATE_LIMITED limit=send windowSeconds=60 quota=60 retryAfterMs=1 (too many in too short a time)
        again at 1:00
          accepted
          balance 94000 → 93900
          texts 60 → 61
          row c60: Send to k1 at #63, remembered
          row ledger #63: MESSAGE_SEND -100 → 93900 for c60, 1 recipients
          to conversations.commands k1: post "one more"
             PostMessage id=1.3.63.0 at 60000 mm-reply=0.7 mm-charge=[#63 ann c60 Send k1 at 60000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 93900
             CreditsChanged id=1.3.63.1 at 60000
        the 62nd, at 1:00: RATE_LIMITED limit=send windowSeconds=60 quota=60 retryAfterMs=500 (too many in too short a time)
    "#]]);
}

#[test]
fn the_21st_creation_of_a_day_waits_until_the_first_is_a_day_old() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let crew = |n: u8| create(Group, n, &["bob"], None);
    for n in 0..20 {
        assert!(accepted(ann.asks(i64::from(n) * SECOND, crew(n)).verdict()), "creation {n}");
    }
    table.answer("the 21st, after 20 seconds", &ann.asks(20 * SECOND, crew(20)));
    table.answer("a millisecond before the day is over", &ann.asks(DAY - 1, crew(20)));
    assert!(accepted(ann.asks(DAY, crew(20)).verdict()), "a day later");
    table.answer("the 22nd", &ann.asks(DAY, crew(21)));
    table.is(expect![[r#"
        the 21st, after 20 seconds: RATE_LIMITED limit=create_conversation windowSeconds=86400 quota=20 retryAfterMs=86380000 (too many in too short a time)
        a millisecond before the day is over: RATE_LIMITED limit=create_conversation windowSeconds=86400 quota=20 retryAfterMs=1 (too many in too short a time)
        the 22nd: RATE_LIMITED limit=create_conversation windowSeconds=86400 quota=20 retryAfterMs=1000 (too many in too short a time)
    "#]]);
}

#[test]
fn one_text_goes_out_three_times_a_minute_however_it_is_spelt() {
    let mut table = Table::default();
    let mut ann = Harness::ann(10_000);
    for (n, text) in ["buy now", "BUY now", "b\u{200b}uy nоw"].into_iter().enumerate() {
        let sent = ann.asks(n as i64 * SECOND, send(n as u8, text, 1));
        assert!(accepted(sent.verdict()), "{text:?}");
    }
    table.answer("a fourth time", &ann.asks(3 * SECOND, send(3, "buy now", 1)));
    assert!(accepted(ann.asks(3 * SECOND, send(3, "buy later", 1)).verdict()), "another text");
    table.answer("at 0:59.999", &ann.asks(60 * SECOND - 1, send(4, "buy now", 1)));
    assert!(accepted(ann.asks(60 * SECOND, send(4, "buy now", 1)).verdict()), "at 1:00");
    table.is(expect![[r#"
        a fourth time: RATE_LIMITED limit=identical_text windowSeconds=60 quota=3 retryAfterMs=57000 (too many in too short a time)
        at 0:59.999: RATE_LIMITED limit=identical_text windowSeconds=60 quota=3 retryAfterMs=1 (too many in too short a time)
    "#]]);
}

#[test]
fn one_text_goes_to_five_conversations_in_ten_minutes() {
    let mut table = Table::default();
    let mut ann = Harness::ann(10_000);
    for n in 1..=5 {
        // Slowly enough for the limit by the minute.
        let sent = ann.asks(i64::from(n) * 60 * SECOND, send_to(n, n, "join us"));
        assert!(accepted(sent.verdict()), "conversation {n}");
    }
    table.answer("a sixth, after five minutes", &ann.asks(360 * SECOND, send_to(6, 6, "join us")));
    assert!(accepted(ann.asks(420 * SECOND, send_to(1, 6, "join us")).verdict()), "the first once more");
    table.answer("a sixth, when only the second is old", &ann.asks(719 * SECOND, send_to(6, 7, "join us")));
    assert!(accepted(ann.asks(720 * SECOND, send_to(6, 7, "join us")).verdict()), "at 12:00");
    table.is(expect![[r#"
        a sixth, after five minutes: RATE_LIMITED limit=identical_text windowSeconds=600 quota=5 retryAfterMs=300000 (too many in too short a time)
        a sixth, when only the second is old: RATE_LIMITED limit=identical_text windowSeconds=600 quota=5 retryAfterMs=1000 (too many in too short a time)
    "#]]);
}

#[test]
fn what_is_refused_counts_nowhere() {
    let mut ann = Harness::ann(100);
    for n in 0..100 {
        let refused = ann.asks(0, send(n, "too dear", 2));
        assert!(matches!(refused.verdict(), Outcome::Refused(_)));
        let (mut before, after) = (refused.before, refused.decision.state);
        (before.applied, before.at) = (after.applied, after.at);
        assert_eq!(before, after);
    }
    assert!(accepted(ann.asks(0, send(100, "too dear", 1)).verdict()));
}

#[test]
fn a_limit_that_the_policy_lowers_or_raises_holds_from_there_on() {
    let mut table = Table::default();
    let mut ann = Harness::ann(10_000);
    for n in 0..5 {
        ann.asks(i64::from(n) * SECOND, send(n, &format!("text {n}"), 1));
    }
    ann.policy.limits.send.count = 2;
    table.answer("five sent, two allowed", &ann.asks(5 * SECOND, send(5, "more", 1)));
    ann.policy.limits.send.count = 6;
    table.case("five sent, six allowed", &ann.asks(5 * SECOND, send(5, "more", 1)));
    table.is(expect![[r#"
        five sent, two allowed: RATE_LIMITED limit=send windowSeconds=60 quota=2 retryAfterMs=58000 (too many in too short a time)
        five sent, six allowed
          accepted
          balance 9500 → 9400
          sends 5 → 6
          texts 5 → 6
          row c5: Send to k1 at #7, remembered
          row ledger #7: MESSAGE_SEND -100 → 9400 for c5, 1 recipients
          to conversations.commands k1: post "more"
             PostMessage id=1.3.7.0 at 5000 mm-reply=0.7 mm-charge=[#7 ann c5 Send k1 at 5000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 9400
             CreditsChanged id=1.3.7.1 at 5000
    "#]]);
}

/// What a clock counted that ran ahead is void, or lies behind what the right one counts.
#[test]
fn when_to_try_again_is_told_right_after_a_clock_was_put_back() {
    let mut table = Table::default();
    let mut ann = Harness::ann(10_000);
    for (n, time) in [10_000, 12_000, 5_500, 5_500].into_iter().enumerate() {
        assert!(accepted(ann.asks(time, send(n as i64, "buy now", 1)).verdict()), "at {time}");
    }
    table.answer("half a second later", &ann.asks(6_000, send(4, "buy now", 1)));
    table.answer("a minute after the first that counts", &ann.asks(65_499, send(4, "buy now", 1)));
    assert!(accepted(ann.asks(65_500, send(4, "buy now", 1)).verdict()));
    table.is(expect![[r#"
        half a second later: RATE_LIMITED limit=identical_text windowSeconds=60 quota=3 retryAfterMs=59500 (too many in too short a time)
        a minute after the first that counts: RATE_LIMITED limit=identical_text windowSeconds=60 quota=3 retryAfterMs=1 (too many in too short a time)
    "#]]);
}
