//! Scheduled messages: made twice, changed, moved, cancelled, sent, refused at their time, and waiting at the end.

use std::time::Duration;

use musclemap_tests::acts::{cancel_scheduled, leave, reschedule, schedule, schedule_as, scheduled, time_in};
use musclemap_tests::client::{code, data};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::People;

const LONG: u64 = 24 * 3_600;

fn made(answer: Value) -> Value {
    data(answer)["scheduleMessage"].take()
}

pub async fn schedule_some(People { ann, bob, carl, finn, .. }: &People) {
    let group = ann.create("GROUP", &[bob, carl]).await;
    let input = json!({ "conversationId": group, "clientMessageId": Uuid::new_v4(), "content": "now, @bob 🕖",
        "scheduledFor": time_in(4), "timeZone": "Asia/Tokyo" });
    let soon = made(schedule_as(ann, &input).await);
    assert_eq!(made(schedule_as(ann, &input).await)["id"], soon["id"]);
    let waiting = made(schedule(ann, &group, "in a day", LONG).await);
    data(reschedule(ann, &waiting, json!({ "content": "in a day, maybe" })).await);
    data(reschedule(ann, &waiting, json!({ "scheduledFor": time_in(2 * LONG) })).await);
    let regretted = made(schedule(bob, &group, "regretted", LONG).await);
    data(cancel_scheduled(bob, &regretted).await);
    assert_eq!(code(&cancel_scheduled(finn, &regretted).await), Some("NOT_FOUND"));
    let left = bob.create("GROUP", &[carl]).await;
    made(schedule(carl, &left, "still here", 4).await);
    data(leave(carl, &left).await);
    for by in [ann, carl] {
        let is_over = async || {
            let all = scheduled(by, None).await;
            all.iter().any(|one| ["SENT", "FAILED"].iter().any(|status| one["status"] == *status))
        };
        while !is_over().await {
            sleep(Duration::from_millis(100)).await;
        }
    }
}
