//! Polls: asked twice, voted in, changed, taken back, closed, refused, hidden by a block, and gone with their message.

use musclemap_tests::acts::{
    close_poll, create_poll, create_poll_as, delete, set_block, time_in, update, vote_poll,
};
use musclemap_tests::client::{code, data};
use serde_json::{Value, json};
use uuid::Uuid;

use super::People;

fn created(answer: Value) -> Value {
    data(answer)["createPoll"].take()
}

pub async fn ask_some(People { ann, bob, carl, dora, eve, finn }: &People) {
    let group = ann.create("GROUP", &[bob, carl, dora, finn]).await;
    let id = json!({ "id": Uuid::new_v4() });
    let options = ["six 🌅", "seven", "never"];
    let ask = || create_poll_as(bob, &group, "When shall we run?", &options, id.clone());
    let when = created(ask().await);
    assert_eq!(created(ask().await)["id"], when["id"]);
    for (by, choice) in [(ann, "1"), (bob, "1"), (carl, "2"), (ann, "3"), (ann, "3"), (dora, "2")] {
        data(vote_poll(by, &when, &[choice]).await);
    }
    data(vote_poll(carl, &when, &[]).await);
    assert_eq!(code(&vote_poll(eve, &when, &["1"]).await), Some("NOT_FOUND"));
    assert_eq!(code(&vote_poll(ann, &when, &["4"]).await), Some("BAD_USER_INPUT"));
    super::answer(dora, &group, &when, "seven, please").await;
    set_block(carl, finn, true).await;
    data(vote_poll(finn, &when, &["1"]).await);
    data(vote_poll(carl, &when, &["1"]).await);
    set_block(carl, finn, false).await;
    assert_eq!(code(&close_poll(dora, &when).await), Some("FORBIDDEN"));
    data(close_poll(ann, &when).await);
    assert_eq!(code(&close_poll(bob, &when).await), Some("CONFLICT"));
    assert_eq!(code(&vote_poll(bob, &when, &["2"]).await), Some("CONFLICT"));

    let end = time_in(24 * 3_600);
    let more = json!({ "id": Uuid::new_v4(), "several": true, "anonymous": true, "until": end });
    let what = created(create_poll_as(carl, &group, "What hurts?", &["knee", "back", "nothing"], more).await);
    for (by, choice) in [(ann, &["1", "2"][..]), (bob, &["3"]), (ann, &["2"]), (finn, &["1"]), (finn, &[])] {
        data(vote_poll(by, &what, choice).await);
    }
    let regretted = created(create_poll(dora, &group, "Who is slow?", &["ann", "bob"]).await);
    data(vote_poll(finn, &regretted, &["1"]).await);
    data(delete(dora, &regretted).await);

    // Refused by its conversation, and refunded.
    data(update(ann, &group, "announcementsOnly: true").await);
    assert_eq!(code(&create_poll(bob, &group, "May I?", &["yes", "no"]).await), Some("ANNOUNCEMENTS_ONLY"));
    data(update(ann, &group, "announcementsOnly: false").await);
    created(create_poll(eve, &eve.create("DIRECT", &[]).await, "Alone?", &["yes", "no"]).await);
}
