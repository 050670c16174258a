//! Topics are made once, checked ever after, and never changed.

use musclemap_kafka::setup::{Settings, SetupError, ensure};
use schemas::topics;

use super::{SETTINGS, bootstrap, config, connect};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setup_can_be_repeated_and_says_what_differs() {
    drop(connect().await);
    let config = config(&bootstrap());
    ensure(&config, SETTINGS).await.expect("nothing to do");
    let other = Settings { partitions: 4, min_insync_replicas: 2, ..SETTINGS };
    let Err(SetupError::Different(differences)) = ensure(&config, other).await else {
        panic!("other settings were taken");
    };
    for topic in topics::ALL {
        let of_it = |setting| differences.iter().any(|d| d.topic == topic.name && d.setting == setting);
        assert!(of_it("partitions") && of_it("min.insync.replicas"), "{differences:?}");
    }
    assert_eq!(differences.len(), 2 * topics::ALL.len());
}
