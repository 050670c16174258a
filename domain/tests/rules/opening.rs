//! Opening a conversation with its first members.

use expect_test::expect;
use schemas::charging::ChargeKind::Create;
use schemas::creating::ConversationKind::{Direct, Group};

use crate::harness::Harness;
use crate::names::{charge, open, paid};
use crate::render::Table;

#[test]
fn an_opening_makes_members_who_see_everything_and_answers_itself() {
    let mut table = Table::default();
    let paid = |id| paid(charge(id, Create, 4));
    table.case("a group", &Harness::k1().takes(1_000, paid(1), open(Group, "ann", &["bob", "cleo"])));
    table.case("a pair", &Harness::k1().takes(1_000, paid(1), open(Direct, "ann", &["bob"])));
    table.case("notes", &Harness::k1().takes(1_000, paid(1), open(Direct, "ann", &[])));
    table.is(expect![[r#"
        a group
          done
          conversation not open → GROUP by ann, charge #4
          head 0 at 0 → 0 at 1000
          members 0 → 3
          row member ann: OWNER since #0, sees from 1 after 0
          row member bob: MEMBER since #0, sees from 1 after 0
          row member cleo: MEMBER since #0, sees from 1 after 0
          view conversations_by_user ann k1: OWNER since #0, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0
          view conversations_by_user cleo k1: MEMBER since #0, sees from 1 after 0
          to events k1: opened GROUP by ann for 3
             ConversationOpened id=1.3.0.0 at 1000 mm-users=ann,bob,cleo
        a pair
          done
          conversation not open → DIRECT by ann, charge #4
          head 0 at 0 → 0 at 1000
          members 0 → 2
          row member ann: MEMBER since #0, sees from 1 after 0
          row member bob: MEMBER since #0, sees from 1 after 0
          view conversations_by_user ann k1: MEMBER since #0, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0
          to events k1: opened DIRECT by ann for 2
             ConversationOpened id=1.3.0.0 at 1000 mm-users=ann,bob
        notes
          done
          conversation not open → DIRECT by ann, charge #4
          head 0 at 0 → 0 at 1000
          members 0 → 1
          row member ann: MEMBER since #0, sees from 1 after 0
          view conversations_by_user ann k1: MEMBER since #0, sees from 1 after 0
          to events k1: opened DIRECT by ann for 1
             ConversationOpened id=1.3.0.0 at 1000 mm-users=ann
    "#]]);
}

#[test]
fn what_is_open_stays_as_it_is_and_the_second_charge_goes_back() {
    let mut table = Table::default();
    let mut k1 = Harness::opened(1_000, Direct, &["bob"]);
    table.case("again", &k1.takes(2_000, paid(charge(2, Create, 9)), open(Direct, "bob", &["ann"])));
    table.is(expect![[r#"
        again
          (the account answers)
          to accounts.commands ann: refund [#9 ann c2 Create k1 at 0 for 0] because nothing to do
             Refund id=1.3.1.0 at 2000 mm-reply=0.7
    "#]]);
}

#[test]
fn a_group_has_fifty_members_its_creator_included_and_no_more() {
    let mut table = Table::default();
    let names: Vec<String> = (1..=50).map(|n| format!("member-{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut k1 = Harness::k1();
    table.case("51", &k1.takes(1_000, paid(charge(1, Create, 4)), open(Group, "ann", &names)));
    let fifty = k1.takes(2_000, paid(charge(2, Create, 5)), open(Group, "ann", &names[..49]));
    let counts = (k1.state.members, fifty.decision.rows.len(), fifty.decision.views.len());
    assert_eq!(counts, (50, 50, 50));
    table.outcome("50", fifty.decision.verdict.as_ref());
    table.is(expect![[r#"
        51
          (the account answers)
          to accounts.commands ann: refund [#4 ann c1 Create k1 at 0 for 0] because GROUP_FULL (the group has no room for that many)
             Refund id=1.3.0.0 at 1000 mm-reply=0.7
        50: done
    "#]]);
}
