//! Packets to samples, and samples to peaks.
//!
//! Invariant: all channels are heard as one, and no more samples are held than those of a packet.

use std::borrow::Cow;

use opus_rs::OpusDecoder;
use schemas::uploading::{PEAKS, RejectedReason, Sound};
use syom::{AacError, DecodeOptions, Decoder};

use super::{Codec, LONGEST_SECONDS, Opus};

/// Opus is decoded at this rate, whatever it was made of.
const OPUS_RATE: u32 = 48_000;
/// Samples of the longest packet of Opus, 120 ms.
const OPUS_LONGEST: usize = 5_760;

/// What is heard of a track; nothing is said of a codec that is not decoded here.
pub fn sound(codec: &Codec<'_>, packets: &[Cow<'_, [u8]>]) -> Result<Option<Sound>, RejectedReason> {
    match codec {
        Codec::Other => Ok(None),
        Codec::Opus(_) | Codec::Aac(_) if packets.is_empty() => Err(RejectedReason::NoAudio),
        Codec::Opus(head) => opus(*head, packets).map(Some),
        Codec::Aac(config) => aac(config, packets),
    }
}

fn opus(head: Opus, packets: &[Cow<'_, [u8]>]) -> Result<Sound, RejectedReason> {
    let mut total = 0;
    for packet in packets {
        total += opus_samples(packet)? as u64;
    }
    check_length(total, OPUS_RATE)?;
    let mut skipped = usize::from(head.skipped);
    let heard = total.saturating_sub(u64::from(head.skipped));
    let mut peaks = Peaks::of(heard);
    let mut decoder = OpusDecoder::new(48_000, 1).map_err(|_| RejectedReason::Malformed)?;
    let mut samples = vec![0.0; OPUS_LONGEST];
    for packet in packets {
        let count = opus_samples(packet)?;
        let decoded = decoder.decode(packet, count, &mut samples[..count]);
        if decoded != Ok(count) {
            return Err(RejectedReason::Malformed);
        }
        let unheard = skipped.min(count);
        skipped -= unheard;
        peaks.add(&samples[unheard..count]);
    }
    peaks.sound(OPUS_RATE)
}

/// Samples of a packet, by its first bytes (RFC 6716, section 3.1).
pub fn opus_samples(packet: &[u8]) -> Result<usize, RejectedReason> {
    let (toc, rest) = packet.split_first().ok_or(RejectedReason::Malformed)?;
    let (config, code) = (usize::from(toc >> 3), toc & 3);
    let each = match config {
        0..12 => [480, 960, 1_920, 2_880][config & 3],
        12..16 => [480, 960][config & 1],
        _ => [120, 240, 480, 960][config & 3],
    };
    let frames = match (code, rest.first()) {
        (0, _) => 1,
        (1 | 2, _) => 2,
        (_, Some(count)) => usize::from(count & 0x3f),
        (_, None) => return Err(RejectedReason::Malformed),
    };
    let samples = each * frames;
    if (1..=OPUS_LONGEST).contains(&samples) { Ok(samples) } else { Err(RejectedReason::Malformed) }
}

fn aac(config: &[u8], packets: &[Cow<'_, [u8]>]) -> Result<Option<Sound>, RejectedReason> {
    let options = DecodeOptions::speech().with_max_duration_secs(LONGEST_SECONDS as f64);
    let mut decoder = match Decoder::from_asc(config, options) {
        Ok(decoder) => decoder,
        Err(error) => return reason(&error),
    };
    let (mut rate, mut peaks) = (0, None);
    for packet in packets {
        let decoded = decoder.decode_au(packet, |frame| {
            rate = frame.sample_rate;
            // Frames are of one length, so the first one says how long all are.
            let peaks: &mut Peaks =
                peaks.get_or_insert_with(|| Peaks::of((frame.samples * packets.len()) as u64));
            if let Some(samples) = frame.planar.first() {
                peaks.add(samples);
            }
            Ok(())
        });
        if let Err(error) = decoded {
            return reason(&error);
        }
        if let Some(peaks) = &peaks {
            check_length(peaks.total.max(peaks.at), rate)?;
        }
    }
    peaks.ok_or(RejectedReason::NoAudio)?.sound(rate).map(Some)
}

/// What an error of the decoder says of the file.
fn reason(error: &AacError) -> Result<Option<Sound>, RejectedReason> {
    match error {
        AacError::Unsupported(_) => Ok(None),
        AacError::TooLong { .. } => Err(RejectedReason::TooLong),
        AacError::UnsupportedSampleRate { .. } | AacError::Limit { .. } => Err(RejectedReason::TooLarge),
        _ => Err(RejectedReason::Malformed),
    }
}

fn check_length(samples: u64, rate: u32) -> Result<(), RejectedReason> {
    if samples > LONGEST_SECONDS * u64::from(rate) { Err(RejectedReason::TooLong) } else { Ok(()) }
}

/// The loudest samples of equal parts of a track.
struct Peaks {
    /// Samples that are expected.
    total: u64,
    /// Samples so far.
    at: u64,
    loudest: [f32; PEAKS],
}

impl Peaks {
    fn of(total: u64) -> Self {
        Self { total: total.max(1), at: 0, loudest: [0.0; PEAKS] }
    }

    fn add(&mut self, samples: &[f32]) {
        for sample in samples {
            let part = (self.at * PEAKS as u64 / self.total).min(PEAKS as u64 - 1) as usize;
            // A sample that is no number is silent.
            self.loudest[part] = self.loudest[part].max(sample.abs());
            self.at += 1;
        }
    }

    fn sound(self, rate: u32) -> Result<Sound, RejectedReason> {
        let duration_ms = self.at * 1_000 / u64::from(rate.max(1));
        if duration_ms == 0 {
            return Err(RejectedReason::NoAudio);
        }
        let duration_ms = i32::try_from(duration_ms).map_err(|_| RejectedReason::TooLong)?;
        let peak = |loudest: &f32| (loudest.min(1.0) * 255.0).round() as i32;
        Ok(Sound { duration_ms, peaks: self.loudest.iter().map(peak).collect() })
    }
}
