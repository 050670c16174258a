//! The process is killed under load, again and again: what was acknowledged is stored once, charged
//! once and heard once; what was not is there as a whole or not at all.

use futures::future::{join, join_all};
use musclemap_tests::load::Acknowledged;
use musclemap_tests::{Client, System, check, follow, load};
use tokio::sync::watch;

const PAIRS: usize = 20;
const KILLS: usize = 10;
/// Below the limit of a minute, so that nothing is refused.
const SENDS: usize = 55;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_nothing_and_double_nothing() {
    let mut server = System::start().await;
    let (stop, stopped) = watch::channel(false);
    let (total, wanted) = watch::channel(None);
    let acknowledged = Acknowledged::default();
    let mut pairs = Vec::new();
    for index in 0..PAIRS {
        let sender = Client::login(&server, &format!("sender-{index}")).await;
        let listener = Client::login(&server, &format!("listener-{index}")).await;
        let chat = sender.create("DIRECT", &[&listener]).await;
        pairs.push((sender, listener, chat));
    }

    let loads = pairs.iter().map(|(sender, _, chat)| {
        load::send(sender.clone(), chat.clone(), SENDS, acknowledged.clone(), stopped.clone())
    });
    let (sender, listener, chat) = &pairs[0];
    let listening = follow::follow(server.socket_url(), listener.clone(), wanted);
    let kills = async {
        for kill in 0..KILLS {
            acknowledged.more(10 + 7 * kill).await;
            server.kill_and_restart().await;
        }
        acknowledged.more(PAIRS).await;
        stop.send(true).unwrap();
    };
    let load = async {
        let (attempts, ()) = join(join_all(loads), kills).await;
        total.send(Some(sender.history(chat).await.len())).unwrap();
        attempts
    };
    let (attempts, heard) = join(load, listening).await;

    let mut stored = 0;
    for ((sender, _, chat), attempts) in pairs.iter().zip(&attempts) {
        let history = sender.history(chat).await;
        check::history(attempts, &history);
        check::money(sender, &history).await;
        stored += history.len();
    }
    assert!(heard.resumed >= KILLS / 2, "resumed {} times", heard.resumed);
    let all: Vec<i64> = (1..=sender.history(chat).await.len() as i64).collect();
    assert_eq!(heard.seqs(), all, "missed or doubled");
    println!("{KILLS} kills, {} acknowledged, {stored} stored", acknowledged.count());
}
