//! What nodes share, in small: a log that the machines have written, the rows that follow from it,
//! and the snapshots that are stored.
//!
//! `k1`, `k3` … and whatever stands between two are in lane 0; `k2`, `k4` … in lane 1; account
//! events in lane 2.

mod polls;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use platform::ports::Record;
use schemas::blocking::{BlockInterval, Blocks, PairBlocks};
use schemas::creating::{ConversationKind, Opened};
use schemas::facts::{
    BlocksChanged, ConversationOpened, DeliveryAdvanced, MembersChanged, MessageCreated, MessageDeleted,
    PrivacyChanged, ReceiptAdvanced, SendRejected,
};
use schemas::membership::{Member, MemberIntervals, MembershipInterval, Role};
use schemas::message::{Body, Mentions, Message, Note, NoteKind};
use schemas::people::Profile;
use schemas::position::{Cause, EPOCH, LogTime, Number, Offset};
use schemas::privacy::Privacy;
use schemas::receipts::Watermarks;
use schemas::record::{Origin, Outgoing, Output, RecordId};
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::{ClientId, ConversationFact, ConversationId, ConversationKey, Refusal, UserId};

use crate::cursor::Cursor;
use crate::event::Entry;
use crate::hub::{Hub, Parted, UserRows};
use crate::lanes::{Lane, Lanes, Position};
use crate::snapshot::{Snapshot, SnapshotId};

pub type Name = &'static str;

pub const LANES: Lanes = Lanes { partitions: 2 };
/// Commands are numbered far from their records, so that one taken for the other shows.
const FIRST_COMMAND: Offset = 1_000;
/// When everything begins.
const FIRST_DAY: LogTime = 1_700_000_000_000;
/// Who brings people and takes them out; nobody listens as them.
const OWNER: Name = "owner";

pub fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// The conversation that claims call `k` and a number.
pub fn conversation(name: &str) -> ConversationId {
    format!("{:0>32}", name.trim_start_matches('k')).parse().unwrap()
}

fn lane_of(conversation: Name) -> Lane {
    let number: u16 = conversation.trim_start_matches('k').parse().unwrap();
    Lane((number + 1) % 2)
}

fn profile(name: &str) -> Profile {
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url: None }
}

/// A membership from a command on.
fn interval(from: Offset, first_seq: i64) -> MembershipInterval {
    MembershipInterval { from, to: None, first_seq, first_ordinal: first_seq }
}

fn event(conversation: &ConversationId, fact: ConversationFact) -> Output {
    let names = domain::delivery::names(&fact);
    Output::ConversationEvent { conversation: conversation.clone(), fact, names }
}

pub fn entries(lane: Lane, records: impl Iterator<Item = Record>) -> Vec<Entry> {
    records.map(|record| Entry::read(LANES, lane, record).unwrap()).collect()
}

pub struct World {
    lanes: Vec<Vec<Record>>,
    next_command: Offset,
    now: LogTime,
    /// By conversation and member, with the command that wrote it last.
    intervals: BTreeMap<(Name, Name), (Vec<MembershipInterval>, Offset)>,
    /// By who blocks and whom.
    blocks: BTreeMap<(Name, Name), (Vec<BlockInterval>, Offset)>,
    /// By user, of those who have changed them.
    privacy: BTreeMap<Name, (Privacy, Offset)>,
    /// Number of the newest message of each conversation.
    heads: BTreeMap<Name, i64>,
    snapshots: BTreeMap<SnapshotId, Arc<Snapshot>>,
    start: Arc<Snapshot>,
}

impl World {
    pub fn new() -> Self {
        let start = Arc::new(Snapshot {
            id: SnapshotId::new(FIRST_DAY, 0),
            positions: vec![Position::default(); LANES.count()],
        });
        Self {
            lanes: vec![vec![]; LANES.count()],
            next_command: FIRST_COMMAND,
            now: FIRST_DAY,
            intervals: BTreeMap::new(),
            blocks: BTreeMap::new(),
            privacy: BTreeMap::new(),
            heads: BTreeMap::new(),
            snapshots: BTreeMap::from([(start.id, start.clone())]),
            start,
        }
    }

    /// A cursor before everything.
    pub fn start(&self) -> Cursor {
        Cursor::at(self.start.id)
    }

    /// A node that begins with the log, and has room for everything.
    pub fn node(&self) -> Arc<Hub> {
        self.node_at(&self.start)
    }

    /// A node that begins at a snapshot.
    pub fn node_at(&self, snapshot: &Snapshot) -> Arc<Hub> {
        Arc::new(Hub::new(LANES, Arc::new(snapshot.clone()), usize::MAX, 1_000))
    }

    /// A node that begins with the log, and has bounds.
    pub fn node_with(&self, ring_bytes: usize, queue: usize) -> Arc<Hub> {
        Arc::new(Hub::new(LANES, self.start.clone(), ring_bytes, queue))
    }

    /// The node takes in all that it has not yet.
    pub fn enters(&self, node: &Hub) {
        LANES.all().for_each(|lane| self.enters_some(node, lane, usize::MAX));
    }

    /// The node takes in up to `most` records of a lane.
    pub fn enters_some(&self, node: &Hub, lane: Lane, most: usize) {
        self.parts(node, lane, most);
    }

    /// The same; returns whom the node hides, or shows again.
    pub fn parts(&self, node: &Hub, lane: Lane, most: usize) -> Vec<Parted> {
        let position = node.positions()[lane.0 as usize];
        node.enter(lane, &entries(lane, self.records(lane).skip(position.next as usize).take(most)))
    }

    pub fn records(&self, lane: Lane) -> impl Iterator<Item = Record> {
        self.lanes[lane.0 as usize].iter().cloned()
    }

    /// Stores where a node is now; nobody has adopted it yet.
    pub fn snapshot(&mut self, node: &Hub) -> Arc<Snapshot> {
        self.now += 1_000;
        let snapshot = Arc::new(Snapshot { id: SnapshotId::new(self.now, 0), positions: node.positions() });
        self.snapshots.insert(snapshot.id, snapshot.clone());
        snapshot
    }

    pub fn stored(&self, id: &SnapshotId) -> &Snapshot {
        &self.snapshots[id]
    }

    /// A user's rows as of now.
    pub fn rows_of(&self, name: Name) -> UserRows {
        let member = |intervals: &[MembershipInterval]| Member {
            role: Role::Member,
            joined_at: 0,
            intervals: intervals.to_vec(),
            marks: Watermarks::default(),
            request: None,
        };
        let memberships = self.intervals.iter().filter(|((_, who), _)| *who == name);
        let memberships = memberships.map(|((k, _), (intervals, version))| {
            let (user, conversation) = (user(name), conversation(k));
            (MembershipRow { user, conversation, member: member(intervals) }, *version)
        });
        let pairs = self.blocks.keys().filter(|(by, other)| *by == name || *other == name);
        let blocks = pairs.map(|(by, other)| {
            let other = if *by == name { *other } else { *by };
            let (blocks, one, two) = self.pair(name, other);
            (BlocksRow { user: user(name), other: user(other), blocks }, one.max(two))
        });
        let privacy = self.privacy.get(name).copied();
        UserRows { memberships: memberships.collect(), blocks: blocks.collect(), privacy }
    }
}

/// What happens. Each is one command, and takes a second.
impl World {
    pub fn opens(&mut self, k: Name, members: &[Name]) {
        let at = self.command();
        for member in members {
            self.intervals.insert((k, member), (vec![interval(at, 1)], at));
        }
        let members = members.iter().map(|name| user(name)).collect();
        self.tells(k, vec![ConversationOpened { about: self.about(), members, requests: vec![] }.into()]);
    }

    pub fn says(&mut self, k: Name, sender: Name, text: &str) -> Message {
        self.command();
        let message = Message { body: Body::text(text), ..self.message(k, sender) };
        self.posts(k, message)
    }

    pub fn answers(&mut self, k: Name, sender: Name, text: &str, parent: &Message) -> Message {
        self.command();
        let reply_to = Some(Box::new(parent.stub()));
        let message = Message { body: Body::text(text), reply_to, ..self.message(k, sender) };
        self.posts(k, message)
    }

    pub fn deletes(&mut self, k: Name, message: &Message) {
        self.command();
        let (message, by) = (message.clone().removed(self.now), message.sender.user.clone());
        self.tells(k, vec![MessageDeleted { message, by }.into()]);
    }

    pub fn reads(&mut self, k: Name, name: Name, up_to: i64) {
        self.command();
        let receipt = ReceiptAdvanced { user: user(name), read_up_to: up_to, is_shown: true };
        self.tells(k, vec![receipt.into()]);
    }

    pub fn adds(&mut self, k: Name, name: Name) {
        let from = self.command();
        let first_seq = self.heads.get(k).map_or(1, |head| head + 1);
        let (intervals, version) = self.intervals.entry((k, name)).or_default();
        intervals.push(interval(from, first_seq));
        *version = from;
        self.changes(k, name, NoteKind::Added);
    }

    pub fn removes(&mut self, k: Name, name: Name) {
        let to = self.command();
        let (intervals, version) = self.intervals.get_mut(&(k, name)).unwrap();
        intervals.last_mut().unwrap().to = Some(to);
        *version = to;
        self.changes(k, name, NoteKind::Removed);
    }

    pub fn blocks(&mut self, by: Name, other: Name) {
        let at = self.command();
        let (intervals, version) = self.blocks.entry((by, other)).or_default();
        intervals.push(BlockInterval { from: self.now, to: None });
        *version = at;
        self.tells_of_blocks(by, other);
    }

    pub fn unblocks(&mut self, by: Name, other: Name) {
        let at = self.command();
        let (intervals, version) = self.blocks.get_mut(&(by, other)).unwrap();
        intervals.last_mut().unwrap().to = Some(self.now);
        *version = at;
        self.tells_of_blocks(by, other);
    }

    /// `name` switches read receipts.
    pub fn switches_receipts(&mut self, name: Name, show_read_receipts: bool) {
        let at = self.command();
        let privacy = Privacy { show_read_receipts, ..Privacy::default() };
        self.privacy.insert(name, (privacy, at));
        let fact = PrivacyChanged { privacy }.into();
        self.append(Lane(2), vec![Output::AccountEvent { user: user(name), fact }]);
    }

    /// A device of `name` has stored the messages up to a number.
    pub fn gets(&mut self, k: Name, name: Name, up_to: i64) {
        self.command();
        self.tells(
            k,
            vec![DeliveryAdvanced { user: user(name), delivered_up_to: up_to, is_shown: true }.into()],
        );
    }

    /// `name` reads with read receipts off.
    pub fn reads_in_private(&mut self, k: Name, name: Name, up_to: i64) {
        self.command();
        let receipt = ReceiptAdvanced { user: user(name), read_up_to: up_to, is_shown: false };
        self.tells(k, vec![receipt.into()]);
    }

    /// A send by `name` is refused after all.
    pub fn rejects(&mut self, name: Name) {
        self.command();
        let rejected = SendRejected {
            client_id: ClientId::from_bytes([7; 16]),
            conversation: conversation("k1"),
            refusal: Refusal::not_found(),
        };
        self.append(Lane(2), vec![Output::AccountEvent { user: user(name), fact: rejected.into() }]);
    }

    /// Whoever wrote the lane writes some of it once more.
    pub fn repeats(&mut self, lane: Lane, offsets: Range<usize>) {
        let again = self.lanes[lane.0 as usize][offsets].to_vec();
        again.into_iter().for_each(|record| self.push(lane, record));
    }

    /// Something that is no event gets into the lane.
    pub fn is_littered(&mut self, lane: Lane) {
        let (partition, time) = (LANES.partition(lane), self.now);
        let (key, value) = (Some(Bytes::from_static(b"ann")), Bytes::new());
        self.push(lane, Record { partition, offset: 0, time, key, headers: vec![], value });
    }
}

impl World {
    /// Numbers a command.
    fn command(&mut self) -> Offset {
        self.now += 1_000;
        self.next_command += 1;
        self.next_command
    }

    /// The next message of a conversation.
    fn message(&mut self, k: Name, sender: Name) -> Message {
        let head = self.heads.entry(k).or_default();
        *head += 1;
        Message {
            seq: *head,
            position: self.next_command,
            sent_at: self.now,
            sender: profile(sender),
            client_id: None,
            reply_to: None,
            mentions: Mentions::default(),
            recipients: 1,
            body: Body::text(""),
        }
    }

    fn posts(&mut self, k: Name, message: Message) -> Message {
        self.tells(k, vec![MessageCreated { message: message.clone() }.into()]);
        message
    }

    /// A change of members is told by two outputs of its command.
    fn changes(&mut self, k: Name, name: Name, kind: NoteKind) {
        let changed = MembersChanged {
            about: self.about(),
            by: user(OWNER),
            requests: vec![],
            members: vec![MemberIntervals {
                user: user(name),
                intervals: self.intervals[&(k, name)].0.clone(),
            }],
        };
        let body = Body::Note(Note::new(kind, vec![profile(name)]));
        let message = Message { body, ..self.message(k, OWNER) };
        self.tells(k, vec![changed.into(), MessageCreated { message }.into()]);
    }

    fn about(&self) -> Opened {
        Opened {
            kind: ConversationKind::Group,
            title: None,
            description: None,
            announcements_only: false,
            avatar: None,
            by: user(OWNER),
            at: self.now,
            charge: 0,
        }
    }

    fn tells_of_blocks(&mut self, user_name: Name, other: Name) {
        let pair = ConversationKey::new([7; 32]).direct(&user(user_name), &user(other));
        let (blocks, ..) = self.pair(user_name, other);
        let fact = BlocksChanged { user: user(user_name), other: user(other), blocks };
        self.append(Lane(0), vec![event(&pair, fact.into())]);
    }

    /// The blocks of a pair from the first one's side, and the commands that changed each side last.
    fn pair(&self, one: Name, other: Name) -> (PairBlocks, Offset, Offset) {
        let blocks = |by, of| self.blocks.get(&(by, of)).cloned().unwrap_or_default();
        let ((by_user, first), (by_other, second)) = (blocks(one, other), blocks(other, one));
        let [by_user, by_other] = [by_user, by_other].map(|intervals| Blocks { intervals });
        (PairBlocks { by_user, by_other, ..PairBlocks::default() }, first, second)
    }

    fn tells(&mut self, k: Name, facts: Vec<ConversationFact>) {
        let conversation = conversation(k);
        self.append(lane_of(k), facts.into_iter().map(|fact| event(&conversation, fact)).collect());
    }

    fn append(&mut self, lane: Lane, outputs: Vec<Output>) {
        let partition = LANES.partition(lane);
        for (index, output) in (0..).zip(outputs) {
            let number = Number { offset: self.next_command, index };
            let id = RecordId::Cause(Cause { epoch: EPOCH, partition, number });
            let origin = Origin { id, source: "/tests", at: self.now, traceparent: None };
            let Outgoing { key, headers, value, topic, .. } = output.record(&origin);
            assert_eq!(topic, LANES.topic(lane));
            let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), Bytes::from(value)));
            let record = Record {
                partition,
                offset: 0,
                time: self.now,
                key: key.map(Bytes::from),
                headers: headers.collect(),
                value: Bytes::from(value),
            };
            self.push(lane, record);
        }
    }

    fn push(&mut self, lane: Lane, record: Record) {
        let records = &mut self.lanes[lane.0 as usize];
        let offset = records.len() as Offset;
        records.push(Record { offset, ..record });
    }
}
