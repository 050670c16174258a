//! Records that are no command: they go to the dead letters, their charge is refunded, nothing waits.

use bytes::Bytes;
use expect_test::expect;
use musclemap_platform::dead_letter::SIZE_HEADER;
use musclemap_platform::ports::Record;
use musclemap_platform::runner::effect::Effect;
use schemas::record::{CHARGE_HEADER, ID_HEADER, Outgoing, REPLY_HEADER, TRACE_HEADER};
use schemas::topics::MAX_RECORD_BYTES;

use crate::records::{caused_by, charged, command, control, with_header};
use crate::run::Run;

#[test]
fn a_body_that_says_nothing_is_a_dead_letter_and_a_refusal() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "?")]).tick().acknowledged(0).told(0).tick();
    run.is(expect![[r#"
        read 0
            load ann
            produce 0.0 dead letter of 4.0: malformed body: no word and number
        tick
        acknowledged 0
            verdict 0: INTERNAL_SERVER_ERROR
        told 0
        tick
            checkpoint 1 with policy 1, rules 1
    "#]]);
}

#[test]
fn what_was_paid_for_is_refunded_whatever_the_body_is_and_the_account_answers() {
    let mut run = Run::new();
    run.read(vec![charged(command(0, "ann", "?"), 77)]).acknowledged(0).acknowledged(0).tick();
    run.is(expect![[r#"
        read 0
            load ann
            produce 0.0 refund #77: INTERNAL_SERVER_ERROR
            produce 0.1 dead letter of 4.0: malformed body: no word and number
        acknowledged 0
        acknowledged 0
        tick
            checkpoint 1 with policy 1, rules 1
    "#]]);
}

#[test]
fn every_kind_of_poison_is_named_and_those_behind_it_go_on() {
    let mut run = Run::new();
    let bare = |record: Record| Record { headers: vec![], ..record };
    let mut no_owner = bare(command(0, "a b", "add 1"));
    let mut not_text = bare(command(1, "ann", "add 1"));
    not_text.key = Some(Bytes::from_static(&[0xff]));
    let no_key = Record { key: None, ..bare(command(2, "", "add 1")) };
    let not_control = Record { value: Bytes::from_static(&[0, 0, 0, 0, 1, 9]), ..no_key.clone() };
    let too_long = "add ".to_owned() + &"1".repeat(MAX_RECORD_BYTES);
    no_owner.headers.clear();
    run.read(vec![
        no_owner,
        not_text,
        no_key,
        Record { offset: 3, ..not_control },
        bare(command(4, "ann", &too_long)),
        with_header(bare(command(5, "ann", "add 1")), REPLY_HEADER, b"nobody"),
        with_header(bare(command(6, "ann", "add 1")), CHARGE_HEADER, b"nothing"),
        with_header(bare(command(7, "ann", "add 1")), ID_HEADER, b"1.2"),
        with_header(bare(command(8, "ann", "add 1")), ID_HEADER, b"2.0.9.0"),
        command(9, "ann", "add 1"),
    ]);
    run.loaded("ann");
    run.is(expect![[r#"
        read 0 1 2 3 4 5 6 7 8 9
            load ann
            produce 0.0 dead letter of 4.0: key names no owner
            produce 1.0 dead letter of 4.1: key names no owner
            produce 2.0 dead letter of 4.2: not framed: 5 bytes without a zero byte and a schema id
            produce 3.0 dead letter of 4.3: schema 1 without a key
            produce 4.0 dead letter of 4.4: 524292 bytes are too many
            produce 5.0 dead letter of 4.5: malformed mm-reply header
            produce 6.0 dead letter of 4.6: malformed charge header: not framed: 7 bytes without a zero byte and a schema id
            produce 7.0 dead letter of 4.7: malformed cause header
            produce 8.0 dead letter of 4.8: cause of epoch 2
        loaded ann
            produce 9.0 event
    "#]]);
}

/// Its numbers mean nothing here: taken for ours, they would silence a whole partition.
#[test]
fn a_cause_of_another_epoch_moves_no_watermark() {
    let mut run = Run::new();
    run.read(vec![
        with_header(command(0, "ann", "add 1"), ID_HEADER, b"2.3.1000.0"),
        caused_by(command(1, "ann", "add 1"), 3, 7, 0),
    ]);
    run.loaded("ann");
    run.is(expect![[r#"
        read 0 1
            load ann
            produce 0.0 dead letter of 4.0: cause of epoch 2
        loaded ann
            produce 1.0 event
    "#]]);
}

fn dead_letter(run: &Run) -> &Outgoing {
    let mut produced = run.asked().iter().filter_map(|effect| match effect {
        Effect::Produce { record, .. } => Some(record),
        _ => None,
    });
    match (produced.next(), produced.next()) {
        (Some(record), None) => record,
        _ => panic!("not one dead letter: {:?}", run.asked()),
    }
}

#[test]
fn a_dead_letter_keeps_what_is_needed_to_replay_it_under_an_id_of_its_own() {
    let mut run = Run::new();
    let trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let record = with_header(caused_by(command(5, "ann", "?"), 3, 7, 0), "other", b"x");
    let record = with_header(record, TRACE_HEADER, trace);
    run.read(vec![record]);
    let letter = dead_letter(&run);
    let headers = letter.headers.iter().map(|(name, value)| (*name, String::from_utf8_lossy(value)));
    let headers: Vec<String> = headers.map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!((letter.key.as_deref(), letter.value.as_slice()), (Some(&b"ann"[..]), &b"?"[..]));
    expect![[r#"
        ce_id=1.4.5.0
        ce_type=DeadLetter
        ce_time=1970-01-01T00:00:05.000Z
        ce_source=/tally
        ce_specversion=1.0
        content-type=application/avro
        traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
        mm-reason=malformed body: no word and number
        mm-origin=4.5
        mm-reply=0.5"#]]
    .assert_eq(&headers.join("\n"));
}

#[test]
fn a_dead_letter_fits_a_record_however_large_the_poison_was() {
    let large = "x".repeat(2 * MAX_RECORD_BYTES);
    let body = command(0, "ann", &large);
    let key = command(0, &large, "?");
    let header = with_header(command(0, "ann", "?"), CHARGE_HEADER, large.as_bytes());
    for (what, record) in [("body", body), ("key", key), ("header", header)] {
        let mut run = Run::new();
        run.read(vec![record]);
        let letter = dead_letter(&run);
        assert!(letter.size() <= MAX_RECORD_BYTES, "{what}: {} bytes", letter.size());
        let size = letter.headers.iter().find(|(name, _)| *name == SIZE_HEADER);
        assert_eq!(size.is_some(), what == "body", "{what}");
    }
}

#[test]
fn a_control_record_is_no_poison() {
    let mut run = Run::new();
    run.read(vec![control(0, None, None)]).tick();
    run.is(expect![[r#"
        read 0
        tick
            checkpoint 1 with policy 1, rules 1
    "#]]);
}
