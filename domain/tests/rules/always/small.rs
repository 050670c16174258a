//! Bounds of what an owner holds in memory at once.

use proptest::prelude::*;
use schemas::avro;
use schemas::control::Limit;
use schemas::creating::ConversationKind::Group;
use schemas::position::LogTime;
use schemas::record::Envelope;
use schemas::topics::MAX_RECORD_BYTES;
use schemas::verdict::Outcome;

use super::account::{ann, step};
use super::cases;
use super::generators::steps;
use crate::harness::Harness;
use crate::names::{asked, create, open, send, with_price};

/// The largest state that an owner may have, in bytes.
const STATE_BYTES: usize = 64 * 1024;
/// Some day of this decade, so that times are as long as they will be.
const NOW: LogTime = 1_800_000_000_000;

#[test]
fn an_account_that_uses_up_every_limit_stays_within_64_kib() {
    let mut ann = Harness::ann(0);
    ann.policy = with_price(0);
    for id in 0..20 {
        assert!(matches!(ann.asks(NOW, create(Group, id, &["bob"], None)).verdict(), Outcome::Accepted(_)));
    }
    let (mut largest, mut most) = (0, (0, 0, 0));
    for n in 0..1_200 {
        let sent = ann.asks(NOW + n * 1_000, send(100 + n, &format!("text {n}"), 0));
        let state = sent.decision.state;
        largest = largest.max(avro::encode(&state).len());
        most = most.max((state.sends.len(), state.texts.len(), state.creations.len()));
    }
    assert_eq!(most, (60, 600, 20));
    assert!((10_000..STATE_BYTES).contains(&largest), "{largest} bytes");
}

/// Texts that count are bounded by number, since ten minutes of a raised limit would be too many.
#[test]
fn an_account_stays_within_64_kib_under_limits_raised_a_hundredfold() {
    let mut ann = Harness::ann(0);
    ann.policy = with_price(0);
    ann.policy.limits.send = Limit { count: 6_000, seconds: 60 };
    let mut largest = 0;
    for n in 0..7_000 {
        // Every request is a new one, and needs no row.
        ann.rows.clear();
        let sent = ann.asks(NOW + n * 10, send(n, &format!("text {n}"), 0));
        largest = largest.max(avro::encode(&sent.decision.state).len());
    }
    assert!((40_000..STATE_BYTES).contains(&largest), "{largest} bytes");
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_decision_puts_out_little_and_each_record_fits(steps in steps(40), text in "\\PC{0,4000}") {
        let mut run = ann();
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            // A forward to two conversations, with comments, has four messages and the change of the balance.
            prop_assert!(decided.decision.outputs.len() <= 5 && decided.decision.rows.len() <= 5);
        }
        let sent = run.harness.takes(run.now + 100_000, asked(), send(200i64, &text, 1));
        prop_assert!(sent.records().iter().all(|record| record.size() < MAX_RECORD_BYTES / 16));
    }

    #[test]
    fn a_group_of_any_size_opens_within_what_a_batch_can_hold(size in 0usize..200) {
        let names: Vec<String> = (0..size).map(|n| format!("member-{n:03}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let opened = Harness::k1().takes(NOW, Envelope::default(), open(Group, "ann", &names));
        prop_assert!(opened.decision.rows.len() <= 50 && opened.decision.outputs.len() <= 1);
        prop_assert_eq!(opened.decision.rows.is_empty(), size > 49);
    }
}
