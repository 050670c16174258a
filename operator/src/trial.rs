//! What a draft of a policy would have done to texts that are in the log.
//!
//! Invariant: it changes nothing, and shows no text.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::indexing::{self, Indexed};
use domain::moderation;
use platform::ports::{Log, Record};
use schemas::ConversationFact;
use schemas::moderation::{Action, Moderation};
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::EVENTS;
use tokio::time::timeout;

use crate::policy;

/// How long the log may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A text as it was sent or edited, newest last.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    at: LogTime,
    place: (Partition, Offset),
    text: String,
    mentions: usize,
}

/// How many texts met which rules of a draft.
#[derive(Debug, PartialEq, Eq)]
pub struct Findings {
    texts: usize,
    refused: usize,
    /// Of each rule: its id, its action, its texts.
    rules: Vec<(String, Action, usize)>,
}

impl Findings {
    pub fn lines(&self) -> Vec<String> {
        let rule = |(id, action, met): &(String, Action, usize)| format!("{met} {} {id}", action.as_str());
        let mut lines: Vec<String> = self.rules.iter().map(rule).collect();
        lines.push(format!("{} texts, {} refused", self.texts, self.refused));
        lines
    }
}

/// Holds the newest texts to the rules of a file, at most `last`, among as many events of each partition. Roles
/// of their senders are not known, so no rule exempts any.
pub async fn run(log: &dyn Log, file: &Path, last: usize) -> Result<Findings> {
    let rules = policy::read(file)?.moderation;
    let mut newest = BinaryHeap::new();
    for partition in 0..log.partitions(&EVENTS) {
        let marks = log.marks(&EVENTS, partition).await?;
        let mut next = marks.low.max(marks.end.saturating_sub(i64::try_from(last)?));
        if next == marks.end {
            continue;
        }
        let mut reader = log.read(&EVENTS, partition, next).await?;
        while next < marks.end {
            let records = timeout(PATIENCE, reader.next()).await.context("the log does not answer")?;
            for record in records? {
                next = record.offset + 1;
                newest.extend(sent(&record).map(Reverse));
                if newest.len() > last {
                    newest.pop();
                }
            }
        }
    }
    held_to(&rules, newest.into_iter().map(|Reverse(sent)| sent))
}

/// The text that an event tells, if it is one of a message.
fn sent(record: &Record) -> Option<Sent> {
    let fact = ConversationFact::decode(&record.value).ok()?;
    let Indexed::Message(message) = indexing::indexed(&fact) else { return None };
    let text = indexing::text(message)?.into_owned();
    let (at, place) = (record.time, (record.partition, record.offset));
    Some(Sent { at, place, text, mentions: message.mentions.people.len() })
}

fn held_to(rules: &Moderation, all: impl Iterator<Item = Sent>) -> Result<Findings> {
    let counted = rules.rules().iter().map(|rule| (rule.id.clone(), rule.action, 0));
    let mut findings = Findings { texts: 0, refused: 0, rules: counted.collect() };
    for sent in all {
        let met = moderation::met(rules, &sent.text, sent.mentions)?;
        findings.texts += 1;
        let mut is_refused = false;
        for (rule, _) in met {
            let (_, action, count) = &mut findings.rules[rule];
            *count += 1;
            is_refused |= *action == Action::Reject;
        }
        findings.refused += usize::from(is_refused);
    }
    Ok(findings)
}
