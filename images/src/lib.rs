//! Images of others: decoded within limits, and encoded anew.
//!
//! Invariants: nothing of the original but its pixels is kept, so no metadata, no comment and no foreign file
//! behind them; pixels are turned as the metadata said. Size and memory are bounded before pixels are decoded.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::files::FileType;
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use schemas::uploading::RejectedReason;

/// Pixels of an image, and of all frames of an animation.
const MOST_PIXELS: u64 = 50_000_000;
/// Pixels of one side.
const MOST_SIDE: u32 = 16_384;
/// Frames of an animation.
const MOST_FRAMES: usize = 500;
/// Memory that a decoder may take, with the pixels it makes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes of an image that was encoded anew.
const MOST_ENCODED: usize = 64 * 1024 * 1024;
/// Of a JPEG, in percent.
const QUALITY: u8 = 85;
/// Pixels of the longer side of a thumbnail.
const THUMBNAIL_SIDE: u32 = 320;
/// Pixels of the longer side of what a placeholder is made of.
const PLACEHOLDER_SIDE: u32 = 100;
/// How coarsely colours of an animation are chosen: 1 is the finest, 30 the fastest.
const GIF_SPEED: i32 = 10;

/// What is known of an image.
#[derive(Debug)]
pub struct Image {
    /// Pixels, as it is to be shown.
    pub width: u32,
    pub height: u32,
    /// A small copy of it, of the type [`FileType::thumbnail`].
    pub thumbnail: Vec<u8>,
    /// Thumbhash, in base64.
    pub placeholder: String,
}

/// Decodes an image and encodes it anew. A WebP becomes a JPEG, or a PNG if it may be transparent.
pub fn encode_anew(kind: FileType, bytes: &[u8]) -> Result<(FileType, Vec<u8>, Image), RejectedReason> {
    let (kind, encoded, pixels) = match kind {
        FileType::Gif => {
            let (encoded, first) = animation(bytes)?;
            (FileType::Gif, encoded, first)
        }
        FileType::Png => still(ImageFormat::Png, Some(FileType::Png), bytes)?,
        FileType::Jpeg => still(ImageFormat::Jpeg, Some(FileType::Jpeg), bytes)?,
        FileType::Webp => still(ImageFormat::WebP, None, bytes)?,
        FileType::Mp4
        | FileType::Webm
        | FileType::Mp3
        | FileType::M4a
        | FileType::Ogg
        | FileType::AudioWebm
        | FileType::Pdf
        | FileType::Zip
        | FileType::Docx
        | FileType::Xlsx
        | FileType::Pptx => return Err(RejectedReason::TypeMismatch),
    };
    if encoded.len() > MOST_ENCODED {
        return Err(RejectedReason::TooLarge);
    }
    let small = within(&pixels, THUMBNAIL_SIDE);
    let thumbnail = encode(kind.thumbnail().unwrap_or(FileType::Png), &small)?;
    let tiny = within(&pixels, PLACEHOLDER_SIDE).to_rgba8();
    let hash = thumbhash::rgba_to_thumb_hash(tiny.width() as usize, tiny.height() as usize, tiny.as_raw());
    let image = Image {
        width: pixels.width(),
        height: pixels.height(),
        thumbnail,
        placeholder: STANDARD.encode(hash),
    };
    Ok((kind, encoded, image))
}

/// A copy of an image that shows it small.
#[derive(Debug)]
pub struct Small {
    /// JPEG, or PNG if it may be transparent.
    pub kind: FileType,
    pub encoded: Vec<u8>,
}

/// Decodes an image of a page, of an animation its first frame, and encodes it anew with at most `side` pixels on its
/// longer side.
pub fn small(bytes: &[u8], side: u32) -> Result<Small, RejectedReason> {
    let format = match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") => ImageFormat::Jpeg,
        Some("image/png") => ImageFormat::Png,
        Some("image/gif") => ImageFormat::Gif,
        Some("image/webp") => ImageFormat::WebP,
        Some("image/vnd.microsoft.icon") => ImageFormat::Ico,
        Some(_) | None => return Err(RejectedReason::TypeMismatch),
    };
    let pixels = within(&decoded(format, bytes, SMALL)?, side);
    let kind = suiting(&pixels);
    Ok(Small { kind, encoded: encode(kind, &pixels)? })
}

/// What decoding one image may take.
#[derive(Debug, Clone, Copy)]
struct Room {
    pixels: u64,
    bytes: u64,
}

const WHOLE: Room = Room { pixels: MOST_PIXELS, bytes: MOST_BYTES };
/// Of a page, which anyone may have written.
const SMALL: Room = Room { pixels: 16_000_000, bytes: 96 * 1024 * 1024 };

fn limits(room: Room) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(room.bytes);
    limits
}

/// Refuses a size before anything of it is decoded.
fn check_size((width, height): (u32, u32), room: Room) -> Result<u64, RejectedReason> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > room.pixels || width > MOST_SIDE || height > MOST_SIDE {
        return Err(RejectedReason::TooLarge);
    }
    Ok(pixels)
}

/// One image, upright; kept in the wanted type, or in the one that suits it.
fn still(
    format: ImageFormat,
    wanted: Option<FileType>,
    bytes: &[u8],
) -> Result<(FileType, Vec<u8>, DynamicImage), RejectedReason> {
    let pixels = decoded(format, bytes, WHOLE)?;
    let kind = wanted.unwrap_or_else(|| suiting(&pixels));
    let encoded = encode(kind, &pixels)?;
    Ok((kind, encoded, pixels))
}

/// PNG for what may be transparent.
fn suiting(pixels: &DynamicImage) -> FileType {
    if pixels.color().has_alpha() { FileType::Png } else { FileType::Jpeg }
}

/// The pixels of one image, upright.
fn decoded(format: ImageFormat, bytes: &[u8], room: Room) -> Result<DynamicImage, RejectedReason> {
    let mut limits = limits(room);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(reason)?;
    check_size(decoder.dimensions(), room)?;
    limits.reserve(decoder.total_bytes()).map_err(reason)?;
    decoder.set_limits(limits).map_err(reason)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(reason)?;
    pixels.apply_orientation(orientation);
    Ok(pixels)
}

/// All frames of an animation, and its first.
fn animation(bytes: &[u8]) -> Result<(Vec<u8>, DynamicImage), RejectedReason> {
    let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(reason)?;
    let each = check_size(decoder.dimensions(), WHOLE)?;
    decoder.set_limits(limits(WHOLE)).map_err(reason)?;
    let (mut encoded, mut first, mut total) = (Vec::new(), None, 0);
    let mut encoder = GifEncoder::new_with_speed(&mut encoded, GIF_SPEED);
    encoder.set_repeat(Repeat::Infinite).map_err(reason)?;
    for (nth, frame) in decoder.into_frames().enumerate() {
        let frame = frame.map_err(reason)?;
        total += each;
        if nth >= MOST_FRAMES || total > MOST_PIXELS {
            return Err(RejectedReason::TooLarge);
        }
        first.get_or_insert_with(|| DynamicImage::ImageRgba8(frame.buffer().clone()));
        encoder.encode_frame(frame).map_err(reason)?;
    }
    drop(encoder);
    Ok((encoded, first.ok_or(RejectedReason::Malformed)?))
}

fn encode(kind: FileType, pixels: &DynamicImage) -> Result<Vec<u8>, RejectedReason> {
    let mut encoded = Cursor::new(Vec::new());
    if kind == FileType::Jpeg {
        let mut encoder = JpegEncoder::new_with_quality(&mut encoded, QUALITY);
        encoder.encode_image(&DynamicImage::ImageRgb8(pixels.to_rgb8())).map_err(reason)?;
    } else {
        pixels.write_to(&mut encoded, ImageFormat::Png).map_err(reason)?;
    }
    Ok(encoded.into_inner())
}

/// A copy whose longer side has at most `side` pixels.
fn within(pixels: &DynamicImage, side: u32) -> DynamicImage {
    if pixels.width() <= side && pixels.height() <= side {
        pixels.clone()
    } else {
        pixels.thumbnail(side, side)
    }
}

fn reason(error: ImageError) -> RejectedReason {
    match error {
        ImageError::Limits(_) => RejectedReason::TooLarge,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => RejectedReason::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn bytes_of(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(vec![]);
        pixels.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn an_image_of_a_page_becomes_a_small_jpeg_or_png_whatever_it_was() {
        let opaque = DynamicImage::ImageRgb8(RgbImage::from_pixel(200, 100, Rgb([200, 10, 10])));
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(200, 100, Rgba([1, 2, 3, 9])));
        for (pixels, format, kind) in [
            (&opaque, ImageFormat::Png, FileType::Jpeg),
            (&opaque, ImageFormat::Jpeg, FileType::Jpeg),
            (&clear, ImageFormat::Png, FileType::Png),
            (&clear, ImageFormat::Gif, FileType::Png),
            (&clear, ImageFormat::WebP, FileType::Png),
            (&clear, ImageFormat::Ico, FileType::Png),
        ] {
            let small = small(&bytes_of(pixels, format), 50).unwrap();
            let shown = image::load_from_memory(&small.encoded).unwrap();
            assert_eq!((small.kind, shown.width(), shown.height()), (kind, 50, 25), "{format:?}");
        }
    }

    #[test]
    fn what_is_no_image_or_too_large_is_refused_before_it_is_decoded() {
        assert_eq!(
            small(b"<svg xmlns='http://www.w3.org/2000/svg'/>", 50).err(),
            Some(RejectedReason::TypeMismatch)
        );
        assert_eq!(small(b"", 50).err(), Some(RejectedReason::TypeMismatch));
        // The head of a PNG that says it has 16,000 by 16,000 pixels.
        let small_png = bytes_of(&DynamicImage::ImageRgb8(RgbImage::new(1, 1)), ImageFormat::Png);
        let mut large = small_png.clone();
        large[16..24].copy_from_slice(&[0, 0, 0x3e, 0x80, 0, 0, 0x3e, 0x80]);
        let crc = crc32(&large[12..29]);
        large[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(small(&large, 50).err(), Some(RejectedReason::TooLarge));
        assert_eq!(small(&small_png[..40], 50).err(), Some(RejectedReason::Malformed));
    }

    /// The checksum of PNG, bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        };
        !bytes.iter().fold(!0, step)
    }
}
