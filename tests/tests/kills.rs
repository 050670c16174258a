//! The process is killed under load, again and again: what was acknowledged is stored once, charged
//! once and heard once; what was not is there as a whole or not at all.

use musclemap_tests::load::Acknowledged;
use musclemap_tests::{Client, Standalone, check, follow, load};
use tokio::sync::watch;

const PAIRS: usize = 20;
const KILLS: usize = 10;
/// Below the limit of a minute, so that nothing is refused.
const SENDS: usize = 55;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Standalone::start(&folder.path().join("data"), None).await;
    let (stop, stopped) = watch::channel(false);
    let (total, wanted) = watch::channel(None);
    let acknowledged = Acknowledged::default();
    let mut pairs = Vec::new();
    let mut tasks = Vec::new();
    for index in 0..PAIRS {
        let sender = Client::login(&server, &format!("sender-{index}")).await;
        let listener = Client::login(&server, &format!("listener-{index}")).await;
        let chat = sender.create("DIRECT", &[&listener]).await;
        let load = load::send(sender.clone(), chat.clone(), SENDS, acknowledged.clone(), stopped.clone());
        let heard =
            (index == 0).then(|| follow::follow(server.socket_url(), listener.clone(), wanted.clone()));
        pairs.push((sender, chat));
        tasks.push((tokio::task::spawn(load), heard.map(tokio::task::spawn)));
    }

    for kill in 0..KILLS {
        acknowledged.more(10 + 7 * kill).await;
        server.kill_and_restart().await;
    }
    acknowledged.more(PAIRS).await;
    stop.send(true).unwrap();

    let mut stored = 0;
    for ((sender, chat), (load, heard)) in pairs.into_iter().zip(tasks) {
        let attempts = load.await.unwrap();
        let history = sender.history(&chat).await;
        check::history(&attempts, &history);
        check::money(&sender, &history).await;
        stored += history.len();
        if let Some(heard) = heard {
            total.send(Some(history.len())).unwrap();
            let heard = heard.await.unwrap();
            assert!(heard.resumed >= KILLS / 2, "resumed {} times", heard.resumed);
            assert_eq!(heard.seqs(), (1..=history.len() as i64).collect::<Vec<_>>(), "missed or doubled");
        }
    }
    println!("{KILLS} kills, {} acknowledged, {stored} stored", acknowledged.count());
}
