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
    assert_eq!(refused(&[&[0x81][..], &[0xff; 13]].concat()), CloseCode::TooBig);
    let half = "x".repeat(MAX_MESSAGE_BYTES / 2 + 1);
    let halves = [Data::Text, Data::Continue].map(|data| sent(half.as_bytes(), OpCode::Data(data), false));
    assert_eq!(refused(&halves.concat()), CloseCode::TooBig);
}
