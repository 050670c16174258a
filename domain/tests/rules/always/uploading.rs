//! Uploads in random runs: three attachments, two files each.

use std::collections::BTreeMap;

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::AccountFact;
use schemas::AttachmentId;
use schemas::record::{Envelope, Output};
use schemas::uploading::{
    Attachment, CompleteUpload, CreateUpload, Finding, Rejected, RejectedReason, SettleUpload,
};

use super::account::{ann, step};
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, attachment, upload};
use crate::uploading::stored;
use crate::voice::{recorded, recording};

fn some(draw: &mut Draw<'_>) -> AttachmentId {
    attachment(draw.from(1, 4) as u8)
}

impl Generated<Accounts> for CreateUpload {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let attachment = some(draw);
        let begun = if draw.coin() { upload(1, draw.of(&["a.jpg", "b.jpg"])) } else { recording(1) };
        Some((asked(), Self { attachment, ..begun }))
    }
}

impl Generated<Accounts> for CompleteUpload {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { attachment: some(draw) }))
    }
}

impl Generated<Accounts> for SettleUpload {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let rejected = Finding::Rejected(Rejected { reason: RejectedReason::Malformed });
        let attachment = some(draw);
        // The declared type may be any.
        let finding = match draw.below(4) {
            0 => rejected,
            1 => stored(),
            2 => recorded(150_000),
            _ => recorded(9_000),
        };
        Some((asked(), Self { attachment, finding }))
    }
}

/// How far an attachment is, as a number.
fn stage(attachment: &Attachment) -> u8 {
    if attachment.progress.is_uploading() {
        1
    } else if attachment.progress.is_scanning() {
        2
    } else if attachment.progress.is_gone() {
        4
    } else {
        3
    }
}

/// What facts say of an attachment; that it is carried is no fact.
fn told(attachment: &Attachment) -> Attachment {
    Attachment { uses: 0, ..attachment.clone() }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn each_fact_is_the_next_step_of_an_attachment_and_its_row(steps in steps(60)) {
        let mut run = ann();
        let mut known: BTreeMap<AttachmentId, Attachment> = BTreeMap::new();
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            for output in &decided.decision.outputs {
                let Output::AccountEvent { fact: AccountFact::AttachmentChanged(changed), .. } = output else {
                    continue;
                };
                let before = known.insert(changed.attachment.clone(), told(&changed.now));
                prop_assert_eq!(before.as_ref().map_or(0, stage) + 1, stage(&changed.now));
                prop_assert!(before.is_none_or(|before| before.declared == changed.now.declared));
            }
        }
        let rows: BTreeMap<_, _> =
            run.harness.all::<Attachment>().map(|(id, row)| (id, told(row))).collect();
        prop_assert_eq!(rows, known);
    }
}
