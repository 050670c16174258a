//! What completion reads, and for whom.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::delivery::Question;
use graphql::live::Delivery;
use schemas::avro;
use schemas::membership::Member;
use schemas::message::Message;
use schemas::polling::{Tally, Voted};
use schemas::receipts::Receipt;
use schemas::rows::RowKey;
use schemas::tables::views::{AspectBody, AspectRow, MessageRow};

use super::{Completions, FRESH_MS, completed};
use crate::event::{AsOf, Completed, Event};
use crate::hub::tests::world::{World, conversation, entries, user};
use crate::lanes::Lane;
use crate::render::tests::samples;
use crate::subscription::tests::ports::Memory;

const FIRST_COMMAND: i64 = 1_001;

struct Told {
    tables: Arc<Memory>,
    completions: Completions,
    events: Vec<Arc<Event>>,
}

impl Told {
    /// `ann` and `bob` in `k1`, and what happens there.
    fn new(happens: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new();
        happens(&mut world);
        let tables = Arc::new(Memory::default());
        let people = samples::people();
        for (user, member) in &people.members {
            tables.row(&conversation("k1"), RowKey::of::<Member>(user), &avro::encode(member));
        }
        for (user, receipt) in &people.receipts {
            tables.row(&conversation("k1"), RowKey::of::<Receipt>(user), &avro::encode(receipt));
        }
        let events = entries(Lane(0), world.records(Lane(0)));
        let events = events.into_iter().filter_map(|entry| entry.event).collect();
        Self { completions: Completions::new(tables.clone()), tables, events }
    }

    fn stores(&self, message: Message, offset: i64) {
        let row = MessageRow { conversation: conversation("k1"), message: message.stored() };
        self.tables.view(row.to_row(), offset);
    }

    async fn replays(&self, at: usize, now: i64) -> Option<Arc<Completed>> {
        self.completions.replayed(&self.events[at], now).await.unwrap()
    }
}

fn message(completed: &Completed) -> &Message {
    completed::message(completed.fact().unwrap()).unwrap()
}

#[tokio::test]
async fn a_fact_about_an_existing_message_is_completed_with_its_recipients() {
    let told = Told::new(|world| {
        let said = world.says("k1", "bob", "one");
        world.deletes("k1", &said);
    });
    told.completions.complete(&told.events.iter().collect::<Vec<_>>()).await;
    let [created, deleted] = [0, 1].map(|at| told.events[at].completed().unwrap());
    assert_eq!((created.as_of, created.questions().len()), (AsOf::Event, 0));
    assert_eq!(deleted.as_of, AsOf::Event);
    assert!(matches!(
        &deleted.questions()[..],
        [Question::IsBlocked(users), Question::HidesReads] if users[0].as_str() == "ann"
    ));
    let Delivery::Conversation(delivery) = &*deleted.delivery else { panic!("a deletion") };
    assert_eq!(delivery.people.as_ref().unwrap().members.len(), 2);
}

#[tokio::test]
async fn an_event_whose_rows_cannot_be_read_enters_incomplete_and_is_completed_later() {
    let told = Told::new(|world| {
        let said = world.says("k1", "bob", "one");
        world.deletes("k1", &said);
    });
    told.tables.is_down.store(true, Ordering::Relaxed);
    told.completions.complete(&told.events.iter().collect::<Vec<_>>()).await;
    let deleted = &told.events[1];
    assert_eq!(told.events[0].completed().unwrap().as_of, AsOf::Event, "it needs nothing");
    assert_eq!(deleted.completed().unwrap().as_of, AsOf::Incomplete);
    assert!(told.completions.late(deleted, 0).await.is_err());
    told.tables.is_down.store(false, Ordering::Relaxed);
    let late = told.completions.late(deleted, 0).await.unwrap().unwrap();
    assert_eq!((late.as_of, late.questions().len()), (AsOf::Event, 2));
    assert!(Arc::ptr_eq(&late, &told.replays(1, 1).await.unwrap()), "read once");
}

#[tokio::test]
async fn a_message_is_replayed_as_its_row_stands_if_that_is_newer() {
    let mut said = None;
    let told = Told::new(|world| said = Some(world.says("k1", "bob", "a secret")));
    let said = said.unwrap();
    assert!(told.replays(0, 0).await.is_none(), "there is no row yet");
    told.stores(said.clone(), FIRST_COMMAND);
    assert!(told.replays(0, FRESH_MS).await.is_none(), "its own command wrote it");
    told.stores(said.removed(9), FIRST_COMMAND + 5);
    let replayed = told.replays(0, FRESH_MS).await.unwrap();
    assert_eq!(replayed.as_of, AsOf::Row(FIRST_COMMAND + 5));
    assert_eq!(message(&replayed).body.content(), None);
    let again = told.replays(0, FRESH_MS).await.unwrap();
    assert!(Arc::ptr_eq(&replayed, &again), "its people are shared for a second");
}

#[tokio::test]
async fn a_reply_is_replayed_without_a_text_that_was_deleted_since() {
    let mut said = vec![];
    let told = Told::new(|world| {
        let parent = world.says("k1", "bob", "a secret");
        let reply = world.answers("k1", "ann", "indeed", &parent);
        said = vec![parent, reply];
    });
    told.stores(said[0].clone(), FIRST_COMMAND);
    told.stores(said[1].clone(), FIRST_COMMAND + 1);
    assert!(told.replays(1, 0).await.is_none(), "both are as the event says");
    told.stores(said[0].clone().removed(9), FIRST_COMMAND + 2);
    let replayed = told.replays(1, FRESH_MS).await.unwrap();
    let (reply, as_of) = (message(&replayed), replayed.as_of);
    assert_eq!(as_of, AsOf::Row(FIRST_COMMAND + 2));
    assert_eq!(reply.body.content().unwrap().text, "indeed");
    let stub = reply.reply_to.as_ref().unwrap();
    assert_eq!((stub.seq, &stub.content), (said[0].seq, &None));
}

fn tally(votes: [i32; 2], changes: i64) -> Tally {
    Tally { votes: votes.to_vec(), changes, closed: None }
}

impl Told {
    fn stores_tally(&self, seq: i64, tally: Tally) {
        let body = AspectBody::Poll(tally);
        self.tables.view(AspectRow { conversation: conversation("k1"), seq, at: 1, body }.to_row(), 1);
    }

    fn stores_vote(&self, seq: i64, name: &str) {
        let vote = Voted { options: vec![0], at: 1 };
        self.tables.row(&conversation("k1"), RowKey::of::<Voted>(&(seq, user(name))), &avro::encode(&vote));
    }
}

/// An event is published before its rows are written, and rows of one decision are read one after the other.
#[tokio::test(start_paused = true)]
async fn a_vote_is_completed_by_rows_that_are_as_new_and_agree() {
    for is_anonymous in [false, true] {
        let mut asked = None;
        let told = Told::new(|world| {
            let poll = world.asks("k1", "bob", is_anonymous);
            world.votes("k1", "ann", &poll, tally([1, 0], 1));
            asked = Some(poll);
        });
        let (asked, voted) = (asked.unwrap(), &told.events[1]);
        told.stores(asked.clone(), FIRST_COMMAND);
        told.completions.complete(&[voted]).await;
        assert_eq!(voted.completed().unwrap().as_of, AsOf::Incomplete, "there is no tally yet");
        told.stores_tally(asked.seq, tally([1, 0], 1));
        assert!(told.completions.late(voted, 0).await.is_err(), "the vote is not there yet");
        told.stores_vote(asked.seq, "ann");
        told.stores_tally(asked.seq, tally([2, 0], 2));
        assert!(told.completions.late(voted, 0).await.is_err(), "of another vote the tally alone");
        told.stores_vote(asked.seq, "bob");
        let late = told.completions.late(voted, 0).await.unwrap().unwrap();
        let questions = late.questions();
        let voters = |place| {
            let of = questions.iter().find_map(|question| match question {
                Question::HasVoted(at, users) if *at == place => Some(users.len()),
                _ => None,
            });
            of.unwrap()
        };
        assert_eq!((voters(0), voters(1)), (2, 0));
        let asks_for_blocks = questions.iter().any(|question| matches!(question, Question::HidesVote(_)));
        assert_eq!(asks_for_blocks, !is_anonymous);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vote_in_a_poll_that_was_deleted_since_is_completed_with_none() {
    let mut asked = None;
    let told = Told::new(|world| {
        let poll = world.asks("k1", "bob", false);
        world.votes("k1", "ann", &poll, tally([1, 0], 1));
        asked = Some(poll);
    });
    let asked = asked.unwrap();
    told.stores(asked.removed(9), FIRST_COMMAND + 1);
    told.completions.complete(&[&told.events[1]]).await;
    let completed = told.events[1].completed().unwrap();
    assert_eq!((completed.as_of, completed.questions().len()), (AsOf::Event, 2), "of its recipients alone");
}
