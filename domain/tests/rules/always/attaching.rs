//! Files that messages carry, in random runs: of accounts the counts, of conversations what is counted.

use std::collections::BTreeMap;

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::attaching::CountFiles;
use schemas::record::{Envelope, Output};
use schemas::rows::Carried;
use schemas::{AccountRequest, AttachmentId, ConversationFact};

use super::cases;
use super::conversation::of_ann_and_bob;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, attachment};

impl Generated<Accounts> for CountFiles {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { attachments: vec![attachment(draw.from(1, 4) as u8)], more: draw.coin() }))
    }
}

/// How the counts of files move with an output: a send has counted what its message carries, but a
/// forward and a sticker have not.
fn moves(output: &Output) -> Vec<(AttachmentId, i64)> {
    match output {
        Output::ConversationEvent { fact: ConversationFact::MessageCreated(created), .. } => {
            let body = &created.message.body;
            let is_counted = body.forwarded().is_none() && body.sticker().is_none();
            let files = body.attachments().iter().filter(|_| is_counted);
            files.map(|file| (file.attachment.clone(), 1)).collect()
        }
        Output::ToAccount { request: AccountRequest::CountFiles(count), .. } => {
            let by = if count.more { 1 } else { -1 };
            count.attachments.iter().map(|file| (file.clone(), by)).collect()
        }
        _ => vec![],
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn each_file_is_counted_as_often_as_it_is_carried(steps in steps(60)) {
        let mut run = of_ann_and_bob();
        let mut counted: BTreeMap<AttachmentId, i64> = BTreeMap::new();
        for next in &steps {
            let Some(taken) = run.step(next) else { continue };
            for (file, by) in taken.decided.decision.outputs.iter().flat_map(moves) {
                *counted.entry(file).or_default() += by;
            }
        }
        counted.retain(|_, uses| *uses != 0);
        let mut carried: BTreeMap<AttachmentId, i64> = BTreeMap::new();
        let of_messages = run.harness.all::<Carried>().flat_map(|(_, row)| &row.files);
        let avatar = run.harness.state.opened.as_ref().and_then(|opened| opened.avatar.as_ref());
        let files = of_messages.map(|file| &file.attachment).chain(avatar.map(|file| &file.attachment));
        for file in files {
            *carried.entry(file.clone()).or_default() += 1;
        }
        prop_assert_eq!(counted, carried);
    }
}
