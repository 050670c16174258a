//! WebSocket frames (RFC 6455, 5.2): what a server sends, cut at any place, and what a client sends; and the
//! handshake before them.
//!
//! Invariant: every byte belongs to one frame; what is no frame of a server is an error.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of text.
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// Set on the last frame of a message; a server of ours sends each in one.
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Lengths that say that the length follows, in two or eight bytes.
const IN_TWO: u8 = 126;
const IN_EIGHT: u8 = 127;
/// Bytes of the answer to a handshake.
const MAX_HEAD: usize = 4 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    /// With its code, if it says one.
    Close(Option<u16>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of a server")]
pub struct NotAFrame;

/// What of a frame has come so far.
#[derive(Debug, Default)]
pub struct Frames {
    partial: Vec<u8>,
}

impl Frames {
    /// Takes in bytes, and gives each frame that they complete.
    pub fn cut(&mut self, bytes: &[u8], mut take: impl FnMut(Frame<'_>)) -> Result<(), NotAFrame> {
        if self.partial.is_empty() {
            let rest = cut_whole(bytes, &mut take)?;
            self.partial.extend_from_slice(rest);
        } else {
            self.partial.extend_from_slice(bytes);
            let rest = cut_whole(&self.partial, &mut take)?.len();
            self.partial.drain(..self.partial.len() - rest);
        }
        Ok(())
    }
}

/// Gives every whole frame; what remains is the start of one.
fn cut_whole<'a>(mut bytes: &'a [u8], take: &mut impl FnMut(Frame<'a>)) -> Result<&'a [u8], NotAFrame> {
    while let Some((first, payload, rest)) = split_first(bytes)? {
        match first {
            TEXT => take(Frame::Text(payload)),
            PING => take(Frame::Ping(payload)),
            PONG => {}
            CLOSE => take(Frame::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))),
            _ => return Err(NotAFrame),
        }
        bytes = rest;
    }
    Ok(bytes)
}

/// Kind, payload, and what follows; `None` if the frame is not whole.
type Split<'a> = Option<(u8, &'a [u8], &'a [u8])>;

fn split_first(bytes: &[u8]) -> Result<Split<'_>, NotAFrame> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0xf0 != FINAL || second & MASKED != 0 {
        return Err(NotAFrame);
    }
    let (length, rest) = match *second {
        IN_TWO => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
            None => return Ok(None),
        },
        IN_EIGHT => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return Ok(None),
        },
        short => (u64::from(short), rest),
    };
    let length = usize::try_from(length).map_err(|_| NotAFrame)?;
    Ok(rest.split_at_checked(length).map(|(payload, rest)| (first & 0x0f, payload, rest)))
}

/// A text as a client sends it. The mask must be there, and may be zero: then it changes nothing.
pub fn client_text(text: &str) -> Vec<u8> {
    client_frame(TEXT, text.as_bytes())
}

pub fn client_pong(payload: &[u8]) -> Vec<u8> {
    client_frame(PONG, payload)
}

fn client_frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(kind, MASKED, payload.len());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A text as a server sends it.
pub fn server_text(text: &str) -> Vec<u8> {
    let mut frame = head(TEXT, 0, text.len());
    frame.extend_from_slice(text.as_bytes());
    frame
}

fn head(kind: u8, mask: u8, length: usize) -> Vec<u8> {
    let mut head = vec![FINAL | kind];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < IN_TWO => head.push(mask | short),
        (_, Ok(length)) => {
            head.push(mask | IN_TWO);
            head.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            head.push(mask | IN_EIGHT);
            head.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    head
}

/// Opens a socket for GraphQL on a connection.
pub async fn shake_hands(stream: &mut TcpStream, host: SocketAddr) -> io::Result<()> {
    let request = format!(
        "GET /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    // The server says nothing on its own before the init, so nothing follows the head.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::Error::other("no whole head"));
        }
    }
    if !head.starts_with(b"HTTP/1.1 101") {
        return Err(io::Error::other(format!("turned away: {}", String::from_utf8_lossy(&head))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts, pings and closes as they come out when the bytes arrive in pieces of a size.
    fn heard(bytes: &[u8], piece: usize) -> Result<Vec<String>, NotAFrame> {
        let (mut frames, mut heard) = (Frames::default(), vec![]);
        for piece in bytes.chunks(piece) {
            frames.cut(piece, |frame| {
                heard.push(match frame {
                    Frame::Text(text) => format!("text {}", text.len()),
                    Frame::Ping(payload) => format!("ping {}", payload.len()),
                    Frame::Close(code) => format!("close {code:?}"),
                });
            })?;
        }
        assert!(frames.partial.is_empty(), "nothing is left over");
        Ok(heard)
    }

    #[test]
    fn frames_come_out_whole_wherever_they_are_cut() {
        let mut bytes = vec![];
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            bytes.extend(server_text(&"x".repeat(length)));
        }
        bytes.extend([FINAL | PING, 2, b'h', b'i', FINAL | PONG, 0, FINAL | CLOSE, 2, 0x13, 0x24]);
        bytes.extend([FINAL | CLOSE, 0]);
        let whole = heard(&bytes, bytes.len()).unwrap();
        let texts = ["text 0", "text 1", "text 125", "text 126", "text 127", "text 65535", "text 65536"];
        assert_eq!(whole[..7], texts);
        assert_eq!(whole[7..], ["ping 2", "close Some(4900)", "close None"]);
        for piece in [1, 2, 3, 7, 100, 65_537] {
            assert_eq!(heard(&bytes, piece).unwrap(), whole, "pieces of {piece}");
        }
    }

    #[test]
    fn what_no_server_of_ours_sends_is_an_error() {
        // A part of a message, a reserved bit, a mask, a binary frame.
        for bad in [[TEXT, 0], [FINAL | 0x40 | TEXT, 0], [FINAL | TEXT, MASKED], [FINAL | 2, 0]] {
            assert_eq!(heard(&bad, 2), Err(NotAFrame), "{bad:?}");
        }
    }

    #[test]
    fn a_client_masks_with_zeros() {
        assert_eq!(client_text("hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        assert_eq!(client_pong(b"p"), [0x8a, 0x81, 0, 0, 0, 0, b'p']);
        assert_eq!(client_text(&"x".repeat(300))[..4], [0x81, 0xfe, 1, 44]);
    }
}
