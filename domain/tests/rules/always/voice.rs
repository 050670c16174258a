//! Voice messages in random runs: of the files that other operations bring, some are recordings.

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::attaching::FileRole;
use schemas::operations::SendVoice;
use schemas::record::Envelope;
use schemas::rows::Attachment;

use super::account::{ann, step};
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, conversation};
use crate::voice::speaking;

impl Generated<Accounts> for SendVoice {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (id, file, to) = (draw.from(20, 24), draw.from(1, 4) as u8, draw.from(1, 4) as u8);
        let send = speaking(id, file, draw.from(0, 4) as i32);
        Some((asked(), Self { conversation: conversation(to), ..send }))
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_voice_message_is_one_recording_of_an_allowed_length(steps in steps(60)) {
        let mut run = ann();
        let most = run.harness.policy.limits.voice_seconds * 1_000;
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            for post in decided.posts() {
                let spoken = post.attachments.iter().filter(|file| file.role == FileRole::Voice).count();
                if spoken == 0 {
                    continue;
                }
                let [recording] = &post.attachments[..] else { panic!("one file: {post:?}") };
                let sound = recording.file.sound.as_ref().unwrap();
                prop_assert!(sound.duration_ms <= most && post.content.text.is_empty());
                let row = run.harness.row::<Attachment>(&recording.attachment).unwrap();
                prop_assert!(row.uses > 0 && row.declared.content_type.starts_with("audio/"));
            }
        }
    }
}
