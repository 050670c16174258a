//! Templates in random runs: four ids, few texts and shortcuts, some malformed.

use std::collections::{BTreeMap, BTreeSet};

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::TemplateId;
use schemas::operations::{DeleteTemplate, SaveTemplate};
use schemas::record::Envelope;
use schemas::rows::{Template, Templates};

use super::account::{ann, step};
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, template};
use crate::templating::written;

fn some(draw: &mut Draw<'_>) -> TemplateId {
    template(draw.from(1, 5) as u8)
}

impl Generated<Accounts> for SaveTemplate {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let template = some(draw);
        let shortcut = [None, Some("/a"), Some("/b"), Some("no shortcut")][draw.below(4)];
        let (content, is_new) = (draw.of(&["one", "two", "three"]), draw.coin());
        Some((asked(), Self { template, is_new, written: written(content, shortcut) }))
    }
}

impl Generated<Accounts> for DeleteTemplate {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { template: some(draw) }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_marks_are_those_of_the_templates_that_stand(steps in steps(60)) {
        let mut run = ann();
        for next in &steps {
            step(&mut run, next);
            let marks = run.harness.row::<Templates>(&()).map_or(&[][..], |row| &row.all);
            let marked: BTreeMap<&TemplateId, Option<&String>> =
                marks.iter().map(|mark| (&mark.template, mark.shortcut.as_ref())).collect();
            prop_assert_eq!(marked.len(), marks.len());
            let rows: Vec<(TemplateId, &Template)> = run.harness.all::<Template>().collect();
            let standing: BTreeMap<&TemplateId, Option<&String>> = rows
                .iter()
                .filter_map(|(id, row)| Some((id, row.written.as_ref()?.shortcut.as_ref())))
                .collect();
            prop_assert_eq!(&marked, &standing);
            let shortcuts: Vec<&String> = standing.values().copied().flatten().collect();
            let different: BTreeSet<&String> = shortcuts.iter().copied().collect();
            prop_assert_eq!(shortcuts.len(), different.len(), "a shortcut stands twice");
            let hashes: BTreeSet<i64> = marks.iter().map(|mark| mark.hash).collect();
            prop_assert_eq!(hashes.len(), marks.len(), "a template stands twice");
        }
    }

    /// Of a template that was never removed: an id is used once in a deployment.
    #[test]
    fn a_template_counts_the_charges_that_name_it_and_are_out(steps in steps(60)) {
        let mut run = ann();
        let mut removed: BTreeSet<TemplateId> = BTreeSet::new();
        for next in &steps {
            step(&mut run, next);
            removed.extend(run.harness.all::<Template>().filter(|(_, row)| row.written.is_none()).map(|(id, _)| id));
            for (id, row) in run.harness.all::<Template>().filter(|(id, _)| !removed.contains(id)) {
                let named = run.out.iter().filter(|charge| charge.template.as_ref() == Some(&id)).count();
                prop_assert_eq!(row.uses as usize, named, "{:?}", id);
            }
        }
    }
}
