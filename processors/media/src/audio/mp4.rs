//! MP4 (ISO/IEC 14496-12), plain or in fragments, as far as the one track of audio in it needs.
//!
//! Invariant: boxes are found by name at the one place where each belongs, so nothing recurs; a sample that lies
//! beyond the file is truncated.

use super::{
    Codec, MOST_PACKETS, MOST_TRACKS, Opus, Packets, RejectedReason, Track, check_channels, check_rate, take,
};

type Result<T> = std::result::Result<T, RejectedReason>;
type Name = [u8; 4];

/// Bytes of an entry of audio before its boxes.
const ENTRY_BYTES: usize = 28;
/// Bytes that version 1 of QuickTime's entries has more.
const QUICKTIME_BYTES: usize = 16;
/// Tags of descriptors (ISO/IEC 14496-1).
const STREAM: u8 = 3;
const CONFIG: u8 = 4;
const SPECIFIC: u8 = 5;
/// Types of AAC among the objects of a config.
const AAC_OBJECTS: [u8; 4] = [0x40, 0x66, 0x67, 0x68];

pub fn track(bytes: &[u8]) -> Result<Track<'_>> {
    let mut packets = Packets::of(bytes);
    let mut heard: Option<Heard<'_>> = None;
    let mut boxes = Boxes::of(bytes);
    let mut at = 0;
    while let Some((name, body)) = boxes.next()? {
        match (&name, &heard) {
            (b"moov", None) => {
                let found = movie(body)?;
                if !matches!(found.codec, Codec::Other) {
                    plain(bytes, found.table, &mut packets)?;
                }
                heard = Some(found);
            }
            (b"moof", Some(heard)) if !matches!(heard.codec, Codec::Other) => {
                fragment(bytes, at, body, heard, &mut packets)?;
            }
            _ => {}
        }
        at = boxes.at;
    }
    let Heard { codec, claimed_ms, .. } = heard.ok_or(RejectedReason::NoAudio)?;
    Ok(Track { codec, packets, claimed_ms })
}

/// The track of audio.
struct Heard<'a> {
    id: u32,
    codec: Codec<'a>,
    /// The table of samples that are not in fragments.
    table: &'a [u8],
    claimed_ms: Option<u64>,
    /// Bytes of a sample in a fragment that does not say so.
    default_size: u32,
}

fn movie(moov: &[u8]) -> Result<Heard<'_>> {
    let (mut boxes, mut heard, mut count) = (Boxes::of(moov), None, 0);
    let extends = find(moov, *b"mvex")?;
    while let Some((name, trak)) = boxes.next()? {
        if name != *b"trak" {
            continue;
        }
        count += 1;
        if count > MOST_TRACKS {
            return Err(RejectedReason::TooLarge);
        }
        let media = wanted(trak, *b"mdia")?;
        match wanted(media, *b"hdlr")?.get(8..12) {
            Some(b"vide") => return Err(RejectedReason::HasVideo),
            Some(b"soun") if heard.is_none() => heard = Some(audio(trak, media, extends)?),
            Some(_) => {}
            None => return Err(RejectedReason::Malformed),
        }
    }
    heard.ok_or(RejectedReason::NoAudio)
}

fn audio<'a>(trak: &'a [u8], media: &'a [u8], extends: Option<&'a [u8]>) -> Result<Heard<'a>> {
    let id = track_id(wanted(trak, *b"tkhd")?)?;
    let table = wanted(wanted(media, *b"minf")?, *b"stbl")?;
    let codec = codec(wanted(table, *b"stsd")?)?;
    // What comes in fragments is as long as these are.
    let claimed_ms = if extends.is_none() { claimed(wanted(media, *b"mdhd")?)? } else { None };
    let default_size = extends.map_or(Ok(0), |extends| default_size(extends, id))?;
    Ok(Heard { id, codec, table, claimed_ms, default_size })
}

fn track_id(mut header: &[u8]) -> Result<u32> {
    let [version, ..] = take::<4>(&mut header)?;
    if version == 1 {
        take::<16>(&mut header).map(drop)?
    } else {
        take::<8>(&mut header).map(drop)?
    }
    number(&mut header)
}

/// Milliseconds that the track claims; none if it says that it does not know.
fn claimed(mut header: &[u8]) -> Result<Option<u64>> {
    let [version, ..] = take::<4>(&mut header)?;
    let (scale, ticks, unknown) = if version == 1 {
        take::<16>(&mut header)?;
        (number(&mut header)?, u64::from_be_bytes(take(&mut header)?), u64::MAX)
    } else {
        take::<8>(&mut header)?;
        (number(&mut header)?, u64::from(number(&mut header)?), u64::from(u32::MAX))
    };
    if scale == 0 {
        return Err(RejectedReason::Malformed);
    }
    let is_known = ticks != 0 && ticks != unknown;
    Ok(is_known.then(|| (u128::from(ticks) * 1_000 / u128::from(scale)).try_into().unwrap_or(u64::MAX)))
}

fn default_size(extends: &[u8], id: u32) -> Result<u32> {
    let mut boxes = Boxes::of(extends);
    while let Some((name, mut body)) = boxes.next()? {
        if name == *b"trex" {
            take::<4>(&mut body)?;
            if number(&mut body)? == id {
                take::<8>(&mut body)?;
                return number(&mut body);
            }
        }
    }
    Ok(0)
}

fn codec(mut descriptions: &[u8]) -> Result<Codec<'_>> {
    take::<8>(&mut descriptions)?;
    let (name, entry) = Boxes::of(descriptions).next()?.ok_or(RejectedReason::Malformed)?;
    let word = |at: usize| Some(u16::from_be_bytes([*entry.get(at)?, *entry.get(at + 1)?]));
    let (version, channels, rate) = (word(8), word(16), word(24));
    let (Some(version @ 0..=1), Some(channels), Some(rate)) = (version, channels, rate) else {
        return Err(RejectedReason::Malformed);
    };
    check_channels(u32::from(channels))?;
    check_rate(f64::from(rate))?;
    let begin = ENTRY_BYTES + if version == 1 { QUICKTIME_BYTES } else { 0 };
    let boxes = entry.get(begin..).ok_or(RejectedReason::Malformed)?;
    match &name {
        b"mp4a" => config(wanted(boxes, *b"esds")?),
        b"Opus" => match wanted(boxes, *b"dOps")? {
            [0, channels, high, low, ..] => {
                Opus { channels: *channels, skipped: u16::from_be_bytes([*high, *low]) }.codec()
            }
            _ => Err(RejectedReason::Malformed),
        },
        // Encrypted.
        b"enca" => Err(RejectedReason::Malformed),
        _ => Ok(Codec::Other),
    }
}

/// The config of AAC in a descriptor of a stream.
fn config(mut bytes: &[u8]) -> Result<Codec<'_>> {
    take::<4>(&mut bytes)?;
    let mut stream = descriptor(&mut bytes, STREAM)?;
    let [_, _, flags] = take(&mut stream)?;
    if flags & 0x80 != 0 {
        take::<2>(&mut stream)?;
    }
    if flags & 0x40 != 0 {
        let [length] = take(&mut stream)?;
        stream = stream.get(usize::from(length)..).ok_or(RejectedReason::Malformed)?;
    }
    if flags & 0x20 != 0 {
        take::<2>(&mut stream)?;
    }
    let mut config = descriptor(&mut stream, CONFIG)?;
    let [object, ..] = take::<13>(&mut config)?;
    if !AAC_OBJECTS.contains(&object) {
        return Ok(Codec::Other);
    }
    Ok(Codec::Aac(descriptor(&mut config, SPECIFIC)?))
}

/// The descriptor that follows, which has to have this tag.
fn descriptor<'a>(bytes: &mut &'a [u8], tag: u8) -> Result<&'a [u8]> {
    let [found] = take(bytes)?;
    let mut length = 0;
    for _ in 0..4 {
        let [part] = take(bytes)?;
        length = length << 7 | usize::from(part & 0x7f);
        if part & 0x80 == 0 {
            break;
        }
    }
    let (body, rest) = bytes.split_at_checked(length).ok_or(RejectedReason::Malformed)?;
    *bytes = rest;
    if found == tag { Ok(body) } else { Err(RejectedReason::Malformed) }
}

/// Takes the samples that a table names.
fn plain<'a>(file: &'a [u8], table: &[u8], packets: &mut Packets<'a>) -> Result<()> {
    let mut sizes = wanted(table, *b"stsz")?;
    take::<4>(&mut sizes)?;
    let (same, count) = (number(&mut sizes)?, number(&mut sizes)? as usize);
    if count == 0 {
        return Ok(());
    }
    if count > MOST_PACKETS {
        return Err(RejectedReason::TooLong);
    }
    let (wide, mut offsets) = match find(table, *b"co64")? {
        Some(offsets) => (true, offsets),
        None => (false, wanted(table, *b"stco")?),
    };
    // How many of them there are is as many as follow.
    take::<8>(&mut offsets)?;
    let mut runs = wanted(table, *b"stsc")?;
    take::<8>(&mut runs)?;
    let (mut chunk, mut each, mut next, mut left) = (0, 0, run(&mut runs)?, count);
    while left > 0 {
        chunk += 1;
        while let Some((first, samples)) = next.filter(|(first, _)| *first <= chunk) {
            if first < chunk {
                return Err(RejectedReason::Malformed);
            }
            (each, next) = (samples, run(&mut runs)?);
        }
        if each == 0 || offsets.is_empty() {
            return Err(RejectedReason::Truncated);
        }
        let mut at =
            if wide { u64::from_be_bytes(take(&mut offsets)?) } else { u64::from(number(&mut offsets)?) };
        for _ in 0..left.min(each as usize) {
            let size = if same == 0 { number(&mut sizes)? } else { same };
            packets.push(part(file, at, size)?)?;
            at += u64::from(size);
            left -= 1;
        }
    }
    Ok(())
}

/// From which chunk on chunks have how many samples.
fn run(runs: &mut &[u8]) -> Result<Option<(u32, u32)>> {
    if runs.is_empty() {
        return Ok(None);
    }
    let run = (number(runs)?, number(runs)?);
    take::<4>(runs)?;
    Ok(Some(run))
}

/// Takes the samples of a fragment that begins here.
fn fragment<'a>(
    file: &'a [u8],
    begin: usize,
    moof: &[u8],
    heard: &Heard<'_>,
    packets: &mut Packets<'a>,
) -> Result<()> {
    let mut boxes = Boxes::of(moof);
    while let Some((name, traf)) = boxes.next()? {
        if name != *b"traf" {
            continue;
        }
        let mut header = wanted(traf, *b"tfhd")?;
        let flags = number(&mut header)?;
        if number(&mut header)? != heard.id {
            continue;
        }
        let base = if flags & 0x1 != 0 { u64::from_be_bytes(take(&mut header)?) } else { begin as u64 };
        for flag in [0x2, 0x8] {
            if flags & flag != 0 {
                number(&mut header)?;
            }
        }
        let size = if flags & 0x10 != 0 { number(&mut header)? } else { heard.default_size };
        let (mut runs, mut at) = (Boxes::of(traf), base);
        while let Some((name, body)) = runs.next()? {
            if name == *b"trun" {
                at = samples(file, body, (base, at), size, packets)?;
            }
        }
    }
    Ok(())
}

/// Takes the samples of a run, and gives where it ends.
fn samples<'a>(
    file: &'a [u8],
    mut run: &[u8],
    (base, behind): (u64, u64),
    default_size: u32,
    packets: &mut Packets<'a>,
) -> Result<u64> {
    let flags = number(&mut run)?;
    let count = number(&mut run)?;
    let mut at = behind;
    if flags & 0x1 != 0 {
        let offset = i32::from_be_bytes(take(&mut run)?);
        at = base.checked_add_signed(i64::from(offset)).ok_or(RejectedReason::Malformed)?;
    }
    if flags & 0x4 != 0 {
        number(&mut run)?;
    }
    for _ in 0..count {
        let mut size = default_size;
        for flag in [0x100, 0x200, 0x400, 0x800] {
            if flags & flag != 0 {
                let field = number(&mut run)?;
                size = if flag == 0x200 { field } else { size };
            }
        }
        packets.push(part(file, at, size)?)?;
        at += u64::from(size);
    }
    Ok(at)
}

fn part(file: &[u8], at: u64, size: u32) -> Result<&[u8]> {
    let begin = usize::try_from(at).map_err(|_| RejectedReason::Truncated)?;
    let end = begin.checked_add(size as usize).ok_or(RejectedReason::Truncated)?;
    file.get(begin..end).ok_or(RejectedReason::Truncated)
}

fn number(bytes: &mut &[u8]) -> Result<u32> {
    take(bytes).map(u32::from_be_bytes)
}

/// The first box of a name.
fn find(bytes: &[u8], wanted: Name) -> Result<Option<&[u8]>> {
    let mut boxes = Boxes::of(bytes);
    while let Some((name, body)) = boxes.next()? {
        if name == wanted {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

fn wanted(bytes: &[u8], name: Name) -> Result<&[u8]> {
    find(bytes, name)?.ok_or(RejectedReason::Malformed)
}

/// Boxes beside each other.
struct Boxes<'a> {
    bytes: &'a [u8],
    /// Where the next one begins.
    at: usize,
}

impl<'a> Boxes<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn next(&mut self) -> Result<Option<(Name, &'a [u8])>> {
        let whole = &self.bytes[self.at..];
        if whole.is_empty() {
            return Ok(None);
        }
        let mut rest = whole;
        let truncated = |_| RejectedReason::Truncated;
        let size = number(&mut rest).map_err(truncated)?;
        let name: Name = take(&mut rest).map_err(truncated)?;
        let size = match size {
            0 => whole.len(),
            1 => usize::try_from(u64::from_be_bytes(take(&mut rest).map_err(truncated)?))
                .map_err(|_| RejectedReason::Truncated)?,
            size => size as usize,
        };
        let head = whole.len() - rest.len();
        if size < head {
            return Err(RejectedReason::Malformed);
        }
        let body = whole.get(head..size).ok_or(RejectedReason::Truncated)?;
        self.at += size;
        Ok(Some((name, body)))
    }
}
