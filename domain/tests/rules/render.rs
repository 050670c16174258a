//! Decisions in words, a line for each thing that a decision does.

use expect_test::Expect;
use musclemap_domain::account::AccountRow;
use musclemap_domain::conversation::ConversationRow;
use musclemap_domain::{Accounts, Conversations};
use schemas::fold::Fold;
use schemas::owner::RowKey;
use schemas::rows::{AccountState, ConversationState};
use schemas::verdict::Outcome;

use crate::seat::Decided;
use crate::words;

/// A fold whose state and rows can be said in words.
pub trait Worded: Fold {
    /// Parts of the state, each by name.
    fn parts(state: &Self::State) -> Vec<(&'static str, String)>;
    fn row(key: &RowKey, row: &Self::Row) -> String;
}

/// Cases and what was decided in each.
#[derive(Default)]
pub struct Table(String);

impl Table {
    pub fn case<F: Worded>(&mut self, name: &str, decided: &Decided<F>) -> &mut Self {
        self.0.push_str(&format!("{name}\n"));
        for line in lines(decided) {
            self.0.push_str(&format!("  {line}\n"));
        }
        self
    }

    /// A case of which only the verdict matters; nothing else may have come of it.
    pub fn answer<F: Worded>(&mut self, name: &str, decided: &Decided<F>) -> &mut Self {
        let lines = lines(decided);
        assert_eq!(lines.len(), 1, "{name} has effects: {lines:?}");
        self.0.push_str(&format!("{name}: {}\n", lines[0]));
        self
    }

    pub fn told(&mut self, name: &str, outcome: Option<&Outcome>) -> &mut Self {
        self.0.push_str(&format!("{name}: {}\n", verdict(outcome)));
        self
    }

    pub fn is(&self, expected: Expect) {
        expected.assert_eq(&self.0);
    }
}

fn verdict(outcome: Option<&Outcome>) -> String {
    outcome.map_or("(someone else answers)".to_owned(), words::outcome)
}

fn lines<F: Worded>(decided: &Decided<F>) -> Vec<String> {
    let decision = &decided.decision;
    let mut lines = vec![verdict(decision.verdict.as_ref())];
    let parts = F::parts(&decided.before).into_iter().zip(F::parts(&decision.state));
    let changed = parts.filter(|(before, after)| before != after);
    lines.extend(changed.map(|((name, before), (_, after))| format!("{name} {before} → {after}")));
    lines.extend(decision.rows.iter().map(|(key, row)| format!("row {}", F::row(key, row))));
    lines.extend(decision.views.iter().map(|row| format!("view {}", words::view(&row.to_row()))));
    for (output, record) in decision.outputs.iter().zip(decided.records()) {
        lines.push(format!("to {}", words::output(output, record.topic)));
        lines.push(format!("   {}", words::headers(&record)));
    }
    lines
}

impl Worded for Accounts {
    fn parts(state: &AccountState) -> Vec<(&'static str, String)> {
        vec![
            ("balance", state.balance_milli.to_string()),
            ("sends", state.sends.len().to_string()),
            ("creations", state.creations.len().to_string()),
            ("texts", state.texts.len().to_string()),
        ]
    }

    fn row(key: &RowKey, row: &AccountRow) -> String {
        match row {
            AccountRow::ClientRequest(request) => format!(
                "{}: {:?} to {} at #{}, {}",
                words::client_key(&key.key),
                request.kind,
                words::conversation(&request.conversation),
                request.position,
                if request.live { "remembered" } else { "forgotten" },
            ),
            AccountRow::Ledger(entry) => format!(
                "ledger #{}: {} {:+} → {}{}{}",
                key.number().unwrap(),
                entry.kind.as_str(),
                entry.amount_milli,
                entry.balance_after_milli,
                entry.client_id.as_ref().map_or(String::new(), |id| format!(" for {}", words::client(id))),
                entry.recipients.map_or(String::new(), |count| format!(", {count} recipients")),
            ),
            AccountRow::Once(_) => format!("once {}", String::from_utf8_lossy(&key.key)),
        }
    }
}

impl Worded for Conversations {
    fn parts(state: &ConversationState) -> Vec<(&'static str, String)> {
        let opened = state.opened.as_ref().map_or("not open".to_owned(), |opened| {
            format!("{} by {}, charge #{}", opened.kind.as_str(), opened.by, opened.charge)
        });
        vec![
            ("conversation", opened),
            ("head", format!("{} at {}", state.head, state.head_at)),
            ("members", state.members.to_string()),
        ]
    }

    fn row(key: &RowKey, row: &ConversationRow) -> String {
        match row {
            ConversationRow::Member(member) => {
                format!("member {}: {}", key.user().unwrap(), words::member(member))
            }
            ConversationRow::Receipt(receipt) => {
                format!("receipt {}: read {}", key.user().unwrap(), receipt.read_up_to)
            }
            ConversationRow::Sent(sent) => {
                let (who, id) = key.key.split_at(key.key.len() - 17);
                let (who, id) = (String::from_utf8_lossy(who), words::client_key(&id[1..]));
                format!("sent {who} {id}: {}, paid by #{}", sent.seq, sent.charge)
            }
            ConversationRow::Message(head) => {
                let by = head.sender.as_ref().map_or("nobody".to_owned(), ToString::to_string);
                let deleted = head.deleted_at.map_or(String::new(), |at| format!(", deleted at {at}"));
                format!("message {}: by {by}{deleted}", key.number().unwrap())
            }
            ConversationRow::Once(_) => format!("once {}", String::from_utf8_lossy(&key.key)),
            ConversationRow::Blocks(blocks) => {
                format!("blocks by {}: {}", key.user().unwrap(), words::blocks(blocks))
            }
        }
    }
}
