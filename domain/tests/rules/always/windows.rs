//! Limits, against a model that keeps the time of everything that was ever let pass.

use std::collections::BTreeMap;

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::control::{Limit, Limits};
use schemas::position::LogTime;
use schemas::sending::SendMessage;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, Refusal};

use super::account::ann;
use super::generators::Run;
use super::{cases, pass};
use crate::harness::Decided;
use crate::names::{conversation, refund, sending};

struct Sent {
    at: LogTime,
    text: u8,
    to: u8,
}

/// How many a limit counts at `at`, by the definition.
fn counted(times: impl Iterator<Item = LogTime>, at: LogTime, limit: &Limit) -> usize {
    times.filter(|then| at - then < limit.seconds * 1_000).count()
}

/// The limit that a send hits, if any.
fn hits(sent: &[Sent], at: LogTime, text: u8, to: u8, limits: &Limits) -> Option<&'static str> {
    let full = |count: usize, limit: &Limit| count >= limit.count as usize;
    let same = || sent.iter().filter(|other| other.text == text);
    if full(counted(sent.iter().map(|other| other.at), at, &limits.send), &limits.send) {
        return Some("send");
    }
    if full(counted(same().map(|other| other.at), at, &limits.identical_text), &limits.identical_text) {
        return Some("identical_text");
    }
    let spread = &limits.identical_text_conversations;
    let newest: BTreeMap<u8, LogTime> = same().map(|other| (other.to, other.at)).collect();
    let known = newest.get(&to).is_some_and(|then| at - then < spread.seconds * 1_000);
    let others = counted(newest.values().copied(), at, spread);
    (!known && full(others, spread)).then_some("identical_text")
}

/// The limit that a decision was refused by, and when to try again.
fn refused_by(decided: &Decided<Accounts>) -> Option<(String, LogTime)> {
    match decided.verdict() {
        Outcome::Refused(refused) => {
            Some((refused.refusal.limit.clone().unwrap(), refused.refusal.retry_after_ms.unwrap()))
        }
        _ => None,
    }
}

/// A send of a new request each time, for nothing.
fn send(run: &mut Run<Accounts>, time: LogTime, text: u8, to: u8) -> Decided<Accounts> {
    let send = sending(run.harness.next, &format!("text {text}"), 0);
    let send = SendMessage { conversation: conversation(to), ..send };
    run.harness.asks(time, AccountRequest::SendMessage(send))
}

/// Half seconds between sends, so that the ends of windows are met to the millisecond.
fn sends() -> impl Strategy<Value = Vec<(LogTime, u8, u8)>> {
    let gap = prop_oneof![1 => -10i64..0, 6 => 0i64..4, 2 => 0i64..20, 1 => 0i64..80];
    prop::collection::vec((gap.prop_map(|halves| halves * 500), 0..3u8, 1..5u8), 1..80)
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_send_passes_exactly_if_the_definition_of_every_limit_allows_it(sends in sends()) {
        let mut run = ann();
        let limits = run.harness.policy.limits.clone();
        let mut passed: Vec<Sent> = vec![];
        for (after, text, to) in sends {
            let time = pass(&mut run.now, after);
            let decided = send(&mut run, time, text, to);
            let at = decided.decision.state.at;
            let expected = hits(&passed, at, text, to, &limits);
            let refused = refused_by(&decided);
            prop_assert_eq!(refused.as_ref().map(|(limit, _)| limit.as_str()), expected);
            match refused {
                None => passed.push(Sent { at, text, to }),
                // No earlier than told; then, unless another limit holds the send as well, it passes.
                Some((_, retry)) => {
                    prop_assert!(hits(&passed, at + retry - 1, text, to, &limits).is_some());
                    let then = hits(&passed, at + retry, text, to, &limits);
                    prop_assert!(then != Some("send") || expected != then);
                }
            }
        }
    }

    /// Every send comes a millisecond after the one before: of two in one, to one conversation, the
    /// texts that count do not tell which is given back.
    #[test]
    fn what_is_given_back_counts_as_if_it_had_never_been_sent(
        sends in sends(),
        backs in prop::collection::vec(any::<bool>(), 80),
    ) {
        let mut run = ann();
        let limits = run.harness.policy.limits.clone();
        let mut passed: Vec<Sent> = vec![];
        for ((after, text, to), back) in sends.into_iter().zip(backs) {
            let time = pass(&mut run.now, after.max(1));
            let decided = send(&mut run, time, text, to);
            let at = decided.decision.state.at;
            let expected = hits(&passed, at, text, to, &limits);
            let refused = refused_by(&decided);
            prop_assert_eq!(refused.as_ref().map(|(limit, _)| limit.as_str()), expected);
            for charge in decided.charges() {
                if back {
                    run.harness.asks(run.now, refund(&charge, Some(Refusal::not_found())));
                } else {
                    passed.push(Sent { at, text, to });
                }
            }
        }
    }
}
