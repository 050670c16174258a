//! Suspensions in random runs, and against a model that keeps every one.

use std::collections::BTreeMap;

use fold::Fold;
use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::position::LogTime;
use schemas::record::Envelope;
use schemas::suspending::{SetSuspension, SuspendingReport};
use schemas::verdict::Outcome;

use super::cases;
use super::generators::{Draw, Generated, Run};
use super::{gap, pass};
use crate::harness::Harness;
use crate::names::{conversation, send, user, with_price};

/// The report of a message by a user, of which there are few.
pub fn report(seq: i64) -> SuspendingReport {
    SuspendingReport { conversation: conversation(1), seq, reporter: user("bob") }
}

impl Generated<Accounts> for SetSuspension {
    const WEIGHT: u32 = 1;

    /// Short ones, so that most requests are decided as those of anyone.
    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let report = report(draw.from(1, 4));
        let until = draw.coin().then_some(run.now + draw.from(0, 3_000));
        Some((Envelope::default(), Self { report, until }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_user_sends_exactly_when_no_report_suspends_them(
        steps in prop::collection::vec((gap(), 0..3i64, 0..4u8), 1..60),
    ) {
        let (mut ann, mut now) = (Harness::ann(0), 0);
        ann.policy = with_price(0);
        ann.policy.limits.send.count = 1_000;
        let mut suspended = BTreeMap::<i64, LogTime>::new();
        for (id, (after, nth, what)) in (1..).zip(steps) {
            let time = pass(&mut now, after);
            match what {
                0 => {
                    let until = time + 10_000;
                    suspended.insert(nth, until);
                    ann.asks(time, SetSuspension { report: report(nth), until: Some(until) }.into());
                }
                1 => {
                    suspended.remove(&nth);
                    ann.asks(time, SetSuspension { report: report(nth), until: None }.into());
                }
                _ => {
                    let decided = ann.asks(time, send(id, &format!("text {id}"), 0));
                    let (_, at) = Accounts::stamp(&decided.decision.state);
                    let end = suspended.values().copied().max().filter(|until| at < *until);
                    let told = match decided.verdict() {
                        Outcome::Refused(refused) => refused.refusal.until,
                        _ => None,
                    };
                    prop_assert_eq!(told, end);
                }
            }
        }
    }
}
