//! Membership of a group: people are added, removed, leave and return.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::membership::{Former, Member};
use schemas::receipts::Receipt;

use crate::harness::Harness;
use crate::names::{add, asked, charge, naming, open, paid, post, read, remove, user};
use crate::render::Table;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message.
fn group() -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "hi"));
    k1
}

#[test]
fn a_new_member_has_an_interval_of_their_own_and_all_members_receive_the_change() {
    let mut table = Table::default();
    let mut k1 = group();
    table.case("dan comes; bob is here already", &k1.asks(2_000, add("ann", &["dan", "bob", "dan"])));
    table.case("nobody new", &k1.asks(3_000, add("ann", &["dan"])));
    table.is(expect![[r#"
        dan comes; bob is here already
          done
          head 1 at 1500 → 2 at 2000
          members 3 → 4
          row member dan: MEMBER since #2, sees from 2 after 1
          row changes by ann: 1, noted 1
          row message 2: by nobody at #2, ordinal 1
          view conversations_by_user dan k1: MEMBER since #2, sees from 2 after 1
          view messages k1 2: Added [dan] by ann, 3 recipients
          to events k1: members changed by ann: dan: since #2, sees from 2 after 1
             MembersChanged id=1.3.2.0 at 2000 mm-users=dan
          to events k1: created 2: Added [dan] by ann, 3 recipients
             MessageCreated id=1.3.2.1 at 2000
        nobody new
          nothing to do
    "#]]);
}

#[test]
fn a_member_who_is_removed_and_returns_gets_a_new_interval() {
    let mut table = Table::default();
    let mut k1 = group();
    table.case("bob is taken out", &k1.asks(2_000, remove("ann", "bob")));
    table.case("he is gone already", &k1.asks(3_000, remove("ann", "bob")));
    table.case("he comes back", &k1.asks(4_000, add("ann", &["bob"])));
    table.is(expect![[r#"
        bob is taken out
          done
          head 1 at 1500 → 2 at 2000
          members 3 → 2
          row former bob: from #0 to #2, read 1 at 1500
          row receipt bob: read 0, ordinal 0, ended
          row member bob: MEMBER from #0 to #2
          row changes by ann: 1, noted 1
          row message 2: by nobody at #2, ordinal 1
          view conversations_by_user bob k1: MEMBER from #0 to #2
          view messages k1 2: Removed [bob] by ann, 2 recipients
          to events k1: members changed by ann: bob: from #0 to #2
             MembersChanged id=1.3.2.0 at 2000 mm-users=bob
          to events k1: created 2: Removed [bob] by ann, 2 recipients
             MessageCreated id=1.3.2.1 at 2000
        he is gone already
          nothing to do
        he comes back
          done
          head 2 at 2000 → 3 at 4000
          members 2 → 3
          row member bob: MEMBER from #0 to #2; since #4, sees from 3 after 1, returned with 1 read
          row changes by ann: 2, noted 2
          row message 3: by nobody at #4, ordinal 1
          view conversations_by_user bob k1: MEMBER from #0 to #2; since #4, sees from 3 after 1, returned with 1 read
          view messages k1 3: Added [bob] by ann, 2 recipients
          to events k1: members changed by ann: bob: from #0 to #2; since #4, sees from 3 after 1
             MembersChanged id=1.3.4.0 at 4000 mm-users=bob
          to events k1: created 3: Added [bob] by ann, 2 recipients
             MessageCreated id=1.3.4.1 at 4000
    "#]]);
}

#[test]
fn an_owner_who_leaves_hands_over_to_the_oldest_member() {
    let mut table = Table::default();
    let mut k1 = group();
    k1.asks(2_000, add("ann", &["abe"]));
    table.case("ann leaves to bob", &k1.asks(3_000, remove("ann", "ann")));
    k1.asks(4_000, remove("bob", "cleo"));
    k1.asks(5_000, remove("bob", "abe"));
    table.case("bob is the last", &k1.asks(6_000, remove("bob", "bob")));
    table.is(expect![[r#"
        ann leaves to bob
          done
          head 2 at 2000 → 3 at 3000
          members 4 → 3
          row former ann: from #0 to #3, read 0 at 0
          row receipt ann: read 0, ordinal 0, ended
          row member ann: MEMBER from #0 to #3
          row member bob: OWNER since #0, sees from 1 after 0
          row message 3: by nobody at #3, ordinal 1
          view conversations_by_user ann k1: MEMBER from #0 to #3
          view conversations_by_user bob k1: OWNER since #0, sees from 1 after 0
          view messages k1 3: Left [] by ann, 3 recipients
          to events k1: roles changed by ann: bob OWNER
             RolesChanged id=1.3.3.0 at 3000 mm-users=bob
          to events k1: members changed by ann: ann: from #0 to #3
             MembersChanged id=1.3.3.1 at 3000 mm-users=ann
          to events k1: created 3: Left [] by ann, 3 recipients
             MessageCreated id=1.3.3.2 at 3000
        bob is the last
          done
          head 5 at 5000 → 6 at 6000
          members 1 → 0
          row former bob: from #0 to #6, read 1 at 1500
          row receipt bob: read 0, ordinal 0, ended
          row member bob: MEMBER from #0 to #6
          row message 6: by nobody at #6, ordinal 1
          view conversations_by_user bob k1: MEMBER from #0 to #6
          view messages k1 6: Left [] by bob, 0 recipients
          to events k1: members changed by bob: bob: from #0 to #6
             MembersChanged id=1.3.6.0 at 6000 mm-users=bob
          to events k1: created 6: Left [] by bob, 0 recipients
             MessageCreated id=1.3.6.1 at 6000
    "#]]);
}

#[test]
fn members_change_by_the_owner_of_a_group_and_by_nobody_else() {
    let mut k1 = group();
    assert_eq!(k1.asks(2_000, add("bob", &["dan"])).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_000, remove("bob", "cleo")).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_000, add("dan", &["dan"])).refused_with(), "NOT_FOUND");
    assert_eq!(k1.asks(2_000, remove("dan", "dan")).refused_with(), "NOT_FOUND");
    k1.asks(2_000, remove("ann", "bob"));
    assert_eq!(k1.asks(2_000, add("bob", &["bob"])).refused_with(), "NOT_FOUND");
    let mut pair = Harness::k1();
    pair.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    assert_eq!(pair.asks(2_000, add("ann", &["cleo"])).refused_with(), "BAD_USER_INPUT");
    assert_eq!(pair.asks(2_000, remove("ann", "ann")).refused_with(), "BAD_USER_INPUT");
}

#[test]
fn a_group_has_room_for_fifty() {
    let mut k1 = group();
    let names: Vec<String> = (0..48).map(|number| format!("user-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(k1.asks(2_000, add("ann", &names)).refused_with(), "GROUP_FULL");
    k1.asks(3_000, add("ann", &names[..47]));
    assert_eq!(k1.state.members, 50);
    assert_eq!(k1.asks(4_000, add("ann", &["dan"])).refused_with(), "GROUP_FULL");
}

#[test]
fn the_last_eight_intervals_are_kept() {
    let mut k1 = group();
    for turn in 0..10 {
        k1.asks(2_000 + turn, remove("ann", "bob"));
        k1.asks(2_000 + turn, add("ann", &["bob"]));
    }
    let bob = k1.row::<Member>(&user("bob")).unwrap();
    assert_eq!(bob.intervals.len(), 8);
    assert!(bob.intervals.is_sorted_by_key(|interval| interval.from) && bob.present().is_some());
}

#[test]
fn a_verdict_told_again_says_whether_what_was_asked_holds() {
    let mut table = Table::default();
    let mut k1 = group();
    let coming = k1.asks(2_000, add("ann", &["dan"])).offset;
    table.outcome("dan is here", k1.repeats(coming, asked(), add("ann", &["dan"])).as_ref());
    let going = k1.asks(3_000, remove("ann", "dan")).offset;
    table.outcome("dan is not here any more", k1.repeats(coming, asked(), add("ann", &["dan"])).as_ref());
    table.outcome("dan is gone", k1.repeats(going, asked(), remove("ann", "dan")).as_ref());
    let refused = k1.asks(4_000, add("bob", &["eve"])).offset;
    table.outcome("bob may not", k1.repeats(refused, asked(), add("bob", &["eve"])).as_ref());
    table.is(expect![[r#"
        dan is here: done
        dan is not here any more: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        dan is gone: done
        bob may not: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
    "#]]);
}

#[test]
fn only_members_are_named_and_everyone_only_by_the_owner() {
    let mut table = Table::default();
    let mut k1 = group();
    k1.asks(2_000, remove("ann", "cleo"));
    let sent = |id| paid(charge(id, Send, i64::from(id)));
    table.case("bob", &k1.takes(3_000, sent(2), naming("bob", 2, &["ann", "cleo", "dan"], true)));
    table.case("ann", &k1.takes(4_000, sent(3), naming("ann", 3, &["bob"], true)));
    table.is(expect![[r#"
        bob
          stored as 3
          head 2 at 2000 → 3 at 3000
          countable 1 → 2
          row message 3: by bob at #3, ordinal 2
          row sent bob c2: 3, paid by #2
          row receipt bob: read 3, ordinal 2
          view messages k1 3: "hear" by bob as c2, 1 recipients @ann
          to events k1: created 3: "hear" by bob as c2, 1 recipients @ann
             MessageCreated id=1.3.3.0 at 3000
        ann
          stored as 4
          head 3 at 3000 → 4 at 4000
          countable 2 → 3
          row message 4: by ann at #4, ordinal 3
          row sent ann c3: 4, paid by #3
          row receipt ann: read 4, ordinal 3
          view messages k1 4: "hear" by ann as c3, 1 recipients @bob @all
          to events k1: created 4: "hear" by ann as c3, 1 recipients @bob @all
             MessageCreated id=1.3.4.0 at 4000
    "#]]);
}

#[test]
fn what_a_former_member_has_read_is_kept_and_is_their_mark_when_they_return() {
    let mut table = Table::default();
    let mut k1 = group();
    k1.asks(1_600, read("cleo", 1));
    table.case("cleo is removed", &k1.asks(2_000, remove("ann", "cleo")));
    table.case("cleo returns", &k1.asks(3_000, add("ann", &["cleo"])));
    table.case("what she had read", &k1.asks(4_000, read("cleo", 1)));
    table.case("what came while she was gone", &k1.asks(4_000, read("cleo", 2)));
    table.case("she leaves without reading", &k1.asks(5_000, remove("cleo", "cleo")));
    k1.asks(6_000, add("ann", &["cleo"]));
    table.case("she reads", &k1.asks(7_000, read("cleo", 5)));
    table.is(expect![[r#"
        cleo is removed
          done
          head 1 at 1500 → 2 at 2000
          members 3 → 2
          row former cleo: from #0 to #3, read 1 at 1600
          row receipt cleo: read 0, ordinal 0, ended
          row member cleo: MEMBER from #0 to #3
          row changes by ann: 1, noted 1
          row message 2: by nobody at #3, ordinal 1
          view conversations_by_user cleo k1: MEMBER from #0 to #3
          view messages k1 2: Removed [cleo] by ann, 2 recipients
          to events k1: members changed by ann: cleo: from #0 to #3
             MembersChanged id=1.3.3.0 at 2000 mm-users=cleo
          to events k1: created 2: Removed [cleo] by ann, 2 recipients
             MessageCreated id=1.3.3.1 at 2000
        cleo returns
          done
          head 2 at 2000 → 3 at 3000
          members 2 → 3
          row member cleo: MEMBER from #0 to #3; since #4, sees from 3 after 1, returned with 1 read
          row changes by ann: 2, noted 2
          row message 3: by nobody at #4, ordinal 1
          view conversations_by_user cleo k1: MEMBER from #0 to #3; since #4, sees from 3 after 1, returned with 1 read
          view messages k1 3: Added [cleo] by ann, 2 recipients
          to events k1: members changed by ann: cleo: from #0 to #3; since #4, sees from 3 after 1
             MembersChanged id=1.3.4.0 at 3000 mm-users=cleo
          to events k1: created 3: Added [cleo] by ann, 2 recipients
             MessageCreated id=1.3.4.1 at 3000
        what she had read
          nothing to do
        what came while she was gone
          nothing to do
        she leaves without reading
          done
          head 3 at 3000 → 4 at 5000
          members 3 → 2
          row former cleo: from #0 to #3; from #4 to #7, read 1 at 1600
          row receipt cleo: read 0, ordinal 0, ended
          row member cleo: MEMBER from #0 to #3; from #4 to #7, returned with 1 read
          row message 4: by nobody at #7, ordinal 1
          view conversations_by_user cleo k1: MEMBER from #0 to #3; from #4 to #7, returned with 1 read
          view messages k1 4: Left [] by cleo, 2 recipients
          to events k1: members changed by cleo: cleo: from #0 to #3; from #4 to #7
             MembersChanged id=1.3.7.0 at 5000 mm-users=cleo
          to events k1: created 4: Left [] by cleo, 2 recipients
             MessageCreated id=1.3.7.1 at 5000
        she reads
          done
          row receipt cleo: read 5, ordinal 1
          to events k1: cleo has 5
             DeliveryAdvanced id=1.3.9.0 at 7000
          to events k1: cleo has read 5
             ReceiptAdvanced id=1.3.9.1 at 7000
    "#]]);
}

/// The tombstones of an ended membership may be gone from the table at any time.
#[test]
fn a_decision_does_not_depend_on_tombstones() {
    let ended = || {
        let mut k1 = group();
        k1.asks(1_600, read("cleo", 1));
        k1.asks(2_000, remove("ann", "cleo"));
        k1
    };
    let (mut whole, mut cleaned) = (ended(), ended());
    let is_cleaned = |row: &schemas::rows::ConversationRow| row.seconds_to_live().is_some();
    cleaned.rows.retain(|_, row| !is_cleaned(row));
    assert_eq!(whole.rows.len() - cleaned.rows.len(), 2, "of the member and of the receipt");
    let requests = [
        (3_000, remove("ann", "cleo")),
        (4_000, read("cleo", 1)),
        (5_000, add("ann", &["cleo"])),
        (6_000, remove("cleo", "cleo")),
        (7_000, add("ann", &["cleo"])),
        (8_000, read("cleo", 5)),
    ];
    for (time, request) in requests {
        let (one, other) = (whole.asks(time, request.clone()), cleaned.asks(time, request));
        assert_eq!(one.bytes(), other.bytes(), "at {time}");
    }
    let cleo = user("cleo");
    assert_eq!(whole.row::<Former>(&cleo).unwrap().marks.read.at, 1_600);
    assert!(!whole.row::<Receipt>(&cleo).unwrap().ended);
}

#[test]
fn ordinals_count_texts_and_no_system_messages() {
    let mut table = Table::default();
    let mut k1 = group();
    k1.asks(2_000, add("ann", &["dan"]));
    table.case("the second text", &k1.takes(3_000, paid(charge(2, Send, 6)), post("ann", 2, "hi")));
    table.case("a system message", &k1.asks(4_000, add("ann", &["eve"])));
    table.case("dan has read up to the system message of his own coming", &k1.asks(5_000, read("dan", 2)));
    table.case("eve has read all there is", &k1.asks(6_000, read("eve", 100)));
    table.is(expect![[r#"
        the second text
          stored as 3
          head 2 at 2000 → 3 at 3000
          countable 1 → 2
          row message 3: by ann at #3, ordinal 2
          row sent ann c2: 3, paid by #6
          row receipt ann: read 3, ordinal 2
          view messages k1 3: "hi" by ann as c2, 3 recipients
          to events k1: created 3: "hi" by ann as c2, 3 recipients
             MessageCreated id=1.3.3.0 at 3000
        a system message
          done
          head 3 at 3000 → 4 at 4000
          members 4 → 5
          row member eve: MEMBER since #4, sees from 4 after 2
          row changes by ann: 2, noted 2
          row message 4: by nobody at #4, ordinal 2
          view conversations_by_user eve k1: MEMBER since #4, sees from 4 after 2
          view messages k1 4: Added [eve] by ann, 4 recipients
          to events k1: members changed by ann: eve: since #4, sees from 4 after 2
             MembersChanged id=1.3.4.0 at 4000 mm-users=eve
          to events k1: created 4: Added [eve] by ann, 4 recipients
             MessageCreated id=1.3.4.1 at 4000
        dan has read up to the system message of his own coming
          done
          row receipt dan: read 2, ordinal 1
          to events k1: dan has 2
             DeliveryAdvanced id=1.3.5.0 at 5000
          to events k1: dan has read 2
             ReceiptAdvanced id=1.3.5.1 at 5000
        eve has read all there is
          done
          row receipt eve: read 4, ordinal 2
          to events k1: eve has 4
             DeliveryAdvanced id=1.3.6.0 at 6000
          to events k1: eve has read 4
             ReceiptAdvanced id=1.3.6.1 at 6000
    "#]]);
}

/// Of what a batch may write, which is 90 rows.
#[test]
fn forty_nine_people_are_added_within_one_batch() {
    let mut k1 = Harness::opened(1_000, Group, &[]);
    let names: Vec<String> = (0..49).map(|number| format!("user-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let added = k1.asks(2_000, add("ann", &names));
    assert_eq!((k1.state.members, added.decision.rows.len()), (50, 51));
    assert!(added.decision.outputs.len() <= 2);
}
