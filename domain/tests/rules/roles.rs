//! Roles in a group.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::membership::{Member, Role, SetRole};

use crate::harness::Harness;
use crate::names::{add, asked, charge, delete, open, paid, post, profile, remove, sent, user};
use crate::render::Table;

fn group() -> Harness<Conversations> {
    Harness::opened(1_000, Group, &["bob", "cleo", "dan"])
}

pub fn role(actor: &str, person: &str, role: Role) -> SetRole {
    SetRole { actor: profile(actor), person: profile(person), role }
}

fn of(k1: &Harness<Conversations>, name: &str) -> Role {
    k1.row::<Member>(&user(name)).unwrap().role
}

#[test]
fn an_owner_appoints_moderators_and_hands_the_group_over() {
    let (mut table, mut k1) = (Table::default(), group());
    table.case("a moderator", &k1.asks(2_000, role("ann", "cleo", Role::Moderator).into()));
    table.answer("again", &k1.asks(2_000, role("ann", "cleo", Role::Moderator).into()));
    table.case("the owner", &k1.asks(3_000, role("ann", "bob", Role::Owner).into()));
    table.answer("by who was the owner", &k1.asks(4_000, role("ann", "dan", Role::Moderator).into()));
    table.answer("one's own", &k1.asks(4_000, role("bob", "bob", Role::Member).into()));
    table.answer("a stranger's", &k1.asks(4_000, role("bob", "eve", Role::Member).into()));
    table.answer("by a stranger", &k1.asks(4_000, role("eve", "dan", Role::Member).into()));
    table.outcome("repeated", k1.repeats(3, asked(), role("ann", "bob", Role::Owner).into()).as_ref());
    table.outcome("undone since", k1.repeats(3, asked(), role("ann", "cleo", Role::Member).into()).as_ref());
    let mut pair = Harness::k1();
    pair.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    table.answer("of a pair", &pair.asks(2_000, role("ann", "bob", Role::Moderator).into()));
    table.is(expect![[r#"
        a moderator
          done
          head 0 at 1000 → 1 at 2000
          row member cleo: MODERATOR since #0, sees from 1 after 0
          row changes by ann: 1, noted 0
          row message 1: by nobody at #1, ordinal 0
          view conversations_by_user cleo k1: MODERATOR since #0, sees from 1 after 0
          view messages k1 1: RoleChanged [cleo] "MODERATOR" by ann, 3 recipients
          to events k1: roles changed by ann: cleo MODERATOR
             RolesChanged id=1.3.1.0 at 2000 mm-users=cleo
          to events k1: created 1: RoleChanged [cleo] "MODERATOR" by ann, 3 recipients
             MessageCreated id=1.3.1.1 at 2000
        again: nothing to do
        the owner
          done
          head 1 at 2000 → 2 at 3000
          row member bob: OWNER since #0, sees from 1 after 0
          row member ann: MODERATOR since #0, sees from 1 after 0
          row changes by ann: 2, noted 0
          row message 2: by nobody at #3, ordinal 0
          view conversations_by_user bob k1: OWNER since #0, sees from 1 after 0
          view conversations_by_user ann k1: MODERATOR since #0, sees from 1 after 0
          view messages k1 2: OwnerChanged [bob] "OWNER" by ann, 3 recipients
          to events k1: roles changed by ann: bob OWNER ann MODERATOR
             RolesChanged id=1.3.3.0 at 3000 mm-users=bob,ann
          to events k1: created 2: OwnerChanged [bob] "OWNER" by ann, 3 recipients
             MessageCreated id=1.3.3.1 at 3000
        by who was the owner: FORBIDDEN (only the owner may do this)
        one's own: BAD_USER_INPUT field=role (an owner hands the group over to another member)
        a stranger's: NOT_FOUND (not found)
        by a stranger: NOT_FOUND (not found)
        repeated: done
        undone since: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        of a pair: BAD_USER_INPUT field=conversationId (only a group's members change)
    "#]]);
}

#[test]
fn moderators_change_members_and_not_each_other() {
    let mut k1 = group();
    k1.asks(2_000, role("ann", "bob", Role::Moderator).into());
    k1.asks(2_000, role("ann", "cleo", Role::Moderator).into());
    assert_eq!(k1.asks(3_000, remove("bob", "cleo")).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(3_000, remove("bob", "ann")).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(3_000, role("bob", "dan", Role::Moderator).into()).refused_with(), "FORBIDDEN");
    k1.asks(3_000, remove("bob", "dan"));
    k1.asks(3_000, add("bob", &["eve"]));
    assert!(k1.row::<Member>(&user("dan")).unwrap().present().is_none());
    assert!(k1.row::<Member>(&user("eve")).unwrap().present().is_some());
    let posted = k1.takes(4_000, paid(charge(5, Send, 5)), post("eve", 5, "spam"));
    let head = k1.state.head;
    k1.asks(5_000, delete("bob", sent(head, "eve", posted.offset, 4_000)));
    assert_eq!(k1.state.removed, [head], "a moderator removes what others sent");
}

#[test]
fn who_goes_hands_over_to_the_oldest_moderator_or_else_member() {
    let mut k1 = group();
    k1.asks(2_000, role("ann", "dan", Role::Moderator).into());
    let mut table = Table::default();
    table.case("the owner leaves", &k1.asks(3_000, remove("ann", "ann")));
    table.is(expect![[r#"
        the owner leaves
          done
          head 1 at 2000 → 2 at 3000
          members 4 → 3
          row former ann: from #0 to #2, read 0 at 0
          row receipt ann: read 0, ordinal 0, ended
          row member ann: MEMBER from #0 to #2
          row member dan: OWNER since #0, sees from 1 after 0
          row message 2: by nobody at #2, ordinal 0
          view conversations_by_user ann k1: MEMBER from #0 to #2
          view conversations_by_user dan k1: OWNER since #0, sees from 1 after 0
          view messages k1 2: Left [] by ann, 3 recipients
          to events k1: roles changed by ann: dan OWNER
             RolesChanged id=1.3.2.0 at 3000 mm-users=dan
          to events k1: members changed by ann: ann: from #0 to #2
             MembersChanged id=1.3.2.1 at 3000 mm-users=ann
          to events k1: created 2: Left [] by ann, 3 recipients
             MessageCreated id=1.3.2.2 at 3000
    "#]]);
    k1.asks(4_000, remove("dan", "dan"));
    assert_eq!((of(&k1, "bob"), of(&k1, "cleo")), (Role::Owner, Role::Member));
    k1.asks(5_000, add("bob", &["ann"]));
    assert_eq!(of(&k1, "ann"), Role::Member, "who returns begins anew");
}
