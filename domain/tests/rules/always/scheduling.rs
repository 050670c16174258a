//! Scheduled messages in random runs: a schedule is charged at most once, and its timer waits as long as it does.

use std::collections::BTreeMap;

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::charging::ChargeKind;
use schemas::operations::{CancelSchedule, ChangeSchedule, FireSchedule, ScheduleMessage, SettleSchedule};
use schemas::record::Envelope;
use schemas::rows::{Schedule, Schedules};
use schemas::scheduling::ScheduleProgress;
use schemas::tables::timers::Timer;
use schemas::tables::views::View;
use schemas::{ClientId, Refusal};

use super::account;
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::asked;
use crate::scheduling::{denied, facts, fire, schedule};

/// The first ids are those of sends, so that both meet.
const IDS: (i64, i64) = (6, 12);

impl Generated<Accounts> for ScheduleMessage {
    const WEIGHT: u32 = 6;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (id, text) = (draw.from(IDS.0, IDS.1), draw.below(2));
        let due = run.now + draw.from(-1_000, 30_000);
        Some((asked(), schedule(id, &format!("text {text}"), due)))
    }
}

impl Generated<Accounts> for ChangeSchedule {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let id = crate::names::client(draw.from(IDS.0, IDS.1));
        let content = draw.coin().then(|| format!("text {}", draw.below(4)));
        let due = draw.coin().then(|| run.now + draw.from(-1_000, 30_000));
        Some((asked(), Self { id, content, due }))
    }
}

impl Generated<Accounts> for CancelSchedule {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { id: crate::names::client(draw.from(IDS.0, IDS.1)) }))
    }
}

impl Generated<Accounts> for FireSchedule {
    const WEIGHT: u32 = 12;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (id, revision) = (draw.from(IDS.0, IDS.1), draw.from(0, 3) as i32);
        let found = match draw.below(8) {
            0 => denied(Refusal::not_found()),
            _ => facts(draw.from(0, 4) as i32),
        };
        Some((asked(), fire(id, revision, found)))
    }
}

/// Of one of the charges that are out.
impl Generated<Accounts> for SettleSchedule {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let mut out = run.out.iter().filter(|charge| charge.kind == ChargeKind::Scheduled);
        let charge = out.next()?.clone();
        run.out.retain(|other| *other != charge);
        Some((asked(), Self { id: charge.client_id?, charge: charge.position, seq: draw.from(1, 9) }))
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_schedule_is_charged_at_most_once_and_its_timer_waits_as_long_as_it_does(steps in steps(120)) {
        let mut run = account::ann();
        let mut timers: BTreeMap<Timer, bool> = BTreeMap::new();
        let mut charged: BTreeMap<ClientId, usize> = BTreeMap::new();
        for step in &steps {
            let Some(decided) = account::step(&mut run, step) else { continue };
            for charge in decided.charges().filter(|charge| charge.kind == ChargeKind::Scheduled) {
                *charged.entry(charge.client_id.clone().unwrap()).or_default() += 1;
            }
            for view in &decided.decision.views {
                let View::Timer(row) = view else { continue };
                timers.insert(row.timer.clone(), row.is_set);
            }
            let all: Vec<(ClientId, Schedule)> =
                run.harness.all::<Schedule>().map(|(id, row)| (id, row.clone())).collect();
            let waiting = all.iter().filter(|(_, row)| row.progress.is_waiting());
            let set = timers.values().filter(|is_set| **is_set).count();
            prop_assert_eq!(set, waiting.count());
            for (id, row) in &all {
                let is_charged = charged.get(id).copied().unwrap_or_default();
                let expected = match row.progress {
                    ScheduleProgress::Waiting(_) | ScheduleProgress::Cancelled(_) => is_charged == 0,
                    ScheduleProgress::Firing(_) | ScheduleProgress::Sent(_) => is_charged == 1,
                    ScheduleProgress::Failed(_) => is_charged <= 1,
                };
                prop_assert!(expected, "{} was charged {} times: {:?}", id, is_charged, row);
            }
            let listed = run.harness.all::<Schedules>().next().map(|(_, listed)| listed.clone()).unwrap_or_default();
            prop_assert_eq!(listed.open.len() + listed.settled.len(), all.len());
        }
    }
}
