//! Forwards: to a group and a pair, with a comment, asked twice, refused by one conversation, and of a copy.

use musclemap_tests::acts::{delete, forward, forward_as, update};
use musclemap_tests::client::{code, data};
use uuid::Uuid;

use super::People;

pub async fn forward_some(People { ann, bob, carl, eve, .. }: &People) {
    let source = ann.create("GROUP", &[bob, carl]).await;
    let [crew, pair] = [ann.create("GROUP", &[eve]).await, ann.create("DIRECT", &[bob]).await];
    let message = bob.send(&source, "squat deep").await;
    let (id, to) = (Uuid::new_v4(), [crew.as_str(), pair.as_str()]);
    let copies = data(forward_as(ann, &message, &to, Some("look"), id).await)["forwardMessage"].take();
    data(forward_as(ann, &message, &to, Some("look"), id).await);
    assert_eq!(code(&forward_as(ann, &message, &to, None, id).await), Some("IDEMPOTENCY_CONFLICT"));
    assert_eq!(code(&forward(ann, &message, &[], None).await), Some("BAD_USER_INPUT"));

    let announcements = ann.create("GROUP", &[bob, carl]).await;
    data(update(ann, &announcements, "announcementsOnly: true").await);
    data(forward(bob, &message, &[&announcements, &pair], None).await);

    let notes = eve.create("DIRECT", &[]).await;
    let again = data(forward(eve, &copies[0], &[&notes, &crew], None).await)["forwardMessage"].take();
    data(delete(eve, &again[1]).await);
}
