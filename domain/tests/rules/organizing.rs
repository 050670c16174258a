//! How a user keeps their conversations.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::organizing::{NotificationLevel, OrganizeConversation, Organized, SaveDraft};
use schemas::preferences::UpdatePreferences;

use crate::harness::{Decided, Harness};
use crate::names::{asked, conversation, organize};
use crate::render::Table;

fn change(
    ann: &mut Harness<Accounts>,
    (time, head): (i64, i64),
    change: impl FnOnce(&mut OrganizeConversation),
) -> Decided<Accounts> {
    let mut request = organize(1, head);
    change(&mut request);
    ann.asks(time, request.into())
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn each_setting_is_set_alone_and_told_to_the_user_only() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    table.case("a star", &change(&mut ann, (1_000, 3), |asked| asked.starred = Some(true)));
    table.answer("again", &change(&mut ann, (1_000, 3), |asked| asked.starred = Some(true)));
    let level = Some(NotificationLevel::Mentions);
    table.case("a level", &change(&mut ann, (2_000, 3), |asked| asked.level = level));
    table.case("labels", &change(&mut ann, (3_000, 3), |asked| asked.labels = texts(&["gym", "crew"])));
    table.case("other labels", &change(&mut ann, (4_000, 3), |asked| asked.labels = texts(&["gym"])));
    table.is(expect![[r#"
        a star
          done
          row k1: starred
          to account-events ann: organized k1
             ConversationOrganized id=1.3.1.0 at 1000
        again: nothing to do
        a level
          done
          row k1: starred, level Mentions
          to account-events ann: organized k1
             ConversationOrganized id=1.3.3.0 at 2000
        labels
          done
          row labels: crew 1, gym 1
          row k1: starred, level Mentions, labels gym crew
          to account-events ann: organized k1
             ConversationOrganized id=1.3.4.0 at 3000
        other labels
          done
          row labels: gym 1
          row k1: starred, level Mentions, labels gym
          to account-events ann: organized k1
             ConversationOrganized id=1.3.5.0 at 4000
    "#]]);
}

#[test]
fn the_archive_keeps_what_is_muted_and_gives_back_what_has_news() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    table.case("archived", &change(&mut ann, (1_000, 3), |asked| asked.archived = Some(true)));
    table.answer("again", &change(&mut ann, (2_000, 3), |asked| asked.archived = Some(true)));
    table.case(
        "muted when it is back",
        &change(&mut ann, (3_000, 4), |asked| asked.muted_until = Some(9_000)),
    );
    table.case("archived again", &change(&mut ann, (4_000, 4), |asked| asked.archived = Some(true)));
    table.case("unmuted, with news", &change(&mut ann, (5_000, 7), |asked| asked.muted_until = Some(0)));
    table.case("taken out", &change(&mut ann, (6_000, 7), |asked| asked.archived = Some(false)));
    table.is(expect![[r#"
        archived
          done
          row k1: archived at 1000 up to 3
          to account-events ann: organized k1
             ConversationOrganized id=1.3.1.0 at 1000
        again: nothing to do
        muted when it is back
          done
          row k1: muted until 9000
          to account-events ann: organized k1
             ConversationOrganized id=1.3.3.0 at 3000
        archived again
          done
          row k1: archived at 4000 up to 4, muted until 9000
          to account-events ann: organized k1
             ConversationOrganized id=1.3.4.0 at 4000
        unmuted, with news
          done
          row k1: archived at 4000 up to 7
          to account-events ann: organized k1
             ConversationOrganized id=1.3.5.0 at 5000
        taken out
          done
          row k1: as at first
          to account-events ann: organized k1
             ConversationOrganized id=1.3.6.0 at 6000
    "#]]);
}

#[test]
fn labels_are_bounded_by_conversation_and_by_account() {
    let mut ann = Harness::ann(0);
    let many = |from: usize, count: usize| -> Option<Vec<String>> {
        Some((from..from + count).map(|number| format!("label {number}")).collect())
    };
    for (labels, code) in [
        (many(0, 21), "LIMIT_REACHED"),
        (texts(&["gym", "gym"]), "BAD_USER_INPUT"),
        (texts(&[""]), "BAD_USER_INPUT"),
        (texts(&[&"x".repeat(51)]), "BAD_USER_INPUT"),
    ] {
        assert_eq!(change(&mut ann, (0, 0), |asked| asked.labels = labels).refused_with(), code);
    }
    for number in 1..=5 {
        let request =
            OrganizeConversation { labels: many(20 * usize::from(number), 20), ..organize(number, 0) };
        ann.asks(0, request.into());
    }
    let one_more = OrganizeConversation { labels: texts(&["one more"]), ..organize(6, 0) };
    assert_eq!(ann.asks(0, one_more.clone().into()).refused_with(), "LIMIT_REACHED");
    ann.asks(0, OrganizeConversation { labels: many(20, 19), ..organize(1, 0) }.into());
    ann.asks(0, one_more.into());
    let kept = ann.row::<Organized>(&conversation(6)).unwrap();
    assert_eq!(kept.labels, ["one more"]);
}

#[test]
fn the_last_draft_stands() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let draft = |text: &str| SaveDraft { conversation: conversation(1), content: text.to_owned() };
    table.case("a draft", &ann.asks(1_000, draft("see you at").into()));
    table.answer("the same", &ann.asks(1_000, draft("see you at").into()));
    table.case("removed", &ann.asks(2_000, draft("").into()));
    table.answer("too long", &ann.asks(3_000, draft(&"x".repeat(4_001)).into()));
    table.outcome("the first, repeated", ann.repeats(1, asked(), draft("see you at").into()).as_ref());
    table.outcome("the removal, repeated", ann.repeats(3, asked(), draft("").into()).as_ref());
    table.is(expect![[r#"
        a draft
          done
          row draft k1: "see you at"
          to account-events ann: draft k1
             DraftSaved id=1.3.1.0 at 1000
        the same: nothing to do
        removed
          done
          row draft k1: ""
          to account-events ann: draft k1
             DraftSaved id=1.3.3.0 at 2000
        too long: BAD_USER_INPUT field=content (the text is too long)
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the removal, repeated: done
    "#]]);
}

#[test]
fn preferences_are_set_one_by_one() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let locale = |locale: &str| UpdatePreferences { locale: Some(locale.to_owned()), auto_translate: None };
    table.case("a locale", &ann.asks(1_000, locale("pt-BR").into()));
    table.answer("again", &ann.asks(1_000, locale("pt-BR").into()));
    let translate = UpdatePreferences { locale: None, auto_translate: Some(true) };
    table.case("translation", &ann.asks(2_000, translate.into()));
    table.is(expect![[r#"
        a locale
          done
          row Preferences { locale: "pt-BR", auto_translate: false }
          to account-events ann: prefers Preferences { locale: "pt-BR", auto_translate: false }
             PreferencesChanged id=1.3.1.0 at 1000
        again: nothing to do
        translation
          done
          row Preferences { locale: "pt-BR", auto_translate: true }
          to account-events ann: prefers Preferences { locale: "pt-BR", auto_translate: true }
             PreferencesChanged id=1.3.3.0 at 2000
    "#]]);
}
