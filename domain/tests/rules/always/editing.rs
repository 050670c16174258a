//! Edits in random runs: in time and late, of one's own and others' messages, to few texts. The limit of
//! edits, against a model that keeps every edit that was ever let pass.

use musclemap_domain::{Accounts, Conversations};
use proptest::prelude::*;
use schemas::charging::{Charge, ChargeKind};
use schemas::editing::{EditMessage, SubmitEdit};
use schemas::message::{Content, Mentions};
use schemas::position::LogTime;
use schemas::record::Envelope;
use schemas::verdict::Outcome;

use super::account::ann;
use super::conversation::{own_charge, some_message};
use super::generators::{Draw, Generated, Run};
use super::{cases, gap, pass};
use crate::names::{asked, conversation, edit, refund, sent, user};

impl Generated<Conversations> for EditMessage {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(some_message(run, draw)?);
        let actor = if draw.below(4) > 0 { message.sender.user.clone() } else { user("bob") };
        let content = Content::plain(draw.of(&["one", "two", "three", " "]));
        let edit = Self { actor, message, content, mentions: Mentions::default() };
        Some((own_charge(run, 0, ChargeKind::Edit), edit))
    }
}

fn submit(text: &str) -> SubmitEdit {
    SubmitEdit { conversation: conversation(1), edit: edit("ann", sent(1, "ann", 1, 0), text) }
}

impl Generated<Accounts> for SubmitEdit {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), submit(draw.of(&["one", "two", " "]))))
    }
}

#[derive(Debug, Clone)]
enum Step {
    Edit,
    /// The charge of one that is out goes back.
    Refund(usize),
}

fn steps() -> impl Strategy<Value = Vec<(LogTime, Step)>> {
    let step = prop_oneof![4 => Just(Step::Edit), 1 => any::<usize>().prop_map(Step::Refund)];
    prop::collection::vec((gap(), step), 1..60)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn an_edit_passes_exactly_if_fewer_than_the_limit_stand_in_its_window(steps in steps()) {
        let mut run = ann();
        let limit = run.harness.policy.limits.edit;
        let mut out: Vec<Charge> = vec![];
        for (after, step) in steps {
            let time = pass(&mut run.now, after);
            match step {
                Step::Edit => {
                    let decided = run.harness.asks(time, submit("one").into());
                    let at = decided.decision.state.at;
                    let standing = out.iter().filter(|charge| at - charge.at < limit.seconds * 1_000);
                    let fits = standing.count() < limit.count as usize;
                    prop_assert_eq!(matches!(decided.verdict(), Outcome::Accepted(_)), fits);
                    out.extend(decided.charges());
                }
                Step::Refund(nth) if !out.is_empty() => {
                    let charge = out.swap_remove(nth % out.len());
                    run.harness.asks(time, refund(&charge, None));
                }
                Step::Refund(_) => {}
            }
        }
    }
}
