//! Reports in random runs, against a model of what they hide.

use std::collections::BTreeMap;

use musclemap_domain::{Accounts, Conversations};
use proptest::prelude::*;
use schemas::ConversationFact;
use schemas::charging::ChargeKind;
use schemas::record::{Envelope, Output};
use schemas::reporting::{
    FileReport, Hidden, ModerationAction, Report, ReportMessage, ReportReason, ResolveReport,
};
use schemas::rows::MessageHead;

use super::cases;
use super::conversation::{of_ann_and_bob, own_charge, some_message};
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, conversation, sent, user};

const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

impl Generated<Accounts> for ReportMessage {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(sent(draw.from(1, 4), "bob", 1, 1_000));
        let conversation = conversation(draw.from(1, 3) as u8);
        Some((asked(), Self { conversation, message, reason: ReportReason::Spam, details: None }))
    }
}

impl Generated<Conversations> for FileReport {
    const WEIGHT: u32 = 10;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(some_message(run, draw)?);
        let (reporter, reason) = (user(draw.of(&PEOPLE)), ReportReason::Other);
        let report = Self { reporter, message, reason, details: None };
        Some((own_charge(run, 0, ChargeKind::Report), report))
    }
}

impl Generated<Conversations> for ResolveReport {
    const WEIGHT: u32 = 10;

    /// As of the newest decision, now and then of the one before.
    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let reports: Vec<_> = run.harness.all::<Report>().collect();
        let ((seq, reporter), report) = (!reports.is_empty()).then(|| &reports[draw.below(reports.len())])?;
        let head = run.harness.row::<MessageHead>(seq)?;
        let sender = head.sender.as_ref().map_or("ann", |sender| sender.as_str());
        let message = Box::new(sent(*seq, sender, head.position, head.at));
        let action = ModerationAction::ALL[draw.below(3)];
        let known = report.decisions - i32::from(draw.below(9) == 0);
        let (moderator, reporter) = (user("mia"), reporter.clone());
        Some((asked(), Self { moderator, reporter, message, action, note: None, known }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_message_is_hidden_as_long_as_a_report_says_so(steps in steps(100)) {
        let (mut run, mut hidden) = (of_ann_and_bob(), BTreeMap::<i64, bool>::new());
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            for output in &taken.decided.decision.outputs {
                let Output::ConversationEvent { fact, .. } = output else { continue };
                match fact {
                    ConversationFact::MessageHidden(fact) => {
                        prop_assert_eq!(hidden.insert(fact.message.seq, true), None);
                        prop_assert!(fact.message.body.content().is_none());
                    }
                    ConversationFact::MessageShown(fact) => {
                        prop_assert_eq!(hidden.remove(&fact.message.seq), Some(true));
                        prop_assert!(fact.message.body.content().is_some());
                    }
                    // A deleted message is never shown again.
                    ConversationFact::MessageDeleted(fact) => {
                        hidden.insert(fact.message.seq, false);
                    }
                    _ => {}
                }
            }
            let kept = run.harness.all::<Hidden>().filter(|(_, row)| row.message.is_some());
            let kept: Vec<(i64, i32)> = kept.map(|(seq, row)| (seq, row.reports)).collect();
            let told = hidden.iter().filter(|(_, is_hidden)| **is_hidden).map(|(seq, _)| *seq);
            let told: Vec<(i64, i32)> = told.map(|seq| {
                let reports = run.harness.all::<Report>().filter(|((of, _), _)| *of == seq);
                (seq, reports.filter(|(_, report)| report.effects.hides).count() as i32)
            }).collect();
            prop_assert_eq!(kept, told);
            for (seq, head) in run.harness.all::<MessageHead>() {
                prop_assert_eq!(head.removed_at.is_some(), hidden.contains_key(&seq), "{}", seq);
            }
        }
    }
}
