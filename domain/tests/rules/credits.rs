//! Credits from the platform.

use expect_test::expect;
use fold::{Fold, Owner};
use musclemap_domain::Accounts;
use schemas::rows::{LedgerEntry, Once, RowKey};

use crate::harness::Harness;
use crate::names::{grant, send};
use crate::render::Table;

#[test]
fn a_grant_is_an_entry_of_the_ledger_once_for_ever() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    table.case("the first", &ann.asks(1_000, grant("welcome", 500)));
    table.answer("again", &ann.asks(2_000, grant("welcome", 500)));
    table.answer("a year later, and more", &ann.asks(365 * 86_400_000, grant("welcome", 900)));
    table.case("under another key", &ann.asks(365 * 86_400_000, grant("birthday", 1)));
    table.is(expect![[r#"
        the first
          done
          balance 0 → 500
          row once welcome
          row ledger #1: GRANT +500 → 500
          to account-events ann: GRANT +500 → 500
             CreditsChanged id=1.3.1.0 at 1000
        again: nothing to do
        a year later, and more: nothing to do
        under another key
          done
          balance 500 → 501
          row once birthday
          row ledger #4: GRANT +1 → 501
          to account-events ann: GRANT +1 → 501
             CreditsChanged id=1.3.4.0 at 31536000000
    "#]]);
}

#[test]
fn a_grant_is_positive_and_keeps_the_balance_in_bounds() {
    let mut table = Table::default();
    let mut ann = Harness::ann(0);
    table.answer("nothing", &ann.asks(0, grant("a", 0)));
    table.answer("less than nothing", &ann.asks(0, grant("a", -1)));
    table.answer("the most there is", &ann.asks(0, grant("a", i64::MAX)));
    table.answer("one above the largest balance", &ann.asks(0, grant("a", 2_000_000_001)));
    table
        .case("the largest balance, under the key that was refused", &ann.asks(0, grant("a", 2_000_000_000)));
    table.answer("one more", &ann.asks(0, grant("b", 1)));
    table.is(expect![[r#"
        nothing: BAD_USER_INPUT field=amount (a grant is positive and keeps the balance in bounds)
        less than nothing: BAD_USER_INPUT field=amount (a grant is positive and keeps the balance in bounds)
        the most there is: BAD_USER_INPUT field=amount (a grant is positive and keeps the balance in bounds)
        one above the largest balance: BAD_USER_INPUT field=amount (a grant is positive and keeps the balance in bounds)
        the largest balance, under the key that was refused
          done
          balance 0 → 2000000000
          row once a
          row ledger #5: GRANT +2000000000 → 2000000000
          to account-events ann: GRANT +2000000000 → 2000000000
             CreditsChanged id=1.3.5.0 at 0
        one more: BAD_USER_INPUT field=amount (a grant is positive and keeps the balance in bounds)
    "#]]);
}

/// Only the refund of what was spent before a grant can pass the bound, and it is owed.
#[test]
fn a_balance_at_its_bound_can_still_be_spent() {
    let mut table = Table::default();
    let mut ann = Harness::ann(2_000_000_000);
    table.case("a send", &ann.asks(0, send(1, "hello", 1)));
    table.is(expect![[r#"
        a send
          accepted
          balance 2000000000 → 1999999900
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #1, remembered
          row ledger #1: MESSAGE_SEND -100 → 1999999900 for c1, 1 recipients
          to conversations.commands k1: post "hello"
             PostMessage id=1.3.1.0 at 0 mm-reply=0.7 mm-charge=[#1 ann c1 Send k1 at 0 for 100]
          to account-events ann: MESSAGE_SEND -100 → 1999999900
             CreditsChanged id=1.3.1.1 at 0
    "#]]);
}

#[test]
fn memory_keeps_what_an_account_may_be_asked_and_no_ledger() {
    let mut ann = Harness::ann(0);
    let granted = ann.asks(1_000, grant("welcome", 500));
    let mut owner = Owner::<Accounts>::new(Accounts::fresh(), true);
    for (key, row) in granted.decision.rows {
        owner.set(key, Some(row));
    }
    let (once, entry) = (RowKey::of::<Once>(&"welcome".to_owned()), RowKey::of::<LedgerEntry>(&0));
    assert!(owner.knows(&once) && !owner.knows(&entry));
    assert_eq!(owner.len(), 1);
}
