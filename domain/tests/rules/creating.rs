//! Creating conversations, as the account decides it.

use expect_test::expect;
use schemas::creating::ConversationKind::{Direct, Group};

use crate::harness::Harness;
use crate::names::create;
use crate::render::Table;

#[test]
fn a_creation_is_free_counted_and_passed_on_under_an_id_of_its_own() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    table.case("a group", &ann.asks(1_000, create(Group, 1, &["bob", "cleo"], Some("crew"))));
    table.case("a group of one", &ann.asks(2_000, create(Group, 2, &[], None)));
    table.case("a pair", &ann.asks(3_000, create(Direct, 3, &["bob"], None)));
    table.case("notes", &ann.asks(4_000, create(Direct, 4, &[], None)));
    table.is(expect![[r#"
        a group
          accepted
          creations 0 → 1
          row c1: Create to 922f7b at #1, remembered
          to conversations.commands 922f7b: open GROUP "crew" by ann with 2
             OpenConversation id=1.3.1.0 at 1000 mm-reply=0.7 mm-charge=[#1 ann c1 Create 922f7b at 1000 for 0]
        a group of one
          accepted
          creations 1 → 2
          row c2: Create to 3c1c78 at #2, remembered
          to conversations.commands 3c1c78: open GROUP by ann with 0
             OpenConversation id=1.3.2.0 at 2000 mm-reply=0.7 mm-charge=[#2 ann c2 Create 3c1c78 at 2000 for 0]
        a pair
          accepted
          creations 2 → 3
          row c3: Create to b65dda at #3, remembered
          to conversations.commands b65dda: open DIRECT by ann with 1
             OpenConversation id=1.3.3.0 at 3000 mm-reply=0.7 mm-charge=[#3 ann c3 Create b65dda at 3000 for 0]
        notes
          accepted
          creations 3 → 4
          row c4: Create to fedc6d at #4, remembered
          to conversations.commands fedc6d: open DIRECT by ann with 0
             OpenConversation id=1.3.4.0 at 4000 mm-reply=0.7 mm-charge=[#4 ann c4 Create fedc6d at 4000 for 0]
    "#]]);
}

#[test]
fn a_creation_is_refused_for_its_participants_or_its_title() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    let long = |characters: usize| "t".repeat(characters);
    table.answer("oneself among the others", &ann.asks(0, create(Group, 1, &["ann", "bob"], None)));
    table.answer("someone twice", &ann.asks(0, create(Group, 1, &["bob", "bob"], None)));
    table.answer("out of order", &ann.asks(0, create(Group, 1, &["cleo", "bob"], None)));
    table.answer("a pair of three", &ann.asks(0, create(Direct, 1, &["bob", "cleo"], None)));
    table.answer("a pair with a title", &ann.asks(0, create(Direct, 1, &["bob"], Some("us"))));
    table.answer("a title of 101", &ann.asks(0, create(Group, 1, &["bob"], Some(&long(101)))));
    table.case("a title of 100", &ann.asks(0, create(Group, 1, &["bob"], Some(&long(100)))));
    table.is(expect![[r#"
        oneself among the others: BAD_USER_INPUT field=participantIds (each participant is named once)
        someone twice: BAD_USER_INPUT field=participantIds (each participant is named once)
        out of order: BAD_USER_INPUT field=participantIds (each participant is named once)
        a pair of three: BAD_USER_INPUT field=participantIds (a direct conversation has one other participant)
        a pair with a title: BAD_USER_INPUT field=title (a direct conversation has no title)
        a title of 101: BAD_USER_INPUT field=title (the text is too long)
        a title of 100
          accepted
          creations 0 → 1
          row c1: Create to 922f7b at #7, remembered
          to conversations.commands 922f7b: open GROUP "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" by ann with 1
             OpenConversation id=1.3.7.0 at 0 mm-reply=0.7 mm-charge=[#7 ann c1 Create 922f7b at 0 for 0]
    "#]]);
}
