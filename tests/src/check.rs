//! What must hold of a conversation with one sender, and of its money, whatever happened meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Client;
use crate::load::{Attempt, Outcome};

/// Acknowledged = stored, once; nothing stored that nobody said; numbers without hole.
pub fn history(attempts: &[Attempt], messages: &[Value]) {
    let seqs: Vec<i64> = messages.iter().map(|message| message["seq"].as_i64().expect("a number")).collect();
    assert_eq!(seqs, (1..=messages.len() as i64).collect::<Vec<_>>());
    let stored: BTreeMap<&str, &Value> = messages
        .iter()
        .map(|message| (message["clientMessageId"].as_str().expect("text"), message))
        .collect();
    assert_eq!(stored.len(), messages.len(), "a client id is stored once");
    let mut said = BTreeSet::new();
    for attempt in attempts {
        let id = attempt.id.to_string();
        match (&attempt.outcome, stored.get(id.as_str())) {
            (Outcome::Acknowledged(message), Some(found)) => assert_eq!(message["id"], found["id"]),
            (Outcome::Unknown, _) => {}
            (Outcome::Refused(code), None) if code == "UNAVAILABLE" => {}
            (outcome, found) => panic!("{id}: told {outcome:?}, stored {found:?}"),
        }
        if let Some(found) = stored.get(id.as_str()) {
            assert_eq!(found["content"], attempt.text.as_str());
        }
        said.insert(id);
    }
    let phantoms: Vec<_> = stored.keys().filter(|id| !said.contains(**id)).collect();
    assert!(phantoms.is_empty(), "nobody said {phantoms:?}");
}

/// The ledger explains the balance: one grant, one charge for each stored message, nothing else
/// that is not given back.
pub async fn money(sender: &Client, messages: &[Value]) {
    let (ledger, balance) = (sender.ledger().await, sender.balance().await);
    let mut balances: Vec<i64> = vec![0];
    for entry in ledger.iter().rev() {
        let before = balances[balances.len() - 1];
        let after = entry["balanceAfterMilli"].as_i64().expect("a number");
        assert_eq!(before + entry["amountMilli"].as_i64().expect("a number"), after, "{entry}");
        assert!(after >= 0);
        balances.push(after);
    }
    assert_eq!(balances[balances.len() - 1], balance);
    assert_eq!(balance, 100_000 - 100 * messages.len() as i64);
    let charged: Vec<&str> = ledger.iter().filter_map(|entry| entry["messageId"].as_str()).collect();
    let ids: BTreeSet<&str> = messages.iter().map(|message| message["id"].as_str().expect("text")).collect();
    assert_eq!(charged.iter().copied().collect::<BTreeSet<_>>(), ids);
    assert_eq!(charged.len(), ids.len(), "one charge a message");
}
