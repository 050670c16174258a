//! Files on their way: some that are stored, one that is rejected, one that never comes; and what carries them, in
//! writing and in speech.

use musclemap_tests::System;
use musclemap_tests::acts::{answer, delete, edit, forward};
use musclemap_tests::client::data;
use musclemap_tests::files::{PNG, begin, image, recording, send, set_avatar, speak, upload};
use serde_json::Value;
use uuid::Uuid;

use super::People;

pub async fn upload_some(system: &System, people: &People) {
    let People { ann, bob, .. } = people;
    image(system, ann, "dot.png").await;
    let rejected = upload(system, ann, "dot.jpg", "image/jpeg", PNG).await;
    assert_eq!(rejected["state"], "REJECTED", "{rejected}");
    let id = Uuid::new_v4();
    for _ in 0..2 {
        data(begin(bob, id, "later.png", "image/png", 7).await);
    }
    carry_some(system, people).await;
    speak_some(system, people).await;
}

/// A gallery that stands and is answered, a file that goes with its message and stays with a copy, and two images of a
/// group.
async fn carry_some(system: &System, People { ann, bob, .. }: &People) {
    let group = ann.create("GROUP", &[bob]).await;
    let mut images = vec![];
    for name in ["one.png", "two.png", "three.png"] {
        images.push(image(system, ann, name).await);
    }
    let plan = upload(system, ann, "plan.pdf", "application/pdf", b"%PDF-1.7 a plan").await["id"].take();
    let gallery = data(send(ann, &group, "", &[&images[0], &images[1]]).await)["sendMessage"].take();
    answer(bob, &group, &gallery, "who is that?").await;
    data(edit(ann, &gallery, "in the gym").await);
    let file = data(send(ann, &group, "the plan", &[&plan, &images[0]]).await)["sendMessage"].take();
    answer(bob, &group, &file, "thanks").await;
    let pair = bob.create("DIRECT", &[ann]).await;
    for _ in 0..2 {
        let copy = data(forward(bob, &file, &[&pair, &group], None).await)["forwardMessage"].take();
        data(delete(bob, &copy[1]).await);
    }
    data(delete(ann, &file).await);
    for image in [&images[2], &images[1]] {
        data(set_avatar(ann, &group, image).await);
    }
}

/// A recording that is sent twice under one id, answered by another, and copied; of both messages one goes. The same
/// file is a file as well.
async fn speak_some(system: &System, People { ann, bob, .. }: &People) {
    let group = ann.create("GROUP", &[bob]).await;
    let (own, theirs) = (recording(system, ann).await, recording(system, bob).await);
    let id = Uuid::new_v4();
    let mut first = Value::Null;
    for _ in 0..2 {
        first = data(speak(ann, &group, &own, id, &Value::Null).await)["sendVoiceMessage"].take();
    }
    let reply =
        data(speak(bob, &group, &theirs, Uuid::new_v4(), &first["id"]).await)["sendVoiceMessage"].take();
    answer(ann, &group, &reply, "I hear you").await;
    let pair = bob.create("DIRECT", &[ann]).await;
    data(forward(bob, &first, &[&pair], None).await);
    data(send(ann, &group, "the same as a file", &[&own]).await);
    for (by, message) in [(ann, &first), (bob, &reply)] {
        data(delete(by, message).await);
    }
    data(speak(ann, &group, &own, Uuid::new_v4(), &Value::Null).await);
}
