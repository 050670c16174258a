//! What became of the records of a partition, counted.

use std::collections::BTreeMap;

use schemas::control::PolicyVersion;
use schemas::moderation::Hit;

/// What a record of commands was to its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// Decided, now for the first time as far as the rows know.
    Decided,
    /// Decided before, as the rows know; its verdict is told again.
    Repeated,
    /// A repeat of its source's, which the watermark knows.
    Dropped,
    /// No command that can be read.
    Poison,
    /// Puts a policy or rules in force.
    Control,
}

impl Handled {
    pub const ALL: [Self; 5] = [Self::Decided, Self::Repeated, Self::Dropped, Self::Poison, Self::Control];

    /// Value of a label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Repeated => "repeated",
            Self::Dropped => "dropped",
            Self::Poison => "poison",
            Self::Control => "control",
        }
    }
}

/// How many records were what.
#[derive(Debug, Default)]
pub struct Tally([u64; Handled::ALL.len()]);

impl Tally {
    pub fn note(&mut self, handled: Handled) {
        self.0[handled as usize] += 1;
    }

    /// What was noted since this was asked last.
    pub fn take(&mut self) -> impl Iterator<Item = (Handled, u64)> + use<> {
        let counts = std::mem::take(&mut self.0);
        Handled::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0)
    }
}

/// How often which rules were met; as many entries as policies have rules.
#[derive(Debug, Default)]
pub struct Hits(BTreeMap<Hit, u64>);

impl Hits {
    /// None yet, of each rule of a policy.
    pub fn under(policy: Option<&PolicyVersion>) -> Self {
        let mut hits = Self::default();
        hits.come_under(policy);
        hits
    }

    /// The rules of another policy are there, before the first text that meets one.
    pub fn come_under(&mut self, policy: Option<&PolicyVersion>) {
        for rule in policy.iter().flat_map(|version| version.policy.moderation.rules()) {
            self.0.entry(Hit { rule: rule.id.clone(), action: rule.action }).or_default();
        }
    }

    pub fn note(&mut self, hits: Vec<Hit>) {
        for hit in hits {
            *self.0.entry(hit).or_default() += 1;
        }
    }

    /// What was noted since this was asked last.
    pub fn take(&mut self) -> impl Iterator<Item = (Hit, u64)> + use<> {
        std::mem::take(&mut self.0).into_iter()
    }
}
