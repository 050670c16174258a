//! Pins, and reactions: put there, put there twice, taken back, hidden by a block, and gone with their message.

use musclemap_tests::acts::{add_reaction, delete, pin, remove_reaction, set_block, unpin};
use musclemap_tests::client::{code, data};

use super::People;

pub async fn react(People { ann, bob, carl, dora, eve, finn, .. }: &People) {
    let group = ann.create("GROUP", &[bob, carl, dora, finn]).await;
    let praised = bob.send(&group, "a personal best").await;
    for by in [ann, bob, carl, dora, finn] {
        data(add_reaction(by, &praised, "🏋🏽‍♀️").await);
    }
    for (by, emoji) in [(ann, "❤"), (carl, "❤️"), (ann, "❤"), (dora, "🎉")] {
        data(add_reaction(by, &praised, emoji).await);
    }
    data(remove_reaction(bob, &praised, "🏋🏽‍♀️").await);
    data(remove_reaction(bob, &praised, "🏋🏽‍♀️").await);
    data(remove_reaction(dora, &praised, "🎉").await);
    assert_eq!(code(&add_reaction(eve, &praised, "👍").await), Some("NOT_FOUND"));
    assert_eq!(code(&add_reaction(ann, &praised, "up").await), Some("BAD_USER_INPUT"));

    // Nothing stays of the only one, and of those to what is deleted.
    let plain = carl.send(&group, "as always").await;
    data(add_reaction(carl, &plain, "🙈").await);
    data(remove_reaction(carl, &plain, "🙈").await);
    let regretted = dora.send(&group, "regretted").await;
    data(add_reaction(ann, &regretted, "😢").await);
    data(delete(dora, &regretted).await);

    for _ in 0..2 {
        data(pin(ann, &praised).await);
    }
    assert_eq!(code(&pin(bob, &praised).await), Some("FORBIDDEN"));
    let second = bob.send(&group, "two").await;
    data(pin(ann, &second).await);
    data(unpin(ann, &praised).await);
    data(pin(ann, &praised).await);
    data(delete(bob, &second).await);

    set_block(carl, finn, true).await;
    data(add_reaction(finn, &praised, "🎉").await);
    data(add_reaction(carl, &praised, "🎉").await);
    set_block(carl, finn, false).await;
    data(add_reaction(finn, &praised, "👍").await);
}
