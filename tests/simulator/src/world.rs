//! Everything outside the runners: the log, the replicas, and calls that are on their way.
//!
//! Invariant: nothing happens in here by itself; the schedule completes calls one at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform::ports::{LogError, PutRow, Range, Record, Row, TablesError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::ConversationId;
use schemas::avro;
use schemas::position::{LogTime, Offset, Partition};
use schemas::record::Outgoing;
use schemas::topics::VERDICTS;
use schemas::verdict::{Decider, Outcome, Verdict};
use tokio::sync::oneshot;

use crate::PARTITIONS;
use crate::tables::{PartitionKey, QUORUMS, REPLICAS, Replicas};

/// Names a runner in a run.
pub type RunnerId = u64;
type PartitionName = (&'static str, Partition);

/// What a run has seen, to show that it was not vacuous.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    pub starts: u64,
    pub sends: u64,
    pub stored: u64,
    pub answered: u64,
    pub refused: u64,
    pub refunds: u64,
    pub repeats: u64,
    /// Changes of members and blocks, and removals.
    pub changes: u64,
    /// Messages that were removed.
    pub removed: u64,
}

impl Statistics {
    pub fn add(&mut self, other: &Self) {
        self.starts += other.starts;
        self.sends += other.sends;
        self.stored += other.stored;
        self.answered += other.answered;
        self.refused += other.refused;
        self.refunds += other.refunds;
        self.repeats += other.repeats;
        self.changes += other.changes;
        self.removed += other.removed;
    }
}

/// A record on its way into a partition.
struct Append {
    record: Outgoing,
    acknowledge: oneshot::Sender<Result<Offset, LogError>>,
}

/// A write on its way to its replicas.
pub struct Write {
    partition: PartitionKey,
    rows: Vec<PutRow>,
    todo: BTreeSet<usize>,
    done: usize,
    answer: Option<oneshot::Sender<Result<(), TablesError>>>,
}

pub enum Query {
    Get(Vec<Vec<schemas::tables::Value>>),
    Range(Range),
}

/// A read: first its rows are taken, later they arrive.
pub struct Read {
    partition: PartitionKey,
    query: Query,
    taken: Option<Vec<Row>>,
    answer: oneshot::Sender<Result<Vec<Row>, TablesError>>,
}

pub enum Call {
    Write(Write),
    Read(Read),
    Sleep(oneshot::Sender<()>),
}

pub struct State {
    pub random: ChaCha8Rng,
    pub now: LogTime,
    pub logs: BTreeMap<PartitionName, Vec<Record>>,
    pub replicas: Replicas,
    /// Records that runners have queued, by runner and partition, in order.
    producing: BTreeMap<(RunnerId, PartitionName), VecDeque<Append>>,
    pub calls: Vec<(RunnerId, Call)>,
    pub verdicts: BTreeMap<i64, Verdicts>,
    /// Number of the newest message of each conversation that a client was answered with.
    pub acknowledged: BTreeMap<ConversationId, i64>,
    /// Requests whose verdicts have come since this was last taken.
    pub answered: Vec<i64>,
    pub statistics: Statistics,
    pub gaps_on_crash: bool,
    /// Once false, every call is answered, and answered with success.
    pub hostile: bool,
    pub violation: Option<String>,
}

/// The verdicts on one request.
#[derive(Debug, Default)]
pub struct Verdicts {
    pub accounts: Vec<Outcome>,
    pub conversations: Vec<Outcome>,
}

#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: ChaCha8Rng::seed_from_u64(seed),
            now: 1_000_000,
            logs: BTreeMap::new(),
            replicas: Replicas::default(),
            producing: BTreeMap::new(),
            calls: Vec::new(),
            verdicts: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            answered: Vec::new(),
            statistics: Statistics::default(),
            gaps_on_crash: false,
            hostile: true,
            violation: None,
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    pub fn log(&self, topic: &'static str, partition: Partition) -> &[Record] {
        self.logs.get(&(topic, partition)).map_or(&[], Vec::as_slice)
    }

    /// Queues a record; it enters the log when the schedule says so.
    pub fn produce(
        &mut self,
        runner: RunnerId,
        record: Outgoing,
    ) -> oneshot::Receiver<Result<Offset, LogError>> {
        let (acknowledge, receipt) = oneshot::channel();
        let name = (record.topic.name, record.partition(PARTITIONS));
        self.producing.entry((runner, name)).or_default().push_back(Append { record, acknowledge });
        receipt
    }

    /// Puts a record into the log now.
    pub fn append(&mut self, record: Outgoing) -> Offset {
        // Log time is the broker's: it jitters, and now and then steps back.
        let skew = [0, 0, 0, -2_000, 1_000, 7_000][self.random.random_range(0..6)];
        let name = (record.topic.name, record.partition(PARTITIONS));
        let time = self.now + skew;
        let offset = self.log(name.0, name.1).len() as Offset;
        let appended = Record {
            partition: name.1,
            offset,
            time,
            key: record.key.map(Into::into),
            headers: record
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect(),
            value: record.value.into(),
        };
        if name.0 == VERDICTS.name
            && let Ok(verdict) = avro::decode::<Verdict>(&appended.value)
        {
            self.answered.push(verdict.request);
            let verdicts = self.verdicts.entry(verdict.request).or_default();
            let verdicts = match verdict.by {
                Decider::Accounts => &mut verdicts.accounts,
                Decider::Conversations => &mut verdicts.conversations,
            };
            self.statistics.repeats += u64::from(verdicts.contains(&verdict.outcome));
            verdicts.push(verdict.outcome);
        }
        self.logs.entry(name).or_default().push(appended);
        offset
    }

    /// Lets the next record of some producer into the log.
    pub fn deliver(&mut self) -> bool {
        let waiting = self.producing.len();
        if waiting == 0 {
            return false;
        }
        let chosen = self.random.random_range(0..waiting);
        let Some(name) = self.producing.keys().nth(chosen).copied() else { return false };
        let Some(queue) = self.producing.get_mut(&name) else { return false };
        let next = queue.pop_front();
        if queue.is_empty() {
            self.producing.remove(&name);
        }
        if let Some(Append { record, acknowledge }) = next {
            let offset = self.append(record);
            // The producer may be dead by now.
            let _ = acknowledge.send(Ok(offset));
        }
        true
    }

    pub fn write(
        &mut self,
        runner: RunnerId,
        partition: PartitionKey,
        rows: Vec<PutRow>,
    ) -> oneshot::Receiver<Result<(), TablesError>> {
        let (answer, receive) = oneshot::channel();
        let todo = (0..REPLICAS).collect();
        self.calls
            .push((runner, Call::Write(Write { partition, rows, todo, done: 0, answer: Some(answer) })));
        receive
    }

    pub fn read(
        &mut self,
        runner: RunnerId,
        partition: PartitionKey,
        query: Query,
    ) -> oneshot::Receiver<Result<Vec<Row>, TablesError>> {
        let (answer, receive) = oneshot::channel();
        self.calls.push((runner, Call::Read(Read { partition, query, taken: None, answer })));
        receive
    }

    pub fn sleep(&mut self, runner: RunnerId) -> oneshot::Receiver<()> {
        let (wake, receive) = oneshot::channel();
        self.calls.push((runner, Call::Sleep(wake)));
        receive
    }

    /// Takes some call one step further.
    pub fn advance(&mut self) -> bool {
        if self.calls.is_empty() {
            return false;
        }
        let chosen = self.random.random_range(0..self.calls.len());
        let (runner, call) = self.calls.swap_remove(chosen);
        let left = match call {
            Call::Write(write) => self.advance_write(write).map(Call::Write),
            Call::Read(read) => self.advance_read(read).map(Call::Read),
            Call::Sleep(wake) => {
                let _ = wake.send(());
                None
            }
        };
        self.calls.extend(left.map(|call| (runner, call)));
        true
    }

    fn advance_write(&mut self, mut write: Write) -> Option<Write> {
        let unlucky = self.hostile && write.answer.is_some() && self.chance(0.01);
        if unlucky {
            // The answer is lost; the write goes on.
            let answer = write.answer.take()?;
            let _ = answer.send(Err(TablesError::Unavailable("lost".to_owned())));
        }
        let nth = self.random.random_range(0..write.todo.len().max(1));
        let replica = write.todo.iter().nth(nth).copied()?;
        write.todo.remove(&replica);
        if let Err(ambiguous) = self.replicas.write(replica, &write.partition, &write.rows) {
            self.violation.get_or_insert(ambiguous.0);
        }
        write.done += 1;
        if write.done == 2
            && let Some(answer) = write.answer.take()
        {
            let _ = answer.send(Ok(()));
            // The third replica may never hear of it.
            if self.chance(0.3) {
                return None;
            }
        }
        if write.todo.is_empty() { None } else { Some(write) }
    }

    fn advance_read(&mut self, mut read: Read) -> Option<Read> {
        match read.taken.take() {
            None => {
                let quorum = QUORUMS[self.random.random_range(0..QUORUMS.len())];
                read.taken = Some(match &read.query {
                    Query::Get(keys) => self.replicas.get(quorum, &read.partition, keys),
                    Query::Range(range) => self.replicas.range(quorum, &read.partition, range),
                });
                Some(read)
            }
            Some(rows) => {
                let unlucky = self.hostile && self.chance(0.01);
                let answer =
                    if unlucky { Err(TablesError::Unavailable("lost".to_owned())) } else { Ok(rows) };
                let _ = read.answer.send(answer);
                None
            }
        }
    }

    /// A runner has died: of what it had on its way a part still lands, in order.
    pub fn bereave(&mut self, runner: RunnerId) {
        let names: Vec<_> = self.producing.keys().filter(|(owner, _)| *owner == runner).copied().collect();
        for name in names {
            let Some(mut queue) = self.producing.remove(&name) else { continue };
            if self.gaps_on_crash {
                let keep: Vec<bool> = queue.iter().map(|_| self.random.random_bool(0.6)).collect();
                let mut keep = keep.into_iter();
                queue.retain(|_| keep.next().unwrap_or(false));
            } else {
                queue.truncate(self.random.random_range(0..=queue.len()));
            }
            if !queue.is_empty() {
                self.producing.insert(name, queue);
            }
        }
        let calls = std::mem::take(&mut self.calls);
        for (owner, call) in calls {
            match call {
                call if owner != runner => self.calls.push((owner, call)),
                Call::Write(mut write) => {
                    let reaches: BTreeSet<usize> =
                        (0..REPLICAS).filter(|_| self.random.random_bool(0.4)).collect();
                    write.todo.retain(|replica| reaches.contains(replica));
                    write.answer = None;
                    if !write.todo.is_empty() {
                        self.calls.push((owner, Call::Write(write)));
                    }
                }
                Call::Read(_) | Call::Sleep(_) => {}
            }
        }
    }

    /// What is on its way, in words.
    pub fn on_its_way(&self) -> String {
        let queues: Vec<_> = self.producing.iter().map(|(name, queue)| (name, queue.len())).collect();
        let calls: Vec<String> = self
            .calls
            .iter()
            .map(|(runner, call)| match call {
                Call::Write(write) => format!("{runner} writes {:?}", write.partition),
                Call::Read(read) => format!("{runner} reads {:?}", read.partition),
                Call::Sleep(_) => format!("{runner} sleeps"),
            })
            .collect();
        format!("queues {queues:?}, calls {calls:?}")
    }

    /// Whether nothing but sleeping is on its way.
    pub fn is_quiet(&self) -> bool {
        self.producing.is_empty() && self.calls.iter().all(|(_, call)| matches!(call, Call::Sleep(_)))
    }
}
