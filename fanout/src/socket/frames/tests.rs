//! Frames, against those of a library.

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::protocol::frame::Frame;

use super::*;

/// A client's frame, masked.
fn sent(payload: &[u8], opcode: OpCode, is_final: bool) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, mask: Some([7, 99, 0, 250]), ..FrameHeader::default() };
    let frame = Frame::from_payload(header, payload.to_vec().into());
    let mut bytes = vec![];
    frame.format(&mut bytes).unwrap();
    bytes
}

fn text_frame(text: &str) -> Vec<u8> {
    sent(text.as_bytes(), OpCode::Data(Data::Text), true)
}

fn refused(bytes: &[u8]) -> CloseCode {
    Incoming::default().read(bytes).unwrap_err()
}

proptest! {
    #[test]
    fn messages_come_whole_in_whatever_pieces(
        texts in vec(vec(".{0,300}", 1..4), 1..5),
        pings in vec(any::<bool>(), 16),
        cuts in vec(1_usize..200, 1..20),
    ) {
        let (mut bytes, mut expected, mut pings) = (vec![], vec![], pings.into_iter().cycle());
        for parts in &texts {
            for (index, part) in parts.iter().enumerate() {
                let opcode = OpCode::Data(if index == 0 { Data::Text } else { Data::Continue });
                let is_last = index + 1 == parts.len();
                bytes.extend(sent(part.as_bytes(), opcode, is_last));
                // Control frames may come between the parts of a message.
                if !is_last && pings.next() == Some(true) {
                    bytes.extend(sent(b"here", OpCode::Control(Control::Ping), true));
                    expected.push(Message::Ping(b"here".to_vec()));
                }
            }
            expected.push(Message::Text(parts.concat()));
        }
        let (mut incoming, mut heard, mut rest) = (Incoming::default(), vec![], &bytes[..]);
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            heard.extend(incoming.read(piece).unwrap());
            rest = behind;
        }
        prop_assert_eq!(heard, expected);
        prop_assert!(incoming.unread.is_empty() && incoming.begun.is_none());
        prop_assert_eq!(incoming.unread.capacity(), 0);
    }

    #[test]
    fn what_a_server_sends_is_read_by_a_library(text in ".{0,400}", repeat in 1_usize..300) {
        let text = text.repeat(repeat);
        let bytes = super::text(&text);
        let mut cursor = Cursor::new(&bytes);
        let (header, length) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
        prop_assert_eq!(header.opcode, OpCode::Data(Data::Text));
        prop_assert!(header.is_final && header.mask.is_none());
        let start = cursor.position() as usize;
        prop_assert_eq!((length as usize, &bytes[start..]), (text.len(), text.as_bytes()));
    }

    #[test]
    fn the_rest_of_a_frame_ends_where_the_next_begins(lengths in vec(0_usize..70_000, 1..5), cut in any::<prop::sample::Index>()) {
        let frames: Vec<Vec<u8>> = lengths.iter().map(|length| super::text(&"x".repeat(*length))).collect();
        let all = frames.concat();
        let sent = cut.index(all.len() + 1);
        let mut ends = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) });
        let end = if sent == 0 { 0 } else { ends.find(|end| *end >= sent).unwrap() };
        prop_assert_eq!(rest_of_frame(&all, sent), end - sent);
    }

    #[test]
    fn garbage_is_refused_or_waited_for(bytes in vec(any::<u8>(), 0..500)) {
        let mut incoming = Incoming::default();
        if incoming.read(&bytes).is_ok() {
            prop_assert!(incoming.unread.len() <= bytes.len());
        }
    }
}

#[test]
fn what_breaks_the_protocol_is_refused_with_its_code() {
    let unmasked = super::text("hello");
    assert_eq!(refused(&unmasked), CloseCode::ProtocolError);
    let reserved = OpCode::Data(Data::Reserved(3));
    assert_eq!(refused(&sent(b"", reserved, true)), CloseCode::ProtocolError);
    let mut compressed = text_frame("hello");
    compressed[0] |= 0x40;
    assert_eq!(refused(&compressed), CloseCode::ProtocolError);
    assert_eq!(refused(&sent(b"", OpCode::Data(Data::Continue), true)), CloseCode::ProtocolError);
    let two_begun = [sent(b"a", OpCode::Data(Data::Text), false), text_frame("b")].concat();
    assert_eq!(refused(&two_begun), CloseCode::ProtocolError);
    assert_eq!(refused(&sent(b"", OpCode::Control(Control::Ping), false)), CloseCode::ProtocolError);
    assert_eq!(refused(&sent(&[0; 126], OpCode::Control(Control::Ping), true)), CloseCode::ProtocolError);
    assert_eq!(refused(&sent(&[0xff], OpCode::Data(Data::Text), true)), CloseCode::NotText);
    let binary = Incoming::default().read(&sent(&[0xff], OpCode::Data(Data::Binary), true));
    assert_eq!(binary, Ok(vec![Message::Binary]));
}

#[test]
fn what_is_too_big_is_refused_at_its_header() {
    let whole = "x".repeat(MAX_MESSAGE_BYTES);
    assert_eq!(Incoming::default().read(&text_frame(&whole)), Ok(vec![Message::Text(whole.clone())]));
    let header = &text_frame(&(whole + "x"))[..14];
    assert_eq!(refused(header), CloseCode::TooBig);
    assert_eq!(refused(&[&[0x81][..], &[0xff; 13]].concat()), CloseCode::ProtocolError);
    let half = "x".repeat(MAX_MESSAGE_BYTES / 2 + 1);
    let halves = [Data::Text, Data::Continue].map(|data| sent(half.as_bytes(), OpCode::Data(data), false));
    assert_eq!(refused(&halves.concat()), CloseCode::TooBig);
}

fn closed_by(body: &[u8]) -> Result<Vec<Message>, CloseCode> {
    Incoming::default().read(&sent(body, OpCode::Control(Control::Close), true))
}

/// A client's frame of these two bytes, without more behind them than its length and mask.
fn header_of(first: u8, length: &[u8]) -> Vec<u8> {
    [&[first][..], length, &[7, 99, 0, 250]].concat()
}

#[test]
fn a_clients_close_says_its_code_or_breaks_the_protocol() {
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        for reason in ["", "bye", "tschüß 💪"] {
            let body = [&u16::to_be_bytes(code)[..], reason.as_bytes()].concat();
            assert_eq!(closed_by(&body), Ok(vec![Message::Close(Some(code))]), "{code} {reason}");
        }
    }
    assert_eq!(closed_by(b""), Ok(vec![Message::Close(None)]));
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        assert_eq!(closed_by(&u16::to_be_bytes(code)), Err(CloseCode::ProtocolError), "{code}");
    }
    for (body, code) in [
        (&[3][..], CloseCode::ProtocolError),
        (&[3, 0xe8, 0xff], CloseCode::NotText),
        (&[3, 0xe8, 0xc3], CloseCode::NotText),
        (&[3, 0xe8, 0xed, 0xa0, 0x80], CloseCode::NotText),
        (&[3, 0xec, 0xff], CloseCode::ProtocolError),
    ] {
        assert_eq!(closed_by(body), Err(code), "{body:?}");
    }
}

#[test]
fn what_follows_a_close_is_ignored() {
    let close = sent(&1000_u16.to_be_bytes(), OpCode::Control(Control::Close), true);
    for behind in [text_frame("late"), vec![0xff; 40], close.clone()] {
        let mut incoming = Incoming::default();
        let whole = [text_frame("a"), close.clone(), behind.clone()].concat();
        let expected = vec![Message::Text("a".to_owned()), Message::Close(Some(1000))];
        assert_eq!(incoming.read(&whole), Ok(expected));
        assert_eq!(incoming.read(&behind), Ok(vec![]));
        assert_eq!((incoming.state(), incoming.unread.capacity()), (Reading::Closed, 0));
    }
    let mut incoming = Incoming::default();
    assert!(incoming.read(&super::text("unmasked")).is_err());
    assert_eq!(incoming.read(&text_frame("a")), Ok(vec![]));
    assert_eq!(incoming.state(), Reading::Failed);
    // Between the fragments of a message too.
    let begun = sent(b"a", OpCode::Data(Data::Text), false);
    assert_eq!(Incoming::default().read(&[begun, close].concat()), Ok(vec![Message::Close(Some(1000))]));
}

#[test]
fn a_frame_that_must_not_be_sent_fails_at_its_header() {
    let begun = || sent(b"a", OpCode::Data(Data::Text), false);
    let text = |length: &[u8]| header_of(0x81, length);
    let mut wrong = vec![
        ("unmasked", vec![0x81, 0x05]),
        ("fragmented ping", header_of(0x09, &[0x80])),
        ("fragmented pong", header_of(0x0a, &[0x80])),
        ("fragmented close", header_of(0x08, &[0x80])),
        ("long ping", header_of(0x89, &[0xfe, 0, 126])),
        ("long close", header_of(0x88, &[0xfe, 0, 126])),
        ("endless pong", header_of(0x8a, &[0xff, 0, 0, 0, 0, 0, 1, 0, 0])),
        ("continuation of nothing", header_of(0x80, &[0x81])),
        ("first continuation of nothing", header_of(0x00, &[0x81])),
        ("text inside a message", [begun(), header_of(0x81, &[0x81])].concat()),
        ("binary inside a message", [begun(), header_of(0x82, &[0x81])].concat()),
        ("begun inside a message", [begun(), header_of(0x01, &[0x81])].concat()),
        ("125 in two bytes", text(&[0xfe, 0, 125])),
        ("0 in two bytes", text(&[0xfe, 0, 0])),
        ("65,535 in eight bytes", text(&[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff])),
        ("1 in eight bytes", text(&[0xff, 0, 0, 0, 0, 0, 0, 0, 1])),
        ("the highest bit of a length", text(&[0xff, 0x80, 0, 0, 0, 0, 1, 0, 0])),
    ];
    for bits in [0x10, 0x20, 0x40, 0x70] {
        wrong.push(("reserved bits of text", header_of(0x81 | bits, &[0x80])));
        wrong.push(("reserved bits of ping", header_of(0x89 | bits, &[0x80])));
    }
    for opcode in (3..8).chain(11..16) {
        wrong.push(("reserved opcode", header_of(0x80 | opcode, &[0x80])));
    }
    for (name, bytes) in wrong {
        assert_eq!(refused(&bytes), CloseCode::ProtocolError, "{name}");
    }
    let huge = text(&[0xff, 0, 0, 0, 0, 0, 1, 0, 1]);
    assert_eq!(refused(&huge), CloseCode::TooBig);
    for whole in [text(&[0xfe, 0, 126]), text(&[0xfe, 0xff, 0xff]), text(&[0xff, 0, 0, 0, 0, 0, 1, 0, 0])] {
        assert_eq!(Incoming::default().read(&whole), Ok(vec![]), "{whole:?}");
    }
}

/// A character may be cut by a fragment's end; what can be no character any more fails there.
#[test]
fn text_is_checked_across_fragments() {
    let strong = "💪".as_bytes();
    for (parts, expected) in [
        (&[&strong[..1], &strong[1..3], &strong[3..]][..], Ok(vec![Message::Text("💪".to_owned())])),
        (&[b"a", b"", b"b"], Ok(vec![Message::Text("ab".to_owned())])),
        (&[b"", b""], Ok(vec![Message::Text(String::new())])),
        (&[&strong[..3], b""], Err(CloseCode::NotText)),
        (&[&strong[..2], b"a"], Err(CloseCode::NotText)),
        (&[b"a\xff"], Err(CloseCode::NotText)),
    ] {
        let frame = |(at, part): (usize, &&[u8])| {
            let opcode = OpCode::Data(if at == 0 { Data::Text } else { Data::Continue });
            sent(part, opcode, at + 1 == parts.len())
        };
        let bytes = parts.iter().enumerate().map(frame).collect::<Vec<_>>().concat();
        assert_eq!(Incoming::default().read(&bytes), expected, "{parts:?}");
    }
    assert_eq!(refused(&sent(b"a\xffb", OpCode::Data(Data::Text), false)), CloseCode::NotText);
    let halves = [
        &sent(&strong[..2], OpCode::Data(Data::Text), false)[..],
        &sent(b"a", OpCode::Data(Data::Continue), false),
    ];
    assert_eq!(refused(&halves.concat()), CloseCode::NotText);
}

#[test]
fn a_close_is_answered_with_its_own_code_or_with_none() {
    assert_eq!(close_echo(None), [0x88, 0]);
    assert_eq!(close_echo(Some(1000)), [0x88, 2, 3, 0xe8]);
}
