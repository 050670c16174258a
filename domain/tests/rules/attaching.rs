//! Files that messages carry, and what becomes of them.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::ConversationFact;
use schemas::attaching::{AttachedFile, CountFiles, FileRole};
use schemas::charging::{Charge, ChargeKind};
use schemas::creating::ConversationKind::Group;
use schemas::flags::Flag;
use schemas::message::{Body, Content, Message, ReplyStub, Text};
use schemas::operations::{CompleteUpload, PinMessage, PostMessage, SettleUpload, UpdateConversation};
use schemas::rows::Attachment;
use schemas::sending::SendMessage;
use schemas::uploading::Finding;

use crate::harness::{Decided, Harness};
use crate::names::{
    asked, attachment, charge, delete, edit, paid, posting, profile, refund, sending, sent, stub, upload,
    user,
};
use crate::render::Table;
use crate::settings::nothing;
use crate::uploading::stored;

/// `ann` with the files 1 to 3, of which the third is not scanned yet.
fn ann() -> Harness<Accounts> {
    let mut ann = Harness::ann(10_000);
    for number in 1..=3 {
        ann.asks(0, upload(number, "a.jpg").into());
        ann.asks(0, CompleteUpload { attachment: attachment(number) }.into());
    }
    for number in 1..=2 {
        ann.asks(0, SettleUpload { attachment: attachment(number), finding: stored() }.into());
    }
    ann
}

fn send(id: i64, text: &str, files: &[u8]) -> SendMessage {
    SendMessage { attachments: files.iter().copied().map(attachment).collect(), ..sending(id, text, 1) }
}

fn uses(ann: &Harness<Accounts>, number: u8) -> i32 {
    ann.row::<Attachment>(&attachment(number)).unwrap().uses
}

fn count(files: &[u8], more: bool) -> CountFiles {
    CountFiles { attachments: files.iter().copied().map(attachment).collect(), more }
}

/// The file that a conversation is given.
pub fn file(number: u8) -> AttachedFile {
    let Finding::Stored(file) = stored() else { panic!("a stored file") };
    let (attachment, uploader) = (attachment(number), user("ann"));
    AttachedFile { attachment, uploader, file_name: "a.jpg".to_owned(), file, role: FileRole::File }
}

#[test]
fn a_send_carries_files_of_its_own_account_that_are_ready() {
    let (mut table, mut ann) = (Table::default(), ann());
    let mut case = |name: &str, send: SendMessage| {
        table.answer(name, &ann.asks(1_000, send.into()));
    };
    case("not scanned", send(1, "", &[3]));
    case("of nobody", send(1, "", &[9]));
    case("twice", send(1, "", &[1, 1]));
    case("too many", send(1, "", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
    case("neither text nor file", send(1, " ", &[]));
    table.is(expect![[r#"
        not scanned: ATTACHMENT_NOT_READY (the attachment is not ready)
        of nobody: NOT_FOUND (not found)
        twice: BAD_USER_INPUT field=attachmentIds (an attachment stands twice)
        too many: LIMIT_REACHED limit=attachments_per_message (too many attachments)
        neither text nor file: BAD_USER_INPUT field=content (the text has no visible character)
    "#]]);
    let sent = ann.asks(2_000, send(2, "", &[1, 2]).into());
    assert_eq!(sent.posts().next().unwrap().attachments, [file(1), file(2)]);
    assert_eq!((uses(&ann, 1), uses(&ann, 2)), (1, 1));
    let other = ann.asks(2_100, send(2, "", &[1]).into());
    assert_eq!(other.refused_with(), "IDEMPOTENCY_CONFLICT");
    let again = ann.asks(2_200, send(2, "", &[1, 2]).into());
    assert_eq!(format!("{:?}", again.verdict()), "Accepted(Accepted { repeated: true })");
    assert_eq!(uses(&ann, 1), 1, "a repeat carries nothing more");
}

#[test]
fn files_without_a_text_are_not_the_same_text() {
    let mut ann = ann();
    for id in 0..10 {
        let sent = ann.asks(1_000, send(id, "", &[1]).into());
        assert!(!sent.decision.outputs.is_empty(), "{id}");
    }
    assert_eq!(uses(&ann, 1), 10);
}

#[test]
fn a_file_goes_with_the_last_that_carries_it() {
    let (mut table, mut ann) = (Table::default(), ann());
    let charges: Vec<Charge> =
        (1..=2).map(|id| ann.asks(1_000, send(id, "look", &[1]).into()).charge()).collect();
    assert_eq!(uses(&ann, 1), 2);
    ann.asks(2_000, refund(&charges[1], None));
    assert_eq!(uses(&ann, 1), 1, "the conversation has refused one");
    ann.asks(2_500, count(&[1], true).into());
    table.case("one of two goes", &ann.asks(3_000, count(&[1], false).into()));
    table.case("the last goes", &ann.asks(3_100, count(&[1], false).into()));
    table.case("again", &ann.asks(3_200, count(&[1], false).into()));
    table.answer("a send after it", &ann.asks(3_300, send(5, "", &[1]).into()));
    table.is(expect![[r#"
        one of two goes
          done
          row f1 a.jpg carried 1: Stored(StoredFile { content_type: "image/jpeg", byte_size: 90, width: Some(4), height: Some(3), has_thumbnail: true, placeholder: Some("AAAA"), sound: None })
        the last goes
          done
          row f1 a.jpg: Gone(Gone { at: 3100 })
          to account-events ann: f1 a.jpg: Gone(Gone { at: 3100 })
             AttachmentChanged id=1.3.14.0 at 3100
        again
          done
        a send after it: NOT_FOUND (not found)
    "#]]);
    let only = ann.asks(4_000, send(6, "", &[2]).into());
    ann.asks(4_100, refund(&only.charge(), None));
    assert_eq!(uses(&ann, 2), 0);
    assert!(
        ann.row::<Attachment>(&attachment(2)).unwrap().progress.stored().is_some(),
        "it may be sent again"
    );
}

#[test]
fn a_deleted_message_releases_its_files_once() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let post = PostMessage { attachments: vec![file(1), file(2)], ..posting("ann", 5, "") };
    k1.takes(2_000, paid(charge(5, ChargeKind::Send, 4)), post.into());
    let removal = || delete("ann", sent(1, "ann", 1, 2_000));
    let mut table = Table::default();
    table.case("deleted", &k1.asks(3_000, removal()));
    table.answer("again", &k1.asks(3_100, removal()));
    table.is(expect![[r#"
        deleted
          done
          removed [] → [1]
          row 1 carries
          row message 1: by ann at #1, ordinal 1, removed at 3000
          view messages k1 1: removed at 3000 by ann as c1, 2 recipients
          to accounts.commands ann: released: f1 f2
             CountFiles id=1.3.2.0 at 3000
          to events k1: deleted by ann: 1: removed at 3000 by ann as c1, 2 recipients
             MessageDeleted id=1.3.2.1 at 3000
        again: nothing to do
    "#]]);
}

/// The message that a decision has appended.
fn created(decided: &Decided<Conversations>) -> &Message {
    let message = decided.facts().find_map(|fact| match fact {
        ConversationFact::MessageCreated(created) => Some(&created.message),
        _ => None,
    });
    message.unwrap()
}

#[test]
fn a_reply_quotes_the_files_of_a_message_that_stands() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let parent = PostMessage { attachments: vec![file(1)], ..posting("ann", 5, "") };
    k1.takes(2_000, paid(charge(5, ChargeKind::Send, 4)), parent.into());
    let answer = |id| {
        let parent = ReplyStub { attachments: vec![file(1)], ..stub(1, "ann", Some("")) };
        let answer = PostMessage { reply_to: Some(Box::new(parent)), ..posting("bob", id, "nice") };
        (paid(charge(id, ChargeKind::Send, 4)), answer.into())
    };
    let (envelope, request) = answer(6);
    let first = k1.takes(3_000, envelope, request);
    let message = created(&first);
    assert_eq!(message.reply_to.as_ref().unwrap().attachments, [file(1)]);
    assert_eq!(message.clone().stored().reply_to.unwrap().attachments, [], "a row omits them");
    k1.asks(4_000, delete("ann", sent(1, "ann", 1, 2_000)));
    let (envelope, request) = answer(7);
    let second = k1.takes(5_000, envelope, request);
    assert_eq!(created(&second).reply_to.as_deref(), Some(&stub(1, "ann", None)));
}

#[test]
fn an_edit_and_a_pin_behind_it_keep_the_files() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let post = PostMessage { attachments: vec![file(1)], ..posting("ann", 5, "one") };
    k1.takes(2_000, paid(charge(5, ChargeKind::Send, 4)), post.into());
    let text = Text { attachments: vec![file(1)], ..Text::new(Content::plain("one")) };
    let read = Message { body: Body::Text(text), ..sent(1, "ann", 1, 2_000) };
    let edited =
        k1.takes(3_000, paid(charge(0, ChargeKind::Edit, 9)), edit("ann", read.clone(), "two").into());
    let pinned = k1.asks(4_000, PinMessage { actor: profile("ann"), message: Box::new(read) }.into());
    for decided in [edited, pinned] {
        let message = decided.facts().find_map(|fact| match fact {
            ConversationFact::MessageEdited(edited) => Some(&edited.message),
            ConversationFact::MessagePinned(pinned) => Some(&pinned.message),
            _ => None,
        });
        let body = &message.unwrap().body;
        assert_eq!((body.content().unwrap().text.as_str(), body.attachments()), ("two", &[file(1)][..]));
    }
}

#[test]
fn a_new_avatar_takes_the_place_of_the_last() {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let update = |number| UpdateConversation { avatar: Some(Box::new(file(number))), ..nothing("ann") };
    let mut table = Table::default();
    table.case("the first", &k1.asks(2_000, update(1).into()));
    table.answer("the same", &k1.asks(2_100, update(1).into()));
    table.case("another", &k1.asks(2_200, update(2).into()));
    table.outcome("another, repeated", k1.repeats(3, asked(), update(2).into()).as_ref());
    table.outcome("the first, repeated", k1.repeats(1, asked(), update(1).into()).as_ref());
    table.is(expect![[r#"
        the first
          done
          conversation GROUP by ann, charge #4 → GROUP with image f1 by ann, charge #4
          head 0 at 1000 → 1 at 2000
          row message 1: by nobody at #1, ordinal 0
          view messages k1 1: SettingsChanged [] "AVATAR" by ann, 1 recipients
          to accounts.commands ann: carried: f1
             CountFiles id=1.3.1.0 at 2000
          to events k1: updated by ann: with image f1
             ConversationUpdated id=1.3.1.1 at 2000
          to events k1: created 1: SettingsChanged [] "AVATAR" by ann, 1 recipients
             MessageCreated id=1.3.1.2 at 2000
        the same: nothing to do
        another
          done
          conversation GROUP with image f1 by ann, charge #4 → GROUP with image f2 by ann, charge #4
          head 1 at 2000 → 2 at 2200
          row message 2: by nobody at #3, ordinal 0
          view messages k1 2: SettingsChanged [] "AVATAR" by ann, 1 recipients
          to accounts.commands ann: carried: f2
             CountFiles id=1.3.3.0 at 2200
          to accounts.commands ann: released: f1
             CountFiles id=1.3.3.1 at 2200
          to events k1: updated by ann: with image f2
             ConversationUpdated id=1.3.3.2 at 2200
          to events k1: created 2: SettingsChanged [] "AVATAR" by ann, 1 recipients
             MessageCreated id=1.3.3.3 at 2200
        another, repeated: done
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
    "#]]);
}

#[test]
fn a_send_with_files_needs_the_feature() {
    let mut ann = ann();
    ann.policy.features.flags.retain(|rule| rule.key != Flag::Attachments.key());
    assert_eq!(ann.asks(1_000, send(1, "look", &[1]).into()).refused_with(), "FEATURE_DISABLED");
    assert!(!ann.asks(1_100, send(2, "look", &[]).into()).decision.outputs.is_empty());
}
