//! Whose attempts count as whose, and what executions take and give back.

use std::sync::Arc;

use musclemap_graphql::Limits;
use musclemap_graphql::limits::{Asker, Options, Peer};
use schemas::{ErrorCode, Refusal, UserId};

fn asker(user: Option<&UserId>, address: &str) -> (Option<UserId>, Peer) {
    (user.cloned(), Peer(address.parse().unwrap()))
}

fn limits(options: Options) -> Arc<Limits> {
    Limits::new(options)
}

fn told(refused: Result<(), Refusal>) -> Option<String> {
    refused.err().and_then(|refusal| refusal.limit)
}

#[tokio::test]
async fn attempts_count_for_the_user_and_for_the_network() {
    let limits = limits(Options { attempts_per_user: 3, attempts_per_address: 5, ..Options::default() });
    let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
    for (user, address, count, refused) in [
        (Some(&ann), "10.0.0.1", 2, None),
        (Some(&ann), "10.0.0.2", 2, Some("attempts_per_user")),
        (Some(&ann), "::ffff:10.0.0.1", 1, None),
        (Some(&bob), "10.0.0.1", 3, Some("attempts_per_address")),
        (Some(&bob), "10.0.0.1", 2, None),
        (None, "10.0.0.1", 1, Some("attempts_per_address")),
        (None, "2001:db8::1", 4, None),
        (None, "2001:db8:0:0:ffff::1", 2, Some("attempts_per_address")),
        (None, "2001:db8:0:1::1", 5, None),
    ] {
        let (user, peer) = asker(user, address);
        let told = told(limits.attempt(Asker { user: user.as_ref(), peer: Some(peer) }, count));
        assert_eq!(told.as_deref(), refused, "{user:?} {address} {count}");
    }
    let refusal = limits.attempt(Asker { user: Some(&ann), peer: None }, 1).unwrap_err();
    assert_eq!((refusal.code, refusal.window_seconds), (ErrorCode::RateLimited, Some(60)));
    assert!((1..=20_001).contains(&refusal.retry_after_ms.unwrap()), "{refusal:?}");
}

#[tokio::test]
async fn bytes_for_the_log_count_by_user() {
    let limits = limits(Options { log_bytes_per_user: 1_000, ..Options::default() });
    let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
    assert_eq!(told(limits.append(&ann, 900)), None);
    assert_eq!(told(limits.append(&ann, 900)).as_deref(), Some("log_bytes_per_user"));
    assert_eq!(told(limits.append(&bob, 900)), None);
}

#[tokio::test]
async fn executions_are_counted_until_their_answers_are_gone() {
    let options = Options { executions: 3, executions_per_user: 2, ..Options::default() };
    let limits = limits(options);
    let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
    let first = limits.begin(Some(&ann)).unwrap();
    let _second = limits.begin(Some(&ann)).unwrap();
    let refused = limits.begin(Some(&ann)).err().unwrap();
    assert_eq!(refused.limit.as_deref(), Some("executions_per_user"));
    let _third = limits.begin(Some(&bob)).unwrap();
    assert_eq!(limits.begin(Some(&bob)).err().unwrap().code, ErrorCode::Unavailable);
    drop(first);
    assert!(limits.begin(Some(&ann)).is_ok());
}

#[tokio::test]
async fn bytes_are_bounded_for_an_answer_a_user_and_all() {
    use async_graphql::parser::types::OperationType::{Mutation, Query};
    const PIECE: usize = 64 * 1024;
    let options = Options {
        answer_bytes: 3 * PIECE,
        unsent_bytes_per_user: 4 * PIECE,
        unsent_bytes: 6 * PIECE,
        ..Options::default()
    };
    let limits = limits(options);
    let (ann, bob): (UserId, UserId) = ("ann".parse().unwrap(), "bob".parse().unwrap());
    let first = limits.begin(Some(&ann)).unwrap();
    assert!(first.add(3 * PIECE) && first.refusal(Query).is_none());
    assert!(!first.add(1));
    assert_eq!(first.refusal(Query).unwrap().code, ErrorCode::LimitReached);
    assert_eq!(first.refusal(Mutation).unwrap().code, ErrorCode::OutcomePending);
    let second = limits.begin(Some(&ann)).unwrap();
    assert!(second.add(PIECE) && !second.add(1), "the user's");
    assert_eq!(second.refusal(Query).unwrap().limit.as_deref(), Some("unsent_bytes_per_user"));
    assert!(limits.begin(Some(&ann)).is_err());
    let third = limits.begin(Some(&bob)).unwrap();
    assert!(third.add(2 * PIECE) && !third.add(1), "all");
    assert_eq!(third.refusal(Query).unwrap().code, ErrorCode::Unavailable);
    drop((first, third));
    assert!(limits.begin(Some(&ann)).unwrap().add(PIECE));
}
