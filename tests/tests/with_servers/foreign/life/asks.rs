//! Message requests of every kind: accepted, accepted by writing, declined, and left open.

use musclemap_tests::acts::{accept, decline, set_privacy};
use musclemap_tests::client::data;
use serde_json::json;

use super::{People, acknowledge, mark_read};

/// Finn wants requests for a while.
pub async fn ask(People { ann, bob, carl, eve, finn, .. }: &People) {
    let admit = async |audience: &str| {
        set_privacy(finn, json!({ "whoCanMessageMe": audience })).await;
    };
    admit("NO_ONE").await;
    let accepted = carl.create("DIRECT", &[finn]).await;
    let first = carl.send(&accepted, "may I?").await;
    acknowledge(finn, &accepted, &first).await;
    mark_read(finn, &accepted, &first).await;
    data(accept(finn, &accepted).await);
    let second = carl.send(&accepted, "thank you").await;
    mark_read(finn, &accepted, &second).await;

    let declined = ann.create("DIRECT", &[finn]).await;
    ann.send(&declined, "may I?").await;
    data(decline(finn, &declined).await);

    let open = bob.create("DIRECT", &[finn]).await;
    let left = bob.send(&open, "may I?").await;
    mark_read(finn, &open, &left).await;

    let answered = eve.create("DIRECT", &[finn]).await;
    finn.send(&answered, "I write first").await;
    mark_read(eve, &answered, &finn.send(&answered, "and again").await).await;

    let group = ann.create("GROUP", &[bob, finn]).await;
    let message = ann.send(&group, "who is here?").await;
    mark_read(finn, &group, &message).await;
    mark_read(bob, &group, &message).await;
    admit("EVERYONE").await;
}
