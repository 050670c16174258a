//! Stickers: what packs and stickers may be named, and by which words public packs are found.
//!
//! Invariant: where a pack stands follows from the pack alone, so that writers and readers agree.

use schemas::PackId;
use schemas::code::Refusal;
use schemas::stickers::StickerPack;
use schemas::tables::stickers::{BUCKET_MS, PackPlace, Shelf};

use crate::text;

/// Longest name of a pack or a sticker, in Unicode scalar values.
pub const NAME_CHARACTERS: i32 = 50;
/// Longest shortcode, with its colons, in bytes.
const SHORTCODE_BYTES: usize = 34;
/// Characters of a word by which its shelf is named, and the fewest that are searched.
const INITIALS: usize = 2;
/// Words of a name by which it is found.
const WORDS: usize = 8;
/// Above every time in milliseconds that is written with as many digits.
const LAST_MS: i64 = 99_999_999_999_999;

/// Refuses a name that no pack and no sticker has.
pub fn check_name(field: &str, name: &str) -> Result<(), Refusal> {
    text::check(field, name, NAME_CHARACTERS)?;
    if name.contains(['\n', '\t']) || name.trim() != name {
        return Err(Refusal::bad_input(field, "a name is one line, and begins and ends by what is seen"));
    }
    Ok(())
}

/// Refuses a shortcode that is not lower-case letters, digits, `_`, `+` and `-` between two colons.
pub fn check_shortcode(field: &str, shortcode: &str) -> Result<(), Refusal> {
    let name = shortcode.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or_default();
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_+-".contains(&byte);
    if name.is_empty() || shortcode.len() > SHORTCODE_BYTES || !name.bytes().all(is_part) {
        return Err(Refusal::bad_input(field, "a shortcode is like :muscle:"));
    }
    Ok(())
}

/// The form in which names are compared: case folded, one space between two words.
fn folded(text: &str) -> String {
    text::fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is searched for; `None` where the query has no word.
pub fn query(field: &str, wanted: &str) -> Result<Option<PackQuery>, Refusal> {
    text::check_length(field, wanted, NAME_CHARACTERS)?;
    let text = folded(&text::normalise(wanted));
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() < INITIALS {
        return Err(Refusal::bad_input(field, "at least two characters"));
    }
    Ok(Some(PackQuery { text }))
}

/// Words by which packs are searched: some word of a pack's name begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackQuery {
    text: String,
}

impl PackQuery {
    pub fn shelf(&self) -> Shelf {
        Shelf::Named(initials(&self.text))
    }

    /// The first and the last place of the shelf that begin so.
    pub fn bounds(&self) -> (String, String) {
        (self.text.clone(), format!("{}{}", self.text, char::MAX))
    }

    /// Whether a place is the first by which a pack is found: another word of its name may begin so too.
    pub fn finds(&self, pack: &StickerPack, place: &str) -> bool {
        let name = folded(&pack.name);
        let first = endings(&name).find(|ending| ending.starts_with(&self.text));
        first.is_some_and(|first| first == place)
    }
}

fn initials(text: &str) -> String {
    text.chars().take(INITIALS).collect()
}

/// A name from each of its words on.
fn endings(name: &str) -> impl Iterator<Item = &str> {
    let inner = name.match_indices(' ').map(move |(at, space)| &name[at + space.len()..]);
    std::iter::once(name).chain(inner).take(WORDS)
}

/// Where a pack stands: nowhere unless it is public and has a sticker.
pub fn places(id: &PackId, pack: &StickerPack) -> Vec<PackPlace> {
    if !pack.is_public || pack.deleted_at.is_some() || pack.stickers.is_empty() {
        return vec![];
    }
    let name = folded(&pack.name);
    let listed = if pack.is_official {
        (Shelf::Official, name.clone())
    } else {
        let newest_first = LAST_MS.saturating_sub(pack.created_at);
        (Shelf::Bucket(pack.created_at / BUCKET_MS), format!("{newest_first:014}"))
    };
    let found = endings(&name).map(|ending| (Shelf::Named(initials(ending)), ending.to_owned()));
    let all = std::iter::once(listed).chain(found);
    let mut places: Vec<PackPlace> =
        all.map(|(shelf, place)| PackPlace { shelf, place, pack: id.clone() }).collect();
    places.sort();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(name: &str) -> StickerPack {
        let sticker = schemas::stickers::Sticker {
            name: "one".to_owned(),
            shortcode: None,
            file: schemas::attaching::AttachedFile {
                attachment: "0".repeat(32).parse().unwrap(),
                uploader: "ann".parse().unwrap(),
                file_name: "sticker".to_owned(),
                file: schemas::uploading::StoredFile {
                    content_type: "image/png".to_owned(),
                    byte_size: 1,
                    width: None,
                    height: None,
                    has_thumbnail: false,
                    placeholder: None,
                    sound: None,
                },
                role: schemas::attaching::FileRole::File,
            },
        };
        StickerPack {
            creator: "ann".parse().unwrap(),
            name: name.to_owned(),
            is_public: true,
            is_official: false,
            created_at: BUCKET_MS * 700 + 5,
            stickers: vec![sticker],
            deleted_at: None,
        }
    }

    fn words(pack: &StickerPack) -> Vec<String> {
        let id = "1".repeat(32).parse().unwrap();
        places(&id, pack).into_iter().map(|place| format!("{:?} {}", place.shelf, place.place)).collect()
    }

    #[test]
    fn a_public_pack_stands_by_its_time_and_by_each_of_its_words() {
        let all = words(&pack("Leg  Day GYM"));
        assert_eq!(
            all,
            [
                "Bucket(700) 98185599999994",
                "Named(\"da\") day gym",
                "Named(\"gy\") gym",
                "Named(\"le\") leg day gym",
            ]
        );
        let official = StickerPack { is_official: true, ..pack("Straße") };
        assert_eq!(words(&official), ["Official strasse", "Named(\"st\") strasse"]);
        assert_eq!(words(&pack(&"ab ".repeat(16))).len(), 1 + 8, "by eight words");
        let nowhere = [
            StickerPack { is_public: false, ..pack("gym") },
            StickerPack { stickers: vec![], ..pack("gym") },
            StickerPack { deleted_at: Some(9), ..pack("gym") },
        ];
        assert!(nowhere.iter().all(|pack| words(pack).is_empty()));
    }

    #[test]
    fn a_newer_pack_stands_before_an_older_one() {
        let newer = StickerPack { created_at: BUCKET_MS * 700 + 6, ..pack("gym") };
        assert!(words(&newer)[0] < words(&pack("gym"))[0]);
    }

    #[test]
    fn a_query_finds_a_pack_once_by_the_first_word_that_begins_so() {
        let query = |text: &str| query("query", text).unwrap().unwrap();
        let gym = pack("Gym gymnast gym");
        assert_eq!(query(" GYM ").shelf(), Shelf::Named("gy".to_owned()));
        assert_eq!(query("gym  GYM").bounds().0, "gym gym");
        assert!(query("gym").finds(&gym, "gym gymnast gym"));
        assert!(!query("gym").finds(&gym, "gymnast gym"), "found by its first word");
        assert!(query("gymn").finds(&gym, "gymnast gym"));
        assert!(!query("day").finds(&gym, "gym"));
        assert_eq!(super::query("query", " \t").unwrap(), None);
        for bad in ["g", &"g".repeat(51)] {
            assert_eq!(super::query("query", bad).unwrap_err().field.as_deref(), Some("query"), "{bad}");
        }
    }

    #[test]
    fn names_are_one_line_and_shortcodes_stand_between_colons() {
        for (name, is_taken) in
            [("Leg day", true), ("", false), (" ", false), ("a\nb", false), (" a", false), ("a\t", false)]
        {
            assert_eq!(check_name("name", name).is_ok(), is_taken, "{name:?}");
        }
        assert!(check_name("name", &"é".repeat(50)).is_ok() && check_name("name", &"é".repeat(51)).is_err());
        let longest = format!(":{}:", "a".repeat(32));
        for (code, is_taken) in [
            (":muscle:", true),
            (":+1:", true),
            (&longest as &str, true),
            (":a:b:", false),
            ("muscle", false),
            (":", false),
            ("::", false),
            (":Muscle:", false),
            (":é:", false),
            (&format!(":a{}", &longest[1..]), false),
        ] {
            assert_eq!(check_shortcode("emojiShortcode", code).is_ok(), is_taken, "{code}");
        }
    }
}
