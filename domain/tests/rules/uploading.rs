//! Which files an account expects, and how far each is.

use expect_test::expect;
use schemas::uploading::{
    Attachment, CompleteUpload, CreateUpload, Declared, Finding, Rejected, RejectedReason, SettleUpload,
    StoredFile,
};

use crate::harness::Harness;
use crate::names::{asked, attachment, declared, upload};
use crate::render::Table;

const MINUTE: i64 = 60_000;

fn complete(number: u8) -> CompleteUpload {
    CompleteUpload { attachment: attachment(number) }
}

pub fn stored() -> Finding {
    Finding::Stored(StoredFile {
        content_type: "image/jpeg".to_owned(),
        byte_size: 90,
        width: Some(4),
        height: Some(3),
        has_thumbnail: true,
        placeholder: Some("AAAA".to_owned()),
        sound: None,
    })
}

fn settle(number: u8, finding: Finding) -> SettleUpload {
    SettleUpload { attachment: attachment(number), finding }
}

fn rejected() -> Finding {
    Finding::Rejected(Rejected { reason: RejectedReason::TypeMismatch })
}

#[test]
fn an_attachment_goes_forward_and_never_back() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    table.answer("none is complete", &ann.asks(500, complete(1).into()));
    table.case("begun", &ann.asks(1_000, upload(1, "a.jpg").into()));
    table.answer("begun again", &ann.asks(1_100, upload(1, "a.jpg").into()));
    table.answer("another file", &ann.asks(1_200, upload(1, "b.jpg").into()));
    table.answer("settled too early", &ann.asks(1_300, settle(1, stored()).into()));
    table.case("complete", &ann.asks(2_000, complete(1).into()));
    table.answer("complete again", &ann.asks(2_100, complete(1).into()));
    table.case("stored", &ann.asks(3_000, settle(1, stored()).into()));
    table.answer("settled again", &ann.asks(3_100, settle(1, rejected()).into()));
    table.answer("begun at the end", &ann.asks(3_200, upload(1, "a.jpg").into()));
    ann.asks(4_000, upload(2, "c.jpg").into());
    ann.asks(4_100, complete(2).into());
    table.case("rejected", &ann.asks(4_200, settle(2, rejected()).into()));
    table.outcome("the first, repeated", ann.repeats(2, asked(), upload(1, "a.jpg").into()).as_ref());
    table.outcome("the refused, repeated", ann.repeats(4, asked(), upload(1, "b.jpg").into()).as_ref());
    table.outcome("the completion, repeated", ann.repeats(6, asked(), complete(1).into()).as_ref());
    table.outcome("the finding, repeated", ann.repeats(8, asked(), settle(1, stored()).into()).as_ref());
    table.outcome("another finding", ann.repeats(9, asked(), settle(1, rejected()).into()).as_ref());
    table.is(expect![[r#"
        none is complete: NOT_FOUND (not found)
        begun
          done
          row uses of upload: #2
          row f1 a.jpg: Uploading(Uploading { since: 1000 })
          to account-events ann: f1 a.jpg: Uploading(Uploading { since: 1000 })
             AttachmentChanged id=1.3.2.0 at 1000
        begun again: nothing to do
        another file: IDEMPOTENCY_CONFLICT (this id was used for another file)
        settled too early: nothing to do
        complete
          done
          row f1 a.jpg: Scanning(Scanning { since: 2000 })
          to account-events ann: f1 a.jpg: Scanning(Scanning { since: 2000 })
             AttachmentChanged id=1.3.6.0 at 2000
        complete again: nothing to do
        stored
          done
          row f1 a.jpg: Stored(StoredFile { content_type: "image/jpeg", byte_size: 90, width: Some(4), height: Some(3), has_thumbnail: true, placeholder: Some("AAAA"), sound: None })
          to account-events ann: f1 a.jpg: Stored(StoredFile { content_type: "image/jpeg", byte_size: 90, width: Some(4), height: Some(3), has_thumbnail: true, placeholder: Some("AAAA"), sound: None })
             AttachmentChanged id=1.3.8.0 at 3000
        settled again: nothing to do
        begun at the end: nothing to do
        rejected
          done
          row f2 c.jpg: Rejected(Rejected { reason: TypeMismatch })
          to account-events ann: f2 c.jpg: Rejected(Rejected { reason: TypeMismatch })
             AttachmentChanged id=1.3.13.0 at 4200
        the first, repeated: done
        the refused, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the completion, repeated: done
        the finding, repeated: done
        another finding: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
    "#]]);
}

#[test]
fn what_is_declared_is_one_of_what_is_accepted() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let mut case = |name: &str, change: &dyn Fn(&mut Declared)| {
        let mut file = declared("a.jpg");
        change(&mut file);
        table.answer(
            name,
            &ann.asks(1_000, CreateUpload { attachment: attachment(1), declared: file }.into()),
        );
    };
    case("no name", &|file| file.file_name = " ".to_owned());
    case("a long name", &|file| file.file_name = "a".repeat(256));
    case("a path", &|file| file.file_name = "../a.jpg".to_owned());
    case("a path of another system", &|file| file.file_name = "..\\a.jpg".to_owned());
    case("a page", &|file| file.content_type = "text/html".to_owned());
    case("a drawing", &|file| file.content_type = "image/svg+xml".to_owned());
    case("a parameter", &|file| file.content_type = "image/jpeg; q=1".to_owned());
    case("not in the canonical form", &|file| file.content_type = "Image/JPEG".to_owned());
    case("nothing", &|file| file.byte_size = 0);
    case("a byte too many", &|file| file.byte_size = 25 * 1024 * 1024 + 1);
    case("half a digest", &|file| file.sha256 = Some("a5".repeat(16)));
    case("a digest in capitals", &|file| file.sha256 = Some("A5".repeat(32)));
    table.is(expect![[r#"
        no name: BAD_USER_INPUT field=fileName (the text has no visible character)
        a long name: BAD_USER_INPUT field=fileName (the text is too long)
        a path: BAD_USER_INPUT field=fileName (a name has no slash and no line break)
        a path of another system: BAD_USER_INPUT field=fileName (a name has no slash and no line break)
        a page: BAD_USER_INPUT field=contentType (files of this type are not accepted)
        a drawing: BAD_USER_INPUT field=contentType (files of this type are not accepted)
        a parameter: BAD_USER_INPUT field=contentType (files of this type are not accepted)
        not in the canonical form: BAD_USER_INPUT field=contentType (files of this type are not accepted)
        nothing: BAD_USER_INPUT field=byteSize (a file has at least one byte, and no more than the limit)
        a byte too many: BAD_USER_INPUT field=byteSize (a file has at least one byte, and no more than the limit)
        half a digest: BAD_USER_INPUT field=sha256 (64 hexadecimal digits in lower case)
        a digest in capitals: BAD_USER_INPUT field=sha256 (64 hexadecimal digits in lower case)
    "#]]);
    let largest =
        Declared { byte_size: 25 * 1024 * 1024, sha256: Some("a5".repeat(32)), ..declared("a.jpg") };
    ann.asks(2_000, CreateUpload { attachment: attachment(1), declared: largest.clone() }.into());
    assert_eq!(ann.row::<Attachment>(&attachment(1)).unwrap().declared, largest);
}

#[test]
fn twenty_files_are_begun_in_an_hour() {
    let mut ann = Harness::ann(0);
    for number in 0..20 {
        let begun = ann.asks(i64::from(number) * MINUTE, upload(number, "a.jpg").into());
        assert!(!begun.decision.rows.is_empty(), "{number}");
    }
    let full = ann.asks(20 * MINUTE, upload(20, "a.jpg").into());
    let mut table = Table::default();
    table.answer("one more", &full);
    table.answer("a known one", &ann.asks(20 * MINUTE, upload(7, "a.jpg").into()));
    table.is(expect![[r#"
        one more: RATE_LIMITED limit=upload windowSeconds=3600 quota=20 retryAfterMs=2400000 (too many in too short a time)
        a known one: nothing to do
    "#]]);
    let later = ann.asks(60 * MINUTE, upload(20, "a.jpg").into());
    assert!(!later.decision.rows.is_empty(), "the first is an hour old");
}
