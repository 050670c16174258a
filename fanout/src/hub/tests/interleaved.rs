//! Whatever is said, entered, taken and resumed, in whatever order and on whichever node: everyone
//! gets each event that concerns them, once, in the order of its lane.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::client::{Client, Frame, taken, taken_in_part, told};
use super::world::{LANES, Name, World};
use crate::cursor::Cursor;
use crate::hub::{Hub, UserRows};
use crate::lanes::Lane;
use crate::snapshot::Snapshot;

const PEOPLE: [Name; 4] = ["ann", "bob", "cleo", "dan"];
/// A group of each lane, with who speaks in it. Lanes do not wait for each other, so `ann` and `bob`,
/// who block each other now and then, speak only in the lane that tells of it.
const GROUPS: [(Name, Lane, &[Name]); 2] = [("k1", Lane(0), &PEOPLE), ("k2", Lane(1), &["cleo", "dan"])];
const ACCOUNTS: Lane = Lane(2);
/// This node has the whole log in its ring.
const WHOLE: usize = 0;
/// This one has narrow queues, lags, trims its rings, starts anew.
const FRAIL: usize = 1;
const NARROW: usize = 6;

#[derive(Debug, Clone)]
enum Step {
    Says { group: usize, by: usize },
    Comes { group: usize, who: usize },
    Goes { group: usize, who: usize },
    TurnsBlock,
    Rejects { who: usize },
    Repeats { lane: u16, from: usize, count: usize },
    Litters { lane: u16 },
    Enters { node: usize, lane: u16, most: usize },
    TakesSnapshot { node: usize },
    Adopts { node: usize, settles: bool },
    Restarts,
    Takes { who: usize, most: usize, stays: bool },
    Pings { who: usize },
    Returns { who: usize, node: usize, most: usize, with_rows: bool, meanwhile: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (group, who, node) = (|| 0..GROUPS.len(), || 0..PEOPLE.len(), || WHOLE..=FRAIL);
    let enters = |node, most: usize| {
        (0..3u16, 1..=most).prop_map(move |(lane, most)| Step::Enters { node, lane, most })
    };
    let step = prop_oneof![
        24 => (group(), who()).prop_map(|(group, by)| Step::Says { group, by }),
        6 => (group(), who()).prop_map(|(group, who)| Step::Comes { group, who }),
        4 => (group(), who()).prop_map(|(group, who)| Step::Goes { group, who }),
        4 => Just(Step::TurnsBlock),
        4 => who().prop_map(|who| Step::Rejects { who }),
        4 => (0..3u16, 0..20usize, 1..6usize)
            .prop_map(|(lane, from, count)| Step::Repeats { lane, from, count }),
        1 => (0..3u16).prop_map(|lane| Step::Litters { lane }),
        20 => enters(WHOLE, 8),
        10 => enters(FRAIL, 3),
        10 => node().prop_map(|node| Step::TakesSnapshot { node }),
        10 => (node(), prop::bool::weighted(0.2)).prop_map(|(node, settles)| Step::Adopts { node, settles }),
        1 => Just(Step::Restarts),
        10 => (who(), 0..8usize, any::<bool>()).prop_map(|(who, most, stays)| Step::Takes { who, most, stays }),
        10 => who().prop_map(|who| Step::Pings { who }),
        20 => (who(), node(), 1..=NARROW / 2, any::<bool>(), 0..3usize).prop_map(
            |(who, node, most, with_rows, meanwhile)| Step::Returns { who, node, most, with_rows, meanwhile }
        ),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1_000) })]

    #[test]
    fn everyone_gets_what_concerns_them_once_in_order(steps in steps()) {
        let mut stage = Stage::new();
        for step in &steps {
            stage.plays(step);
        }
        stage.ends();
    }
}

struct Stage {
    world: World,
    nodes: [Arc<Hub>; 2],
    /// What each has stored and not adopted yet.
    taken: [Option<Arc<Snapshot>>; 2],
    people: Vec<Person>,
    /// Who is in each group now.
    present: [BTreeSet<Name>; 2],
    block_stands: bool,
    said: usize,
}

struct Person {
    name: Name,
    /// On which node, if on any.
    client: Option<(usize, Client)>,
    cursor: Cursor,
    got: Vec<(Lane, String)>,
    due: Vec<(Lane, String)>,
}

impl Person {
    /// Frames reach the client; its cursor is the last one's.
    fn gets(&mut self, frames: &[Frame]) {
        if let Some(last) = frames.last() {
            self.cursor = last.cursor.clone();
        }
        self.got.extend(frames.iter().map(|frame| (frame.event.lane, told(&frame.event))));
    }

    /// The socket is gone, with all that waits for it.
    fn leaves(&mut self) {
        if let Some((_, client)) = self.client.take() {
            client.goes();
        }
    }
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let person =
            |name: &Name| Person { name, client: None, cursor: world.start(), got: vec![], due: vec![] };
        let nodes = [world.node(), world.node_with(0, NARROW)];
        let people = PEOPLE.iter().map(person).collect();
        let (taken, present) = Default::default();
        Self { world, nodes, taken, people, present, block_stands: false, said: 0 }
    }

    fn plays(&mut self, step: &Step) {
        match *step {
            Step::Says { group, by } => self.says(group, by),
            Step::Comes { group, who } => self.comes(group, PEOPLE[who]),
            Step::Goes { group, who } => self.goes(group, PEOPLE[who]),
            Step::TurnsBlock => {
                self.block_stands = !self.block_stands;
                if self.block_stands {
                    self.world.blocks("ann", "bob");
                } else {
                    self.world.unblocks("ann", "bob");
                }
            }
            Step::Rejects { who } => {
                self.world.rejects(PEOPLE[who]);
                self.people[who].due.push((ACCOUNTS, "rejected".to_owned()));
            }
            Step::Repeats { lane, from, count } => {
                let end = self.world.records(Lane(lane)).count();
                let from = from.min(end);
                self.world.repeats(Lane(lane), from..end.min(from + count));
            }
            Step::Litters { lane } => self.world.is_littered(Lane(lane)),
            Step::Enters { node, lane, most } => self.world.enters_some(&self.nodes[node], Lane(lane), most),
            Step::TakesSnapshot { node } => self.taken[node] = Some(self.world.snapshot(&self.nodes[node])),
            Step::Adopts { node, settles } => self.adopts(node, settles),
            Step::Restarts => self.restarts(),
            Step::Takes { who, most, stays } => self.takes(who, most, stays),
            Step::Pings { who } => self.is_pinged(who),
            Step::Returns { who, node, most, with_rows, meanwhile } => {
                // Rows are read where the ring does not reach back to the beginning.
                self.returns(who, node, most, with_rows || node == FRAIL, meanwhile);
            }
        }
    }

    fn says(&mut self, group: usize, by: usize) {
        let (k, lane, speakers) = GROUPS[group];
        let sender = speakers[by % speakers.len()];
        self.said += 1;
        let text = format!("#{}", self.said);
        self.world.says(k, sender, &text);
        for person in self.people.iter_mut().filter(|person| self.present[group].contains(person.name)) {
            let pair = [sender, person.name];
            let is_hidden = self.block_stands && (pair == ["ann", "bob"] || pair == ["bob", "ann"]);
            if !is_hidden {
                person.due.push((lane, text.clone()));
            }
        }
    }

    fn comes(&mut self, group: usize, name: Name) {
        if self.present[group].insert(name) {
            self.world.adds(GROUPS[group].0, name);
            self.is_told_of(group, name, "added");
        }
    }

    fn goes(&mut self, group: usize, name: Name) {
        if self.present[group].contains(name) {
            self.world.removes(GROUPS[group].0, name);
            self.is_told_of(group, name, "removed");
            self.present[group].remove(name);
        }
    }

    fn is_told_of(&mut self, group: usize, name: Name, change: &str) {
        let (k, lane, _) = GROUPS[group];
        for person in self.people.iter_mut().filter(|person| self.present[group].contains(person.name)) {
            person.due.push((lane, format!("members of {k}")));
            person.due.push((lane, format!("{name} in {k}: {change}")));
        }
    }

    fn adopts(&mut self, node: usize, settles: bool) {
        let Some(snapshot) = self.taken[node].take() else { return };
        self.nodes[node].adopt(snapshot.clone());
        if settles && node == FRAIL {
            self.nodes[node].settle(snapshot);
        }
    }

    fn restarts(&mut self) {
        self.taken[FRAIL] = None;
        let snapshot = self.world.snapshot(&self.nodes[FRAIL]);
        for person in &mut self.people {
            if person.client.as_ref().is_some_and(|(node, _)| *node == FRAIL) {
                person.leaves();
            }
        }
        self.nodes[FRAIL] = Arc::new(Hub::new(LANES, snapshot.clone(), 0, NARROW));
    }

    /// If not all can be written the socket is gone, or waits until more can.
    fn takes(&mut self, who: usize, most: usize, stays: bool) {
        let person = &mut self.people[who];
        let Some((node, client)) = &person.client else { return };
        match taken_in_part(&self.nodes[*node], client.id, most) {
            Ok((frames, taken)) => {
                person.gets(&frames);
                if !taken.is_all && !stays {
                    person.leaves();
                }
            }
            Err(_) => person.leaves(),
        }
    }

    fn is_pinged(&mut self, who: usize) {
        let person = &mut self.people[who];
        let Some((node, client)) = &person.client else { return };
        match taken(&self.nodes[*node], client.id) {
            Ok((frames, cursor)) => {
                person.gets(&frames);
                person.cursor = cursor;
            }
            Err(_) => person.leaves(),
        }
    }

    /// Comes back at the last frame's cursor; stays away where the ring does not reach back to it.
    fn returns(&mut self, who: usize, node: usize, most: usize, with_rows: bool, meanwhile: usize) {
        let (world, hub, person) = (&self.world, &self.nodes[node], &mut self.people[who]);
        person.leaves();
        let rows = if with_rows { world.rows_of(person.name) } else { UserRows::default() };
        let (mut client, mut next) = world.comes_back(hub, person.name, &person.cursor, rows);
        loop {
            let Ok(live) = hub.catch_up(client.id, &mut next, most) else {
                client.goes();
                return;
            };
            person.gets(&client.frames());
            if live {
                person.client = Some((node, client));
                return;
            }
            LANES.all().for_each(|lane| world.enters_some(hub, lane, meanwhile));
        }
    }

    /// All is entered and taken.
    fn ends(mut self) {
        self.nodes.iter().for_each(|node| self.world.enters(node));
        for who in 0..PEOPLE.len() {
            self.takes(who, usize::MAX, true);
            if self.people[who].client.is_none() {
                self.returns(who, WHOLE, 3, true, 0);
            }
            for node in [FRAIL, WHOLE] {
                self.returns(who, node, 3, true, 0);
            }
            let Person { name, got, due, .. } = &self.people[who];
            for lane in LANES.all() {
                let of_lane = |events: &[(Lane, String)]| {
                    let events = events.iter().filter(|(other, _)| *other == lane);
                    events.map(|(_, told)| told.clone()).collect::<Vec<_>>()
                };
                assert_eq!(of_lane(got), of_lane(due), "{name} in lane {}", lane.0);
            }
        }
    }
}
