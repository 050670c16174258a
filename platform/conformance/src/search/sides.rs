//! The side that is built, and the swap.

use std::sync::Arc;

use platform::ports::SearchIndex;
use platform::ports::search::Side;
use schemas::search::MESSAGES;

use super::{everything, message, messages, numbers, write};

pub async fn the_next_side_replaces_the_live_one(search: Arc<dyn SearchIndex>) {
    write(&*search, &MESSAGES, &messages(&["old squats", "old lunges"])).await;
    for round in 0..3 {
        search.clear_next(&MESSAGES).await.expect("a new side");
        let next = [message(1, "c", "ann", "new squats"), message(10 + round, "c", "ann", "new squats")];
        search.write(&MESSAGES, Side::Next, &next).await.expect("a write");
        if round == 0 {
            assert_eq!(numbers(&*search, "squats", everything()).await, [1], "queries read the live side");
        }
        search.swap(&MESSAGES).await.expect("a swap");
        assert_eq!(numbers(&*search, "new squats", everything()).await, [1, 10 + round]);
        assert_eq!(numbers(&*search, "lunges", everything()).await, [0; 0]);
    }
    write(&*search, &MESSAGES, &[message(2, "c", "ann", "new squats")]).await;
    assert_eq!(numbers(&*search, "new squats", everything()).await, [1, 2, 12]);
}

pub async fn a_next_side_that_was_given_up_is_made_anew(search: Arc<dyn SearchIndex>) {
    search.clear_next(&MESSAGES).await.expect("a new side");
    search.write(&MESSAGES, Side::Next, &messages(&["squats"])).await.expect("a write");
    search.clear_next(&MESSAGES).await.expect("a new side");
    search.swap(&MESSAGES).await.expect("a swap");
    assert_eq!(numbers(&*search, "squats", everything()).await, [0; 0]);
    assert!(search.swap(&MESSAGES).await.is_err(), "there is no next side");
}

pub async fn a_next_side_that_is_opened_again_has_what_it_had(search: Arc<dyn SearchIndex>) {
    let ids = ["m-0001".to_owned()];
    search.open_next(&MESSAGES).await.expect("a new side");
    search.write(&MESSAGES, Side::Next, &messages(&["squats"])).await.expect("a write");
    search.open_next(&MESSAGES).await.expect("the same side");
    let known = search.versions(&MESSAGES, Side::Next, &ids).await.expect("versions");
    assert!(known[0].is_some());
    assert_eq!(search.versions(&MESSAGES, Side::Live, &ids).await.expect("versions"), [None]);
    search.swap(&MESSAGES).await.expect("a swap");
    assert_eq!(numbers(&*search, "squats", everything()).await, [1]);
    search.open_next(&MESSAGES).await.expect("a new side");
    let known = search.versions(&MESSAGES, Side::Next, &ids).await.expect("versions");
    assert_eq!(known, [None], "what was live is gone");
}
