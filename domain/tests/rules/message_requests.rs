//! Message requests: opened, accepted by saying so or by writing, declined, and bounded.

use expect_test::expect;
use schemas::charging::ChargeKind::{Create, Send};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::message_requests::{AcceptRequest, DeclineRequest, NoteRequest, OpenRequests, SettleRequest};
use schemas::operations::{AddMembers, OpenConversation};
use schemas::record::Envelope;
use schemas::{AccountRequest, ConversationRequest};

use crate::harness::Harness;
use crate::names::{asked, block, charge, conversation, open, paid, post, profile, read, remove, user};
use crate::render::Table;

type K1 = Harness<musclemap_domain::Conversations>;

/// By `ann`, of whom `bob` is asked.
fn opening(kind: schemas::creating::ConversationKind, others: &[&str]) -> ConversationRequest {
    match open(kind, "ann", others) {
        ConversationRequest::OpenConversation(open) => {
            OpenConversation { requests: vec![user("bob")], ..open }.into()
        }
        other => other,
    }
}

/// A pair of whom `bob` is asked by `ann`.
pub fn pair() -> K1 {
    let mut k1 = Harness::k1();
    k1.takes(1_000, paid(charge(1, Create, 4)), opening(Direct, &["bob"]));
    k1
}

pub fn accept(name: &str) -> ConversationRequest {
    AcceptRequest { user: user(name) }.into()
}

fn decline(name: &str) -> ConversationRequest {
    DeclineRequest { user: user(name) }.into()
}

fn sends(k1: &mut K1, sender: &str, id: u8) -> crate::harness::Decided<musclemap_domain::Conversations> {
    k1.takes(2_000, paid(charge(id, Send, 10 + i64::from(id))), post(sender, id, "hello"))
}

#[test]
fn a_request_of_a_pair_has_one_message_until_it_is_accepted() {
    let (mut table, mut k1) = (Table::default(), Harness::k1());
    table.case("opened", &k1.takes(1_000, paid(charge(1, Create, 4)), opening(Direct, &["bob"])));
    table.case("the first", &sends(&mut k1, "ann", 2));
    table.case("the second", &sends(&mut k1, "ann", 3));
    table.case("who is asked reads", &k1.asks(3_000, read("bob", 1)));
    table.answer("who asks accepts", &k1.asks(4_000, accept("ann")));
    table.answer("a stranger accepts", &k1.asks(4_000, accept("eve")));
    table.case("accepted", &k1.asks(4_000, accept("bob")));
    table.answer("again", &k1.asks(4_000, accept("bob")));
    table.answer("declined too late", &k1.asks(4_000, decline("bob")));
    table.case("the second again", &sends(&mut k1, "ann", 4));
    table.outcome("repeated", k1.repeats(6, asked(), accept("bob")).as_ref());
    table.is(expect![[r#"
        opened
          done
          conversation not open → DIRECT by ann, charge #4
          head 0 at 0 → 0 at 1000
          members 0 → 2
          row member ann: MEMBER since #0, sees from 1 after 0
          row member bob: MEMBER since #0, sees from 1 after 0, request by ann open
          view conversations_by_user ann k1: MEMBER since #0, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0, request by ann open
          view blocks bob and ann: by them never, by the other never, the other awaits them
          view blocks ann and bob: by them never, by the other never, they await the other
          to events k1: opened DIRECT by ann for 2, asking bob
             ConversationOpened id=1.3.0.0 at 1000 mm-users=ann,bob
          to events k1: bob: request by ann open, of ann; since #0, sees from 1 after 0
             RequestChanged id=1.3.0.1 at 1000 mm-users=bob,ann
          to accounts.commands bob: note the request k1
             NoteRequest id=1.3.0.2 at 1000
        the first
          stored as 1
          head 0 at 1000 → 1 at 2000
          countable 0 → 1
          row message 1: by ann at #1, ordinal 1
          row sent ann c2: 1, paid by #12
          row receipt ann: read 1, ordinal 1
          view messages k1 1: "hello" by ann as c2, 1 recipients
          to events k1: created 1: "hello" by ann as c2, 1 recipients
             MessageCreated id=1.3.1.0 at 2000
        the second
          (the account answers)
          to accounts.commands ann: refund [#13 ann c3 Send k1 at 0 for 100] because LIMIT_REACHED limit=message_request (one message until the request is accepted)
             Refund id=1.3.2.0 at 2000 mm-reply=0.7
        who is asked reads
          done
          row receipt bob: read 1, shown 0, ordinal 1
          to events k1: bob has 1 in private
             DeliveryAdvanced id=1.3.3.0 at 3000
          to events k1: bob has read 1 in private
             ReceiptAdvanced id=1.3.3.1 at 3000
        who asks accepts: nothing to do
        a stranger accepts: NOT_FOUND (not found)
        accepted
          done
          row member bob: MEMBER since #0, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0
          view blocks bob and ann: by them never, by the other never
          view blocks ann and bob: by them never, by the other never
          to events k1: bob: request accepted, of ann; since #0, sees from 1 after 0
             RequestChanged id=1.3.6.0 at 4000 mm-users=bob,ann
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.6.1 at 4000
        again: nothing to do
        declined too late: BAD_USER_INPUT field=conversationId (the conversation is no request to you)
        the second again
          stored as 2
          head 1 at 2000 → 2 at 4000
          countable 1 → 2
          row message 2: by ann at #9, ordinal 2
          row sent ann c4: 2, paid by #14
          row receipt ann: read 2, ordinal 2
          view messages k1 2: "hello" by ann as c4, 1 recipients
          to events k1: created 2: "hello" by ann as c4, 1 recipients
             MessageCreated id=1.3.9.0 at 4000
        repeated: done
    "#]]);
}

#[test]
fn who_declines_is_gone_and_who_asks_cannot_tell() {
    let (mut table, mut k1) = (Table::default(), pair());
    sends(&mut k1, "ann", 2);
    table.case("declined", &k1.asks(3_000, decline("bob")));
    table.answer("again", &k1.asks(3_000, decline("bob")));
    table.case("a text of who asks", &sends(&mut k1, "ann", 3));
    table.case("a text of who has declined", &sends(&mut k1, "bob", 4));
    table.case("accepted after all", &k1.asks(4_000, accept("bob")));
    table.case("then a text", &sends(&mut k1, "ann", 5));
    table.outcome("repeated", k1.repeats(2, asked(), decline("eve")).as_ref());
    table.is(expect![[r#"
        declined
          done
          row member bob: MEMBER from #0 to #2, request by ann declined
          view conversations_by_user bob k1: MEMBER from #0 to #2, request by ann declined
          view blocks bob and ann: by them never, by the other never, the other awaits them
          view blocks ann and bob: by them never, by the other never, they await the other
          to events k1: bob: request by ann declined, of ann; from #0 to #2
             RequestChanged id=1.3.2.0 at 3000 mm-users=bob,ann
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.2.1 at 3000
        again: nothing to do
        a text of who asks
          (the account answers)
          to accounts.commands ann: refund [#13 ann c3 Send k1 at 0 for 100] because LIMIT_REACHED limit=message_request (one message until the request is accepted)
             Refund id=1.3.4.0 at 3000 mm-reply=0.7
        a text of who has declined
          (the account answers)
          to accounts.commands ann: refund [#14 ann c4 Send k1 at 0 for 100] because NOT_FOUND (not found)
             Refund id=1.3.5.0 at 3000 mm-reply=0.7
        accepted after all
          done
          row member bob: MEMBER from #0 to #2; since #6, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER from #0 to #2; since #6, sees from 1 after 0
          view blocks bob and ann: by them never, by the other never
          view blocks ann and bob: by them never, by the other never
          to events k1: bob: request accepted, of ann; from #0 to #2; since #6, sees from 1 after 0
             RequestChanged id=1.3.6.0 at 4000 mm-users=bob,ann
        then a text
          stored as 2
          head 1 at 2000 → 2 at 4000
          countable 1 → 2
          row message 2: by ann at #7, ordinal 2
          row sent ann c5: 2, paid by #15
          row receipt ann: read 2, ordinal 2
          view messages k1 2: "hello" by ann as c5, 1 recipients
          to events k1: created 2: "hello" by ann as c5, 1 recipients
             MessageCreated id=1.3.7.0 at 4000
        repeated: done
    "#]]);
}

#[test]
fn who_writes_back_accepts() {
    let (mut table, mut k1) = (Table::default(), pair());
    sends(&mut k1, "ann", 2);
    table.case("an answer", &sends(&mut k1, "bob", 3));
    table.case("then a text", &sends(&mut k1, "ann", 4));
    table.is(expect![[r#"
        an answer
          stored as 2
          head 1 at 2000 → 2 at 2000
          countable 1 → 2
          row member bob: MEMBER since #0, sees from 1 after 0
          row message 2: by bob at #2, ordinal 2
          row sent bob c3: 2, paid by #13
          row receipt bob: read 2, ordinal 2
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0
          view blocks bob and ann: by them never, by the other never
          view blocks ann and bob: by them never, by the other never
          view messages k1 2: "hello" by bob as c3, 1 recipients
          to events k1: bob: request accepted, of ann; since #0, sees from 1 after 0
             RequestChanged id=1.3.2.0 at 2000 mm-users=bob,ann
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.2.1 at 2000
          to events k1: created 2: "hello" by bob as c3, 1 recipients
             MessageCreated id=1.3.2.2 at 2000
        then a text
          stored as 3
          head 2 at 2000 → 3 at 2000
          countable 2 → 3
          row message 3: by ann at #3, ordinal 3
          row sent ann c4: 3, paid by #14
          row receipt ann: read 3, ordinal 3
          view messages k1 3: "hello" by ann as c4, 1 recipients
          to events k1: created 3: "hello" by ann as c4, 1 recipients
             MessageCreated id=1.3.3.0 at 2000
    "#]]);
}

#[test]
fn a_block_keeps_the_request_that_waits() {
    let (mut table, mut k1) = (Table::default(), pair());
    table.case("blocked", &k1.asks(2_000, block("bob", "ann", true)));
    table.case("unblocked", &k1.asks(3_000, block("bob", "ann", false)));
    table.is(expect![[r#"
        blocked
          done
          row blocks by bob: 2000..
          row changes by bob: 1, noted 0
          view blocks bob and ann: by them 2000.., by the other never, the other awaits them
          view blocks ann and bob: by them never, by the other 2000.., they await the other
          to events k1: blocks by bob 2000.., by ann never
             BlocksChanged id=1.3.1.0 at 2000 mm-users=bob,ann
          to accounts.commands bob: note that ann is blocked
             NoteBlock id=1.3.1.1 at 2000
        unblocked
          done
          row blocks by bob: 2000..3000
          row changes by bob: 2, noted 0
          view blocks bob and ann: by them 2000..3000, by the other never, the other awaits them
          view blocks ann and bob: by them never, by the other 2000..3000, they await the other
          to events k1: blocks by bob 2000..3000, by ann never
             BlocksChanged id=1.3.2.0 at 3000 mm-users=bob,ann
          to accounts.commands bob: note that ann is blocked no more
             NoteBlock id=1.3.2.1 at 3000
    "#]]);
}

#[test]
fn an_addition_that_privacy_forbids_asks_the_added_one() {
    let (mut table, mut k1) = (Table::default(), Harness::opened(1_000, Group, &["cleo"]));
    let people = vec![profile("bob"), profile("dave")];
    let add = AddMembers { actor: profile("ann"), people, requests: vec![user("bob")] };
    table.case("added", &k1.asks(2_000, add.clone().into()));
    table.case("texts have no bound", &sends(&mut k1, "ann", 2));
    table.case("a second one", &sends(&mut k1, "ann", 3));
    table.case("declined", &k1.asks(3_000, decline("bob")));
    k1.asks(4_000, add.clone().into());
    table.case("accepted", &k1.asks(5_000, accept("bob")));
    table.answer("not asked", &k1.asks(5_000, decline("dave")));
    k1.asks(6_000, remove("ann", "bob"));
    k1.asks(6_000, add.into());
    table.case("removed before the answer", &k1.asks(7_000, remove("ann", "bob")));
    let mut k1 = Harness::k1();
    table.case("a group", &k1.takes(1_000, paid(charge(1, Create, 4)), opening(Group, &["bob", "cleo"])));
    table.is(expect![[r#"
        added
          done
          head 0 at 1000 → 1 at 2000
          members 2 → 4
          row member bob: MEMBER since #1, sees from 1 after 0, request by ann open
          row member dave: MEMBER since #1, sees from 1 after 0
          row changes by ann: 1, noted 2
          row message 1: by nobody at #1, ordinal 0
          view conversations_by_user bob k1: MEMBER since #1, sees from 1 after 0, request by ann open
          view conversations_by_user dave k1: MEMBER since #1, sees from 1 after 0
          view messages k1 1: Added [bob dave] by ann, 3 recipients
          to accounts.commands bob: note the request k1
             NoteRequest id=1.3.1.0 at 2000
          to events k1: members changed by ann: bob: since #1, sees from 1 after 0 dave: since #1, sees from 1 after 0, asking bob
             MembersChanged id=1.3.1.1 at 2000 mm-users=bob,dave
          to events k1: created 1: Added [bob dave] by ann, 3 recipients
             MessageCreated id=1.3.1.2 at 2000
        texts have no bound
          stored as 2
          head 1 at 2000 → 2 at 2000
          countable 0 → 1
          row message 2: by ann at #2, ordinal 1
          row sent ann c2: 2, paid by #12
          row receipt ann: read 2, ordinal 1
          view messages k1 2: "hello" by ann as c2, 3 recipients
          to events k1: created 2: "hello" by ann as c2, 3 recipients
             MessageCreated id=1.3.2.0 at 2000
        a second one
          stored as 3
          head 2 at 2000 → 3 at 2000
          countable 1 → 2
          row message 3: by ann at #3, ordinal 2
          row sent ann c3: 3, paid by #13
          row receipt ann: read 3, ordinal 2
          view messages k1 3: "hello" by ann as c3, 3 recipients
          to events k1: created 3: "hello" by ann as c3, 3 recipients
             MessageCreated id=1.3.3.0 at 2000
        declined
          done
          members 4 → 3
          row former bob: from #1 to #4, read 0 at 0
          row receipt bob: read 0, ordinal 0, ended
          row member bob: MEMBER from #1 to #4
          view conversations_by_user bob k1: MEMBER from #1 to #4
          to events k1: members changed by bob: bob: from #1 to #4
             MembersChanged id=1.3.4.0 at 3000 mm-users=bob
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.4.1 at 3000
        accepted
          done
          row member bob: MEMBER from #1 to #4; since #5, sees from 4 after 2
          view conversations_by_user bob k1: MEMBER from #1 to #4; since #5, sees from 4 after 2
          to events k1: bob: request accepted; from #1 to #4; since #5, sees from 4 after 2
             RequestChanged id=1.3.6.0 at 5000 mm-users=bob
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.6.1 at 5000
        not asked: BAD_USER_INPUT field=conversationId (the conversation is no request to you)
        removed before the answer
          done
          members 4 → 3
          row former bob: from #1 to #4; from #5 to #8; from #9 to #10, read 0 at 0
          row receipt bob: read 0, ordinal 0, ended
          row member bob: MEMBER from #1 to #4; from #5 to #8; from #9 to #10
          row changes by ann: 5, noted 5
          view conversations_by_user bob k1: MEMBER from #1 to #4; from #5 to #8; from #9 to #10
          to accounts.commands bob: settle the request k1
             SettleRequest id=1.3.10.0 at 7000
          to events k1: members changed by ann: bob: from #1 to #4; from #5 to #8; from #9 to #10
             MembersChanged id=1.3.10.1 at 7000 mm-users=bob
        a group
          done
          conversation not open → GROUP by ann, charge #4
          head 0 at 0 → 0 at 1000
          members 0 → 3
          row member ann: OWNER since #0, sees from 1 after 0
          row member bob: MEMBER since #0, sees from 1 after 0, request by ann open
          row member cleo: MEMBER since #0, sees from 1 after 0
          view conversations_by_user ann k1: OWNER since #0, sees from 1 after 0
          view conversations_by_user bob k1: MEMBER since #0, sees from 1 after 0, request by ann open
          view conversations_by_user cleo k1: MEMBER since #0, sees from 1 after 0
          to events k1: opened GROUP by ann for 3, asking bob
             ConversationOpened id=1.3.0.0 at 1000 mm-users=ann,bob,cleo
          to accounts.commands bob: note the request k1
             NoteRequest id=1.3.0.1 at 1000
    "#]]);
}

#[test]
fn an_account_keeps_two_hundred_open_requests_and_the_oldest_go() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let note = |number| AccountRequest::from(NoteRequest { conversation: conversation(number) });
    let settle = |number| AccountRequest::from(SettleRequest { conversation: conversation(number) });
    let mut takes = |request: AccountRequest| ann.takes(1_000, Envelope::default(), request);
    table.case("the first", &takes(note(1)));
    table.answer("again", &takes(note(1)));
    for number in 2..=200 {
        takes(note(number));
    }
    let beyond = takes(note(201));
    let outputs: Vec<String> =
        beyond.records().iter().map(|record| format!("{:?}", record.topic.name)).collect();
    assert_eq!(outputs, ["\"messaging.conversations.commands.v1\""]);
    takes(settle(150));
    table.answer("again", &takes(settle(150)));
    table.answer("the one that went", &takes(settle(1)));
    takes(note(202));
    let kept = &ann.row::<OpenRequests>(&()).unwrap().conversations;
    assert_eq!((kept.len(), &kept[0], &kept[199]), (200, &conversation(2), &conversation(202)));
    table.is(expect![[r#"
        the first
          done
          row open requests: k1
        again: nothing to do
        again: nothing to do
        the one that went: nothing to do
    "#]]);
}
