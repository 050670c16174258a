//! What only a search server can suffer: it is away, full, slow or fails. Sends go on, and the index catches up.

use meilisearch_stand_in::Faults;
use musclemap_tests::acts::people;
use musclemap_tests::client::code;
use musclemap_tests::process::PATIENCE;
use musclemap_tests::system::Servers;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::turn;

const FOUND: &str =
    "query($q: String!) { searchMessages(query: $q) { totalCount nodes { message { id } } } }";
/// 30 searches a minute are one in 2 s; the first are in haste.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

async fn search(by: &Client, query: &str) -> Value {
    by.ask(FOUND, json!({ "q": query })).await
}

async fn until_found(by: &Client, query: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = search(by, query).await;
        if answer["data"]["searchMessages"]["totalCount"] == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "{query}: {answer}");
        sleep(BETWEEN_LOOKS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_server_search_is_unavailable_sends_go_on_and_the_index_catches_up() {
    let _turn = turn().await;
    let system = System::distributed(&Servers::shared(), None).await;
    let server = system.search.as_ref().expect("a search server");
    let [ann, bob] = people(&system, ["ann", "bob"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    for (word, faults) in [
        ("squats", Faults { is_away: true, ..Faults::default() }),
        ("lunges", Faults { is_full: true, ..Faults::default() }),
        ("planks", Faults { failing: 2, ..Faults::default() }),
        ("burpees", Faults { slowness: 30, ..Faults::default() }),
    ] {
        server.set(faults.clone());
        ann.send(&pair, word).await;
        let answer = search(&bob, word).await;
        let unavailable = faults.is_away.then_some("UNAVAILABLE");
        assert_eq!(code(&answer), unavailable, "{faults:?}: {answer}");
        server.set(Faults { failing: faults.failing, ..Faults::default() });
        until_found(&bob, word).await;
    }
}
