//! GIFs of a provider, as messages keep them.
//!
//! Invariant: a message keeps what the provider said when it was sent, and never asks again. Clients get links of
//! ours in place of the provider's.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

/// Who a GIF is from; clients show its mark. MUSCLEMAP draws some itself, for development.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum GifSource {
    Klipy,
    Giphy,
    Musclemap,
}

impl GifSource {
    pub const ALL: [Self; 3] = [Self::Klipy, Self::Giphy, Self::Musclemap];

    /// The name that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Klipy => "KLIPY",
            Self::Giphy => "GIPHY",
            Self::Musclemap => "MUSCLEMAP",
        }
    }
}

/// What a GIF may show at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub enum GifRating {
    #[serde(rename = "G")]
    G,
    #[serde(rename = "PG")]
    Pg,
    #[serde(rename = "PG13")]
    Pg13,
}

/// Rules about GIFs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct GifRules {
    pub rating: GifRating,
}

/// A GIF as its provider gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Gif {
    pub source: GifSource,
    /// Names it at its provider: 1 to 128 letters, digits, `-` and `_`.
    pub id: String,
    pub title: String,
    /// Where its provider has it.
    pub url: String,
    /// A smaller rendition.
    pub preview_url: String,
    /// Pixels of the rendition at `url`.
    pub width: i32,
    pub height: i32,
}

/// Names a GIF, as clients do: `giphy-abc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GifId {
    pub source: GifSource,
    pub id: String,
}

/// Bytes of an id at its provider.
const MOST_BYTES: usize = 128;

impl GifId {
    /// The GIF of an id, of which nothing else is known.
    pub fn unknown(self) -> Gif {
        let (title, url, preview_url) = (String::new(), String::new(), String::new());
        Gif { source: self.source, id: self.id, title, url, preview_url, width: 0, height: 0 }
    }

    /// Whether a provider's id can be one of ours.
    pub fn is_valid(id: &str) -> bool {
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=MOST_BYTES).contains(&id.len()) && id.bytes().all(is_named)
    }
}

impl Gif {
    pub fn name(&self) -> GifId {
        GifId { source: self.source, id: self.id.clone() }
    }
}

impl std::fmt::Display for GifId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.source.as_str().to_ascii_lowercase(), self.id)
    }
}

impl std::str::FromStr for GifId {
    type Err = crate::ids::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || crate::ids::InvalidId { kind: "GIF" };
        let (source, id) = text.split_once('-').ok_or_else(invalid)?;
        let is_named = |one: &GifSource| one.as_str().to_ascii_lowercase() == source;
        let source = GifSource::ALL.into_iter().find(is_named).ok_or_else(invalid)?;
        if Self::is_valid(id) { Ok(Self { source, id: id.to_owned() }) } else { Err(invalid()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_provider_and_has_one_form() {
        for text in ["giphy-abc", "klipy-a-b_C1", "musclemap-1"] {
            assert_eq!(text.parse::<GifId>().unwrap().to_string(), text);
        }
        for bad in ["", "giphy", "giphy-", "tenor-1", "GIPHY-1", "giphy-a/b", "giphy-ü", "giphy-a b"] {
            assert!(bad.parse::<GifId>().is_err(), "{bad}");
        }
        assert!(format!("giphy-{}", "x".repeat(129)).parse::<GifId>().is_err());
    }

    #[test]
    fn a_source_has_one_name_on_every_wire() {
        for source in GifSource::ALL {
            assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
        }
    }
}
