//! Settings of a group.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::Create;
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::settings::UpdateConversation;

use crate::harness::Harness;
use crate::names::{asked, charge, open, paid, profile};
use crate::render::Table;

fn update(actor: &str, title: Option<&str>) -> UpdateConversation {
    UpdateConversation { actor: profile(actor), title: title.map(str::to_owned) }
}

fn opened(kind: schemas::creating::ConversationKind) -> Harness<Conversations> {
    let mut k1 = Harness::k1();
    k1.takes(1_000, paid(charge(1, Create, 4)), open(kind, "ann", &["bob"]));
    k1
}

#[test]
fn a_title_is_set_once_with_a_system_message() {
    let (mut table, mut k1) = (Table::default(), opened(Group));
    table.case("a title", &k1.asks(2_000, update("ann", Some("Leg day")).into()));
    table.answer("the same", &k1.asks(3_000, update("ann", Some("Leg day")).into()));
    table.answer("nothing", &k1.asks(3_000, update("ann", None).into()));
    table.is(expect![[r#"
        a title
          done
          conversation GROUP by ann, charge #4 → GROUP "Leg day" by ann, charge #4
          head 0 at 1000 → 1 at 2000
          row message 1: by nobody at #1, ordinal 0
          view messages k1 1: Renamed [] "Leg day" by ann, 1 recipients
          to events k1: updated by ann: Some("Leg day")
             ConversationUpdated id=1.3.1.0 at 2000
          to events k1: created 1: Renamed [] "Leg day" by ann, 1 recipients
             MessageCreated id=1.3.1.1 at 2000
        the same: nothing to do
        nothing: nothing to do
    "#]]);
    assert!(k1.repeats(1, asked(), update("ann", Some("Leg day")).into()).is_some());
}

#[test]
fn only_the_owner_of_a_group_changes_it() {
    let mut k1 = opened(Group);
    for (actor, title, code) in [
        ("bob", "ours", "FORBIDDEN"),
        ("eve", "ours", "NOT_FOUND"),
        ("ann", "", "BAD_USER_INPUT"),
        ("ann", &"x".repeat(101), "BAD_USER_INPUT"),
    ] {
        assert_eq!(k1.asks(2_000, update(actor, Some(title)).into()).refused_with(), code);
    }
    assert_eq!(opened(Direct).asks(2_000, update("ann", Some("us")).into()).refused_with(), "BAD_USER_INPUT");
}
