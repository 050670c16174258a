//! Values and counters.

use std::sync::Arc;

use bytes::Bytes;
use platform::ports::ephemeral::{MAX_BYTES, MAX_KEYS};
use platform::ports::{Ephemeral, EphemeralError};
use tokio::task::JoinSet;

use super::{LONG, SHORT, get_one, set};
use crate::harness::{eventually, fresh};

pub async fn values_are_read_in_the_order_of_their_keys(ephemeral: Arc<dyn Ephemeral>) {
    let keys = ["a", "b", "c"].map(fresh);
    set(&*ephemeral, &keys[0], "one", LONG).await;
    set(&*ephemeral, &keys[2], "", LONG).await;
    set(&*ephemeral, &keys[2], "\u{0}three\r\n", LONG).await;
    let asked = [&keys[2], &keys[1], &keys[0]].map(String::clone);
    let values = ephemeral.get(&asked).await.expect("values");
    assert_eq!(values, [Some(Bytes::from("\u{0}three\r\n")), None, Some(Bytes::from("one"))]);
    assert_eq!(ephemeral.get(&[]).await.expect("no values"), []);
}

pub async fn a_value_is_gone_after_its_time_to_live(ephemeral: Arc<dyn Ephemeral>) {
    let (brief, long) = (fresh("brief"), fresh("long"));
    set(&*ephemeral, &long, "there", SHORT).await;
    set(&*ephemeral, &long, "there", LONG).await;
    set(&*ephemeral, &brief, "there", SHORT).await;
    eventually("the end of a value", async || get_one(&*ephemeral, &brief).await.is_none().then_some(()))
        .await;
    assert!(get_one(&*ephemeral, &long).await.is_some(), "set again with a longer time");
}

pub async fn a_compare_and_set_takes_effect_on_what_is_expected(ephemeral: Arc<dyn Ephemeral>) {
    let key = fresh("key");
    let [one, two] = ["one", "two"].map(|text| Bytes::from_static(text.as_bytes()));
    let change = async |expected: Option<&Bytes>, new: Option<&Bytes>| {
        let new = new.map(|new| (new.clone(), LONG));
        ephemeral.compare_and_set(&key, expected, new).await.expect("an answer")
    };
    assert!(!change(Some(&one), Some(&two)).await, "nothing is there");
    assert!(!change(Some(&Bytes::new()), Some(&two)).await, "no value is not an empty one");
    assert!(change(None, Some(&one)).await);
    assert!(!change(None, Some(&two)).await, "something is there");
    assert!(!change(Some(&two), None).await, "something else is there");
    assert_eq!(get_one(&*ephemeral, &key).await, Some(one.clone()));
    assert!(change(Some(&one), Some(&two)).await);
    assert!(change(Some(&two), None).await);
    assert_eq!(get_one(&*ephemeral, &key).await, None);
}

pub async fn of_compare_and_sets_at_once_one_takes_effect(ephemeral: Arc<dyn Ephemeral>) {
    let key = fresh("key");
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let (ephemeral, key) = (ephemeral.clone(), key.clone());
        tasks.spawn(async move {
            let value = Bytes::from(vec![task]);
            ephemeral.compare_and_set(&key, None, Some((value, LONG))).await.expect("an answer")
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

pub async fn a_counter_adds_up_and_ends(ephemeral: Arc<dyn Ephemeral>) {
    let (long, brief) = (fresh("long"), fresh("brief"));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (ephemeral, long) = (ephemeral.clone(), long.clone());
        tasks.spawn(async move { ephemeral.add(&long, 2, LONG).await.expect("a sum") });
    }
    let mut sums = tasks.join_all().await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=20).map(|count| 2 * count).collect::<Vec<i64>>());
    assert_eq!(ephemeral.add(&long, -40, LONG).await.expect("a sum"), 0);
    assert_eq!(ephemeral.add(&brief, 5, SHORT).await.expect("a sum"), 5);
    // Each look adds nothing; the time runs from the first addition.
    let ended = async || (ephemeral.add(&brief, 0, SHORT).await.expect("a sum") == 0).then_some(());
    eventually("the end of a counter", ended).await;
}

pub async fn what_is_too_large_is_refused(ephemeral: Arc<dyn Ephemeral>) {
    let key = fresh("key");
    let [most, more] = [MAX_BYTES, MAX_BYTES + 1].map(|bytes| Bytes::from(vec![7; bytes]));
    ephemeral.set(&key, most.clone(), LONG).await.expect("the largest value");
    assert_eq!(get_one(&*ephemeral, &key).await, Some(most));
    let refused = [
        ephemeral.set(&key, more.clone(), LONG).await.err(),
        ephemeral.compare_and_set(&key, None, Some((more.clone(), LONG))).await.err(),
        ephemeral.publish(super::messages::CHANNEL, more).await.err(),
        ephemeral.get(&vec![key; MAX_KEYS + 1]).await.err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(EphemeralError::Refused(_))), "{error:?}");
    }
}
