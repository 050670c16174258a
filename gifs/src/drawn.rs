//! A dozen GIFs that the service draws itself, for development: weights that move.

use std::sync::LazyLock;

use async_trait::async_trait;
use bytes::Bytes;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, Rgba, RgbaImage};
use schemas::gifs::{Gif, GifId, GifSource};

use crate::{Asked, GifProvider, Page, Unavailable};

const SIDE: u32 = 96;
const FRAMES: u32 = 12;
const FRAME_MS: u32 = 80;
/// Stands before the number of a drawing, in place of an address.
const SCHEME: &str = "https://drawn.invalid/";

/// Titles, with further words by which each is found.
const DRAWINGS: [(&str, &str); 12] = [
    ("Deadlift", "lift weights gym strong"),
    ("Squat", "legs weights gym"),
    ("Bench press", "chest weights gym"),
    ("Jump", "hop happy yes"),
    ("Run", "cardio go fast"),
    ("Push-up", "chest floor"),
    ("Pull-up", "back bar"),
    ("Plank", "core hold"),
    ("High five", "nice congrats yes happy"),
    ("Rest day", "sleep tired no"),
    ("Stretch", "yoga warm up"),
    ("Personal record", "pr best congrats strong"),
];

/// The provider of these GIFs.
pub struct Drawn;

#[async_trait]
impl GifProvider for Drawn {
    fn source(&self) -> GifSource {
        GifSource::Musclemap
    }

    async fn page(&self, asked: &Asked<'_>, number: usize) -> Result<Page, Unavailable> {
        let wanted: Vec<String> = asked.query.split_whitespace().map(str::to_lowercase).collect();
        let is_found = |(title, words): &(&str, &str)| {
            let said = format!("{title} {words}").to_lowercase();
            wanted.iter().all(|word| said.split([' ', '-']).any(|other| other.starts_with(word.as_str())))
        };
        let all = (0..).zip(DRAWINGS).filter(|(_, drawing)| number == 0 && is_found(drawing));
        Ok(Page { gifs: all.map(|(number, (title, _))| gif(number, title)).collect(), has_more: false })
    }

    async fn find(&self, id: &str) -> Result<Option<Gif>, Unavailable> {
        let number = id.parse::<usize>().ok().filter(|number| number.to_string() == id);
        Ok(number.and_then(|number| Some(gif(number, DRAWINGS.get(number)?.0))))
    }
}

fn gif(number: usize, title: &str) -> Gif {
    let url = format!("{SCHEME}{number}");
    let side = i32::try_from(SIDE).unwrap_or(i32::MAX);
    let named = GifId { source: GifSource::Musclemap, id: number.to_string() };
    Gif {
        title: title.to_owned(),
        preview_url: url.clone(),
        url,
        width: side,
        height: side,
        ..named.unknown()
    }
}

/// The drawing at an address; `None` of another address.
pub(crate) fn image(url: &str) -> Option<Bytes> {
    ALL.get(url.strip_prefix(SCHEME)?.parse::<usize>().ok()?).cloned()
}

static ALL: LazyLock<Vec<Bytes>> = LazyLock::new(|| (0..DRAWINGS.len()).map(draw).collect());

/// A barbell that goes up and down, each in its own colour and step.
fn draw(number: usize) -> Bytes {
    let number = u32::try_from(number).unwrap_or_default();
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    // Writing to memory does not fail.
    let _ = encoder.set_repeat(Repeat::Infinite);
    for step in 0..FRAMES {
        let phase = (step * (number % 3 + 1)) % FRAMES;
        let height = SIDE / 4 + (phase.abs_diff(FRAMES / 2)) * SIDE / 2 / (FRAMES / 2);
        let frame = RgbaImage::from_fn(SIDE, SIDE, |x, y| pixel(number, height, x, y));
        let _ = encoder.encode_frame(Frame::from_parts(frame, 0, 0, Delay::from_numer_denom_ms(FRAME_MS, 1)));
    }
    drop(encoder);
    bytes.into()
}

fn pixel(number: u32, height: u32, x: u32, y: u32) -> Rgba<u8> {
    let shade = |part: u32| u8::try_from((number * part) % 160 + 60).unwrap_or(u8::MAX);
    let is_plate = |at: u32| x.abs_diff(at) < 6 && y.abs_diff(height) < 16;
    let is_bar = x > 8 && x < SIDE - 8 && y.abs_diff(height) < 2;
    if is_plate(20) || is_plate(SIDE - 20) {
        Rgba([shade(53), shade(97), shade(31), 255])
    } else if is_bar {
        Rgba([90, 90, 100, 255])
    } else {
        Rgba([240, 242, 248, 255])
    }
}

#[cfg(test)]
mod tests {
    use image::AnimationDecoder;
    use image::codecs::gif::GifDecoder;
    use schemas::gifs::GifRating;

    use super::*;

    async fn found(query: &str) -> Vec<String> {
        let asked = Asked { query, locale: "en", rating: GifRating::G };
        Drawn.page(&asked, 0).await.unwrap().gifs.into_iter().map(|gif| gif.title).collect()
    }

    #[tokio::test]
    async fn drawings_are_found_by_the_beginnings_of_their_words() {
        assert_eq!(found("YES hap").await, ["Jump", "High five"]);
        assert_eq!(found("up").await, ["Push-up", "Pull-up", "Stretch"]);
        assert!(found("cats").await.is_empty());
        assert_eq!(Drawn.find("1").await.unwrap().unwrap().title, "Squat");
        for id in ["12", "01", "-1", "x"] {
            assert_eq!(Drawn.find(id).await.unwrap(), None, "{id}");
        }
    }

    #[test]
    fn each_drawing_moves_and_differs_from_the_others() {
        let all: Vec<Bytes> =
            (0..DRAWINGS.len()).map(|at| image(&format!("{SCHEME}{at}")).unwrap()).collect();
        for (at, bytes) in all.iter().enumerate() {
            let frames = GifDecoder::new(std::io::Cursor::new(bytes)).unwrap().into_frames();
            assert_eq!(frames.count(), FRAMES as usize);
            assert!(bytes.len() < 100_000 && !all[..at].contains(bytes), "{at}");
        }
        assert_eq!(image("https://drawn.invalid/12"), None);
        assert_eq!(image("https://media.giphy.com/1"), None);
    }
}
