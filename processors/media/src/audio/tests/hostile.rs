//! Files made to cost more than they are worth, or to lie: each is rejected for a reason, at once.

use std::time::{Duration, Instant};

use domain::files::FileType::{self, AudioWebm, M4a, Ogg};
use schemas::uploading::RejectedReason::{self, HasVideo, Malformed, NoAudio, TooLarge, TooLong, Truncated};

use super::super::{Packets, measure, ogg};
use super::{CHROMIUM_WEBM, FLAT_M4A, FRAGMENTS_M4A, OPUS_OGG, WHOLE_WEBM};

/// However large what it claims is, a hostile file is looked at for no longer; tests run unoptimised.
const AT_ONCE: Duration = Duration::from_secs(20);

fn rejected(name: &str, kind: FileType, bytes: &[u8], reason: RejectedReason) {
    let begun = Instant::now();
    assert_eq!(measure(kind, bytes), Err(reason), "{name}");
    assert!(begun.elapsed() < AT_ONCE, "{name} took {:?}", begun.elapsed());
}

/// An element of WebM with a size of eight bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (1_u64 << 56 | body.len() as u64).to_be_bytes();
    [id, &size, body].concat()
}

const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const CLUSTER: &[u8] = &[0x1f, 0x43, 0xb6, 0x75];
const TRACKS: &[u8] = &[0x16, 0x54, 0xae, 0x6b];
const INFO: &[u8] = &[0x15, 0x49, 0xa9, 0x66];
const SIMPLE_BLOCK: &[u8] = &[0xa3];
const BLOCK_GROUP: &[u8] = &[0xa0];
const UNKNOWN: &[u8] = &[0xff];

fn opus_head(channels: u8) -> Vec<u8> {
    [b"OpusHead\x01", &[channels][..], &[0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]].concat()
}

/// A track of Opus with what else its entry and its audio say.
fn tracks(kind: u8, rate: f64, channels: u32) -> Vec<u8> {
    let rate = element(&[0xb5], &rate.to_be_bytes());
    let channels = element(&[0x9f], &channels.to_be_bytes());
    let entry = [
        element(&[0xd7], &[1]),
        element(&[0x83], &[kind]),
        element(&[0x86], b"A_OPUS"),
        element(&[0x63, 0xa2], &opus_head(1)),
        element(&[0xe1], &[rate, channels].concat()),
    ];
    element(TRACKS, &element(&[0xae], &entry.concat()))
}

fn block(packet: &[u8]) -> Vec<u8> {
    element(SIMPLE_BLOCK, &[&[0x81, 0, 0, 0x80], packet].concat())
}

fn webm(parts: &[Vec<u8>]) -> Vec<u8> {
    [element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"webm")), element(SEGMENT, &parts.concat())]
        .concat()
}

fn mono() -> Vec<u8> {
    tracks(2, 48_000.0, 1)
}

#[test]
fn webm_that_lies_is_rejected() {
    let claims = |ticks: f64| element(INFO, &element(&[0x44, 0x89], &ticks.to_be_bytes()));
    // 60 ms of silence each.
    let silence = || block(&[0x1b, 0x01, 0xff, 0xfe]);
    let some = || vec![silence(); 20];
    let with = |first: Vec<u8>| webm(&[vec![first, mono()], some()].concat());
    assert!(measure(AudioWebm, &with(claims(1_200.0))).is_ok_and(|sound| sound.is_some()));
    rejected("an hour is claimed", AudioWebm, &with(claims(3.6e6)), Truncated);
    rejected("more than all time is claimed", AudioWebm, &with(claims(f64::MAX)), Truncated);
    let long = webm(&[vec![claims(5.0), mono()], vec![silence(); 200]].concat());
    rejected("much less is claimed", AudioWebm, &long, Malformed);
    for (name, bytes, reason) in [
        ("a huge sample rate", webm(&[tracks(2, 4e9, 1), silence()]), TooLarge),
        ("an endless sample rate", webm(&[tracks(2, f64::INFINITY, 1), silence()]), TooLarge),
        ("a sample rate that is no number", webm(&[tracks(2, f64::NAN, 1), silence()]), Malformed),
        ("a negative sample rate", webm(&[tracks(2, -1.0, 1), silence()]), Malformed),
        ("thousands of channels", webm(&[tracks(2, 48_000.0, 60_000), silence()]), TooLarge),
        ("no channel", webm(&[tracks(2, 48_000.0, 0), silence()]), Malformed),
        ("a video", webm(&[tracks(1, 48_000.0, 1), silence()]), HasVideo),
        ("subtitles", webm(&[tracks(0x11, 48_000.0, 1), silence()]), NoAudio),
        ("no track", webm(&[]), NoAudio),
        ("no block", webm(&[mono()]), NoAudio),
        ("blocks before the tracks", webm(&[silence(), mono()]), Malformed),
        (
            "a block of another track",
            webm(&[mono(), element(SIMPLE_BLOCK, &[0x82, 0, 0, 0x80, 8, 8])]),
            NoAudio,
        ),
        ("a block without a packet", webm(&[mono(), block(&[])]), Malformed),
        ("a packet of no frame", webm(&[mono(), block(&[0x1b, 0])]), Malformed),
        ("a packet of more than 120 ms", webm(&[mono(), block(&[0x1b, 63, 1, 1])]), Malformed),
        ("shared blocks", webm(&[mono(), element(SIMPLE_BLOCK, &[0x81, 0, 0, 0x86, 8, 8])]), Malformed),
        (
            "seventeen tracks",
            webm(&[element(TRACKS, &element(&[0xae], &element(&[0x83], &[0x11])).repeat(17))]),
            TooLarge,
        ),
        ("a packet of 100 KiB", webm(&[mono(), block(&vec![8; 100 << 10])]), Malformed),
        ("nothing", vec![], NoAudio),
        ("an id of nine bytes", vec![0; 64], Malformed),
    ] {
        rejected(name, AudioWebm, &bytes, reason);
    }
}

#[test]
fn webm_that_is_nested_or_endless_is_rejected() {
    let nested = |id: &[u8]| [id, UNKNOWN].concat().repeat(200_000);
    rejected("clusters in clusters", AudioWebm, &[mono(), nested(CLUSTER)].concat(), NoAudio);
    rejected("segments in segments", AudioWebm, &[mono(), nested(SEGMENT)].concat(), NoAudio);
    rejected("groups of unknown size", AudioWebm, &[mono(), nested(BLOCK_GROUP)].concat(), Malformed);
    rejected("tracks in tracks", AudioWebm, &nested(TRACKS), Malformed);
    let mut groups = Vec::new();
    for _ in 0..200 {
        groups = element(BLOCK_GROUP, &groups);
    }
    rejected("groups in groups", AudioWebm, &[mono(), groups].concat(), NoAudio);
    let beyond = [mono(), vec![0xa3, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]].concat();
    rejected("a block of 64 PiB", AudioWebm, &beyond, Truncated);
    // 120 ms in two bytes: more than five hours in 400 KB.
    let hours = [mono(), block(&[0x1b, 2]).repeat(170_000)].concat();
    rejected("hours of silence", AudioWebm, &hours, TooLong);
    // 2.5 ms in a byte.
    let packets =
        [mono(), [&[0xa3, 0x85, 0x81, 0, 0, 0x80], &[0x80][..]].concat().repeat(1_000_001)].concat();
    rejected("a million packets", AudioWebm, &packets, TooLong);
}

/// Pages of a stream, each with packets of up to 254 bytes.
fn page(flags: u8, position: u64, serial: u8, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = [b"OggS\0", &[flags][..], &position.to_le_bytes(), &[serial, 0, 0, 0]].concat();
    page.extend([0; 8]);
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|packet| packet.len() as u8));
    page.extend(packets.concat());
    let checksum = ogg::checksum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&checksum);
    page
}

fn heads(channels: u8) -> Vec<u8> {
    [page(2, 0, 1, &[&opus_head(channels)]), page(0, 0, 1, &[b"OpusTags"])].concat()
}

#[test]
fn ogg_that_lies_is_rejected() {
    let silence: &[u8] = &[0x1b, 0x01, 0xff, 0xfe];
    let pages = |last: u64| {
        [heads(1), page(0, 2_880 * 10, 1, &[silence; 10]), page(4, last, 1, &[silence; 10])].concat()
    };
    assert!(measure(Ogg, &pages(2_880 * 20)).is_ok_and(|sound| sound.is_some()));
    let mut damaged = OPUS_OGG.to_vec();
    damaged[600] ^= 1;
    for (name, bytes, reason) in [
        ("billions of samples are claimed", pages(1 << 40), Truncated),
        ("no packet", heads(1), NoAudio),
        ("no page", vec![], NoAudio),
        ("no channel", heads(0), Malformed),
        ("255 channels", heads(255), TooLarge),
        ("a wrong checksum", damaged, Malformed),
        ("no Ogg behind the first page", [heads(1), vec![0; 40]].concat(), Malformed),
        ("a packet that does not end", [heads(1), page(0, u64::MAX, 1, &[&[8; 255]])].concat(), Truncated),
        ("the rest of no packet", [heads(1), page(1, 960, 1, &[silence])].concat(), Malformed),
        ("an empty packet", [heads(1), page(0, 960, 1, &[&[]])].concat(), Malformed),
        ("a second song", [pages(2_880 * 20), heads(1)].concat(), Malformed),
        ("video beside it", [page(2, 0, 2, &[b"\x80theora"]), pages(2_880 * 20)].concat(), HasVideo),
    ] {
        rejected(name, Ogg, &bytes, reason);
    }
    let long: &[u8] = &[0x1b, 2, 1];
    let hours = [heads(1), page(0, u64::MAX, 1, &[long; 255]).repeat(100)].concat();
    rejected("an hour of silence", Ogg, &hours, TooLong);
}

/// The flat file, after a change of the box behind a name.
fn flat(name: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    changed(FLAT_M4A, name, change)
}

fn changed(file: &[u8], name: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let at = bytes.windows(4).position(|four| four == name).unwrap() + 4;
    change(&mut bytes[at..]);
    bytes
}

fn put(at: usize, number: u32) -> impl Fn(&mut [u8]) {
    move |body| body[at..at + 4].copy_from_slice(&number.to_be_bytes())
}

#[test]
fn mp4_that_lies_is_rejected() {
    let cut = |file: &[u8], name: &[u8]| {
        let at = file.windows(4).position(|four| four == name).unwrap();
        file[..at - 4].to_vec()
    };
    for (name, bytes, reason) in [
        ("an hour is claimed", flat(b"mdhd", put(16, 48_000 * 3_600)), Truncated),
        ("no ticks a second", flat(b"mdhd", put(12, 0)), Malformed),
        ("billions of samples", flat(b"stsz", put(8, u32::MAX)), TooLong),
        ("a million samples that are not there", flat(b"stsz", put(8, 1_000_000)), Truncated),
        ("samples of 4 GiB", flat(b"stsz", put(4, u32::MAX)), Truncated),
        ("no samples", flat(b"stsz", put(8, 0)), NoAudio),
        ("chunks beyond the end", flat(b"stco", put(8, u32::MAX)), Truncated),
        ("chunks of no samples", flat(b"stsc", put(12, 0)), Truncated),
        ("thousands of channels", flat(b"mp4a", put(16, 60_000 << 16)), TooLarge),
        ("no sample rate", flat(b"mp4a", put(24, 0)), Malformed),
        ("a video", flat(b"hdlr", |body| body[8..12].copy_from_slice(b"vide")), HasVideo),
        ("subtitles", flat(b"hdlr", |body| body[8..12].copy_from_slice(b"text")), NoAudio),
        ("encrypted", flat(b"mp4a", |_| ()).tap(b"mp4a", b"enca"), Malformed),
        ("no description", flat(b"stsd", |_| ()).tap(b"stsd", b"none"), Malformed),
        ("no movie", flat(b"moov", |_| ()).tap(b"moov", b"none"), NoAudio),
        ("a box beyond the end", changed(FLAT_M4A, b"ftyp", |_| ()).grown(), Truncated),
        ("nothing", vec![], NoAudio),
        ("no fragment", cut(FRAGMENTS_M4A, b"moof"), NoAudio),
        ("runs of billions", changed(FRAGMENTS_M4A, b"trun", put(4, u32::MAX)), Malformed),
        ("a run beyond the end", changed(FRAGMENTS_M4A, b"trun", put(8, i32::MAX as u32)), Truncated),
        ("a run before the beginning", changed(FRAGMENTS_M4A, b"trun", put(8, i32::MIN as u32)), Malformed),
    ] {
        rejected(name, M4a, &bytes, reason);
    }
}

#[test]
fn mp4_of_a_million_samples_in_one_chunk_is_rejected() {
    // One size for all samples.
    let same = flat(b"stsz", |body| {
        put(4, 1_000)(body);
        put(8, 1_000_000)(body);
    });
    let bytes = changed(&same, b"stsc", put(12, u32::MAX));
    rejected("more than the file has", M4a, &bytes, Truncated);
}

/// A table of samples may name one part of the file again and again.
#[test]
fn parts_that_are_named_again_count_again() {
    let file = [1; 10];
    let mut packets = Packets::of(&file);
    assert_eq!(packets.push(&file[..6]), Ok(()));
    assert_eq!(packets.push(&file[..6]), Err(Malformed));
}

#[test]
fn a_file_of_another_container_is_rejected() {
    for (kind, bytes) in [
        (AudioWebm, OPUS_OGG),
        (AudioWebm, FLAT_M4A),
        (Ogg, CHROMIUM_WEBM),
        (Ogg, FLAT_M4A),
        (M4a, WHOLE_WEBM),
        (M4a, OPUS_OGG),
    ] {
        let found = measure(kind, bytes);
        assert!(matches!(found, Err(Malformed | Truncated | NoAudio)), "{kind:?}: {found:?}");
    }
}

trait Changed {
    /// One name in place of another.
    fn tap(self, from: &[u8; 4], to: &[u8; 4]) -> Self;
    /// The first box says that it is as large as it can be.
    fn grown(self) -> Self;
}

impl Changed for Vec<u8> {
    fn tap(mut self, from: &[u8; 4], to: &[u8; 4]) -> Self {
        let at = self.windows(4).position(|four| four == from).unwrap();
        self[at..at + 4].copy_from_slice(to);
        self
    }

    fn grown(mut self) -> Self {
        self[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        self
    }
}
