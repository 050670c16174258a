//! One partition of events, the stored position, the dead letters, and the place where effects happen.
//!
//! Invariant: whatever happens is drawn from the seed; a call acts at one step and is answered at a later one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use musclemap_platform::dead_letter::ORIGIN_HEADER;
use musclemap_platform::ports::{LogError, Record};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::position::{Cause, EPOCH, Number, Offset};
use schemas::record::Outgoing;

pub const KEYS: i64 = 7;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Nothing,
    /// Sets a key; its version is the record's cause.
    Set(i64),
    /// Sets two keys.
    SetBoth(i64, i64),
    /// Sets a key, and is refused for good.
    Refused(i64),
    Poison,
}

impl Says {
    pub fn text(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Set(key) => format!("set {key}"),
            Self::SetBoth(one, other) => format!("set {one} {other}"),
            Self::Refused(key) => format!("refused {key}"),
            Self::Poison => "?".to_owned(),
        }
    }

    fn keys(self) -> Vec<i64> {
        match self {
            Self::Nothing | Self::Poison | Self::Refused(_) => vec![],
            Self::Set(key) => vec![key],
            Self::SetBoth(one, other) => vec![one, other],
        }
    }
}

pub struct State {
    pub random: ChaCha8Rng,
    pub hostile: bool,
    pub records: Vec<(Record, Says)>,
    next_cause: Offset,
    /// Whether a record repeats the event of an earlier one.
    repeats: BTreeSet<Offset>,
    /// The version of each key, where effects happen.
    pub target: BTreeMap<i64, Offset>,
    /// Effects that have happened, by the offset of the record that asked.
    pub happened: BTreeMap<Offset, usize>,
    pub is_away: bool,
    /// What effects meet that append to the log.
    pub log_error: Option<LogError>,
    /// Offsets of records among the dead letters.
    pub dead: Vec<Offset>,
    /// Version, next offset, number of the stored position.
    pub position: Option<(i64, Vec<schemas::tables::Value>)>,
    pub violation: Option<String>,
}

#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: ChaCha8Rng::seed_from_u64(seed),
            hostile: true,
            records: vec![],
            next_cause: 0,
            repeats: BTreeSet::new(),
            target: BTreeMap::new(),
            happened: BTreeMap::new(),
            is_away: false,
            log_error: None,
            dead: vec![],
            position: None,
            violation: None,
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    pub fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    /// Appends an event; now and then the machine repeats its last ones, as after a crash.
    pub fn append(&mut self) {
        if !self.records.is_empty() && self.chance(0.05) {
            let from = self.random.random_range(0..self.records.len());
            let again: Vec<_> = self.records[from.max(self.records.len().saturating_sub(4))..].to_vec();
            for (record, says) in again {
                self.push(record.cause(), says);
                self.repeats.insert(self.records.len() as Offset - 1);
            }
            return;
        }
        let key = |random: &mut ChaCha8Rng| random.random_range(0..KEYS);
        let says = match self.random.random_range(0..20) {
            0 => Says::Poison,
            1 => Says::Refused(key(&mut self.random)),
            2..6 => Says::Nothing,
            6..9 => Says::SetBoth(key(&mut self.random), key(&mut self.random)),
            _ => Says::Set(key(&mut self.random)),
        };
        self.next_cause += 1;
        let number = Number { offset: self.next_cause, index: 0 };
        self.push(Some(Cause { epoch: EPOCH, partition: 0, number }), says);
    }

    fn push(&mut self, cause: Option<Cause>, says: Says) {
        let offset = self.records.len() as Offset;
        let id = cause.map(|cause| cause.to_header().into_bytes());
        let record = Record {
            partition: 0,
            offset,
            time: offset,
            key: None,
            headers: id.into_iter().map(|id| ("ce_id".to_owned(), id.into())).collect(),
            value: says.text().into_bytes().into(),
        };
        self.records.push((record, says));
    }

    pub fn dead_letter(&mut self, letter: &Outgoing) {
        let origin = letter.headers.iter().find(|(name, _)| *name == ORIGIN_HEADER).unwrap();
        let offset = std::str::from_utf8(&origin.1).unwrap().split_once('.').unwrap().1.parse().unwrap();
        self.dead.push(offset);
    }

    /// An effect happens; an older version changes nothing.
    pub fn set(&mut self, key: i64, version: Offset, asked_by: Offset) {
        let stored = self.target.entry(key).or_insert(version);
        *stored = version.max(*stored);
        *self.happened.entry(asked_by).or_default() += 1;
    }

    /// Whether a record is done: its effects have happened, or it is a dead letter. A repeat asks for nothing.
    pub fn is_done(&self, offset: Offset) -> bool {
        let says = self.records[offset as usize].1;
        self.repeats.contains(&offset)
            || match says {
                Says::Nothing => true,
                Says::Poison | Says::Refused(_) => self.dead.contains(&offset),
                Says::Set(_) | Says::SetBoth(..) => self.happened.contains_key(&offset),
            }
    }

    /// What must hold when all is done.
    pub fn check(&self) -> Result<(), String> {
        for (offset, dead) in self.dead.iter().map(|offset| (offset, self.records[*offset as usize].1)) {
            if !matches!(dead, Says::Poison | Says::Refused(_)) {
                return Err(format!("{offset} is a dead letter and says {dead:?}"));
            }
        }
        let repeated = self.happened.keys().find(|offset| self.repeats.contains(offset));
        if let Some(offset) = repeated {
            return Err(format!("the repeat at {offset} had an effect"));
        }
        // Versions of causes only go up, except that a repeat has an old one, which is no newer word.
        let mut newest: BTreeMap<i64, Offset> = BTreeMap::new();
        for (record, says) in &self.records {
            let version = record.cause().unwrap().number.offset;
            for key in says.keys() {
                let known = newest.entry(key).or_insert(version);
                *known = version.max(*known);
            }
        }
        for (key, version) in newest {
            let found = self.target.get(&key);
            if found != Some(&version) {
                return Err(format!("key {key} is {found:?} instead of {version}"));
            }
        }
        Ok(())
    }
}
