//! What nodes share, in small: a log that the machines have written, the rows that follow from it,
//! and the snapshots that are stored.
//!
//! `k1`, `k3` … and whatever stands between two are in lane 0; `k2`, `k4` … in lane 1; account
//! events in lane 2.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use platform::ports::Record;
use schemas::account::{AccountFact, SendRejected};
use schemas::conversation::{
    BlocksChanged, Content, ConversationFact, ConversationKind, ConversationOpened, MemberStays,
    MembersChanged, Mentions, Message, MessageDeleted, MessagePosted, Note, NoteKind, ReceiptAdvanced,
    ReplyStub, Role,
};
use schemas::message::{Outgoing, Output};
use schemas::people::Profile;
use schemas::position::{Cause, EPOCH, LogTime, Number, Offset};
use schemas::rows::{Blocks, Interval, Member, PairBlocks, Stay};
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::{ClientId, ConversationId, Refusal, UserId};

use crate::cursor::Cursor;
use crate::event::Entry;
use crate::hub::{Hub, UserRows};
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

pub fn entries(lane: Lane, records: impl Iterator<Item = Record>) -> Vec<Entry> {
    records.map(|record| Entry::read(LANES, lane, record)).collect()
}

pub struct World {
    lanes: Vec<Vec<Record>>,
    next_command: Offset,
    now: LogTime,
    /// By conversation and member, with the command that wrote it last.
    stays: BTreeMap<(Name, Name), (Vec<Stay>, Offset)>,
    /// By who blocks and whom.
    blocks: BTreeMap<(Name, Name), (Vec<Interval>, Offset)>,
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
            stays: BTreeMap::new(),
            blocks: BTreeMap::new(),
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
        let position = node.positions()[lane.0 as usize];
        node.enter(lane, &entries(lane, self.records(lane).skip(position.next as usize).take(most)));
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
        let member = |stays: &[Stay]| Member { role: Role::Member, joined_at: 0, stays: stays.to_vec() };
        let memberships = self.stays.iter().filter(|((_, who), _)| *who == name);
        let memberships = memberships.map(|((k, _), (stays, version))| {
            let (user, conversation) = (user(name), conversation(k));
            (MembershipRow { user, conversation, member: member(stays) }, *version)
        });
        let pairs = self.blocks.keys().filter(|(by, other)| *by == name || *other == name);
        let blocks = pairs.map(|(by, other)| {
            let other = if *by == name { *other } else { *by };
            let ((by_user, one), (by_other, two)) =
                (self.intervals(name, other), self.intervals(other, name));
            let blocks = PairBlocks {
                by_user: Blocks { intervals: by_user },
                by_other: Blocks { intervals: by_other },
            };
            (BlocksRow { user: user(name), other: user(other), blocks }, one.max(two))
        });
        UserRows { memberships: memberships.collect(), blocks: blocks.collect() }
    }
}

/// What happens. Each is one command, and takes a second.
impl World {
    pub fn opens(&mut self, k: Name, members: &[Name]) {
        let at = self.command();
        for member in members {
            self.stays.insert((k, member), (vec![Stay { from: at, to: None, first_seq: 1 }], at));
        }
        let opened = ConversationOpened {
            kind: ConversationKind::Group,
            title: None,
            created_by: user(OWNER),
            members: members.iter().map(|name| user(name)).collect(),
        };
        self.tells(k, vec![ConversationFact::ConversationOpened(opened)]);
    }

    pub fn says(&mut self, k: Name, sender: Name, text: &str) -> Message {
        self.command();
        let message = Message { content: Some(Content::plain(text)), ..self.message(k, sender) };
        self.posts(k, message)
    }

    pub fn answers(&mut self, k: Name, sender: Name, text: &str, parent: &Message) -> Message {
        self.command();
        let reply_to = Some(ReplyStub {
            seq: parent.seq,
            sender: parent.sender.clone(),
            content: parent.content.clone(),
            created_at: parent.sent_at,
        });
        let content = Some(Content::plain(text));
        let message = Message { content, reply_to, ..self.message(k, sender) };
        self.posts(k, message)
    }

    pub fn deletes(&mut self, k: Name, message: &Message) {
        self.command();
        let (message, by) = (message.clone().deleted(self.now), message.sender.user.clone());
        self.tells(k, vec![ConversationFact::MessageDeleted(MessageDeleted { message, by })]);
    }

    pub fn reads(&mut self, k: Name, name: Name, up_to: i64) {
        self.command();
        let receipt = ReceiptAdvanced { user: user(name), read_up_to: up_to };
        self.tells(k, vec![ConversationFact::ReceiptAdvanced(receipt)]);
    }

    pub fn adds(&mut self, k: Name, name: Name) {
        let from = self.command();
        let first_seq = self.heads.get(k).map_or(1, |head| head + 1);
        let (stays, version) = self.stays.entry((k, name)).or_default();
        stays.push(Stay { from, to: None, first_seq });
        *version = from;
        self.changes(k, name, NoteKind::Added);
    }

    pub fn removes(&mut self, k: Name, name: Name) {
        let to = self.command();
        let (stays, version) = self.stays.get_mut(&(k, name)).unwrap();
        stays.last_mut().unwrap().to = Some(to);
        *version = to;
        self.changes(k, name, NoteKind::Removed);
    }

    pub fn blocks(&mut self, by: Name, other: Name) {
        let at = self.command();
        let (intervals, version) = self.blocks.entry((by, other)).or_default();
        intervals.push(Interval { from: self.now, to: None });
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

    /// A send by `name` is refused after all.
    pub fn rejects(&mut self, name: Name) {
        self.command();
        let rejected = SendRejected {
            client_id: ClientId::from_bytes([7; 16]),
            conversation: conversation("k1"),
            refusal: Refusal::not_found(),
        };
        let body = AccountFact::SendRejected(rejected);
        self.append(Lane(2), vec![Output::AccountEvent { user: user(name), at: self.now, body }]);
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
            sent_at: self.now,
            sender: profile(sender),
            client_id: None,
            content: None,
            reply_to: None,
            mentions: Mentions::default(),
            note: None,
            recipients: 1,
            deleted_at: None,
        }
    }

    fn posts(&mut self, k: Name, message: Message) -> Message {
        self.tells(k, vec![ConversationFact::MessagePosted(MessagePosted { message: message.clone() })]);
        message
    }

    /// A change of members is told by two outputs of its command.
    fn changes(&mut self, k: Name, name: Name, kind: NoteKind) {
        let changed = MembersChanged {
            kind: ConversationKind::Group,
            title: None,
            created_by: user(OWNER),
            created_at: 0,
            by: user(OWNER),
            members: vec![MemberStays { user: user(name), stays: self.stays[&(k, name)].0.clone() }],
        };
        let note = Some(Note { kind, targets: vec![profile(name)] });
        let message = Message { note, ..self.message(k, OWNER) };
        let posted = ConversationFact::MessagePosted(MessagePosted { message });
        self.tells(k, vec![ConversationFact::MembersChanged(changed), posted]);
    }

    fn tells_of_blocks(&mut self, user_name: Name, other: Name) {
        let pair = ConversationId::direct(&user(user_name), &user(other));
        let body = ConversationFact::BlocksChanged(BlocksChanged {
            user: user(user_name),
            other: user(other),
            by_user: self.intervals(user_name, other).0,
            by_other: self.intervals(other, user_name).0,
        });
        self.append(Lane(0), vec![Output::Event { conversation: pair, at: self.now, body }]);
    }

    fn intervals(&self, by: Name, other: Name) -> (Vec<Interval>, Offset) {
        self.blocks.get(&(by, other)).cloned().unwrap_or_default()
    }

    fn tells(&mut self, k: Name, facts: Vec<ConversationFact>) {
        let (at, conversation) = (self.now, conversation(k));
        let event = |body| Output::Event { conversation: conversation.clone(), at, body };
        self.append(lane_of(k), facts.into_iter().map(event).collect());
    }

    fn append(&mut self, lane: Lane, outputs: Vec<Output>) {
        let partition = LANES.partition(lane);
        for (index, output) in (0..).zip(outputs) {
            let number = Number { offset: self.next_command, index };
            let Outgoing { key, headers, value, topic, .. } =
                output.record(Some(Cause { epoch: EPOCH, partition, number }));
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
