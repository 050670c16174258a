//! Files as clients make them, and hostile files.

use std::io::Cursor;

use domain::files::FileType;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use schemas::digest;
use schemas::uploading::{Declared, RejectedReason};

use super::{Examined, examine};

const SCRIPT: &[u8] = b"<script>alert(1)</script>";

fn declared(kind: FileType, bytes: &[u8]) -> Declared {
    Declared {
        file_name: "file".to_owned(),
        content_type: kind.media_type().to_owned(),
        byte_size: bytes.len() as i64,
        sha256: None,
    }
}

fn look(kind: FileType, bytes: &[u8]) -> Result<Examined, RejectedReason> {
    examine(bytes, &declared(kind, bytes))
}

/// Red on the left, blue on the right; wider than high.
fn picture(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn gif(frames: usize, side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for nth in 0..frames {
        let shade = (nth % 256) as u8;
        encoder
            .encode_frame(Frame::new(RgbaImage::from_pixel(side, side, Rgba([shade, 0, 0, 255]))))
            .unwrap();
    }
    drop(encoder);
    bytes
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn decoded(examined: &Examined) -> DynamicImage {
    image::load_from_memory(examined.encoded.as_ref().unwrap()).unwrap()
}

/// A JPEG with segments behind its first marker.
fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (marker, body) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend(((body.len() + 2) as u16).to_be_bytes());
        bytes.extend(body);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

/// Metadata that says how a picture is to be turned, and names a place.
fn exif(orientation: u16) -> Vec<u8> {
    let mut body = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    body.extend(orientation.to_be_bytes());
    body.extend(b"\0\0\0\0\0\0GPS 52.5 13.4");
    body
}

/// A PNG whose header says another size, with a checksum that is right.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    png_with_header(&encoded(&picture(4, 4), ImageFormat::Png), width, height)
}

/// A PNG with another size in its header, and the checksum of that header.
fn png_with_header(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = !0_u32;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn an_image_is_encoded_anew_with_a_thumbnail_and_a_placeholder() {
    let wide = picture(800, 200);
    for (format, kind, kept) in [
        (ImageFormat::Jpeg, FileType::Jpeg, FileType::Jpeg),
        (ImageFormat::Png, FileType::Png, FileType::Png),
        (ImageFormat::WebP, FileType::Webp, FileType::Jpeg),
    ] {
        let examined = look(kind, &encoded(&wide, format)).unwrap();
        assert_eq!(examined.kind, kept);
        let image = examined.image.as_ref().unwrap();
        assert_eq!((image.width, image.height), (800, 200));
        let thumbnail = image::load_from_memory(&image.thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (320, 80));
        assert!((4..60).contains(&image.placeholder.len()), "{}", image.placeholder);
        let pixels = decoded(&examined).to_rgb8();
        assert!(pixels.get_pixel(10, 10)[0] > 200 && pixels.get_pixel(790, 190)[2] > 200);
    }
    let clear = DynamicImage::from(RgbaImage::from_pixel(9, 9, Rgba([1, 2, 3, 0])));
    let examined = look(FileType::Webp, &encoded(&clear, ImageFormat::WebP)).unwrap();
    assert_eq!(examined.kind, FileType::Png, "transparency is kept");
    let moving = look(FileType::Gif, &gif(3, 8)).unwrap();
    assert_eq!(moving.kind, FileType::Gif);
    assert_eq!(moving.image.unwrap().width, 8);
}

#[test]
fn metadata_goes_and_what_it_says_of_the_orientation_is_done() {
    let jpeg = encoded(&picture(64, 32), ImageFormat::Jpeg);
    // A quarter turn to the right: what was left is at the top.
    let turned = with_segments(&jpeg, &[(0xe1, exif(6)), (0xfe, SCRIPT.to_vec())]);
    let examined = look(FileType::Jpeg, &turned).unwrap();
    let kept = examined.encoded.as_ref().unwrap();
    for gone in [&b"Exif"[..], b"GPS", SCRIPT] {
        assert!(contains(&turned, gone) && !contains(kept, gone));
    }
    let pixels = decoded(&examined).to_rgb8();
    assert_eq!(pixels.dimensions(), (32, 64));
    assert!(pixels.get_pixel(16, 4)[0] > 200 && pixels.get_pixel(16, 60)[2] > 200);
}

#[test]
fn nothing_behind_the_pixels_is_kept() {
    for (format, kind) in [(ImageFormat::Png, FileType::Png), (ImageFormat::Jpeg, FileType::Jpeg)] {
        for foreign in [SCRIPT, b"PK\x03\x04 an archive", b"%PDF-1.4 a document"] {
            let polyglot = [encoded(&picture(40, 20), format), foreign.to_vec()].concat();
            let examined = look(kind, &polyglot).unwrap();
            assert!(!contains(&examined.encoded.unwrap(), foreign), "{kind:?}");
        }
    }
}

#[test]
fn bytes_that_are_not_of_the_declared_type_are_rejected() {
    let png = encoded(&picture(4, 4), ImageFormat::Png);
    let page = [b"<html>".as_slice(), SCRIPT].concat();
    let drawing = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let disguised = [b"GIF89a\x01\0\x01\0\0\0\0".as_slice(), SCRIPT].concat();
    for kind in FileType::ALL {
        if kind != FileType::Png {
            assert_eq!(look(kind, &png).unwrap_err(), RejectedReason::TypeMismatch, "{kind:?}");
        }
        for foreign in [&page, &drawing, &b"MZ\x90\0\x03".to_vec(), &b"plain".to_vec(), &vec![0; 300]] {
            assert_eq!(look(kind, foreign).unwrap_err(), RejectedReason::TypeMismatch, "{kind:?}");
        }
    }
    assert_eq!(look(FileType::Gif, &disguised).unwrap_err(), RejectedReason::Malformed);
    assert_eq!(look(FileType::Docx, b"PK\x03\x04").unwrap_err(), RejectedReason::TypeMismatch);
}

#[test]
fn files_that_are_no_images_are_kept_as_they_are() {
    let mp4 = [b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec(), vec![0; 300]].concat();
    let webm = [b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm".to_vec(), vec![0; 300]].concat();
    let pdf = b"%PDF-1.7\n%%EOF".to_vec();
    let zip = b"PK\x05\x06".iter().copied().chain([0; 18]).collect::<Vec<u8>>();
    for (kind, bytes) in
        [(FileType::Mp4, mp4), (FileType::Webm, webm), (FileType::Pdf, pdf), (FileType::Zip, zip)]
    {
        let examined = look(kind, &bytes).unwrap();
        assert_eq!((examined.kind, examined.encoded.is_none()), (kind, true));
        assert!(examined.image.is_none());
    }
}

#[test]
fn recordings_are_measured_and_kept_as_they_are() {
    let webm = include_bytes!("../../fixtures/chromium.webm");
    let mp4 = include_bytes!("../../fixtures/chromium.m4a");
    let ogg = include_bytes!("../../fixtures/opus.ogg");
    for (kind, bytes, is_measured) in [
        (FileType::AudioWebm, &webm[..], true),
        (FileType::Webm, webm, false),
        (FileType::M4a, mp4, true),
        (FileType::Mp4, mp4, false),
        (FileType::Ogg, ogg, true),
    ] {
        let examined = look(kind, bytes).unwrap();
        assert_eq!((examined.kind, examined.encoded.is_none()), (kind, true));
        assert_eq!(examined.sound.is_some(), is_measured, "{kind:?}");
    }
    for (kind, bytes) in [(FileType::AudioWebm, &mp4[..]), (FileType::M4a, ogg), (FileType::Ogg, webm)] {
        assert_eq!(look(kind, bytes).unwrap_err(), RejectedReason::TypeMismatch, "{kind:?}");
    }
    let cut = &webm[..webm.len() - 5];
    assert_eq!(look(FileType::AudioWebm, cut).unwrap_err(), RejectedReason::Truncated);
}

#[test]
fn size_and_digest_are_those_that_were_declared() {
    let png = encoded(&picture(4, 4), ImageFormat::Png);
    let right = Declared { sha256: Some(digest::sha256(&png)), ..declared(FileType::Png, &png) };
    assert!(examine(&png, &right).is_ok());
    let other = Declared { sha256: Some(digest::sha256(b"other")), ..right.clone() };
    assert_eq!(examine(&png, &other).unwrap_err(), RejectedReason::ChecksumMismatch);
    let shorter = Declared { byte_size: right.byte_size - 1, ..right };
    assert_eq!(examine(&png, &shorter).unwrap_err(), RejectedReason::SizeMismatch);
}

#[test]
fn an_image_that_would_take_too_much_is_rejected_before_it_is_decoded() {
    for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 1), (1, 20_000), (8_000, 8_000)] {
        let found = look(FileType::Png, &png_of_size(width, height));
        assert_eq!(found.unwrap_err(), RejectedReason::TooLarge, "{width}×{height}");
    }
    // Of few bytes, as all pixels are alike.
    let bomb = encoded(&DynamicImage::new_luma8(10_000, 6_000), ImageFormat::Png);
    assert!(bomb.len() < 500_000, "{}", bomb.len());
    assert_eq!(look(FileType::Png, &bomb).unwrap_err(), RejectedReason::TooLarge);
    assert_eq!(look(FileType::Gif, &gif(501, 2)).unwrap_err(), RejectedReason::TooLarge);
}

/// 36 million pixels may be decoded, but not at eight bytes each.
#[test]
fn an_image_of_few_pixels_and_many_bytes_is_rejected_before_it_is_decoded() {
    let deep = encoded(&picture(4, 4).to_rgba16().into(), ImageFormat::Png);
    let hostile = png_with_header(&deep, 6_000, 6_000);
    assert_eq!(look(FileType::Png, &hostile).unwrap_err(), RejectedReason::TooLarge);
}

#[test]
fn a_header_that_lies_about_the_size_is_malformed() {
    assert_eq!(look(FileType::Png, &png_of_size(1_000, 1_000)).unwrap_err(), RejectedReason::Malformed);
    assert_eq!(look(FileType::Png, &png_of_size(0, 4)).unwrap_err(), RejectedReason::Malformed);
}

/// Cut off or changed anywhere, a file is rejected, or decoded to what is left of it: nothing panics.
#[test]
fn damaged_images_do_no_harm() {
    let wide = picture(90, 30);
    let files = [
        (FileType::Png, encoded(&wide, ImageFormat::Png)),
        (FileType::Jpeg, encoded(&wide, ImageFormat::Jpeg)),
        (FileType::Webp, encoded(&wide, ImageFormat::WebP)),
        (FileType::Gif, gif(3, 8)),
    ];
    let mut rejected = 0;
    for (kind, bytes) in files {
        for part in 1..40 {
            rejected += u32::from(look(kind, &bytes[..bytes.len() * part / 40]).is_err());
        }
        for at in (0..bytes.len()).step_by(bytes.len().div_ceil(150)) {
            for mask in [0xff, 0x80, 0x01] {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                rejected += u32::from(look(kind, &changed).is_err());
            }
        }
    }
    assert!(rejected > 300, "{rejected}");
}
