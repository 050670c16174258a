//! Changes of members and of blocks at the pace of an attacker: limited exactly, and told by few messages.

use musclemap_domain::Conversations;
use schemas::code::Refusal;
use schemas::control::Limit;
use schemas::creating::ConversationKind::Group;
use schemas::facts::ConversationFact;
use schemas::rows::Blocks;
use schemas::verdict::Outcome;

use crate::harness::{Decided, Harness};
use crate::names::{add, block, remove, user};

const DAY: i64 = 86_400_000;

fn group() -> Harness<Conversations> {
    Harness::opened(0, Group, &["bob", "cleo"])
}

fn refusal(decided: &Decided<Conversations>) -> Option<Refusal> {
    match &decided.decision.verdict {
        Some(Outcome::Refused(refused)) => Some(refused.refusal.clone()),
        _ => None,
    }
}

fn notes(decided: &Decided<Conversations>) -> usize {
    decided.facts().filter(|fact| matches!(fact, ConversationFact::MessageCreated(_))).count()
}

/// The attack: 4,380 system messages in ten seconds by one person who comes and goes.
#[test]
fn a_person_who_is_added_and_removed_without_end_makes_four_notes_a_minute_and_meets_the_limit() {
    let mut k1 = group();
    let (mut changes, mut told, mut refused) = (0, 0, vec![]);
    for at in 0..4_380 {
        let request = if at % 2 == 0 { remove("ann", "bob") } else { add("ann", &["bob"]) };
        let decided = k1.asks(at * 2, request);
        match refusal(&decided) {
            None if decided.decision.outputs.is_empty() => {}
            None => {
                changes += 1;
                told += notes(&decided);
            }
            Some(refusal) => refused.push(refusal),
        }
    }
    assert_eq!((changes, told), (100, 4));
    let last = refused.last().unwrap();
    assert_eq!((last.limit.as_deref(), last.window_seconds), (Some("change_members"), Some(86_400)));
    assert_eq!(last.retry_after_ms, Some(DAY - 4_378 * 2));
    assert_eq!(refusal(&k1.asks(DAY - 1, remove("ann", "cleo"))).unwrap().retry_after_ms, Some(1));
    let again = k1.asks(DAY, remove("ann", "cleo"));
    assert_eq!((refusal(&again), notes(&again)), (None, 1));
}

#[test]
fn each_user_has_a_limit_of_their_own_and_may_always_leave() {
    let mut k1 = group();
    k1.policy.limits.change_members = Limit { count: 1, seconds: 60 };
    assert_eq!(refusal(&k1.asks(1, remove("ann", "cleo"))), None);
    assert!(refusal(&k1.asks(2, add("ann", &["dan"]))).is_some());
    assert_eq!(notes(&k1.asks(3, remove("ann", "ann"))), 1, "ann leaves, and bob is the owner");
    assert_eq!(refusal(&k1.asks(4, add("bob", &["dan"]))), None);
}

#[test]
fn a_note_names_those_of_whom_there_were_not_four_within_the_minute() {
    let mut k1 = group();
    let named = |decided: &Decided<Conversations>| -> Vec<String> {
        let notes = decided.facts().filter_map(|fact| match fact {
            ConversationFact::MessageCreated(created) => created.message.body.note(),
            _ => None,
        });
        notes.flat_map(|note| &note.targets).map(|target| target.user.to_string()).collect()
    };
    for (at, request, told) in [
        (0, remove("ann", "bob"), vec!["bob"]),
        (1_000, add("ann", &["bob"]), vec!["bob"]),
        (2_000, remove("ann", "bob"), vec!["bob"]),
        (3_000, add("ann", &["bob"]), vec!["bob"]),
        (4_000, remove("ann", "bob"), vec![]),
        (5_000, add("ann", &["bob", "dan"]), vec!["dan"]),
        (60_000, remove("ann", "bob"), vec!["bob"]),
        (60_999, add("ann", &["bob"]), vec![]),
        (61_000, remove("ann", "bob"), vec!["bob"]),
    ] {
        let told: Vec<String> = told.into_iter().map(|name| user(name).to_string()).collect();
        assert_eq!(named(&k1.asks(at, request)), told, "at {at}");
    }
}

/// The attack: 2,464 changes of a block a second.
#[test]
fn a_block_that_is_set_and_lifted_without_end_stays_set() {
    let mut pair = Harness::pair();
    let (mut changes, mut refused) = (0, vec![]);
    for at in 0..2_464 {
        let decided = pair.asks(at, block("ann", "bob", at % 2 == 0));
        changes += usize::from(!decided.decision.outputs.is_empty());
        refused.extend(refusal(&decided));
    }
    assert_eq!(changes, 51, "the last one blocks");
    assert!(pair.row::<Blocks>(&user("ann")).unwrap().stands());
    assert_eq!(refused.last().unwrap().limit.as_deref(), Some("block"));
    assert_eq!(refusal(&pair.asks(2_464, block("bob", "ann", true))), None, "bob has a limit of his own");
    assert_eq!(refusal(&pair.asks(DAY + 2_464, block("ann", "bob", false))), None);
}
