//! Recordings as browsers make them, and hostile ones. `fixtures/README.md` says how the files were made.

mod hostile;

use domain::files::FileType;
use schemas::uploading::{PEAKS, RejectedReason, Sound};

use super::measure;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $name))
    };
}

pub const CHROMIUM_WEBM: &[u8] = fixture!("chromium.webm");
const CHROMIUM_M4A: &[u8] = fixture!("chromium.m4a");
pub const OPUS_OGG: &[u8] = fixture!("opus.ogg");
pub const FRAGMENTS_M4A: &[u8] = fixture!("fragments.m4a");
pub const FLAT_M4A: &[u8] = fixture!("flat.m4a");
pub const WHOLE_WEBM: &[u8] = fixture!("whole.webm");
const STEREO_WEBM: &[u8] = fixture!("stereo.webm");
const VORBIS_OGG: &[u8] = fixture!("vorbis.ogg");
const VIDEO_WEBM: &[u8] = fixture!("video.webm");
const VIDEO_MP4: &[u8] = fixture!("video.mp4");
const VIDEO_OGG: &[u8] = fixture!("video.ogg");

fn sound(kind: FileType, bytes: &[u8]) -> Sound {
    measure(kind, bytes).unwrap().unwrap()
}

#[test]
fn what_browsers_record_is_as_long_as_its_samples() {
    for (name, kind, bytes, duration_ms) in [
        ("Chromium", FileType::AudioWebm, CHROMIUM_WEBM, 1_500),
        ("Chromium as MP4", FileType::M4a, CHROMIUM_M4A, 1_420),
        ("Firefox", FileType::Ogg, OPUS_OGG, 1_013),
        ("Safari", FileType::M4a, FRAGMENTS_M4A, 1_024),
    ] {
        let sound = sound(kind, bytes);
        assert_eq!((sound.duration_ms, sound.peaks.len()), (duration_ms, PEAKS), "{name}");
        assert!(sound.peaks.iter().all(|peak| (0..=255).contains(peak)), "{name}");
        assert!(sound.peaks.iter().any(|peak| *peak > 20), "{name} is heard: {:?}", sound.peaks);
    }
}

/// The first half of the sound has a tenth of the full loudness, the second eight tenths.
#[test]
fn peaks_are_as_loud_as_what_is_heard() {
    for (kind, bytes) in [
        (FileType::Ogg, OPUS_OGG),
        (FileType::M4a, FRAGMENTS_M4A),
        (FileType::M4a, FLAT_M4A),
        (FileType::AudioWebm, WHOLE_WEBM),
        (FileType::AudioWebm, STEREO_WEBM),
    ] {
        let peaks = sound(kind, bytes).peaks;
        assert!(peaks[6..24].iter().all(|peak| (10..60).contains(peak)), "{kind:?}: {peaks:?}");
        assert!(peaks[38..56].iter().all(|peak| (140..=255).contains(peak)), "{kind:?}: {peaks:?}");
    }
}

#[test]
fn audio_that_is_not_decoded_here_is_kept_unmeasured() {
    assert_eq!(measure(FileType::Ogg, VORBIS_OGG), Ok(None));
    assert_eq!(measure(FileType::Mp3, b"ID3"), Ok(None));
    assert_eq!(measure(FileType::Webm, VIDEO_WEBM), Ok(None), "a video is a video");
}

#[test]
fn video_is_no_audio() {
    for (kind, bytes) in
        [(FileType::AudioWebm, VIDEO_WEBM), (FileType::M4a, VIDEO_MP4), (FileType::Ogg, VIDEO_OGG)]
    {
        assert_eq!(measure(kind, bytes), Err(RejectedReason::HasVideo), "{kind:?}");
    }
}

/// Cut off anywhere, a recording is rejected, or measured as far as it is there; nothing panics.
#[test]
fn recordings_that_are_cut_off_do_no_harm() {
    for (kind, bytes) in [
        (FileType::AudioWebm, CHROMIUM_WEBM),
        (FileType::M4a, CHROMIUM_M4A),
        (FileType::Ogg, OPUS_OGG),
        (FileType::M4a, FLAT_M4A),
    ] {
        let whole = sound(kind, bytes).duration_ms;
        for part in 0..25 {
            match measure(kind, &bytes[..bytes.len() * part / 25]) {
                Ok(Some(sound)) => assert!((1..=whole).contains(&sound.duration_ms), "{kind:?} {part}"),
                Ok(None) => panic!("{kind:?} {part} is measured or rejected"),
                Err(RejectedReason::Truncated | RejectedReason::NoAudio | RejectedReason::Malformed) => {}
                Err(reason) => panic!("{kind:?} {part}: {reason:?}"),
            }
        }
        let cut = measure(kind, &bytes[..bytes.len() - 5]);
        assert_eq!(cut, Err(RejectedReason::Truncated), "{kind:?}");
    }
}

/// Changed anywhere, a recording is rejected or measured, never longer than what it may be.
#[test]
fn recordings_that_are_damaged_do_no_harm() {
    let (mut rejected, mut measured) = (0, 0);
    for (kind, bytes) in [
        (FileType::AudioWebm, CHROMIUM_WEBM),
        (FileType::M4a, CHROMIUM_M4A),
        (FileType::Ogg, OPUS_OGG),
        (FileType::M4a, FRAGMENTS_M4A),
        (FileType::M4a, FLAT_M4A),
    ] {
        for at in (0..bytes.len()).step_by(bytes.len().div_ceil(60)) {
            for mask in [0xff, 0x80, 0x01] {
                let mut changed = bytes.to_vec();
                changed[at] ^= mask;
                match measure(kind, &changed) {
                    Err(_) => rejected += 1,
                    Ok(found) => {
                        measured += 1;
                        assert!(
                            found.is_none_or(|sound| sound.duration_ms < 100_000),
                            "{kind:?} {at} {mask}"
                        );
                    }
                }
            }
        }
    }
    assert!(rejected > 100 && measured > 100, "{rejected} rejected, {measured} measured");
}
