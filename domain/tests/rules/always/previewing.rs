//! Previews in random runs, against a model of which text they are of.

use std::collections::BTreeMap;

use musclemap_domain::Conversations;
use proptest::prelude::*;
use schemas::ConversationFact;
use schemas::editing::Edits;
use schemas::message::{Body, Edited};
use schemas::operations::AttachPreviews;
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::cases;
use super::conversation::{of_ann_and_bob, some_message};
use super::generators::{Draw, Generated, Run, steps};
use crate::names::asked;
use crate::previewing::preview;

impl Generated<Conversations> for AttachPreviews {
    const WEIGHT: u32 = 12;

    /// Mostly of the text that the message has, now and then of the one before.
    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let mut message = some_message(run, draw)?;
        let edits = run.harness.row::<Edits>(&message.seq).map_or(0, Edits::count);
        let count = edits - i32::from(draw.below(4) == 0);
        if let (Body::Text(text), true) = (&mut message.body, count > 0) {
            text.edited = Some(Edited { at: 1, count });
        }
        let previews = (0..draw.below(5)).map(|nth| preview(&format!("https://{nth}.example/"))).collect();
        Some((asked(), Self { message: Box::new(message), previews }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// A text gets previews once; an edit, a deletion and a moderator's hiding end them; heads and facts agree.
    #[test]
    fn previews_are_of_the_text_that_stands_and_end_with_it(steps in steps(100)) {
        let (mut run, mut told) = (of_ann_and_bob(), BTreeMap::<i64, i32>::new());
        for step in &steps {
            let Some(taken) = run.step(step) else { continue };
            for fact in taken.decided.facts() {
                match fact {
                    ConversationFact::PreviewAttached(attached) => {
                        let (seq, edits) = (attached.message.seq, attached.previews.edits);
                        prop_assert_eq!(attached.message.body.text_edits(), Some(edits));
                        prop_assert_eq!(run.harness.row::<Edits>(&seq).map_or(0, Edits::count), edits);
                        prop_assert!((1..=3).contains(&attached.previews.all.len()));
                        prop_assert_eq!(told.insert(seq, edits), None, "twice for one text");
                    }
                    ConversationFact::MessageEdited(edited) => {
                        told.remove(&edited.message.seq);
                    }
                    ConversationFact::MessageDeleted(deleted) => {
                        told.remove(&deleted.message.seq);
                    }
                    ConversationFact::MessageHidden(hidden) => {
                        told.remove(&hidden.message.seq);
                    }
                    _ => {}
                }
            }
            for (seq, head) in run.harness.all::<MessageHead>() {
                prop_assert_eq!(head.aspects & 8 != 0, told.contains_key(&seq), "bits of {}", seq);
            }
        }
    }
}
