//! WebSocket frames (RFC 6455) without I/O: what a client sends, and what a server does.
//!
//! Invariants: messages of a client are whole, in order, unmasked, and UTF-8 where they are text. A frame
//! that must not be sent fails at its header. What is kept of an incomplete message is bounded, and
//! nothing is kept between messages. Nothing is read after a Close frame.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::protocol::{CloseCode, MAX_MESSAGE_BYTES};

/// Payloads of control frames are no longer (RFC 6455, 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary,
    Ping(Vec<u8>),
    Pong,
    /// The client's side of the closing handshake, with its code if it has one.
    Close(Option<u16>),
}

/// Reads what a client sends, in whatever pieces it comes.
#[derive(Default)]
pub struct Incoming {
    /// The beginning of a frame.
    unread: Vec<u8>,
    begun: Option<Begun>,
    state: Reading,
    /// Frames that may still come, where they are counted.
    frames: Option<u32>,
}

/// The beginning of a message.
#[derive(Default)]
struct Begun {
    bytes: Vec<u8>,
    is_text: bool,
    /// How many of the bytes are known to be UTF-8.
    valid: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// More frames may come.
    #[default]
    Open,
    /// The client has sent its Close frame; what follows is ignored.
    Closed,
    /// The bytes could not be read; where the next frame begins is unknown.
    Failed,
}

impl Incoming {
    /// The messages that these bytes complete, up to the client's Close frame.
    ///
    /// Errors with the code to close with; what follows is ignored.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<Message>, CloseCode> {
        if self.state != Reading::Open {
            return Ok(vec![]);
        }
        self.read_open(bytes).inspect_err(|_| {
            self.state = Reading::Failed;
            (self.unread, self.begun) = (vec![], None);
        })
    }

    pub fn state(&self) -> Reading {
        self.state
    }

    /// Limits how many more frames are accepted, of any kind; `None`: unlimited.
    pub fn allow(&mut self, frames: Option<u32>) {
        self.frames = frames;
    }

    fn read_open(&mut self, bytes: &[u8]) -> Result<Vec<Message>, CloseCode> {
        let mut messages = vec![];
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(frame) = Frame::parse(&unread[at..], self.begun.as_ref())? {
            if let Some(frames) = &mut self.frames {
                *frames = frames.checked_sub(1).ok_or(CloseCode::Overloaded)?;
            }
            let mut payload = unread[at + frame.start..at + frame.end].to_vec();
            payload.iter_mut().zip(frame.mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            messages.extend(self.take_in(&frame, payload)?);
            at += frame.end;
            if self.state == Reading::Closed {
                self.begun = None;
                return Ok(messages);
            }
        }
        unread.drain(..at);
        if !unread.is_empty() {
            if at > 0 {
                unread.shrink_to_fit();
            }
            self.unread = unread;
        }
        Ok(messages)
    }

    fn take_in(&mut self, frame: &Frame, payload: Vec<u8>) -> Result<Option<Message>, CloseCode> {
        let mut message = match frame.opcode {
            OpCode::Control(Control::Ping) => return Ok(Some(Message::Ping(payload))),
            OpCode::Control(Control::Pong) => return Ok(Some(Message::Pong)),
            OpCode::Control(_) => {
                let code = close_code(&payload)?;
                self.state = Reading::Closed;
                return Ok(Some(Message::Close(code)));
            }
            OpCode::Data(Data::Continue) => self.begun.take().ok_or(CloseCode::ProtocolError)?,
            OpCode::Data(data) => Begun { is_text: data == Data::Text, ..Begun::default() },
        };
        message.bytes.extend_from_slice(&payload);
        if !frame.is_final {
            if message.is_text {
                message.check_text()?;
            }
            self.begun = Some(message);
            return Ok(None);
        }
        if !message.is_text {
            return Ok(Some(Message::Binary));
        }
        String::from_utf8(message.bytes).map(|text| Some(Message::Text(text))).map_err(|_| CloseCode::NotText)
    }
}

impl Begun {
    /// Checks a text that goes on. A character may be cut by the end of a fragment.
    fn check_text(&mut self) -> Result<(), CloseCode> {
        match std::str::from_utf8(&self.bytes[self.valid..]) {
            Ok(text) => self.valid += text.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(CloseCode::NotText),
        }
        Ok(())
    }
}

/// A whole frame at the beginning of some bytes.
struct Frame {
    opcode: OpCode,
    is_final: bool,
    mask: [u8; 4],
    /// Where its payload begins and ends.
    start: usize,
    end: usize,
}

impl Frame {
    /// The first frame, or none if it is not whole; its header is checked as soon as that is.
    fn parse(bytes: &[u8], begun: Option<&Begun>) -> Result<Option<Self>, CloseCode> {
        let mut cursor = Cursor::new(bytes);
        let header = FrameHeader::parse(&mut cursor).map_err(|_| CloseCode::ProtocolError)?;
        let Some((header, length)) = header else { return Ok(None) };
        let FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask } = header;
        let is_short = length <= MAX_CONTROL_BYTES;
        let is_allowed = match opcode {
            OpCode::Control(Control::Reserved(_)) | OpCode::Data(Data::Reserved(_)) => false,
            OpCode::Control(_) => is_final && is_short,
            OpCode::Data(Data::Continue) => begun.is_some(),
            OpCode::Data(_) => begun.is_none(),
        };
        // The shortest form of the length alone may be used, and its highest bit not at all (5.2).
        let is_shortest = match bytes.get(1).map_or(0, |byte| byte & 0x7f) {
            127 => length > u64::from(u16::MAX) && length >> 63 == 0,
            126 => !is_short,
            _ => true,
        };
        let mask = mask.filter(|_| is_allowed && is_shortest && !(rsv1 || rsv2 || rsv3));
        let mask = mask.ok_or(CloseCode::ProtocolError)?;
        let before = begun.filter(|_| matches!(opcode, OpCode::Data(_))).map_or(0, |begun| begun.bytes.len());
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_MESSAGE_BYTES - before);
        let (start, length) = (cursor.position() as usize, length.ok_or(CloseCode::TooBig)?);
        let end = start + length;
        Ok((bytes.len() >= end).then_some(Self { opcode, is_final, mask, start, end }))
    }
}

/// The code in the body of a client's Close frame; an empty body has none (RFC 6455, 5.5.1 and 7.4).
fn close_code(body: &[u8]) -> Result<Option<u16>, CloseCode> {
    if body.is_empty() {
        return Ok(None);
    }
    let (code, reason) = body.split_first_chunk().ok_or(CloseCode::ProtocolError)?;
    let code = u16::from_be_bytes(*code);
    // Those that a protocol or an application has defined, but for those that no frame may carry.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseCode::ProtocolError);
    }
    std::str::from_utf8(reason).map_err(|_| CloseCode::NotText)?;
    Ok(Some(code))
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

/// The answer to a client's Close frame: its own code, or none.
pub fn close_echo(code: Option<u16>) -> Vec<u8> {
    whole(OpCode::Control(Control::Close), code.map(u16::to_be_bytes).as_ref().map_or(&[], |code| &code[..]))
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
