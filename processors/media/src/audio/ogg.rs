//! Ogg (RFC 3533), as far as one stream of Opus in it needs.
//!
//! Invariant: a page counts only if it is whole and its checksum is right.

use super::{Codec, Opus, Packets, RejectedReason, Track, decoding};

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
/// Of a page on which no packet ends.
const NO_POSITION: u64 = u64::MAX;

pub fn track(bytes: &[u8]) -> Result<Track<'_>, RejectedReason> {
    let (mut rest, mut stream, mut position) = (bytes, None, Position::default());
    let mut codec = None;
    let mut packets = Packets::of(bytes);
    // The packet that has begun, and those of the head that are still to come.
    let (mut begun, mut heads) = (Vec::new(), 2_u32);
    while !rest.is_empty() {
        let page = Page::take(&mut rest)?;
        if page.flags & FIRST != 0 {
            check_first(&page, heads == 0)?;
            let is_heard = stream.is_none() && !page.body.starts_with(b"fishead");
            if is_heard {
                stream = Some(page.serial);
                codec = Some(if page.body.starts_with(b"OpusHead") {
                    Opus::head(page.body)?.codec()?
                } else {
                    Codec::Other
                });
            }
        }
        let Some(Codec::Opus(_)) = codec else { continue };
        if stream != Some(page.serial) {
            continue;
        }
        if (page.flags & CONTINUED != 0) == begun.is_empty() {
            return Err(RejectedReason::Malformed);
        }
        let (mut at, mut samples) = (0, 0);
        for length in page.lengths {
            let end = at + usize::from(*length);
            begun.extend_from_slice(&page.body[at..end]);
            at = end;
            if *length == u8::MAX {
                continue;
            }
            let packet = std::mem::take(&mut begun);
            if heads > 0 {
                heads -= 1;
                continue;
            }
            samples += decoding::opus_samples(&packet)? as u64;
            packets.push(packet)?;
        }
        if samples > 0 && page.position != NO_POSITION {
            position.ends(page.position, samples);
        }
    }
    if !begun.is_empty() {
        return Err(RejectedReason::Truncated);
    }
    Ok(Track { codec: codec.ok_or(RejectedReason::NoAudio)?, packets, claimed_ms: position.claimed_ms() })
}

/// Streams begin together, and none of them is a video.
fn check_first(page: &Page<'_>, is_late: bool) -> Result<(), RejectedReason> {
    if page.body.starts_with(b"\x80theora") || page.body.starts_with(b"BBCD") {
        return Err(RejectedReason::HasVideo);
    }
    if is_late { Err(RejectedReason::Malformed) } else { Ok(()) }
}

/// Where a stream of Opus begins and ends, in samples, as its pages say.
#[derive(Default)]
struct Position {
    begin: Option<u64>,
    end: u64,
}

impl Position {
    fn ends(&mut self, position: u64, samples: u64) {
        self.begin.get_or_insert(position.saturating_sub(samples));
        self.end = position;
    }

    fn claimed_ms(&self) -> Option<u64> {
        Some(self.end.saturating_sub(self.begin?) / 48)
    }
}

struct Page<'a> {
    flags: u8,
    /// Samples up to the end of the last packet that ends on the page.
    position: u64,
    serial: u32,
    /// Lengths of the parts of packets; a part of 255 bytes is not the last of its packet.
    lengths: &'a [u8],
    body: &'a [u8],
}

impl<'a> Page<'a> {
    /// The page at the beginning of `rest`, which is taken off.
    fn take(rest: &mut &'a [u8]) -> Result<Self, RejectedReason> {
        let bytes = *rest;
        let head: &[u8; 27] = bytes.first_chunk().ok_or(RejectedReason::Truncated)?;
        if head[..5] != *b"OggS\0" {
            return Err(RejectedReason::Malformed);
        }
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let parts = 27 + usize::from(head[26]);
        let lengths = bytes.get(27..parts).ok_or(RejectedReason::Truncated)?;
        let end = parts + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
        let body = bytes.get(parts..end).ok_or(RejectedReason::Truncated)?;
        if checksum(&bytes[..end]) != number(22) {
            return Err(RejectedReason::Malformed);
        }
        *rest = &bytes[end..];
        let position = u64::from(number(6)) | u64::from(number(10)) << 32;
        Ok(Self { flags: head[5], position, serial: number(14), lengths, body })
    }
}

/// The checksum of a page, whose own four bytes count as zero.
pub(super) fn checksum(page: &[u8]) -> u32 {
    page.iter().enumerate().fold(0, |crc, (at, byte)| {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        let index = (crc >> 24) as u8 ^ byte;
        (crc << 8) ^ TABLE[usize::from(index)]
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = ((index as u32) << 24, 0);
        while bit < 8 {
            crc = if crc >> 31 == 1 { (crc << 1) ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};
