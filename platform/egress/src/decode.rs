//! Content encodings, decoded up to a bound.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hyper::header::{CONTENT_ENCODING, HeaderMap};

use crate::Refusal;

/// What is asked for, and nothing else is understood.
pub const ACCEPTED: &str = "gzip, br";

const BUFFER: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    /// The one encoding that headers name. Encodings over one another are refused: each multiplies a bomb.
    pub fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut named = headers.get_all(CONTENT_ENCODING).iter();
        let first = named.next().map_or(Ok("identity"), |value| value.to_str());
        let name = first.map_err(|_| Refusal::Encoding)?.trim().to_ascii_lowercase();
        match (name.as_str(), named.next()) {
            ("identity" | "", None) => Ok(Self::Identity),
            ("gzip" | "x-gzip", None) => Ok(Self::Gzip),
            ("br", None) => Ok(Self::Brotli),
            _ => Err(Refusal::Encoding),
        }
    }
}

/// The decoded bytes, of which there may be `most`.
pub fn decode(encoding: Encoding, bytes: Bytes, most: usize) -> Result<Bytes, Refusal> {
    match encoding {
        // Answers without a body name the encoding that it would have.
        _ if bytes.is_empty() => Ok(bytes),
        Encoding::Identity if bytes.len() > most => Err(Refusal::DecodedBytes),
        Encoding::Identity => Ok(bytes),
        Encoding::Gzip => drain(MultiGzDecoder::new(bytes.as_ref()), most),
        Encoding::Brotli => drain(brotli_decompressor::Decompressor::new(bytes.as_ref(), BUFFER), most),
    }
}

fn drain(decoder: impl Read, most: usize) -> Result<Bytes, Refusal> {
    let mut decoded = Vec::new();
    let one_more = most as u64 + 1;
    decoder.take(one_more).read_to_end(&mut decoded).map_err(|_| Refusal::Encoding)?;
    if decoded.len() > most { Err(Refusal::DecodedBytes) } else { Ok(decoded.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::header::HeaderValue;

    use super::*;

    /// `hello`, by brotli.
    const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn one_known_encoding_is_understood() {
        for (values, expected) in [
            (&[][..], Ok(Encoding::Identity)),
            (&["identity"], Ok(Encoding::Identity)),
            (&["GZIP"], Ok(Encoding::Gzip)),
            (&["x-gzip"], Ok(Encoding::Gzip)),
            (&["br"], Ok(Encoding::Brotli)),
            (&["gzip, gzip"], Err(Refusal::Encoding)),
            (&["gzip", "gzip"], Err(Refusal::Encoding)),
            (&["zstd"], Err(Refusal::Encoding)),
            (&["deflate"], Err(Refusal::Encoding)),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(Encoding::of(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn bytes_are_decoded_up_to_the_bound() {
        let hello = Bytes::from_static(b"hello");
        for (encoding, bytes) in [
            (Encoding::Identity, hello.clone()),
            (Encoding::Gzip, gzip(b"hello")),
            (Encoding::Gzip, [gzip(b"hel"), gzip(b"lo")].concat().into()),
            (Encoding::Brotli, Bytes::from_static(BROTLI)),
        ] {
            assert_eq!(decode(encoding, bytes.clone(), 5), Ok(hello.clone()), "{encoding:?}");
            assert_eq!(decode(encoding, bytes, 4), Err(Refusal::DecodedBytes), "{encoding:?}");
        }
        let bomb = gzip(&vec![0; 50 * 1024 * 1024]);
        assert!(bomb.len() < 100 * 1024);
        assert_eq!(decode(Encoding::Gzip, bomb, 1024 * 1024), Err(Refusal::DecodedBytes));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let whole = gzip(b"hello hello hello");
        for end in 1..whole.len() {
            let cut = whole.slice(..end);
            assert_eq!(decode(Encoding::Gzip, cut, 100), Err(Refusal::Encoding), "{end}");
        }
        for end in 1..BROTLI.len() {
            let cut = Bytes::from_static(BROTLI).slice(..end);
            assert_eq!(decode(Encoding::Brotli, cut, 100), Err(Refusal::Encoding), "{end}");
        }
        for encoding in [Encoding::Gzip, Encoding::Brotli] {
            let noise = Bytes::from_static(b"\xff\xff\xff not encoded");
            assert_eq!(decode(encoding, noise, 100), Err(Refusal::Encoding), "{encoding:?}");
            assert_eq!(decode(encoding, Bytes::new(), 100), Ok(Bytes::new()));
        }
    }
}
