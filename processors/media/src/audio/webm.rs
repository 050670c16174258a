//! WebM, as far as the one track of audio in it needs.
//!
//! Invariant: elements are read in one pass without recursion, however they are nested; one that reaches beyond the
//! file is truncated.

use super::{Codec, MOST_TRACKS, Opus, Packets, RejectedReason, Track, check_channels, check_rate};

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CONTENT_ENCODINGS: u32 = 0x6d80;
const AUDIO: u32 = 0xe1;
const SAMPLING_FREQUENCY: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
const CLUSTER: u32 = 0x1f43_b675;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;

const VIDEO_TYPE: u64 = 1;
const AUDIO_TYPE: u64 = 2;
/// Bits of a block's flags that say that several packets share it.
const LACING: u8 = 0x06;
/// Nanoseconds of a tick, unless the file says otherwise.
const MILLISECOND: u64 = 1_000_000;

pub fn track(bytes: &[u8]) -> Result<Track<'_>, RejectedReason> {
    let mut reader = Reader(bytes);
    let mut packets = Packets::of(bytes);
    let (mut claimed_ms, mut heard) = (None, None);
    while let Some(element) = reader.next()? {
        match element.id {
            // What they hold follows.
            SEGMENT | CLUSTER | BLOCK_GROUP => reader.enter(&element)?,
            INFO => claimed_ms = duration(element.body()?)?,
            TRACKS if heard.is_none() => heard = Some(tracks(element.body()?)?),
            BLOCK | SIMPLE_BLOCK => {
                let (number, packet) = block(element.body()?)?;
                match heard.as_ref().ok_or(RejectedReason::Malformed)? {
                    (heard, Codec::Opus(_)) if number == *heard => packets.push(packet)?,
                    _ => {}
                }
            }
            _ => {
                element.body()?;
            }
        }
    }
    let (_, codec) = heard.ok_or(RejectedReason::NoAudio)?;
    Ok(Track { codec, packets, claimed_ms })
}

/// Milliseconds that the file claims.
fn duration(info: &[u8]) -> Result<Option<u64>, RejectedReason> {
    let (mut reader, mut scale, mut ticks) = (Reader(info), MILLISECOND, None);
    while let Some(element) = reader.next()? {
        match element.id {
            TIMESTAMP_SCALE => scale = unsigned(element.body()?)?,
            DURATION => ticks = Some(float(element.body()?)?),
            _ => {
                element.body()?;
            }
        }
    }
    // A length that is no number is none; one beyond all numbers is the largest.
    Ok(ticks.map(|ticks| (ticks * scale as f64 / MILLISECOND as f64) as u64))
}

/// The number and the codec of the one track that is heard.
fn tracks(body: &[u8]) -> Result<(u64, Codec<'_>), RejectedReason> {
    let (mut reader, mut heard, mut count) = (Reader(body), None, 0);
    while let Some(element) = reader.next()? {
        let body = element.body()?;
        if element.id != TRACK_ENTRY {
            continue;
        }
        count += 1;
        if count > MOST_TRACKS {
            return Err(RejectedReason::TooLarge);
        }
        let entry = entry(body)?;
        match entry.kind {
            VIDEO_TYPE => return Err(RejectedReason::HasVideo),
            AUDIO_TYPE if heard.is_none() => heard = Some((entry.number, entry.codec()?)),
            _ => {}
        }
    }
    heard.ok_or(RejectedReason::NoAudio)
}

#[derive(Default)]
struct Entry<'a> {
    number: u64,
    kind: u64,
    codec: &'a [u8],
    private: &'a [u8],
    is_encoded: bool,
}

impl<'a> Entry<'a> {
    fn codec(&self) -> Result<Codec<'a>, RejectedReason> {
        match self.codec {
            _ if self.is_encoded => Err(RejectedReason::Malformed),
            b"A_OPUS" => Opus::head(self.private)?.codec(),
            b"A_VORBIS" => Ok(Codec::Other),
            _ => Err(RejectedReason::Malformed),
        }
    }
}

fn entry(body: &[u8]) -> Result<Entry<'_>, RejectedReason> {
    let (mut reader, mut entry) = (Reader(body), Entry::default());
    while let Some(element) = reader.next()? {
        let body = element.body()?;
        match element.id {
            TRACK_NUMBER => entry.number = unsigned(body)?,
            TRACK_TYPE => entry.kind = unsigned(body)?,
            CODEC_ID => entry.codec = body,
            CODEC_PRIVATE => entry.private = body,
            CONTENT_ENCODINGS => entry.is_encoded = true,
            AUDIO => check_audio(body)?,
            _ => {}
        }
    }
    Ok(entry)
}

fn check_audio(body: &[u8]) -> Result<(), RejectedReason> {
    let mut reader = Reader(body);
    while let Some(element) = reader.next()? {
        let body = element.body()?;
        match element.id {
            SAMPLING_FREQUENCY => check_rate(float(body)?)?,
            CHANNELS => check_channels(u32::try_from(unsigned(body)?).unwrap_or(u32::MAX))?,
            _ => {}
        }
    }
    Ok(())
}

/// The track and the one packet of a block.
fn block(body: &[u8]) -> Result<(u64, &[u8]), RejectedReason> {
    let mut reader = Reader(body);
    let number = reader.number()?.ok_or(RejectedReason::Malformed)?;
    match reader.0 {
        [_, _, flags, packet @ ..] if flags & LACING == 0 => Ok((number, packet)),
        _ => Err(RejectedReason::Malformed),
    }
}

fn unsigned(body: &[u8]) -> Result<u64, RejectedReason> {
    if body.len() > 8 {
        return Err(RejectedReason::Malformed);
    }
    Ok(body.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn float(body: &[u8]) -> Result<f64, RejectedReason> {
    if let Ok(bytes) = body.try_into() {
        return Ok(f64::from(f32::from_be_bytes(bytes)));
    }
    body.try_into().map(f64::from_be_bytes).map_err(|_| RejectedReason::Malformed)
}

/// The bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

struct Element<'a> {
    id: u32,
    /// Nothing where the size is not known.
    body: Option<&'a [u8]>,
    /// All bytes behind the head.
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    /// Only segments and clusters, which are written as they come, may be of unknown size.
    fn body(&self) -> Result<&'a [u8], RejectedReason> {
        self.body.ok_or(RejectedReason::Malformed)
    }
}

impl<'a> Reader<'a> {
    /// The next element, behind which reading goes on.
    fn next(&mut self) -> Result<Option<Element<'a>>, RejectedReason> {
        let Some(first) = self.0.first() else { return Ok(None) };
        let length = first.leading_zeros() as usize + 1;
        if length > 4 {
            return Err(RejectedReason::Malformed);
        }
        let (id, rest) = self.0.split_at_checked(length).ok_or(RejectedReason::Truncated)?;
        let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
        self.0 = rest;
        let size = self.number()?;
        let rest = self.0;
        let body = match size {
            None => None,
            Some(size) => {
                let size = usize::try_from(size).map_err(|_| RejectedReason::Truncated)?;
                let (body, behind) = rest.split_at_checked(size).ok_or(RejectedReason::Truncated)?;
                self.0 = behind;
                Some(body)
            }
        };
        Ok(Some(Element { id, body, rest }))
    }

    /// Goes on with what an element holds.
    fn enter(&mut self, element: &Element<'a>) -> Result<(), RejectedReason> {
        if element.id == BLOCK_GROUP {
            element.body()?;
        }
        self.0 = element.rest;
        Ok(())
    }

    /// A number of up to eight bytes, whose first one says how many; nothing if all of its bits are set.
    fn number(&mut self) -> Result<Option<u64>, RejectedReason> {
        let first = *self.0.first().ok_or(RejectedReason::Truncated)?;
        let length = first.leading_zeros() as usize + 1;
        if length > 8 {
            return Err(RejectedReason::Malformed);
        }
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(RejectedReason::Truncated)?;
        self.0 = rest;
        let all = bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let mask = (1_u64 << (7 * length)) - 1;
        Ok(Some(all & mask).filter(|number| *number != mask))
    }
}
