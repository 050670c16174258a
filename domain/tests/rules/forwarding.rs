//! Forwarding a message: charged by the account as one, stored by each conversation.

use musclemap_domain::{Accounts, Conversations};
use schemas::charging::ChargeKind::{Edit, Send};
use schemas::charging::ClientRequest;
use schemas::control::Limit;
use schemas::creating::ConversationKind::Group;
use schemas::forwarding::{ForwardCopy, ForwardMessage, Provenance};
use schemas::message::{Body, Content, Mentions, Message, Text};
use schemas::operations::PostMessage;
use schemas::record::Output;
use schemas::rows::LedgerEntry;
use schemas::verdict::{Outcome, Reply};
use schemas::{AccountRequest, ClientId, ConversationFact, ConversationRequest, Refusal, UserId};

use crate::attaching::file;
use crate::harness::{Decided, Harness};
use crate::names::{
    asked, charge, client, conversation, delete, edit, paid, posting, profile, refund, send, sent, user,
};

/// A message of `k9`, to some conversations of three members.
pub fn forwarding(id: u8, targets: &[u8], comment: Option<&str>) -> ForwardMessage {
    ForwardMessage {
        sender: Box::new(profile("ann")),
        conversation: conversation(9),
        seq: 4,
        content: Content::plain("squat deep"),
        attachments: vec![],
        sticker: None,
        gif: None,
        from: Box::new(from_bob()),
        comment: comment.map(Content::plain),
        copies: targets.iter().zip(0..).map(|(target, nth)| copy(id, *target, nth)).collect(),
    }
}

fn copy(id: u8, target: u8, nth: i64) -> ForwardCopy {
    let ids = |kind: i64| client(i64::from(id) * 100 + kind * 10 + nth);
    ForwardCopy {
        conversation: conversation(target),
        client_id: ids(0),
        comment_id: ids(1),
        recipients: 2,
        mentions: Mentions::default(),
        request: 70 + nth,
    }
}

pub fn from_bob() -> Provenance {
    Provenance { conversation: conversation(9), seq: 4, sender: profile("bob") }
}

fn forward(ann: &mut Harness<Accounts>, time: i64, forward: ForwardMessage) -> Decided<Accounts> {
    ann.asks(time, forward.into())
}

/// What goes on to conversations: where, what, for whose answer, for how much.
fn passed(decided: &Decided<Accounts>) -> Vec<(String, String, Option<Reply>, Option<i64>)> {
    let to_conversations = decided.decision.outputs.iter().filter_map(|output| match output {
        Output::ToConversation { conversation, request, reply, charge } => {
            let place = conversation.as_str().trim_start_matches('0').to_owned();
            let what = match request {
                ConversationRequest::PostMessage(post) => {
                    let of = post.forwarded.as_ref().map_or("", |_| " of another");
                    format!("{}{of}", post.content.text)
                }
                other => other.name().to_owned(),
            };
            Some((place, what, *reply, charge.as_ref().map(|charge| charge.price_milli)))
        }
        Output::ToAccount { .. } | Output::ConversationEvent { .. } | Output::AccountEvent { .. } => None,
    });
    to_conversations.collect()
}

fn reply(request: i64) -> Option<Reply> {
    Some(Reply { slot: 0, request })
}

#[test]
fn each_copy_and_each_comment_is_a_charged_send_and_the_ledger_has_their_sum() {
    let mut ann = Harness::ann(1_000);
    let done = forward(&mut ann, 1_000, forwarding(1, &[1, 2], Some("look")));
    assert!(matches!(done.verdict(), Outcome::Done(done) if done.changed));
    let line = |place: &str, what: &str, reply| (place.to_owned(), what.to_owned(), reply, Some(200));
    let wanted = [
        line("1", "squat deep of another", reply(70)),
        line("1", "look", None),
        line("2", "squat deep of another", reply(71)),
        line("2", "look", None),
    ];
    assert_eq!(passed(&done), wanted);
    let entries: Vec<(i64, &LedgerEntry)> = ann.all::<LedgerEntry>().collect();
    let (offset, entry) = entries.last().unwrap();
    assert_eq!((*offset, entry.amount_milli, entry.balance_after_milli), (done.offset, -800, 200));
    assert_eq!((entry.recipients, &entry.conversation), (Some(8), &None));
    assert_eq!((ann.state.sends.len(), ann.state.texts.len()), (4, 2), "a text counts once for all copies");
    for charge in done.charges() {
        let id = charge.client_id.unwrap();
        let remembered = ann.row::<ClientRequest>(&id).unwrap();
        assert_eq!((remembered.position, remembered.live), (done.offset, true));
        assert_eq!(remembered.conversation, charge.conversation);
    }
}

#[test]
fn the_entry_of_a_forward_to_one_conversation_names_it() {
    let mut ann = Harness::ann(1_000);
    forward(&mut ann, 1_000, forwarding(1, &[2], None));
    let (_, entry) = ann.all::<LedgerEntry>().last().unwrap();
    assert_eq!((&entry.conversation, &entry.client_id), (&Some(conversation(2)), &Some(client(100))));
}

#[test]
fn what_the_account_refuses_it_refuses_for_all_copies() {
    let mut ann = Harness::ann(300);
    ann.policy.limits.forward_conversations = 3;
    ann.policy.limits.send = Limit { count: 2, seconds: 60 };
    let unseen = ForwardCopy { recipients: -1, ..copy(1, 2, 1) };
    let unseen = ForwardMessage { copies: vec![copy(1, 1, 0), unseen], ..forwarding(1, &[], None) };
    let blank = ForwardMessage { content: Content::plain(" "), ..forwarding(1, &[1], None) };
    for (asked, code) in [
        (forwarding(1, &[], None), "BAD_USER_INPUT"),
        (forwarding(1, &[1, 2, 1], None), "BAD_USER_INPUT"),
        (forwarding(1, &[1, 2, 3, 4], None), "LIMIT_REACHED"),
        (forwarding(1, &[1, 2, 3], None), "RATE_LIMITED"),
        (forwarding(1, &[1], Some("\u{200b}")), "BAD_USER_INPUT"),
        (forwarding(1, &[1, 2], None), "INSUFFICIENT_CREDITS"),
        (unseen, "BAD_USER_INPUT"),
        (blank, "BAD_USER_INPUT"),
    ] {
        let refused = forward(&mut ann, 1_000, asked.clone());
        assert_eq!(refused.refused_with(), code, "{asked:?}");
        assert!(refused.decision.outputs.is_empty() && refused.decision.rows.is_empty(), "{asked:?}");
    }
    assert_eq!((ann.state.balance_milli, ann.state.sends.len()), (300, 0));
}

#[test]
fn a_forward_that_comes_again_asks_for_the_first_outcome_of_each_copy() {
    let mut ann = Harness::ann(1_000);
    let first = forward(&mut ann, 1_000, forwarding(1, &[1, 2], Some("look")));
    let again = forward(&mut ann, 2_000, forwarding(1, &[1, 2], Some("look")));
    assert!(matches!(again.verdict(), Outcome::Done(_)));
    let places = passed(&again);
    assert!(places.iter().all(|(_, what, _, charge)| what == "LookUp" && charge.is_none()), "{places:?}");
    assert_eq!((places[0].2, places[2].2), (reply(70), reply(71)));
    assert_eq!(ann.state.balance_milli, 200);
    for other in [
        forwarding(1, &[1, 3], Some("look")),
        forwarding(1, &[1], Some("look")),
        forwarding(1, &[1, 2], None),
        ForwardMessage { seq: 5, ..forwarding(1, &[1, 2], Some("look")) },
    ] {
        assert_eq!(forward(&mut ann, 3_000, other).refused_with(), "IDEMPOTENCY_CONFLICT");
    }
    let asked_again = forwarding(1, &[1, 2], Some("look"));
    let repeated = ann.repeats(first.offset, asked(), asked_again.clone().into());
    assert!(matches!(repeated, Some(Outcome::Done(_))), "{repeated:?}");
    for (offset, what) in [(0, "before the first"), (again.offset, "it charged nothing")] {
        let repeated = ann.repeats(offset, asked(), asked_again.clone().into());
        assert!(matches!(repeated, Some(Outcome::Refused(_))), "{what}: {repeated:?}");
    }
}

#[test]
fn a_copy_that_comes_back_is_refunded_alone_and_may_be_asked_for_again() {
    let mut ann = Harness::ann(1_000);
    let first = forward(&mut ann, 1_000, forwarding(1, &[1, 2], None));
    let back = first.charges().nth(1).unwrap();
    let refunded = ann.asks(1_500, refund(&back, Some(Refusal::not_found())));
    assert_eq!(refunded.refused_with(), "NOT_FOUND");
    assert_eq!((ann.state.balance_milli, ann.state.sends.len()), (800, 1));
    let again = forward(&mut ann, 2_000, forwarding(1, &[1, 2], None));
    let kinds: Vec<String> = passed(&again).into_iter().map(|(_, what, ..)| what).collect();
    assert_eq!(kinds, ["LookUp", "squat deep of another"]);
    assert_eq!(ann.state.balance_milli, 600);
}

#[test]
fn a_text_that_is_forwarded_again_and_again_counts_as_one_that_is_sent() {
    let mut ann = Harness::ann(100_000);
    for id in 1..=2 {
        forward(&mut ann, 1_000, forwarding(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], None));
    }
    ann.asks(1_000, send(900, "squat deep", 1));
    let refused = forward(&mut ann, 1_000, forwarding(3, &[1], None));
    assert_eq!(refused.refused_with(), "RATE_LIMITED");
}

#[test]
fn a_copy_carries_the_files_and_its_comment_does_not() {
    let mut ann = Harness::ann(100_000);
    let with_files = |id, attachments| ForwardMessage {
        content: Content::plain(""),
        attachments,
        ..forwarding(id, &[1, 2], Some("look"))
    };
    for id in 1..=3 {
        let done = forward(&mut ann, 1_000 * i64::from(id), with_files(id, vec![file(1), file(2)]));
        let files = done.posts().map(|post| post.attachments.clone());
        let (all, none) = (vec![file(1), file(2)], vec![]);
        assert_eq!(files.collect::<Vec<_>>(), [all.clone(), none.clone(), all, none]);
        assert!(done.charges().all(|charge| charge.attachments.is_empty()), "a refund counts no file");
    }
    let texts = ann.state.texts.len();
    assert_eq!(texts, 3, "comments are texts, files are not");
    let refused = forward(&mut ann, 9_000, with_files(5, vec![file(1); 11]));
    assert_eq!(refused.refused_with(), "LIMIT_REACHED");
}

#[test]
fn a_stored_copy_counts_its_files_at_their_uploader() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let copy = |forwarded| PostMessage { attachments: vec![file(1)], forwarded, ..posting("bob", 1, "") };
    let own = k1.takes(1_500, paid(charge(1, Send, 5)), copy(None).into());
    assert_eq!(counted(&own), [], "its account has counted it");
    let post = PostMessage { client_id: client(2), ..copy(Some(Box::new(from_bob()))) };
    let stored = k1.takes(1_600, paid(charge(2, Send, 6)), post.into());
    assert_eq!(counted(&stored), [(user("ann"), true)]);
    let deleted = k1.asks(3_000, delete("bob", sent(2, "bob", 2, 1_600)));
    assert_eq!(counted(&deleted), [(user("ann"), false)]);
}

/// Whose files a decision counts, and whether it counts more.
fn counted(decided: &Decided<Conversations>) -> Vec<(UserId, bool)> {
    let counts = decided.decision.outputs.iter().filter_map(|output| match output {
        Output::ToAccount { user, request: AccountRequest::CountFiles(count), .. } => {
            Some((user.clone(), count.more))
        }
        _ => None,
    });
    counts.collect()
}

fn posted(k1: &mut Harness<Conversations>, id: ClientId) -> Decided<Conversations> {
    let post = PostMessage {
        client_id: id,
        forwarded: Some(Box::new(from_bob())),
        ..posting("ann", 1, "squat deep")
    };
    k1.takes(1_500, paid(charge(1, Send, 5)), post.into())
}

#[test]
fn a_copy_names_its_source_until_it_is_deleted_and_nobody_edits_it() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let stored = posted(&mut k1, client(1));
    let Some(ConversationFact::MessageCreated(created)) = stored.facts().next() else {
        panic!("no message: {:?}", stored.decision.outputs)
    };
    assert_eq!(created.message.body.forwarded(), Some(&from_bob()));

    let text = Text { forwarded: Some(Box::new(from_bob())), ..Text::new(Content::plain("squat deep")) };
    let copied = || Message { body: Body::Text(text.clone()), ..sent(1, "ann", 1, 1_500) };
    let refused = k1.takes(2_000, paid(charge(0, Edit, 9)), edit("ann", copied(), "squat").into());
    let Output::ToAccount { request: AccountRequest::Refund(back), .. } = &refused.decision.outputs[0] else {
        panic!("no refund: {:?}", refused.decision.outputs)
    };
    assert_eq!(back.refusal.as_ref().unwrap().code.as_str(), "BAD_USER_INPUT");
    let deleted = k1.asks(3_000, delete("ann", copied()));
    let Some(ConversationFact::MessageDeleted(gone)) = deleted.facts().next() else {
        panic!("no deletion: {:?}", deleted.decision.outputs)
    };
    assert_eq!(gone.message.body.forwarded(), None);
}
