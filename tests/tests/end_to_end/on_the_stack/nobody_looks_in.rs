//! What a stranger cannot tell: which conversations exist, and who is in them.

use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use musclemap_tests::acts::people;
use musclemap_tests::client::code;
use musclemap_tests::{Client, System};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

/// Conversations that exist, and as many ids of none.
const IDS: usize = 300;
/// How often each is asked for: with 1,200 of either kind chance alone stays within 0.05 by four deviations.
const ROUNDS: usize = 4;

#[tokio::test]
async fn real_and_random_ids_are_denied_in_the_same_time() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy.toml");
    let server = System::with_policy(Some(&policy)).await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let (mut real, others) = (vec![], [&bob]);
    for _ in 0..IDS / 50 {
        real.extend(join_all((0..50).map(|_| ann.create("GROUP", &others))).await);
    }
    let random: Vec<String> = (0..IDS).map(|_| Uuid::new_v4().simple().to_string()).collect();
    let (mut of_real, mut of_random) = (vec![], vec![]);
    for round in 0..ROUNDS {
        for (at, (real, random)) in real.iter().zip(&random).enumerate() {
            // Each comes first as often as the other.
            if (at + round) % 2 == 0 {
                of_real.push(denied(&eve, real).await);
                of_random.push(denied(&eve, random).await);
            } else {
                of_random.push(denied(&eve, random).await);
                of_real.push(denied(&eve, real).await);
            }
        }
    }
    let told_apart = area_under_curve(&of_real, &of_random);
    assert!((0.45..=0.55).contains(&told_apart), "{told_apart}");
}

/// How long a denial takes.
async fn denied(by: &Client, id: &str) -> Duration {
    let began = Instant::now();
    let answer = by.ask("query($c: ID!) { conversation(id: $c) { id } }", json!({ "c": id })).await;
    let took = began.elapsed();
    assert_eq!(code(&answer), Some("NOT_FOUND"));
    took
}

/// How often one of the first takes longer than one of the others; 0.5 if they cannot be told apart.
fn area_under_curve(first: &[Duration], others: &[Duration]) -> f64 {
    let mut others = others.to_vec();
    others.sort_unstable();
    let below = |time: &Duration| {
        let (less, up_to) = (others.partition_point(|o| o < time), others.partition_point(|o| o <= time));
        (less + up_to) as f64 / 2.0
    };
    first.iter().map(below).sum::<f64>() / (first.len() * others.len()) as f64
}
