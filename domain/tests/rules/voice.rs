//! Voice messages: recordings that are sent, and those that are not.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::attaching::{AttachedFile, FileRole};
use schemas::charging::ChargeKind::{Edit, Send};
use schemas::creating::ConversationKind::Group;
use schemas::flags::Flag;
use schemas::message::{Body, Content, Message, Text};
use schemas::operations::{
    CompleteUpload, CreateUpload, ForwardMessage, PostMessage, SendMessage, SendVoice, SettleUpload,
};
use schemas::rows::Attachment;
use schemas::uploading::{Declared, Finding, PEAKS, Sound, StoredFile};
use schemas::verdict::Outcome;

use crate::forwarding::forwarding;
use crate::harness::Harness;
use crate::names::{
    asked, attachment, charge, client, conversation, declared, delete, edit, paid, posting, profile, refund,
    sending, sent, stub, upload, user,
};
use crate::render::Table;
use crate::uploading::stored;

/// An upload that is declared as audio.
pub fn recording(number: u8) -> CreateUpload {
    let declared = Declared { content_type: "audio/webm".to_owned(), ..declared("v.webm") };
    CreateUpload { attachment: attachment(number), declared }
}

fn heard(duration_ms: Option<i32>) -> StoredFile {
    StoredFile {
        content_type: "audio/webm".to_owned(),
        byte_size: 100,
        width: None,
        height: None,
        has_thumbnail: false,
        placeholder: None,
        sound: duration_ms.map(|duration_ms| Sound { duration_ms, peaks: vec![9; PEAKS] }),
    }
}

pub fn recorded(duration_ms: i32) -> Finding {
    Finding::Stored(heard(Some(duration_ms)))
}

/// To `k1`, by `ann`.
pub fn speaking(id: impl Into<i64>, file: u8, recipients: i32) -> SendVoice {
    SendVoice {
        conversation: conversation(1),
        client_id: client(id),
        attachment: attachment(file),
        reply_to: None,
        recipients,
        sender: profile("ann"),
    }
}

/// As a message carries it.
fn spoken(number: u8) -> AttachedFile {
    AttachedFile {
        attachment: attachment(number),
        uploader: user("ann"),
        file_name: "v.webm".to_owned(),
        file: heard(Some(12_400)),
        role: FileRole::Voice,
    }
}

/// `ann` with a recording, one of two minutes, a longer one, one that was not heard, one that is not scanned, and a
/// picture.
fn ann() -> Harness<Accounts> {
    let mut ann = Harness::ann(10_000);
    for number in 1..=5 {
        ann.asks(0, recording(number).into());
        ann.asks(0, CompleteUpload { attachment: attachment(number) }.into());
    }
    ann.asks(0, upload(6, "a.jpg").into());
    ann.asks(0, CompleteUpload { attachment: attachment(6) }.into());
    for (number, finding) in [
        (1, recorded(12_400)),
        (2, recorded(120_000)),
        (3, recorded(120_001)),
        (4, Finding::Stored(heard(None))),
        (6, stored()),
    ] {
        ann.asks(0, SettleUpload { attachment: attachment(number), finding }.into());
    }
    ann
}

fn uses(ann: &Harness<Accounts>, number: u8) -> i32 {
    ann.row::<Attachment>(&attachment(number)).unwrap().uses
}

#[test]
fn a_recording_of_ones_own_that_was_heard_is_sent_once_and_charged_as_a_send() {
    let (mut table, mut ann) = (Table::default(), ann());
    for (name, file) in
        [("too long", 3), ("not heard", 4), ("not scanned", 5), ("a picture", 6), ("of nobody", 9)]
    {
        table.answer(name, &ann.asks(1_000, speaking(file, file, 2).into()));
    }
    let first = ann.asks(1_000, speaking(1, 1, 2).into());
    table.case("sent", &first);
    table.case("again", &ann.asks(1_100, speaking(1, 1, 2).into()));
    table.answer("another under the same id", &ann.asks(1_200, speaking(1, 2, 2).into()));
    assert!(
        matches!(ann.asks(1_300, speaking(2, 2, 2).into()).verdict(), Outcome::Accepted(_)),
        "two minutes"
    );
    table.outcome("repeated", ann.repeats(first.offset, asked(), speaking(1, 1, 2).into()).as_ref());
    table.is(expect![[r#"
        too long: LIMIT_REACHED limit=voice_seconds (the recording is too long)
        not heard: BAD_USER_INPUT field=attachmentId (audio of this kind is no voice message)
        not scanned: ATTACHMENT_NOT_READY (the attachment is not ready)
        a picture: BAD_USER_INPUT field=attachmentId (a voice message is audio)
        of nobody: NOT_FOUND (not found)
        sent
          accepted
          balance 10000 → 9800
          sends 0 → 1
          row c1: Send to k1 at #23, remembered
          row f1 v.webm carried 1: Stored(StoredFile { content_type: "audio/webm", byte_size: 100, width: None, height: None, has_thumbnail: false, placeholder: None, sound: Some(Sound { duration_ms: 12400, peaks: [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9] }) })
          row ledger #23: MESSAGE_SEND -200 → 9800 for c1, 2 recipients
          to conversations.commands k1: post ""
             PostMessage id=1.3.23.0 at 1000 mm-reply=0.7 mm-charge=[#23 ann c1 Send k1 at 1000 for 200]
          to account-events ann: MESSAGE_SEND -200 → 9800
             CreditsChanged id=1.3.23.1 at 1000
        again
          accepted as a repeat
          to conversations.commands k1: look up ann c1 Send charged at #23
             LookUp id=1.3.24.0 at 1100 mm-reply=0.7
        another under the same id: IDEMPOTENCY_CONFLICT (this id was used for another request)
        repeated: accepted
    "#]]);
    assert_eq!((uses(&ann, 1), uses(&ann, 2), uses(&ann, 3)), (1, 1, 0));
}

#[test]
fn the_message_is_its_recording_and_the_same_file_beside_a_text_is_a_file() {
    let mut ann = ann();
    let reply_to = Some(Box::new(stub(4, "bob", None)));
    let answer = SendVoice { reply_to: reply_to.clone(), ..speaking(1, 1, 1) };
    let sent = ann.asks(1_000, answer.into());
    let post = sent.posts().next().unwrap();
    assert_eq!((&post.attachments[..], post.content.text.as_str()), (&[spoken(1)][..], ""));
    assert_eq!((&post.reply_to, &post.forwarded), (&reply_to, &None));
    let file = SendMessage { attachments: vec![attachment(1)], ..sending(2, "", 1) };
    let sent = ann.asks(1_100, file.into());
    assert_eq!(sent.posts().next().unwrap().attachments[0].role, FileRole::File);
    assert_eq!(uses(&ann, 1), 2);
}

#[test]
fn a_voice_message_that_is_refused_is_refunded_and_carries_nothing() {
    let mut ann = ann();
    let before = ann.state.balance_milli;
    let sent = ann.asks(1_000, speaking(1, 1, 3).into());
    assert_eq!((before - ann.state.balance_milli, uses(&ann, 1)), (300, 1));
    ann.asks(1_100, refund(&sent.charge(), None));
    assert_eq!((ann.state.balance_milli, uses(&ann, 1)), (before, 0));
    for id in 2..62 {
        assert!(matches!(ann.asks(2_000, speaking(id, 1, 0).into()).verdict(), Outcome::Accepted(_)), "{id}");
    }
    assert_eq!(ann.asks(2_000, speaking(62, 1, 0).into()).refused_with(), "RATE_LIMITED", "as any send");
    ann.policy.features.flags.retain(|rule| rule.key != Flag::VoiceMessages.key());
    assert_eq!(ann.asks(90_000, speaking(63, 1, 1).into()).refused_with(), "FEATURE_DISABLED");
}

#[test]
fn a_voice_message_is_forwarded_as_one_and_not_edited_and_goes_with_its_file() {
    let mut ann = ann();
    let forward = ForwardMessage {
        content: Content::plain(""),
        attachments: vec![spoken(1)],
        ..forwarding(1, &[1, 2], None)
    };
    let passed = ann.asks(1_000, forward.into());
    assert!(passed.posts().all(|copy| copy.attachments == [spoken(1)]));
    assert_eq!(passed.posts().count(), 2);

    let mut k1 = Harness::<Conversations>::opened(1_000, Group, &["bob"]);
    let post = PostMessage { attachments: vec![spoken(1)], ..posting("ann", 5, "") };
    k1.takes(2_000, paid(charge(5, Send, 4)), post.into());
    let text = Text { attachments: vec![spoken(1)], ..Text::new(Content::plain("")) };
    let read = Message { body: Body::Text(text), ..sent(1, "ann", 1, 2_000) };
    let refused = k1.takes(3_000, paid(charge(0, Edit, 9)), edit("ann", read.clone(), "words").into());
    let mut table = Table::default();
    table.case("an edit", &refused);
    table.case("deleted", &k1.asks(4_000, delete("ann", read)));
    table.is(expect![[r#"
        an edit
          (the account answers)
          to accounts.commands ann: refund [#9 ann Edit k1 at 0 for 0] because BAD_USER_INPUT field=messageId (a voice message is not edited)
             Refund id=1.3.2.0 at 3000 mm-reply=0.7
        deleted
          done
          removed [] → [1]
          row 1 carries
          row message 1: by ann at #1, ordinal 1, removed at 4000
          view messages k1 1: removed at 4000 by ann as c1, 2 recipients
          to accounts.commands ann: released: f1
             CountFiles id=1.3.3.0 at 4000
          to events k1: deleted by ann: 1: removed at 4000 by ann as c1, 2 recipients
             MessageDeleted id=1.3.3.1 at 4000
    "#]]);
}
