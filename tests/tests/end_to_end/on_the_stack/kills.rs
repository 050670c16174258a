//! Every process is killed under load, again and again: what was acknowledged is stored once, charged
//! once and heard once; what was not is there as a whole or not at all.

use musclemap_tests::System;
use musclemap_tests::trial::Trial;

const PAIRS: usize = 20;
const KILLS: usize = 10;
/// Below the limit of a minute, so that nothing is refused.
const SENDS: usize = 55;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_nothing_and_double_nothing() {
    let mut system = System::start().await;
    let (trial, sockets) = (Trial::of(&system, PAIRS).await, system.socket_urls());
    let kills = async {
        for kill in 0..KILLS {
            trial.acknowledged.more(10 + 7 * kill).await;
            system.kill_and_restart().await;
        }
    };
    let summary = trial.during(SENDS, 4, &sockets, kills).await;
    assert!(summary.resumed >= 4 * KILLS / 2, "{summary:?}");
    println!("{KILLS} kills of everything: {summary:?}");
}
