//! Privacy: settings are set one by one, and every combination of them gives what the product says.

use expect_test::expect;
use musclemap_domain::privacy::{Reach, Relation, Sign, audience, reach, reaches, sees_reads, sends_reads};
use schemas::ErrorCode;
use schemas::charging::ChargeKind::Send;
use schemas::creating::ConversationKind::Group;
use schemas::operations::{AcknowledgeDelivery, MarkRead, PostMessage};
use schemas::privacy::{Audience, Privacy, UpdatePrivacy};

use crate::harness::Harness;
use crate::names::{charge, paid, post, posting, send, user};
use crate::render::Table;

#[test]
fn settings_are_set_one_by_one() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let nobody = UpdatePrivacy { who_can_message_me: Some(Audience::NoOne), ..Default::default() };
    table.case("nobody writes", &ann.asks(1_000, nobody.clone().into()));
    table.answer("again", &ann.asks(1_000, nobody.clone().into()));
    table.answer("nothing asked", &ann.asks(1_000, UpdatePrivacy::default().into()));
    let rest = UpdatePrivacy {
        who_can_message_me: None,
        show_online_status: Some(Audience::Everyone),
        show_read_receipts: Some(false),
        show_typing_indicator: Some(false),
        allow_message_requests: Some(false),
        appear_offline: Some(true),
    };
    table.case("the rest", &ann.asks(2_000, rest.into()));
    let anyone = UpdatePrivacy { who_can_message_me: Some(Audience::Everyone), ..Default::default() };
    table.case("anyone writes", &ann.asks(3_000, anyone.into()));
    table.outcome("the first, repeated", ann.repeats(1, crate::names::asked(), nobody.into()).as_ref());
    table.is(expect![[r#"
        nobody writes
          done
          privacy Everyone may write, Followers may see, receipts typing requests → NoOne may write, Followers may see, receipts typing requests
          to account-events ann: privacy: NoOne may write, Followers may see, receipts typing requests
             PrivacyChanged id=1.3.1.0 at 1000
        again: nothing to do
        nothing asked: nothing to do
        the rest
          done
          privacy NoOne may write, Followers may see, receipts typing requests → NoOne may write, Everyone may see, appears offline
          to account-events ann: privacy: NoOne may write, Everyone may see, appears offline
             PrivacyChanged id=1.3.4.0 at 2000
        anyone writes
          done
          privacy NoOne may write, Everyone may see, appears offline → Everyone may write, Everyone may see, appears offline
          to account-events ann: privacy: Everyone may write, Everyone may see, appears offline
             PrivacyChanged id=1.3.5.0 at 3000
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
    "#]]);
}

const AUDIENCES: [Audience; 3] = [Audience::Everyone, Audience::Followers, Audience::NoOne];
const SWITCH: [bool; 2] = [true, false];

/// Every combination of settings.
fn settings() -> impl Iterator<Item = Privacy> {
    (0..3 * 3 * 16).map(|nth: usize| Privacy {
        who_can_message_me: AUDIENCES[nth % 3],
        show_online_status: AUDIENCES[nth / 3 % 3],
        show_read_receipts: SWITCH[nth / 9 % 2],
        show_typing_indicator: SWITCH[nth / 18 % 2],
        allow_message_requests: SWITCH[nth / 36 % 2],
        appear_offline: SWITCH[nth / 72 % 2],
    })
}

fn relations() -> impl Iterator<Item = Relation> {
    (0..8).map(|set: u8| Relation { is_own: set & 1 != 0, follows: set & 2 != 0, is_hidden: set & 4 != 0 })
}

/// The oracle: the reasons to hide a sign, each as the product names it; a sign without one is shown.
fn reasons(sign: Sign, of: &Privacy, relation: Relation) -> Vec<&'static str> {
    let outside = |audience: Audience| {
        audience == Audience::NoOne || (audience == Audience::Followers && !relation.follows)
    };
    let general = [(relation.is_hidden, "a block, or a request that waits")];
    let own: Vec<(bool, &str)> = match sign {
        Sign::Presence => {
            vec![(outside(of.show_online_status), "the audience"), (of.appear_offline, "appears offline")]
        }
        Sign::Typing => vec![(!of.show_typing_indicator, "switched off")],
    };
    let all = general.into_iter().chain(own);
    all.filter(|(hides, _)| *hides && !relation.is_own).map(|(_, why)| why).collect()
}

#[test]
fn a_sign_is_shown_where_the_product_names_no_reason_to_hide_it() {
    let (mut asked, mut shown) = (0, 0);
    for of in settings() {
        for relation in relations() {
            for sign in [Sign::Presence, Sign::Typing] {
                let reasons = reasons(sign, &of, relation);
                let is_shown = reaches(audience(sign, &of), relation);
                assert_eq!(is_shown, reasons.is_empty(), "{sign:?} {of:?} {relation:?}: {reasons:?}");
                (asked, shown) = (asked + 1, shown + usize::from(is_shown));
            }
        }
    }
    assert_eq!((asked, shown), (2_304, 1_368));
}

#[test]
fn read_receipts_are_sent_and_seen_by_users_with_the_setting_on_alone() {
    for of in settings() {
        for viewer in settings() {
            let reasons =
                [(!of.show_read_receipts, "does not send"), (!viewer.show_read_receipts, "does not see")];
            let reasons: Vec<_> = reasons.into_iter().filter(|(hides, _)| *hides).collect();
            assert_eq!(sends_reads(&of) && sees_reads(&viewer), reasons.is_empty(), "{of:?} {viewer:?}");
        }
    }
}

#[test]
fn a_user_is_written_to_openly_by_request_or_not_at_all() {
    for of in settings() {
        for follows in SWITCH {
            let wanted = match (of.who_can_message_me, follows, of.allow_message_requests) {
                (Audience::Everyone, _, _) | (Audience::Followers, true, _) => Ok(Reach::Open),
                (_, _, true) => Ok(Reach::Request),
                (_, _, false) => Err(ErrorCode::RecipientUnavailable),
            };
            assert_eq!(reach(&of, follows).map_err(|refusal| refusal.code), wanted, "{of:?} {follows}");
        }
    }
}

#[test]
fn what_is_read_with_receipts_off_is_never_shown() {
    let (mut table, mut k1) = (Table::default(), Harness::opened(1_000, Group, &["bob"]));
    for id in 1..=4 {
        k1.takes(1_000, paid(charge(id, Send, 4 + i64::from(id))), post("ann", id, "hello"));
    }
    let read = |up_to, is_shown| MarkRead { user: user("bob"), up_to, is_shown };
    table.case("with receipts", &k1.asks(2_000, read(1, true).into()));
    table.case("without", &k1.asks(3_000, read(2, false).into()));
    k1.asks(4_000, AcknowledgeDelivery { user: user("bob"), up_to: 3 }.into());
    table.case("delivered before", &k1.asks(5_000, read(3, false).into()));
    table.answer("again, with receipts", &k1.asks(6_000, read(3, true).into()));
    let answer = PostMessage { shows_reads: false, ..posting("bob", 9, "an answer") };
    table.case("an answer without receipts", &k1.takes(7_000, paid(charge(9, Send, 20)), answer.into()));
    table.case("with receipts again", &k1.asks(8_000, read(5, true).into()));
    k1.takes(9_000, paid(charge(10, Send, 21)), post("ann", 10, "the last"));
    table.case("a later message", &k1.asks(9_000, read(6, true).into()));
    table.is(expect![[r#"
        with receipts
          done
          row receipt bob: read 1, ordinal 1
          to events k1: bob has 1
             DeliveryAdvanced id=1.3.5.0 at 2000
          to events k1: bob has read 1
             ReceiptAdvanced id=1.3.5.1 at 2000
        without
          done
          row receipt bob: read 2, shown 1, ordinal 2
          to events k1: bob has 2
             DeliveryAdvanced id=1.3.6.0 at 3000
          to events k1: bob has read 2 in private
             ReceiptAdvanced id=1.3.6.1 at 3000
        delivered before
          done
          row receipt bob: read 3, shown 1, ordinal 3
          to events k1: bob has read 3 in private
             ReceiptAdvanced id=1.3.8.0 at 5000
        again, with receipts: nothing to do
        an answer without receipts
          stored as 5
          head 4 at 1000 → 5 at 7000
          countable 4 → 5
          row message 5: by bob at #10, ordinal 5
          row sent bob c9: 5, paid by #20
          row receipt bob: read 5, shown 1, ordinal 5
          view messages k1 5: "an answer" by bob as c9, 1 recipients
          to events k1: created 5: "an answer" by bob as c9, 1 recipients
             MessageCreated id=1.3.10.0 at 7000
        with receipts again
          nothing to do
        a later message
          done
          row receipt bob: read 6, ordinal 6
          to events k1: bob has 6
             DeliveryAdvanced id=1.3.13.0 at 9000
          to events k1: bob has read 6
             ReceiptAdvanced id=1.3.13.1 at 9000
    "#]]);
}

#[test]
fn an_account_says_with_each_send_whether_its_user_shows_receipts() {
    let mut ann = Harness::ann(1_000);
    for (id, show_read_receipts) in [(1, None), (2, Some(false)), (3, None), (4, Some(true))] {
        ann.asks(1_000, UpdatePrivacy { show_read_receipts, ..Default::default() }.into());
        let sent = ann.asks(1_000, send(id, &format!("hello {id}"), 1));
        let shows = sent.posts().next().map(|post| post.shows_reads);
        assert_eq!(shows, Some(![2, 3].contains(&id)), "send {id}");
    }
}
