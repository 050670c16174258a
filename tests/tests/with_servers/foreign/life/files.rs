//! Files on their way: one that is stored, one that is rejected, and one that never comes.

use musclemap_tests::System;
use musclemap_tests::client::data;
use musclemap_tests::files::{PNG, begin, upload};
use uuid::Uuid;

use super::People;

pub async fn upload_some(system: &System, People { ann, bob, .. }: &People) {
    let stored = upload(system, ann, "dot.png", "image/png", PNG).await;
    assert_eq!(stored["state"], "READY", "{stored}");
    let rejected = upload(system, ann, "dot.jpg", "image/jpeg", PNG).await;
    assert_eq!(rejected["state"], "REJECTED", "{rejected}");
    let id = Uuid::new_v4();
    for _ in 0..2 {
        data(begin(bob, id, "later.png", "image/png", 7).await);
    }
}
