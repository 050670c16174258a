//! Audio, decoded to be measured: how long it sounds, and how loud it is where. The file itself is kept as it came.
//!
//! Invariants: the duration is that of the samples; what a container claims is only held against it. The length is
//! bounded before anything is decoded; packets, their bytes and the samples of one packet are bounded, and a panic of
//! a decoder is a malformed file.

mod decoding;
mod mp4;
mod ogg;
mod webm;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::files::FileType;
use schemas::uploading::{RejectedReason, Sound};

/// Seconds of audio that are decoded; longer audio is rejected.
pub const LONGEST_SECONDS: u64 = 30 * 60;
/// Packets of a track: half an hour of the shortest that Opus has is fewer.
const MOST_PACKETS: usize = 1_000_000;
/// Bytes of one packet; AAC and Opus stay far below.
const MOST_PACKET_BYTES: usize = 64 * 1024;
/// Samples per second and channels that a container may name.
const MOST_RATE: u32 = 192_000;
const MOST_CHANNELS: u32 = 8;
/// Tracks that a container may have.
const MOST_TRACKS: usize = 16;
/// By how much a claimed length may differ from the one that is heard: this, and a twentieth.
const CLAIM_WITHIN_MS: u64 = 1_000;

/// The track that is heard.
struct Track<'a> {
    codec: Codec<'a>,
    packets: Packets<'a>,
    /// Milliseconds, as the container says.
    claimed_ms: Option<u64>,
}

enum Codec<'a> {
    Opus(Opus),
    /// AAC with its `AudioSpecificConfig`.
    Aac(&'a [u8]),
    /// One that is played and not measured here.
    Other,
}

/// What the head of an Opus stream says.
#[derive(Clone, Copy)]
struct Opus {
    channels: u8,
    /// Samples at the beginning that are not heard.
    skipped: u16,
}

impl Opus {
    /// `OpusHead` (RFC 7845, section 5.1).
    fn head(bytes: &[u8]) -> Result<Self, RejectedReason> {
        let head = bytes.strip_prefix(b"OpusHead").ok_or(RejectedReason::Malformed)?;
        match head {
            [1..=15, channels, low, high, ..] if head.len() >= 11 => {
                Ok(Self { channels: *channels, skipped: u16::from_le_bytes([*low, *high]) })
            }
            _ => Err(RejectedReason::Malformed),
        }
    }

    fn codec<'a>(self) -> Result<Codec<'a>, RejectedReason> {
        check_channels(u32::from(self.channels))?;
        // Surround has several streams in a packet.
        Ok(if self.channels <= 2 { Codec::Opus(self) } else { Codec::Other })
    }
}

/// The packets of a track, in order.
struct Packets<'a> {
    all: Vec<Cow<'a, [u8]>>,
    /// Bytes that more packets may have: parts of the file that are named twice are counted twice.
    room: usize,
}

impl<'a> Packets<'a> {
    fn of(file: &[u8]) -> Self {
        Self { all: Vec::new(), room: file.len() }
    }

    fn push(&mut self, packet: impl Into<Cow<'a, [u8]>>) -> Result<(), RejectedReason> {
        let packet = packet.into();
        if packet.is_empty() || packet.len() > MOST_PACKET_BYTES {
            return Err(RejectedReason::Malformed);
        }
        if self.all.len() >= MOST_PACKETS {
            return Err(RejectedReason::TooLong);
        }
        self.room = self.room.checked_sub(packet.len()).ok_or(RejectedReason::Malformed)?;
        self.all.push(packet);
        Ok(())
    }
}

/// Measures audio of a type. Nothing is said of a type, or of a codec in it, that is not decoded here.
pub fn measure(kind: FileType, bytes: &[u8]) -> Result<Option<Sound>, RejectedReason> {
    let track = match kind {
        FileType::AudioWebm => webm::track(bytes)?,
        FileType::M4a => mp4::track(bytes)?,
        FileType::Ogg => ogg::track(bytes)?,
        FileType::Jpeg
        | FileType::Png
        | FileType::Gif
        | FileType::Webp
        | FileType::Mp4
        | FileType::Webm
        | FileType::Mp3
        | FileType::Pdf
        | FileType::Zip
        | FileType::Docx
        | FileType::Xlsx
        | FileType::Pptx => return Ok(None),
    };
    let decode = AssertUnwindSafe(|| decoding::sound(&track.codec, &track.packets.all));
    let sound = catch_unwind(decode).unwrap_or(Err(RejectedReason::Malformed))?;
    if let Some(sound) = &sound {
        check_claim(track.claimed_ms, sound)?;
    }
    Ok(sound)
}

/// Refuses a file that claims another length than it has.
fn check_claim(claimed_ms: Option<u64>, sound: &Sound) -> Result<(), RejectedReason> {
    let (Some(claimed), Ok(heard)) = (claimed_ms, u64::try_from(sound.duration_ms)) else { return Ok(()) };
    let within = CLAIM_WITHIN_MS + heard / 20;
    if claimed > heard + within {
        return Err(RejectedReason::Truncated);
    }
    if claimed + within < heard { Err(RejectedReason::Malformed) } else { Ok(()) }
}

fn check_rate(rate: f64) -> Result<(), RejectedReason> {
    if rate > f64::from(MOST_RATE) {
        return Err(RejectedReason::TooLarge);
    }
    if rate > 0.0 { Ok(()) } else { Err(RejectedReason::Malformed) }
}

fn check_channels(channels: u32) -> Result<(), RejectedReason> {
    match channels {
        0 => Err(RejectedReason::Malformed),
        1..=MOST_CHANNELS => Ok(()),
        _ => Err(RejectedReason::TooLarge),
    }
}

/// The first `N` bytes, which are taken off.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], RejectedReason> {
    let (first, rest) = bytes.split_first_chunk().ok_or(RejectedReason::Malformed)?;
    *bytes = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests;
