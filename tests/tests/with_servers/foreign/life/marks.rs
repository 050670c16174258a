//! Read marks, unread counts and status: while members come and go, messages are deleted, and blocks
//! begin and end.

use musclemap_tests::Client;
use musclemap_tests::acts::{self, set_privacy};
use musclemap_tests::client::data;
use serde_json::json;

use super::{People, acknowledge, add, answer, delete, leave, mark_read, remove, set_block};

/// More unread messages than are counted.
const UNREAD: usize = 103;

pub async fn read(people: &People) {
    deliver(people).await;
    come_and_go(people).await;
    block(people).await;
    in_private(people).await;
    leave_unread(people).await;
}

/// Messages reach devices: before they are read, after, and of one who leaves and returns.
async fn deliver(People { ann, bob, carl, dora, .. }: &People) {
    let group = ann.create("GROUP", &[bob, carl]).await;
    let first = ann.send(&group, "one").await;
    let second = ann.send(&group, "two").await;
    acknowledge(bob, &group, &first).await;
    acknowledge(carl, &group, &second).await;
    mark_read(bob, &group, &second).await;
    acknowledge(bob, &group, &second).await;
    add(ann, &group, &[dora]).await;
    let third = bob.send(&group, "three").await;
    acknowledge(dora, &group, &third).await;
    remove(ann, &group, carl).await;
    add(ann, &group, &[carl]).await;
    let last = ann.send(&group, "four").await;
    acknowledge(carl, &group, &last).await;
    mark_read(carl, &group, &last).await;
}

/// A message's recipients are the members of its moment, whoever has left or joined since.
async fn come_and_go(People { ann, bob, carl, dora, eve, finn }: &People) {
    let group = ann.create("GROUP", &[bob, carl, dora]).await;
    let first = ann.send(&group, "to bob, carl and dora").await;
    let second = carl.send(&group, "read by nobody who leaves").await;
    mark_read(bob, &group, &first).await;
    mark_read(dora, &group, &second).await;
    // What bob has read stays read. Eve is no recipient of it, however far she reads.
    leave(bob, &group).await;
    add(ann, &group, &[eve]).await;
    let third = ann.send(&group, "@eve, welcome").await;
    mark_read(eve, &group, &third).await;
    mark_read(carl, &group, &third).await;

    // A deletion counts for nobody: not above a mark, and not below one.
    let unread = dora.send(&group, "deleted before anybody reads it").await;
    delete(dora, &unread).await;
    let read = dora.send(&group, "deleted when carl has read it").await;
    mark_read(carl, &group, &read).await;
    delete(dora, &read).await;

    // Bob returns with the mark that he left with, reads nothing more, and is removed with it.
    add(ann, &group, &[bob]).await;
    let missed = ann.send(&group, "you were missed, @bob").await;
    remove(ann, &group, bob).await;
    // Eve is removed when she has read, and reads on when she is back.
    remove(ann, &group, eve).await;
    ann.send(&group, "while eve is away").await;
    add(ann, &group, &[eve, bob]).await;
    let back = answer(carl, &group, &missed, "all are back").await;
    mark_read(eve, &group, &back).await;
    // Finn comes and goes, and has read nothing.
    // Whom finn blocks cannot add him; a moderator can.
    data(acts::set_role(ann, &group, carl, "MODERATOR").await);
    add(carl, &group, &[finn]).await;
    ann.send(&group, "to finn, too").await;
    leave(finn, &group).await;
}

/// While a block stands in a group, neither sees what the other sends, or how far the other has read.
async fn block(People { ann, carl, dora, eve, finn, .. }: &People) {
    let group = carl.create("GROUP", &[ann, dora, finn]).await;
    let before = carl.send(&group, "seen by dora").await;
    mark_read(dora, &group, &before).await;
    mark_read(finn, &group, &before).await;
    set_block(dora, carl, true).await;
    let hidden = carl.send(&group, "hidden from dora").await;
    let other = dora.send(&group, "hidden from carl").await;
    mark_read(finn, &group, &other).await;
    mark_read(ann, &group, &hidden).await;
    ann.send(&group, "seen by both").await;
    // A deletion of what a block hides, and somebody who comes while it stands.
    let unread = carl.send(&group, "hidden from dora, and deleted").await;
    delete(carl, &unread).await;
    add(carl, &group, &[eve]).await;
    carl.send(&group, "hidden from dora, unread by eve").await;

    // Of a block that has ended, what was sent meanwhile stays hidden; marks are seen again.
    set_block(finn, ann, false).await;
    set_block(ann, finn, true).await;
    finn.send(&group, "hidden from ann for ever").await;
    set_block(ann, finn, false).await;
    finn.send(&group, "seen by ann").await;
}

/// Finn reads in private for a while; eve sees nobody's read receipts from here on.
async fn in_private(People { ann, eve, finn, .. }: &People) {
    let switch = async |user: &Client, is_on: bool| {
        set_privacy(user, json!({ "showReadReceipts": is_on })).await;
    };
    let group = ann.create("GROUP", &[eve, finn]).await;
    let first = ann.send(&group, "read by both").await;
    mark_read(eve, &group, &first).await;
    mark_read(finn, &group, &first).await;
    switch(finn, false).await;
    let second = ann.send(&group, "read by finn in private").await;
    acknowledge(finn, &group, &second).await;
    mark_read(finn, &group, &second).await;
    let third = ann.send(&group, "not acknowledged before").await;
    mark_read(finn, &group, &third).await;
    switch(finn, true).await;
    let last = ann.send(&group, "read by both again").await;
    mark_read(eve, &group, &last).await;
    mark_read(finn, &group, &last).await;
    ann.send(&group, "read by nobody").await;
    let off = ann.create("GROUP", &[eve, finn]).await;
    let message = ann.send(&off, "read by finn, unseen by eve").await;
    mark_read(finn, &off, &message).await;
    switch(eve, false).await;
    mark_read(eve, &off, &message).await;
}

/// More unread messages than are counted, of which some are deleted.
async fn leave_unread(People { dora, finn, .. }: &People) {
    let pair = dora.create("DIRECT", &[finn]).await;
    for number in 0..UNREAD {
        let sent = dora.send(&pair, &format!("number {number} of many")).await;
        if number % 40 == 1 {
            delete(dora, &sent).await;
        }
    }
}
