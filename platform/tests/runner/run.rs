//! One core beside its table, driven a step at a time; everything said is written down.
//!
//! What the core asks for waits until the test lets it happen, as on real ports.

use std::collections::BTreeMap;

use expect_test::Expect;
use musclemap_platform::ports::Record;
use musclemap_platform::runner::checkpoint::Checkpoint;
use musclemap_platform::runner::core::Core;
use musclemap_platform::runner::effect::{Effect, Input, ReadId, StoredBytes, Ticket};
use musclemap_platform::runner::{Options, RunnerError};
use schemas::UserId;
use schemas::avro;
use schemas::control::RULES;
use schemas::position::Offset;
use schemas::rows::{self, RowKey};
use schemas::verdict::Verdict;

use crate::records::user;
use crate::tally::Tally;
use crate::words;

/// Stored rows by owner.
pub type Table = BTreeMap<UserId, BTreeMap<RowKey, StoredBytes>>;

/// A build whose newest rules are those of the system.
pub type Run = Build<RULES>;

/// A build whose newest rules are `KNOWN`.
pub struct Build<const KNOWN: i32> {
    pub core: Core<Tally<KNOWN>>,
    pub table: Table,
    script: String,
    /// Asked for, and not yet done.
    asked: Vec<Effect<UserId>>,
    pub checkpoint: Checkpoint,
}

impl<const KNOWN: i32> Build<KNOWN> {
    pub fn from(checkpoint: Checkpoint, options: Options, table: Table) -> Self {
        let core = Core::new(checkpoint.clone(), options);
        Self { core, table, script: String::new(), asked: vec![], checkpoint }
    }

    pub fn new() -> Self {
        Self::from(crate::records::start(), Options::default(), Table::new())
    }

    pub fn bounded(options: Options) -> Self {
        Self::from(crate::records::start(), options, Table::new())
    }

    /// Something happens; what comes of it is noted under it.
    fn happens(&mut self, what: &str, input: Input<UserId>) -> &mut Self {
        self.tries(what, input).unwrap();
        self
    }

    fn tries(&mut self, what: &str, input: Input<UserId>) -> Result<(), RunnerError> {
        self.script.push_str(&format!("{what}\n"));
        for effect in self.core.handle(input)? {
            self.script.push_str(&format!("    {}\n", words::effect(&effect)));
            self.asked.push(effect);
        }
        Ok(())
    }

    pub fn read(&mut self, records: Vec<Record>) -> &mut Self {
        self.tries_to_read(records).unwrap();
        self
    }

    pub fn tries_to_read(&mut self, records: Vec<Record>) -> Result<(), RunnerError> {
        let offsets: Vec<String> = records.iter().map(|record| record.offset.to_string()).collect();
        self.tries(&format!("read {}", offsets.join(" ")), Input::Records(records))
    }

    fn take(&mut self, wanted: impl Fn(&Effect<UserId>) -> bool) -> Effect<UserId> {
        let found = self.asked.iter().position(wanted);
        self.asked.remove(found.unwrap_or_else(|| panic!("nobody asked for this, but for {:?}", self.asked)))
    }

    /// The oldest load of an owner is answered from the table.
    pub fn loaded(&mut self, name: &str) -> &mut Self {
        self.tries_to_load(name, true).unwrap();
        self
    }

    /// The same, if there were more resident rows than are loaded with an owner.
    pub fn loaded_in_part(&mut self, name: &str) -> &mut Self {
        self.tries_to_load(name, false).unwrap();
        self
    }

    pub fn tries_to_load(&mut self, name: &str, complete: bool) -> Result<(), RunnerError> {
        let effect = self.take(|effect| matches!(effect, Effect::Load { id, .. } if *id == user(name)));
        let Effect::Load { read, id } = effect else { unreachable!() };
        let rows = self.rows(&id, |key| key.kind <= rows::LAST_RESIDENT);
        self.tries(&format!("loaded {name}"), Input::Loaded { read, rows, complete })
    }

    /// The oldest read of an owner's rows is answered from the table as it stands.
    pub fn found(&mut self, name: &str) -> &mut Self {
        let (read, rows) = self.take_read(name);
        self.answer(name, read, rows)
    }

    /// What a read would answer now; it arrives when the test says so.
    pub fn take_read(&mut self, name: &str) -> (ReadId, Vec<StoredBytes>) {
        let effect = self.take(|effect| matches!(effect, Effect::Read { id, .. } if *id == user(name)));
        let Effect::Read { read, id, keys } = effect else { unreachable!() };
        (read, self.rows(&id, |key| key.kind <= rows::LAST_BATCH || keys.contains(key)))
    }

    pub fn answer(&mut self, name: &str, read: ReadId, rows: Vec<StoredBytes>) -> &mut Self {
        self.happens(&format!("found {name}"), Input::Rows { read, rows })
    }

    fn rows(&self, id: &UserId, wanted: impl Fn(&RowKey) -> bool) -> Vec<StoredBytes> {
        let rows = self.table.get(id).into_iter().flatten();
        rows.filter(|(key, _)| wanted(key)).map(|(_, row)| row.clone()).collect()
    }

    /// The write of an owner holds.
    pub fn written(&mut self, name: &str) -> &mut Self {
        let effect = self.take(|effect| matches!(effect, Effect::Write { id, .. } if *id == user(name)));
        let Effect::Write { id, rows, .. } = effect else { unreachable!() };
        let stored = self.table.entry(id.clone()).or_default();
        stored.extend(rows.into_iter().map(|row| (row.key.clone(), row)));
        self.happens(&format!("written {name}"), Input::Written { id })
    }

    /// The log has the oldest output of a command.
    pub fn acknowledged(&mut self, offset: Offset) -> &mut Self {
        let own = |effect: &Effect<UserId>| produced(effect) == Some(offset);
        let Effect::Produce { ticket, .. } = self.take(own) else { unreachable!() };
        self.happens(&format!("acknowledged {offset}"), Input::Acknowledged { ticket })
    }

    /// The log has the verdict on a request.
    pub fn told(&mut self, request: i64) -> &mut Self {
        let own = |effect: &Effect<UserId>| requested(effect).is_some_and(|(_, number)| number == request);
        let effect = self.take(own);
        let (ticket, _) = requested(&effect).unwrap();
        self.happens(&format!("told {request}"), Input::VerdictAcknowledged { ticket })
    }

    pub fn tick(&mut self) -> &mut Self {
        self.happens("tick", Input::Tick)
    }

    pub fn checkpointed(&mut self) -> &mut Self {
        let effect = self.take(|effect| matches!(effect, Effect::Checkpoint(_)));
        let Effect::Checkpoint(checkpoint) = effect else { unreachable!() };
        let next = checkpoint.next;
        self.checkpoint = checkpoint;
        self.happens("checkpointed", Input::Checkpointed { next })
    }

    /// Lets everything happen that is asked for, in order, but for the checkpoint.
    pub fn rest(&mut self) -> &mut Self {
        while let Some(effect) = self.asked.first() {
            match effect {
                Effect::Load { id, .. } => self.loaded(&id.to_string()),
                Effect::Read { id, .. } => self.found(&id.to_string()),
                Effect::Write { id, .. } => self.written(&id.to_string()),
                Effect::Produce { record, .. } => self.acknowledged(words::cause(record).0),
                Effect::Verdict { .. } => {
                    let request = requested(effect).unwrap().1;
                    self.told(request)
                }
                Effect::Checkpoint(_) => self.checkpointed(),
            };
        }
        self
    }

    /// Forgets what was said up to here.
    pub fn quietly(&mut self) -> &mut Self {
        self.script.clear();
        self
    }

    /// What is asked for and has not happened.
    pub fn asked(&self) -> &[Effect<UserId>] {
        &self.asked
    }

    pub fn is(&self, expected: Expect) {
        expected.assert_eq(&self.script);
    }
}

/// Offset of the command that an output is of.
fn produced(effect: &Effect<UserId>) -> Option<Offset> {
    let Effect::Produce { record, .. } = effect else { return None };
    Some(words::cause(record).0)
}

fn requested(effect: &Effect<UserId>) -> Option<(Ticket, i64)> {
    let Effect::Verdict { ticket, record, .. } = effect else { return None };
    Some((*ticket, avro::decode::<Verdict>(&record.value).unwrap().request))
}
