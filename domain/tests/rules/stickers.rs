//! Packs of stickers: made, filled, found, deleted; and packs of others among one's own.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations, indexing};
use schemas::charging::ChargeKind;
use schemas::control::Limit;
use schemas::creating::ConversationKind::Group;
use schemas::flags::Flag;
use schemas::message::{Content, Message};
use schemas::operations::{
    AddSticker, AddStickerPack, CompleteUpload, CreateStickerPack, DeleteStickerPack, ForwardMessage,
    MarkStickerPack, RemoveSticker, RemoveStickerPack, SettleUpload,
};
use schemas::record::Output;
use schemas::rows::{Attachment, StickerPack, StickerPacks};
use schemas::sending::{PostMessage, SendMessage};
use schemas::stickers::{ChosenSticker, SentSticker, Sticker};
use schemas::suspending::{SetSuspension, SuspendingReport};
use schemas::uploading::{CreateUpload, Declared, Finding, StoredFile};
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ConversationFact, PackId};

use crate::attaching::file;
use crate::forwarding::forwarding;
use crate::harness::Harness;
use crate::names::{asked, attachment, charge, conversation, delete, edit, paid, posting, sending};
use crate::names::{upload, user};
use crate::render::Table;
use crate::uploading::stored;

/// The pack that tables show as `p` and the number.
pub fn pack(number: u8) -> PackId {
    format!("{number:032x}").parse().unwrap()
}

pub fn making(number: u8, name: &str, is_public: bool) -> CreateStickerPack {
    CreateStickerPack { pack: pack(number), name: name.to_owned(), is_public }
}

pub fn adding(to: u8, file: u8, name: &str, shortcode: Option<&str>) -> AddSticker {
    let (name, shortcode) = (name.to_owned(), shortcode.map(str::to_owned));
    AddSticker { pack: pack(to), attachment: attachment(file), name, shortcode }
}

/// What a message that is a sticker of `ann` says beside its image.
pub fn sent_sticker() -> SentSticker {
    SentSticker { pack: pack(1), name: "Squat".to_owned(), shortcode: Some(":squat:".to_owned()) }
}

/// The sticker of [`sent_sticker`], with the file of this number, as ingest has found it.
fn found(number: u8) -> Sticker {
    let SentSticker { pack: _, name, shortcode } = sent_sticker();
    Sticker { name, shortcode, file: file(number) }
}

fn sending_sticker(id: i64, found: Option<Sticker>) -> SendMessage {
    let chosen = ChosenSticker { pack: pack(1), attachment: attachment(1), found };
    SendMessage { sticker: Some(Box::new(chosen)), ..sending(id, "", 1) }
}

fn taking(from: u8, file: u8) -> RemoveSticker {
    RemoveSticker { pack: pack(from), attachment: attachment(file) }
}

fn deleting(number: u8, files: &[u8]) -> DeleteStickerPack {
    DeleteStickerPack { pack: pack(number), attachments: files.iter().copied().map(attachment).collect() }
}

fn marking(number: u8, is_official: bool) -> MarkStickerPack {
    MarkStickerPack { pack: pack(number), is_official }
}

fn having(number: u8, gone: &[u8]) -> AddStickerPack {
    AddStickerPack { pack: pack(number), gone: gone.iter().copied().map(pack).collect() }
}

/// `ann` with so many images that are ready, and one more that is not.
fn ann(images: u8) -> Harness<Accounts> {
    let mut ann = Harness::ann(0);
    ann.policy.limits.upload = Limit { count: 200, seconds: 60 };
    for number in 1..=images + 1 {
        ann.asks(0, upload(number, "secret.jpg").into());
        ann.asks(0, CompleteUpload { attachment: attachment(number) }.into());
        if number <= images {
            ann.asks(0, SettleUpload { attachment: attachment(number), finding: stored() }.into());
        }
    }
    ann
}

fn uses(ann: &Harness<Accounts>, number: u8) -> i32 {
    ann.row::<Attachment>(&attachment(number)).unwrap().uses
}

#[test]
fn a_public_pack_is_listed_while_it_has_a_sticker() {
    let (mut table, mut ann) = (Table::default(), ann(2));
    ann.next = 50;
    table.case("made", &ann.asks(1_000, making(1, "Leg day", true).into()));
    table.answer("made again", &ann.asks(1_100, making(1, "Leg day", true).into()));
    table.answer("another by its id", &ann.asks(1_200, making(1, "Legs", true).into()));
    table.case("a sticker", &ann.asks(2_000, adding(1, 1, "Squat", Some(":squat:")).into()));
    table.answer("again", &ann.asks(2_100, adding(1, 1, "Squat", Some(":squat:")).into()));
    table.answer("by another name", &ann.asks(2_200, adding(1, 1, "Lunge", None).into()));
    table.case("official", &ann.asks(3_000, marking(1, true).into()));
    table.answer("official again", &ann.asks(3_100, marking(1, true).into()));
    table.case("taken out", &ann.asks(4_000, taking(1, 1).into()));
    table.answer("taken out again", &ann.asks(4_100, taking(1, 1).into()));
    table.case("deleted", &ann.asks(5_000, deleting(1, &[]).into()));
    table.answer("deleted again", &ann.asks(5_100, deleting(1, &[]).into()));
    table.outcome("the deletion, repeated", ann.repeats(60, asked(), deleting(1, &[]).into()).as_ref());
    table.outcome("the pack, repeated", ann.repeats(50, asked(), making(1, "Leg day", true).into()).as_ref());
    table.is(expect![[r#"
        made
          done
          row uses of sticker_pack: #50
          row packs: own [p1], added []
          row p1: public "Leg day" of ann at 1000 []
          view sticker_packs p1: public "Leg day" of ann at 1000 []
          to account-events ann: stickers: p1
             StickersChanged id=1.3.50.0 at 1000
        made again: nothing to do
        another by its id: IDEMPOTENCY_CONFLICT (this id was used for another pack)
        a sticker
          done
          row f1 secret.jpg carried 1: Stored(StoredFile { content_type: "image/jpeg", byte_size: 90, width: Some(4), height: Some(3), has_thumbnail: true, placeholder: Some("AAAA"), sound: None })
          row p1: public "Leg day" of ann at 1000 ["Squat" :squat: f1]
          view sticker_packs p1: public "Leg day" of ann at 1000 ["Squat" :squat: f1]
          view shelf bucket 0: p1 at "99999999998999" listed
          view shelf named da: p1 at "day" listed
          view shelf named le: p1 at "leg day" listed
          to account-events ann: stickers: p1
             StickersChanged id=1.3.53.0 at 2000
        again: nothing to do
        by another name: CONFLICT (the image is a sticker of the pack by another name)
        official
          done
          row p1: public "Leg day" of ann at 1000, official ["Squat" :squat: f1]
          view sticker_packs p1: public "Leg day" of ann at 1000, official ["Squat" :squat: f1]
          view shelf bucket 0: p1 at "99999999998999" not listed
          view shelf official: p1 at "leg day" listed
          to account-events ann: stickers: p1
             StickersChanged id=1.3.56.0 at 3000
        official again: nothing to do
        taken out
          done
          row f1 secret.jpg: Gone(Gone { at: 4000 })
          row p1: public "Leg day" of ann at 1000, official []
          view sticker_packs p1: public "Leg day" of ann at 1000, official []
          view shelf official: p1 at "leg day" not listed
          view shelf named da: p1 at "day" not listed
          view shelf named le: p1 at "leg day" not listed
          to account-events ann: f1 secret.jpg: Gone(Gone { at: 4000 })
             AttachmentChanged id=1.3.58.0 at 4000
          to account-events ann: stickers: p1
             StickersChanged id=1.3.58.1 at 4000
        taken out again: nothing to do
        deleted
          done
          row packs: own [], added []
          row p1: public "Leg day" of ann at 1000, official, deleted at 5000 []
          view sticker_packs p1: public "Leg day" of ann at 1000, official, deleted at 5000 []
          to account-events ann: stickers: p1
             StickersChanged id=1.3.60.0 at 5000
        deleted again: NOT_FOUND (not found)
        the deletion, repeated: done
        the pack, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
    "#]]);
}

#[test]
fn a_pack_is_deleted_with_its_stickers_in_parts() {
    let mut ann = ann(3);
    ann.asks(1_000, making(1, "Gym", false).into());
    for file in 1..=3 {
        ann.asks(2_000, adding(1, file, "one", None).into());
    }
    ann.asks(2_100, having(2, &[]).into());
    assert_eq!((uses(&ann, 1), uses(&ann, 2), uses(&ann, 3)), (1, 1, 1));
    let mut table = Table::default();
    table.case("a part", &ann.asks(3_000, deleting(1, &[1, 2]).into()));
    table.answer("the part again", &ann.asks(3_100, deleting(1, &[1, 2]).into()));
    table.outcome("the part, repeated", ann.repeats(9, asked(), deleting(1, &[1, 2]).into()).as_ref());
    table.case("the rest", &ann.asks(3_200, deleting(1, &[3]).into()));
    table.answer("too many at once", &ann.asks(3_300, deleting(1, &[7; 21]).into()));
    table.is(expect![[r#"
        a part
          done
          row f1 secret.jpg: Gone(Gone { at: 3000 })
          row f2 secret.jpg: Gone(Gone { at: 3000 })
          row p1: private "Gym" of ann at 1000 ["one" f3]
          view sticker_packs p1: private "Gym" of ann at 1000 ["one" f3]
          to account-events ann: f1 secret.jpg: Gone(Gone { at: 3000 })
             AttachmentChanged id=1.3.17.0 at 3000
          to account-events ann: f2 secret.jpg: Gone(Gone { at: 3000 })
             AttachmentChanged id=1.3.17.1 at 3000
          to account-events ann: stickers: p1
             StickersChanged id=1.3.17.2 at 3000
        the part again: nothing to do
        the part, repeated: done
        the rest
          done
          row f3 secret.jpg: Gone(Gone { at: 3200 })
          row packs: own [], added [p2]
          row p1: private "Gym" of ann at 1000, deleted at 3200 []
          view sticker_packs p1: private "Gym" of ann at 1000, deleted at 3200 []
          to account-events ann: f3 secret.jpg: Gone(Gone { at: 3200 })
             AttachmentChanged id=1.3.19.0 at 3200
          to account-events ann: stickers: p1
             StickersChanged id=1.3.19.1 at 3200
        too many at once: BAD_USER_INPUT field=packId (too many stickers at once)
    "#]]);
    let stands = ann.row::<StickerPacks>(&()).unwrap();
    assert_eq!((stands.own.len(), stands.added.len()), (0, 1));
}

#[test]
fn a_sticker_is_an_image_of_the_account_with_a_name_and_maybe_a_shortcode() {
    let (mut table, mut ann) = (Table::default(), ann(3));
    let declared = Declared { content_type: "application/pdf".to_owned(), ..upload(9, "plan.pdf").declared };
    ann.asks(0, CreateUpload { attachment: attachment(9), declared }.into());
    ann.asks(0, CompleteUpload { attachment: attachment(9) }.into());
    let Finding::Stored(image) = stored() else { panic!("a stored file") };
    let document = StoredFile { content_type: "application/pdf".to_owned(), ..image };
    ann.asks(0, SettleUpload { attachment: attachment(9), finding: Finding::Stored(document) }.into());
    ann.asks(1_000, making(1, "Gym", false).into());
    let mut case = |name: &str, add: AddSticker| {
        table.answer(name, &ann.asks(2_000, add.into()));
    };
    case("of no pack", adding(7, 1, "one", None));
    case("of no file", adding(1, 8, "one", None));
    case("not ready", adding(1, 4, "one", None));
    case("no image", adding(1, 9, "one", None));
    case("no name", adding(1, 1, " ", None));
    case("two lines", adding(1, 1, "a\nb", None));
    case("a long name", adding(1, 1, &"a".repeat(51), None));
    case("a shortcode without colons", adding(1, 1, "one", Some("one")));
    table.is(expect![[r#"
        of no pack: NOT_FOUND (not found)
        of no file: NOT_FOUND (not found)
        not ready: ATTACHMENT_NOT_READY (the attachment is not ready)
        no image: BAD_USER_INPUT field=attachmentId (a sticker is an image)
        no name: BAD_USER_INPUT field=name (the text has no visible character)
        two lines: BAD_USER_INPUT field=name (a name is one line, and begins and ends by what is seen)
        a long name: BAD_USER_INPUT field=name (the text is too long)
        a shortcode without colons: BAD_USER_INPUT field=emojiShortcode (a shortcode is like :muscle:)
    "#]]);
    ann.asks(3_000, adding(1, 1, "one", Some(":one:")).into());
    assert_eq!(ann.asks(3_100, adding(1, 2, "two", Some(":one:")).into()).refused_with(), "BAD_USER_INPUT");
    let kept = ann.row::<StickerPack>(&pack(1)).unwrap();
    assert_eq!(kept.stickers[0].file.file_name, "sticker", "the name of the file is not told");
    ann.asks(3_200, taking(1, 1).into());
    assert_eq!(ann.asks(3_300, adding(1, 1, "one", None).into()).refused_with(), "NOT_FOUND", "it is gone");
}

fn limit(decided: &crate::harness::Decided<Accounts>) -> Option<&str> {
    match decided.verdict() {
        Outcome::Refused(refused) => refused.refusal.limit.as_deref(),
        _ => None,
    }
}

#[test]
fn packs_and_stickers_are_bounded() {
    let mut ann = ann(3);
    let limits = &mut ann.policy.limits;
    (limits.own_sticker_packs, limits.added_sticker_packs, limits.stickers_per_pack) = (2, 2, 2);
    limits.sticker_pack = Limit { count: 3, seconds: 60 };
    for number in 1..=2 {
        ann.asks(1_000, making(number, "Gym", true).into());
        ann.asks(1_000, adding(1, number, "one", None).into());
        ann.asks(1_000, having(number + 10, &[]).into());
    }
    assert_eq!(limit(&ann.asks(2_000, making(3, "Gym", true).into())), Some("own_sticker_packs"));
    assert_eq!(limit(&ann.asks(2_000, adding(1, 3, "one", None).into())), Some("stickers_per_pack"));
    assert_eq!(limit(&ann.asks(2_000, having(13, &[]).into())), Some("added_sticker_packs"));
    ann.asks(2_100, having(13, &[12]).into());
    let packs = ann.row::<StickerPacks>(&()).unwrap();
    assert_eq!(packs.added, [pack(11), pack(13)], "a deleted one makes room");
    let mut table = Table::default();
    table.answer("an own pack", &ann.asks(2_200, having(1, &[]).into()));
    table.answer("an added pack", &ann.asks(2_200, having(11, &[]).into()));
    table.case("removed", &ann.asks(2_300, RemoveStickerPack { pack: pack(11) }.into()));
    table.answer("removed again", &ann.asks(2_400, RemoveStickerPack { pack: pack(11) }.into()));
    table.answer("an own pack removed", &ann.asks(2_400, RemoveStickerPack { pack: pack(1) }.into()));
    table.is(expect![[r#"
        an own pack: nothing to do
        an added pack: nothing to do
        removed
          done
          row packs: own [p1 p2], added [pd]
          to account-events ann: stickers: pb
             StickersChanged id=1.3.24.0 at 2300
        removed again: nothing to do
        an own pack removed: nothing to do
    "#]]);
    ann.asks(3_000, deleting(2, &[]).into());
    ann.asks(3_100, making(3, "Gym", true).into());
    ann.asks(3_200, deleting(3, &[]).into());
    assert_eq!(limit(&ann.asks(3_300, making(4, "Gym", true).into())), Some("sticker_pack"), "in a minute");
}

#[test]
fn the_largest_pack_is_a_record() {
    let mut ann = ann(120);
    ann.asks(1_000, making(1, &format!("{}😀", "😀 ".repeat(24)), true).into());
    for file in 1..=120 {
        let (name, code) = ("😀".repeat(50), format!(":{file:0>32}:"));
        let added = ann.asks(2_000, adding(1, file, &name, Some(&code)).into());
        assert!(!added.decision.rows.is_empty(), "{file}");
    }
    let kept = schemas::avro::encode(ann.row::<StickerPack>(&pack(1)).unwrap());
    assert!((30_000..60_000).contains(&kept.len()), "{} bytes", kept.len());
}

#[test]
fn suspended_users_make_nothing_and_a_flag_switches_packs() {
    let mut ann = ann(1);
    ann.asks(500, making(1, "Gym", true).into());
    let report = SuspendingReport { conversation: conversation(2), seq: 1, reporter: user("bob") };
    ann.asks(600, SetSuspension { report, until: Some(10_000) }.into());
    assert_eq!(ann.asks(700, making(2, "Gym", true).into()).refused_with(), "FORBIDDEN");
    assert_eq!(ann.asks(700, adding(1, 1, "one", None).into()).refused_with(), "FORBIDDEN");
    ann.policy.features.flags.retain(|rule| rule.key != Flag::Stickers.key());
    assert_eq!(ann.asks(20_000, making(2, "Gym", true).into()).refused_with(), "FEATURE_DISABLED");
    assert_eq!(ann.asks(20_000, having(9, &[]).into()).refused_with(), "FEATURE_DISABLED");
    assert!(!ann.asks(20_100, deleting(1, &[]).into()).decision.rows.is_empty(), "what takes back is open");
}

#[test]
fn a_send_carries_a_sticker_as_it_was_found_and_nothing_beside_it() {
    let (mut table, mut bob) = (Table::default(), Harness::ann(10_000));
    let sent = bob.asks(1_000, sending_sticker(1, Some(found(1))).into());
    let post = sent.posts().next().unwrap();
    assert_eq!((post.sticker.as_deref(), &post.attachments[..]), (Some(&sent_sticker()), &[file(1)][..]));
    assert_eq!(sent.charge().attachments, [], "the file is another's");
    let mut case = |name: &str, send: SendMessage| _ = table.answer(name, &bob.asks(2_000, send.into()));
    case("not found", sending_sticker(2, None));
    case("another's image", sending_sticker(2, Some(found(2))));
    let worded = SendMessage { content: Content::plain("look"), ..sending_sticker(2, Some(found(1))) };
    case("a text", worded);
    let filed = SendMessage { attachments: vec![attachment(2)], ..sending_sticker(2, Some(found(1))) };
    case("a file", filed);
    case("another under its id", sending(1, "", 1));
    table.is(expect![[r#"
        not found: NOT_FOUND (not found)
        another's image: NOT_FOUND (not found)
        a text: BAD_USER_INPUT field=stickerId (a sticker has neither a text nor files beside it)
        a file: BAD_USER_INPUT field=stickerId (a sticker has neither a text nor files beside it)
        another under its id: IDEMPOTENCY_CONFLICT (this id was used for another request)
    "#]]);
    // The sticker is gone meanwhile.
    let again = bob.asks(3_000, sending_sticker(1, None).into());
    assert_eq!(format!("{:?}", again.verdict()), "Accepted(Accepted { repeated: true })");
    for id in 10..20 {
        let more = bob.asks(4_000, sending_sticker(id, Some(found(1))).into());
        assert!(matches!(more.verdict(), Outcome::Accepted(_)), "it is not the same text");
    }
    bob.policy.features.flags.retain(|rule| rule.key != Flag::Stickers.key());
    let refused = bob.asks(5_000, sending_sticker(3, Some(found(1))).into());
    assert_eq!(refused.refused_with(), "FEATURE_DISABLED");
}

#[test]
fn a_forward_keeps_the_sticker() {
    let mut ann: Harness<Accounts> = Harness::ann(1_000);
    let (content, sticker) = (Content::plain(""), Some(Box::new(sent_sticker())));
    let forward =
        ForwardMessage { content, attachments: vec![file(1)], sticker, ..forwarding(1, &[1], Some("look")) };
    let decided = ann.asks(1_000, forward.into());
    let posts: Vec<&PostMessage> = decided.posts().collect();
    assert_eq!(posts[0].sticker.as_deref(), Some(&sent_sticker()));
    assert_eq!(posts[1].sticker, None, "the comment is a text");
}

/// `k1` with a sticker by `ann`, and the message.
fn with_sticker() -> (Harness<Conversations>, Message) {
    let mut k1 = Harness::opened(1_000, Group, &["bob"]);
    let sticker = Some(Box::new(sent_sticker()));
    let post = PostMessage { attachments: vec![file(1)], sticker, ..posting("ann", 5, "") };
    let stored = k1.takes(2_000, paid(charge(5, ChargeKind::Send, 4)), post.into());
    let counted = stored.decision.outputs.iter().any(|output| {
        matches!(output, Output::ToAccount { request: AccountRequest::CountFiles(count), .. } if count.more)
    });
    assert!(counted, "the image is carried once more");
    let message = stored.facts().find_map(|fact| match fact {
        ConversationFact::MessageCreated(created) => Some(created.message.clone()),
        _ => None,
    });
    (k1, message.unwrap())
}

#[test]
fn a_sticker_is_quoted_and_found_by_its_name_and_not_edited() {
    let (mut k1, message) = with_sticker();
    assert_eq!(message.stub().sticker.as_deref(), Some(&sent_sticker()));
    assert_eq!(message.stub().without_content().sticker, None);
    assert_eq!(indexing::text(&message).as_deref(), Some("Squat"));
    let refused =
        k1.takes(3_000, paid(charge(0, ChargeKind::Edit, 9)), edit("ann", message.clone(), "two").into());
    let Output::ToAccount { request: AccountRequest::Refund(back), .. } = &refused.decision.outputs[0] else {
        panic!("no refund: {:?}", refused.decision.outputs)
    };
    assert_eq!(back.refusal.as_ref().unwrap().detail, "a sticker is not edited");
    let mut table = Table::default();
    table.case("deleted", &k1.asks(4_000, delete("ann", message)));
    table.is(expect![[r#"
        deleted
          done
          removed [] → [1]
          row 1 carries
          row message 1: by ann at #1, ordinal 1, removed at 4000
          view messages k1 1: removed at 4000 by ann as c5, 1 recipients
          to accounts.commands ann: released: f1
             CountFiles id=1.3.3.0 at 4000
          to events k1: deleted by ann: 1: removed at 4000 by ann as c5, 1 recipients
             MessageDeleted id=1.3.3.1 at 4000
    "#]]);
}
