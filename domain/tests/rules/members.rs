//! Coming to a group, being taken out of it, leaving it.

use expect_test::expect;
use musclemap_domain::Conversations;
use musclemap_domain::conversation::ConversationRow;
use schemas::account::ChargeKind::{Create, Send};
use schemas::conversation::ConversationKind::{Direct, Group};
use schemas::owner::RowKey;

use crate::names::{add, asked, charge, naming, open, paid, post, remove, user};
use crate::render::Table;
use crate::seat::Seat;

/// A group of `ann`, who owns it, `bob` and `cleo`, with one message.
fn group() -> Seat<Conversations> {
    let mut k1 = Seat::k1();
    k1.takes(1_000, paid(charge(1, Create, 4)), open(Group, "ann", &["bob", "cleo"]));
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "hi"));
    k1
}

#[test]
fn who_comes_has_a_stay_of_their_own_and_everyone_is_told() {
    let mut table = Table::default();
    let mut k1 = group();
    table.case("dan comes; bob is here already", &k1.asks(2_000, add("ann", &["dan", "bob", "dan"])));
    table.case("nobody new", &k1.asks(3_000, add("ann", &["dan"])));
    table.is(expect![[r#"
        dan comes; bob is here already
          done
          head 1 at 1500 → 2 at 2000
          members 3 → 4
          row member dan: MEMBER since #2, sees from 2
          row message 2: by nobody
          view conversations_by_user dan k1: MEMBER since #2, sees from 2
          view messages k1 2: Added [dan] by ann, 4 recipients
          to events k1: at 2000 members changed by ann: dan: since #2, sees from 2
             mm-cause=1.3.2.0 mm-users=dan
          to events k1: at 2000 posted 2: Added [dan] by ann, 4 recipients
             mm-cause=1.3.2.1
        nobody new
          nothing to do
    "#]]);
}

#[test]
fn who_goes_ends_their_stay_and_comes_back_to_a_new_one() {
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
          row member bob: MEMBER from #0 to #2
          row message 2: by nobody
          view conversations_by_user bob k1: MEMBER from #0 to #2
          view messages k1 2: Removed [bob] by ann, 2 recipients
          to events k1: at 2000 members changed by ann: bob: from #0 to #2
             mm-cause=1.3.2.0 mm-users=bob
          to events k1: at 2000 posted 2: Removed [bob] by ann, 2 recipients
             mm-cause=1.3.2.1
        he is gone already
          nothing to do
        he comes back
          done
          head 2 at 2000 → 3 at 4000
          members 2 → 3
          row member bob: MEMBER from #0 to #2; since #4, sees from 3
          row message 3: by nobody
          view conversations_by_user bob k1: MEMBER from #0 to #2; since #4, sees from 3
          view messages k1 3: Added [bob] by ann, 3 recipients
          to events k1: at 4000 members changed by ann: bob: from #0 to #2; since #4, sees from 3
             mm-cause=1.3.4.0 mm-users=bob
          to events k1: at 4000 posted 3: Added [bob] by ann, 3 recipients
             mm-cause=1.3.4.1
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
          row member ann: MEMBER from #0 to #3
          row member bob: OWNER since #0, sees from 1
          row message 3: by nobody
          view conversations_by_user ann k1: MEMBER from #0 to #3
          view conversations_by_user bob k1: OWNER since #0, sees from 1
          view messages k1 3: Left [] by ann, 3 recipients
          to events k1: at 3000 members changed by ann: ann: from #0 to #3
             mm-cause=1.3.3.0 mm-users=ann
          to events k1: at 3000 posted 3: Left [] by ann, 3 recipients
             mm-cause=1.3.3.1
        bob is the last
          done
          head 5 at 5000 → 6 at 6000
          members 1 → 0
          row member bob: MEMBER from #0 to #6
          row message 6: by nobody
          view conversations_by_user bob k1: MEMBER from #0 to #6
          view messages k1 6: Left [] by bob, 0 recipients
          to events k1: at 6000 members changed by bob: bob: from #0 to #6
             mm-cause=1.3.6.0 mm-users=bob
          to events k1: at 6000 posted 6: Left [] by bob, 0 recipients
             mm-cause=1.3.6.1
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
    let mut pair = Seat::k1();
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
fn the_last_eight_stays_are_kept() {
    let mut k1 = group();
    for turn in 0..10 {
        k1.asks(2_000 + turn, remove("ann", "bob"));
        k1.asks(2_000 + turn, add("ann", &["bob"]));
    }
    let Some(ConversationRow::Member(bob)) = k1.rows.get(&RowKey::member(&user("bob"))) else {
        panic!("bob has no row")
    };
    assert_eq!(bob.stays.len(), 8);
    assert!(bob.stays.is_sorted_by_key(|stay| stay.from) && bob.present().is_some());
}

#[test]
fn a_verdict_told_again_says_whether_what_was_asked_holds() {
    let mut table = Table::default();
    let mut k1 = group();
    let coming = k1.asks(2_000, add("ann", &["dan"])).offset;
    table.told("dan is here", k1.tells_again(coming, asked(), add("ann", &["dan"])).as_ref());
    let going = k1.asks(3_000, remove("ann", "dan")).offset;
    table.told("dan is not here any more", k1.tells_again(coming, asked(), add("ann", &["dan"])).as_ref());
    table.told("dan is gone", k1.tells_again(going, asked(), remove("ann", "dan")).as_ref());
    let refused = k1.asks(4_000, add("bob", &["eve"])).offset;
    table.told("bob may not", k1.tells_again(refused, asked(), add("bob", &["eve"])).as_ref());
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
          row sent bob c2: 3, paid by #2
          row receipt bob: read 3
          row message 3: by bob
          view messages k1 3: "hear" by bob as c2, 1 recipients @ann
          to events k1: at 3000 posted 3: "hear" by bob as c2, 1 recipients @ann
             mm-cause=1.3.3.0
        ann
          stored as 4
          head 3 at 3000 → 4 at 4000
          row sent ann c3: 4, paid by #3
          row receipt ann: read 4
          row message 4: by ann
          view messages k1 4: "hear" by ann as c3, 1 recipients @bob @all
          to events k1: at 4000 posted 4: "hear" by ann as c3, 1 recipients @bob @all
             mm-cause=1.3.4.0
    "#]]);
}
