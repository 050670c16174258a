//! Polls: sent, voted in, closed.

use expect_test::expect;
use musclemap_domain::access::{Blocking, Sight, When};
use musclemap_domain::delivery::{self, Viewer};
use musclemap_domain::{Accounts, Conversations};
use schemas::blocking::{BlockInterval, Blocks, PairBlocks};
use schemas::charging::ChargeKind::{Create, Edit, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::membership::{MembershipInterval, Role};
use schemas::message::{Body, Content, Message};
use schemas::operations::{ClosePoll, CreatePoll, PostPoll, VotePoll};
use schemas::polling::{Poll, PollChanged, Tally, ToldVote, Voted};
use schemas::verdict::Outcome;
use schemas::{ConversationFact, ConversationRequest, UserId};

use crate::harness::{Decided, Harness};
use crate::message_requests::{accept, pair};
use crate::names::{
    add, asked, block, charge, client, conversation, delete, edit, open, paid, profile, refund, remove, send,
    sent, user,
};
use crate::render::Table;
use crate::roles::role;

pub fn lunch() -> Poll {
    Poll {
        question: Content::plain("lunch?"),
        options: ["rice", "beans", "both"].map(Content::plain).to_vec(),
        multiple: false,
        anonymous: false,
        closes_at: None,
    }
}

/// To `k1`, by `ann`.
pub fn creating(id: impl Into<i64>, poll: Poll, recipients: i32) -> CreatePoll {
    let (conversation, client_id) = (conversation(1), client(id));
    CreatePoll { conversation, client_id, poll, recipients, sender: profile("ann") }
}

pub fn posting(sender: &str, id: u8, poll: Poll) -> PostPoll {
    PostPoll { client_id: client(id), sender: profile(sender), poll, shows_reads: true }
}

/// A message of `bob`, as ingest reads it.
pub fn asking(message: Message, poll: Poll) -> Message {
    Message { body: Body::Poll(poll), ..message }
}

/// A group of `ann`, who owns it, `bob`, `cleo` and `dave`, with one poll by `bob`.
fn group(poll: &Poll) -> Harness<Conversations> {
    let mut k1 = Harness::opened(1_000, Group, &["bob", "cleo", "dave"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), posting("bob", 1, poll.clone()).into());
    k1
}

fn vote_in(poll: &Poll, who: &str, options: &[i32]) -> ConversationRequest {
    let message = Box::new(asking(sent(1, "bob", 1, 1_500), poll.clone()));
    VotePoll { user: user(who), message, options: options.to_vec() }.into()
}

fn vote(who: &str, options: &[i32]) -> ConversationRequest {
    vote_in(&lunch(), who, options)
}

fn close_of(poll: &Poll, who: &str) -> ConversationRequest {
    let message = Box::new(asking(sent(1, "bob", 1, 1_500), poll.clone()));
    ClosePoll { actor: user(who), message }.into()
}

fn close(who: &str) -> ConversationRequest {
    close_of(&lunch(), who)
}

fn is_done(decided: &Decided<Conversations>) -> bool {
    matches!(&decided.decision.verdict, Some(Outcome::Done(done)) if done.changed)
}

#[test]
fn votes_are_counted_changed_and_taken_back_until_the_poll_is_closed() {
    let (mut table, mut k1) = (Table::default(), Harness::opened(1_000, Group, &["bob", "cleo", "dave"]));
    let post = || ConversationRequest::from(posting("bob", 1, lunch()));
    table.case("the poll", &k1.takes(1_500, paid(charge(1, Send, 5)), post()));
    let first = k1.asks(2_000, vote("ann", &[0]));
    table.case("a vote", &first);
    table.answer("again", &k1.asks(2_100, vote("ann", &[0])));
    table.case("another's", &k1.asks(2_200, vote("cleo", &[0])));
    table.case("changed", &k1.asks(2_300, vote("ann", &[2])));
    table.outcome("the first, repeated", k1.repeats(first.offset, asked(), vote("ann", &[0])).as_ref());
    table.outcome("the changed, repeated", k1.repeats(5, asked(), vote("ann", &[2])).as_ref());
    table.case("taken back", &k1.asks(2_400, vote("ann", &[])));
    let closed = k1.asks(3_000, close("bob"));
    table.case("closed", &closed);
    table.answer("closed again", &k1.asks(3_100, close("bob")));
    table.answer("a vote afterwards", &k1.asks(3_100, vote("dave", &[1])));
    table.answer("the same vote afterwards", &k1.asks(3_100, vote("cleo", &[0])));
    table.outcome("closed, repeated", k1.repeats(closed.offset, asked(), close("bob")).as_ref());
    table.outcome("closed again, repeated", k1.repeats(closed.offset + 1, asked(), close("bob")).as_ref());
    table.case("deleted", &k1.asks(4_000, delete("bob", sent(1, "bob", 1, 1_500))));
    table.answer("a vote in what was deleted", &k1.asks(4_100, vote("dave", &[1])));
    table.is(expect![[r#"
        the poll
          stored as 1
          head 0 at 1000 → 1 at 1500
          countable 0 → 1
          row message 1: by bob at #1, ordinal 1
          row sent bob c1: 1, paid by #5
          row receipt bob: read 1, ordinal 1
          view messages k1 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 3 recipients
          to events k1: created 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 3 recipients
             MessageCreated id=1.3.1.0 at 1500
        a vote
          done
          row voted 1 ann: [0] at 2000
          row tally 1: votes [1, 0, 0] of 1 changes
          row message 1: by bob at #1, ordinal 1, aspects 4
          view aspect k1 1: votes [1, 0, 0] of 1 changes
          to events k1: votes [1, 0, 0] of 1 changes, ann for [0] at 2000 after 2000: 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 2 recipients
             PollChanged id=1.3.2.0 at 2000
        again: nothing to do
        another's
          done
          row voted 1 cleo: [0] at 2200
          row tally 1: votes [2, 0, 0] of 2 changes
          view aspect k1 1: votes [2, 0, 0] of 2 changes
          to events k1: votes [2, 0, 0] of 2 changes, cleo for [0] at 2200 after 2200: 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 2 recipients
             PollChanged id=1.3.4.0 at 2200
        changed
          done
          row voted 1 ann: [2] at 2300
          row tally 1: votes [1, 0, 1] of 3 changes
          view aspect k1 1: votes [1, 0, 1] of 3 changes
          to events k1: votes [1, 0, 1] of 3 changes, ann for [2] at 2300 after 2000: 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 2 recipients
             PollChanged id=1.3.5.0 at 2300
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the changed, repeated: done
        taken back
          done
          row voted 1 ann: [] at 2400
          row tally 1: votes [1, 0, 0] of 4 changes
          view aspect k1 1: votes [1, 0, 0] of 4 changes
          to events k1: votes [1, 0, 0] of 4 changes, ann for [] at 2400 after 2300: 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 2 recipients
             PollChanged id=1.3.6.0 at 2400
        closed
          done
          row tally 1: votes [1, 0, 0] of 5 changes, closed at 3000 by #7
          view aspect k1 1: votes [1, 0, 0] of 5 changes, closed at 3000 by #7
          to events k1: votes [1, 0, 0] of 5 changes, closed at 3000 by #7: 1: poll "lunch?" of "rice" "beans" "both" by bob as c1, 2 recipients
             PollChanged id=1.3.7.0 at 3000
        closed again: CONFLICT (the poll is closed)
        a vote afterwards: CONFLICT (the poll is closed)
        the same vote afterwards: nothing to do
        closed, repeated: done
        closed again, repeated: CONFLICT (the poll is closed)
        deleted
          done
          removed [] → [1]
          row tally 1: votes [] of 0 changes
          row message 1: by bob at #1, ordinal 1, removed at 4000
          view aspect k1 1: votes [] of 0 changes
          view messages k1 1: removed at 4000 by bob as c1, 2 recipients
          to events k1: deleted by bob: 1: removed at 4000 by bob as c1, 2 recipients
             MessageDeleted id=1.3.11.0 at 4000
        a vote in what was deleted: NOT_FOUND (not found)
    "#]]);
}

#[test]
fn facts_about_an_anonymous_poll_name_no_voter() {
    let poll = Poll { anonymous: true, multiple: true, ..lunch() };
    let mut k1 = group(&poll);
    let decided = [
        k1.asks(2_000, vote_in(&poll, "cleo", &[0, 2])),
        k1.asks(2_100, vote_in(&poll, "cleo", &[1])),
        k1.asks(2_200, vote_in(&poll, "cleo", &[])),
        k1.asks(2_300, close_of(&poll, "bob")),
    ];
    let mut votes = vec![];
    for decided in &decided {
        let facts: Vec<_> = decided.facts().collect();
        let [fact @ ConversationFact::PollChanged(changed)] = facts[..] else { panic!("{facts:?}") };
        assert_eq!(changed.vote, None);
        assert!(!format!("{fact:?}").contains("cleo"), "{fact:?}");
        for view in &decided.decision.views {
            assert!(!format!("{view:?}").contains("cleo"), "{view:?}");
        }
        votes.push(changed.tally.votes.clone());
    }
    assert_eq!(votes, [vec![1, 0, 1], vec![0, 1, 0], vec![0; 3], vec![0; 3]]);
    assert_eq!(k1.row::<Voted>(&(1, user("cleo"))), Some(&Voted { options: vec![], at: 2_200 }));
}

#[test]
fn a_poll_takes_the_options_that_it_has() {
    let mut k1 = group(&lunch());
    for options in [&[3][..], &[-1], &[0, 1], &[0, 0], &[1, 0]] {
        assert_eq!(k1.asks(2_000, vote("ann", options)).refused_with(), "BAD_USER_INPUT", "{options:?}");
    }
    let several = Poll { multiple: true, ..lunch() };
    let mut k1 = group(&several);
    assert!(is_done(&k1.asks(2_000, vote_in(&several, "ann", &[0, 1, 2]))));
    assert_eq!(k1.asks(2_000, vote_in(&several, "bob", &[1, 1])).refused_with(), "BAD_USER_INPUT");
    assert_eq!(k1.row::<Tally>(&1).unwrap().votes, [1, 1, 1]);
}

#[test]
fn a_poll_ends_by_itself_at_the_time_of_the_record() {
    let poll = Poll { closes_at: Some(5_000), ..lunch() };
    let mut k1 = group(&poll);
    assert!(is_done(&k1.asks(4_999, vote_in(&poll, "ann", &[0]))));
    assert_eq!(k1.asks(5_000, vote_in(&poll, "ann", &[1])).refused_with(), "CONFLICT");
    assert_eq!(k1.asks(5_000, vote_in(&poll, "cleo", &[1])).refused_with(), "CONFLICT");
    assert_eq!(k1.asks(5_000, close_of(&poll, "bob")).refused_with(), "CONFLICT");
    assert_eq!(k1.row::<Tally>(&1).unwrap().closed, None);
}

#[test]
fn who_sees_a_poll_votes_and_its_sender_or_who_manages_the_group_closes_it() {
    let mut k1 = group(&lunch());
    assert_eq!(k1.asks(2_000, vote("mia", &[0])).refused_with(), "NOT_FOUND", "a stranger");
    k1.asks(2_000, add("ann", &["finn"]));
    assert_eq!(k1.asks(2_000, vote("finn", &[0])).refused_with(), "NOT_FOUND", "a newcomer");
    let text = VotePoll { user: user("ann"), message: Box::new(sent(1, "bob", 1, 1_500)), options: vec![0] };
    assert_eq!(k1.asks(2_000, text.into()).refused_with(), "BAD_USER_INPUT", "a text");
    let other = asking(sent(1, "bob", 1, 1_501), lunch());
    let other = VotePoll { user: user("ann"), message: Box::new(other), options: vec![0] };
    assert_eq!(k1.asks(2_000, other.into()).refused_with(), "NOT_FOUND", "another core");
    let note = asking(sent(2, "ann", 2, 2_000), lunch());
    let note = VotePoll { user: user("ann"), message: Box::new(note), options: vec![0] };
    assert_eq!(k1.asks(2_000, note.into()).refused_with(), "BAD_USER_INPUT", "a system message");
    k1.asks(2_000, vote("dave", &[1]));
    k1.asks(2_100, remove("ann", "dave"));
    assert_eq!(k1.asks(2_200, vote("dave", &[])).refused_with(), "NOT_FOUND", "who has left");
    assert_eq!(k1.row::<Tally>(&1).unwrap().votes, [0, 1, 0], "the vote of a former member counts");
    assert_eq!(k1.asks(2_300, close("cleo")).refused_with(), "FORBIDDEN");
    assert_eq!(k1.asks(2_300, close("mia")).refused_with(), "NOT_FOUND");
    k1.asks(2_400, role("ann", "cleo", Role::Moderator).into());
    assert!(is_done(&k1.asks(2_500, close("cleo"))));
    let owned = &mut group(&lunch());
    assert!(is_done(&owned.asks(2_000, close("ann"))));
}

#[test]
fn nobody_votes_through_a_block_or_an_open_request() {
    let mut two = Harness::pair();
    two.takes(1_000, paid(charge(1, Create, 4)), open(Direct, "ann", &["bob"]));
    two.takes(1_500, paid(charge(1, Send, 5)), posting("bob", 1, lunch()).into());
    two.asks(2_000, block("ann", "bob", true));
    assert_eq!(two.asks(2_100, vote("ann", &[0])).refused_with(), "BLOCKED");
    assert_eq!(two.asks(2_100, vote("bob", &[0])).refused_with(), "RECIPIENT_UNAVAILABLE");
    assert_eq!(two.asks(2_100, close("ann")).refused_with(), "FORBIDDEN", "neither manages a pair");
    let again = two.takes(2_200, paid(charge(1, Send, 6)), posting("bob", 2, lunch()).into());
    assert!(again.decision.verdict.is_none(), "the account answers");
    two.asks(2_300, block("ann", "bob", false));
    assert!(is_done(&two.asks(2_400, vote("ann", &[0]))));

    let mut pair = pair();
    pair.takes(1_500, paid(charge(1, Send, 5)), posting("ann", 1, lunch()).into());
    let of_ann = || asking(sent(1, "ann", 1, 1_500), lunch());
    let by = |who: &str| VotePoll { user: user(who), message: Box::new(of_ann()), options: vec![0] }.into();
    for who in ["ann", "bob"] {
        assert_eq!(pair.asks(2_000, by(who)).refused_with(), "LIMIT_REACHED", "by {who}");
    }
    pair.asks(2_100, accept("bob"));
    assert!(is_done(&pair.asks(2_200, by("bob"))));
}

#[test]
fn a_poll_is_not_edited() {
    let mut k1 = group(&lunch());
    let message = asking(sent(1, "bob", 1, 1_500), lunch());
    let edited = k1.takes(1_600, paid(charge(0, Edit, 9)), edit("bob", message, "dinner?").into());
    let back = format!("{:?}", edited.decision.outputs);
    assert!(back.contains("BadUserInput") && edited.decision.rows.is_empty(), "{back}");
}

#[test]
fn a_poll_is_charged_as_a_send_and_counts_as_one() {
    let (mut table, mut ann) = (Table::default(), Harness::<Accounts>::ann(1_000));
    let first = ann.asks(1_000, creating(1, lunch(), 2).into());
    table.case("a poll", &first);
    table.case("again", &ann.asks(1_100, creating(1, lunch(), 2).into()));
    let other = Poll { anonymous: true, ..lunch() };
    table.answer("another under its id", &ann.asks(1_200, creating(1, other, 2).into()));
    table.answer("a send under its id", &ann.asks(1_200, send(1, "lunch?", 2)));
    table.outcome("the first, repeated", ann.repeats(1, asked(), creating(1, lunch(), 2).into()).as_ref());
    table.answer("for more than there is", &ann.asks(1_300, creating(2, lunch(), 9).into()));
    ann.policy.limits.send.count = 1;
    table.answer("beyond the sends of a minute", &ann.asks(1_300, creating(2, lunch(), 1).into()));
    table.case("it comes back", &ann.asks(1_400, refund(&first.charge(), None)));
    let room = ann.asks(1_500, creating(2, lunch(), 1).into());
    assert!(matches!(room.verdict(), Outcome::Accepted(_)), "there is room");
    table.is(expect![[r#"
        a poll
          accepted
          balance 1000 → 800
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #1, remembered
          row ledger #1: MESSAGE_SEND -200 → 800 for c1, 2 recipients
          to conversations.commands k1: post poll "lunch?" of "rice" "beans" "both"
             PostPoll id=1.3.1.0 at 1000 mm-reply=0.7 mm-charge=[#1 ann c1 Send k1 at 1000 for 200]
          to account-events ann: MESSAGE_SEND -200 → 800
             CreditsChanged id=1.3.1.1 at 1000
        again
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #1
             LookUp id=1.3.2.0 at 1100 mm-reply=0.7
        another under its id: IDEMPOTENCY_CONFLICT (this id was used for another request)
        a send under its id: IDEMPOTENCY_CONFLICT (this id was used for another request)
        the first, repeated: accepted
        for more than there is: INSUFFICIENT_CREDITS requiredMilli=900 balanceMilli=800 (not enough credits)
        beyond the sends of a minute: RATE_LIMITED limit=send windowSeconds=60 quota=1 retryAfterMs=59700 (too many in too short a time)
        it comes back
          nothing to do
          balance 800 → 1000
          sends 1 → 0
          texts 1 → 0
          row c1: Send to k1 at #1, forgotten
          row ledger #7: REFUND +200 → 1000 for c1
          to account-events ann: REFUND +200 → 1000
             CreditsChanged id=1.3.7.0 at 1400
    "#]]);
}

#[test]
fn an_account_refuses_what_no_poll_may_be_and_charges_nothing() {
    let (mut table, mut ann) = (Table::default(), Harness::<Accounts>::ann(1_000));
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let options = |count: usize| (0..count).map(|n| Content::plain(format!("option {n}"))).collect();
    let named = |options: &[&str]| options.iter().copied().map(Content::plain).collect();
    let now = 1_000;
    for (case, poll) in [
        ("no question", Poll { question: Content::plain(" \u{200b}"), ..lunch() }),
        ("a long question", Poll { question: Content::plain("a".repeat(301)), ..lunch() }),
        ("one option", Poll { options: options(1), ..lunch() }),
        ("eleven options", Poll { options: options(11), ..lunch() }),
        ("an option twice", Poll { options: named(&["rice", "beans", "rice"]), ..lunch() }),
        ("a blank option", Poll { options: named(&["rice", " "]), ..lunch() }),
        ("a long option", Poll { options: named(&["rice", &"a".repeat(101)]), ..lunch() }),
        ("an end that has come", Poll { closes_at: Some(now), ..lunch() }),
        ("an end too far away", Poll { closes_at: Some(now + 366 * DAY + 1), ..lunch() }),
    ] {
        table.answer(case, &ann.asks(now, creating(1, poll, 1).into()));
    }
    assert_eq!((ann.state.balance_milli, ann.state.sends.len()), (1_000, 0));
    let largest = Poll {
        question: Content::plain("a".repeat(300)),
        options: options(10),
        closes_at: Some(now + 366 * DAY),
        ..lunch()
    };
    let smallest = Poll { options: options(2), closes_at: Some(now + 1), ..lunch() };
    for (id, poll) in [(1, largest), (2, smallest)] {
        let decided = ann.asks(now, creating(id, poll, 1).into());
        assert!(matches!(decided.verdict(), Outcome::Accepted(_)), "{:?}", decided.verdict());
    }
    table.is(expect![[r#"
        no question: BAD_USER_INPUT field=question (the text has no visible character)
        a long question: BAD_USER_INPUT field=question (the text is too long)
        one option: BAD_USER_INPUT field=options (a poll has between 2 and 10 options)
        eleven options: BAD_USER_INPUT field=options (a poll has between 2 and 10 options)
        an option twice: BAD_USER_INPUT field=options (an option is named twice)
        a blank option: BAD_USER_INPUT field=options (the text has no visible character)
        a long option: BAD_USER_INPUT field=options (the text is too long)
        an end that has come: BAD_USER_INPUT field=closesAt (a poll closes in the future, within a year)
        an end too far away: BAD_USER_INPUT field=closesAt (a poll closes in the future, within a year)
    "#]]);
}

struct Blocked(UserId, PairBlocks);

impl Blocking for Blocked {
    fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
        (*other == self.0).then_some(&self.1)
    }
}

/// A vote is as a message of its user's; a viewer who saw the one before learns of its end.
#[test]
fn a_fact_about_a_vote_reaches_who_sees_the_vote_or_saw_the_one_before() {
    let stood = Blocks { intervals: vec![BlockInterval { from: 2_000, to: Some(3_000) }] };
    let blocks = Blocked(user("cleo"), PairBlocks { by_user: stood, ..PairBlocks::default() });
    let intervals = [MembershipInterval::from_opening(0)];
    let sight = Sight { intervals: &intervals, when: When::Now, blocks };
    let gets = |vote: Option<ToldVote>| {
        let message = asking(sent(1, "bob", 1, 1_500), lunch());
        let fact = PollChanged { message, tally: Tally::default(), vote }.into();
        let viewer = user("ann");
        delivery::audience(&fact).include(Viewer { user: &viewer, sees_reads: true }, &sight)
    };
    let vote = |who: &str, at, before| Some(ToldVote { user: user(who), options: vec![0], at, before });
    for (told, expected) in [
        (vote("cleo", 1_900, 1_900), true),
        (vote("cleo", 2_500, 2_500), false),
        (vote("cleo", 2_500, 1_900), true),
        (vote("cleo", 3_100, 2_500), true),
        (vote("dave", 2_500, 2_500), true),
        (None, true),
    ] {
        assert_eq!(gets(told.clone()), expected, "{told:?}");
    }
}
