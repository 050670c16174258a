//! WebSocket frames (RFC 6455) without I/O: what a client sends, and what a server does.
//!
//! Invariants: a client's messages come whole, in order, unmasked, and as text that is UTF-8; what is
//! kept of one that is not whole yet is bounded; between messages nothing is kept.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::protocol::{CloseCode, MAX_MESSAGE_BYTES};

/// Payloads of control frames are no longer.
const MAX_CONTROL_BYTES: usize = 125;

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary,
    Ping(Vec<u8>),
    Pong,
    Close,
}

/// Reads what a client sends, in whatever pieces it comes.
#[derive(Default)]
pub struct Incoming {
    /// The beginning of a frame.
    unread: Vec<u8>,
    /// The beginning of a message, and whether it is text.
    begun: Option<(Vec<u8>, bool)>,
}

impl Incoming {
    /// The messages that these bytes complete.
    ///
    /// Errors with the code to close with; what follows cannot be read.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<Message>, CloseCode> {
        let mut messages = vec![];
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((header, payload, end)) = parse(&unread[at..])? {
            let mut payload = unread[at + payload..at + end].to_vec();
            let mask = header.mask.ok_or(CloseCode::ProtocolError)?;
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            messages.extend(self.take_in(header, payload)?);
            at += end;
        }
        if at < unread.len() {
            self.unread = unread[at..].to_vec();
        }
        Ok(messages)
    }

    fn take_in(&mut self, header: FrameHeader, payload: Vec<u8>) -> Result<Option<Message>, CloseCode> {
        let (mut message, is_text) = match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || payload.len() > MAX_CONTROL_BYTES {
                    return Err(CloseCode::ProtocolError);
                }
                return match control {
                    Control::Close => Ok(Some(Message::Close)),
                    Control::Ping => Ok(Some(Message::Ping(payload))),
                    Control::Pong => Ok(Some(Message::Pong)),
                    Control::Reserved(_) => Err(CloseCode::ProtocolError),
                };
            }
            OpCode::Data(Data::Continue) => self.begun.take().ok_or(CloseCode::ProtocolError)?,
            OpCode::Data(data @ (Data::Text | Data::Binary)) if self.begun.is_none() => {
                (vec![], data == Data::Text)
            }
            OpCode::Data(_) => return Err(CloseCode::ProtocolError),
        };
        if message.len() + payload.len() > MAX_MESSAGE_BYTES {
            return Err(CloseCode::TooBig);
        }
        message.extend_from_slice(&payload);
        if !header.is_final {
            self.begun = Some((message, is_text));
            return Ok(None);
        }
        if !is_text {
            return Ok(Some(Message::Binary));
        }
        String::from_utf8(message).map(|text| Some(Message::Text(text))).map_err(|_| CloseCode::NotText)
    }
}

/// The header of the first frame, where its payload begins, and where it ends; none if it is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(FrameHeader, usize, usize)>, CloseCode> {
    let mut cursor = Cursor::new(bytes);
    let header = FrameHeader::parse(&mut cursor).map_err(|_| CloseCode::ProtocolError)?;
    let Some((header, length)) = header else { return Ok(None) };
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(CloseCode::ProtocolError);
    }
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_MESSAGE_BYTES);
    let (start, length) = (cursor.position() as usize, length.ok_or(CloseCode::TooBig)?);
    Ok((bytes.len() >= start + length).then_some((header, start, start + length)))
}

/// Appends the header of a text frame of so many bytes.
pub fn text_header(bytes: usize, out: &mut Vec<u8>) {
    header(OpCode::Data(Data::Text), bytes, out);
}

/// A text frame.
pub fn text(text: &str) -> Vec<u8> {
    whole(OpCode::Data(Data::Text), text.as_bytes())
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    whole(OpCode::Control(Control::Pong), payload)
}

/// The frame that says why a socket is closed.
pub fn close(code: CloseCode) -> Vec<u8> {
    let payload = [&code.code().to_be_bytes()[..], code.reason().as_bytes()].concat();
    whole(OpCode::Control(Control::Close), &payload)
}

fn whole(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 10);
    header(opcode, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

fn header(opcode: OpCode, bytes: usize, out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, mask: None, ..FrameHeader::default() };
    // A vector takes everything.
    let _ = header.format(bytes as u64, out);
}

/// How much of the frame at `sent` is left, in whole frames of a server of which `sent` bytes are sent.
pub fn rest_of_frame(frames: &[u8], sent: usize) -> usize {
    let mut end = 0;
    while end < sent {
        let length = usize::from(frames[end + 1] & 0x7f);
        end += match length {
            126 => 4 + usize::from(u16::from_be_bytes([frames[end + 2], frames[end + 3]])),
            127 => {
                let length =
                    frames[end + 2..end + 10].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                10 + length
            }
            short => 2 + short,
        };
    }
    end - sent
}

#[cfg(test)]
mod tests;
