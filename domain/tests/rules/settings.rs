//! Settings of a group.

use expect_test::expect;
use musclemap_domain::Conversations;
use schemas::charging::ChargeKind::Send;
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::settings::UpdateConversation;

use crate::harness::Harness;
use crate::names::{asked, charge, paid, post, profile};
use crate::render::Table;

fn update(actor: &str, title: Option<&str>) -> UpdateConversation {
    UpdateConversation { title: title.map(str::to_owned), ..nothing(actor) }
}

pub fn nothing(actor: &str) -> UpdateConversation {
    UpdateConversation {
        actor: profile(actor),
        title: None,
        description: None,
        announcements_only: None,
        avatar: None,
    }
}

fn described(actor: &str, text: &str) -> UpdateConversation {
    UpdateConversation { description: Some(text.to_owned()), ..nothing(actor) }
}

fn opened(kind: schemas::creating::ConversationKind) -> Harness<Conversations> {
    Harness::opened(1_000, kind, &["bob"])
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
          to events k1: updated by ann: "Leg day"
             ConversationUpdated id=1.3.1.0 at 2000
          to events k1: created 1: Renamed [] "Leg day" by ann, 1 recipients
             MessageCreated id=1.3.1.1 at 2000
        the same: nothing to do
        nothing: nothing to do
    "#]]);
    assert!(k1.repeats(1, asked(), update("ann", Some("Leg day")).into()).is_some());
}

#[test]
fn each_setting_that_changes_has_a_system_message() {
    let (mut table, mut k1) = (Table::default(), opened(Group));
    table.case("a description", &k1.asks(2_000, described("ann", "We lift").into()));
    table.answer("the same", &k1.asks(2_000, described("ann", "We lift").into()));
    let only = |only| UpdateConversation { announcements_only: Some(only), ..nothing("ann") };
    let both = UpdateConversation { description: Some(String::new()), ..only(true) };
    table.case("no description, and announcements only", &k1.asks(3_000, both.into()));
    table.case("a post of a member", &k1.takes(4_000, paid(charge(5, Send, 5)), post("bob", 5, "hi")));
    k1.takes(4_000, paid(charge(6, Send, 6)), post("ann", 6, "hi"));
    k1.asks(5_000, only(false).into());
    k1.takes(6_000, paid(charge(7, Send, 7)), post("bob", 7, "hi"));
    assert_eq!(k1.state.head, 6, "two notes of both, ann's post, a note, bob's post");
    let long = described("ann", &"x".repeat(501));
    assert_eq!(k1.asks(7_000, long.into()).refused_with(), "BAD_USER_INPUT");
    table.is(expect![[r#"
        a description
          done
          conversation GROUP by ann, charge #4 → GROUP described "We lift" by ann, charge #4
          head 0 at 1000 → 1 at 2000
          row message 1: by nobody at #1, ordinal 0
          view messages k1 1: SettingsChanged [] "DESCRIPTION" by ann, 1 recipients
          to events k1: updated by ann: described "We lift"
             ConversationUpdated id=1.3.1.0 at 2000
          to events k1: created 1: SettingsChanged [] "DESCRIPTION" by ann, 1 recipients
             MessageCreated id=1.3.1.1 at 2000
        the same: nothing to do
        no description, and announcements only
          done
          conversation GROUP described "We lift" by ann, charge #4 → GROUP announcements only by ann, charge #4
          head 1 at 2000 → 3 at 3000
          row message 2: by nobody at #3, ordinal 0
          row message 3: by nobody at #3, ordinal 0
          view messages k1 2: SettingsChanged [] "DESCRIPTION" by ann, 1 recipients
          view messages k1 3: SettingsChanged [] "ANNOUNCEMENTS_ONLY" by ann, 1 recipients
          to events k1: updated by ann: announcements only
             ConversationUpdated id=1.3.3.0 at 3000
          to events k1: created 2: SettingsChanged [] "DESCRIPTION" by ann, 1 recipients
             MessageCreated id=1.3.3.1 at 3000
          to events k1: created 3: SettingsChanged [] "ANNOUNCEMENTS_ONLY" by ann, 1 recipients
             MessageCreated id=1.3.3.2 at 3000
        a post of a member
          (the account answers)
          to accounts.commands ann: refund [#5 ann c5 Send k1 at 0 for 100] because ANNOUNCEMENTS_ONLY (only the owner and moderators post here)
             Refund id=1.3.4.0 at 4000 mm-reply=0.7
    "#]]);
}

#[test]
fn only_owner_and_moderators_of_a_group_change_it() {
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
