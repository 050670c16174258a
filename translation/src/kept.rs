//! Translations as they are kept: one value for each message, version of its text, and language.
//!
//! Invariant: an edit makes another version, whose translations have other keys; the old ones are never read again, and
//! expire.

use std::time::Duration;

use bytes::Bytes;
use domain::languages::Language;
use platform::ports::ephemeral::{MAX_BYTES, MAX_KEYS};
use platform::ports::{Ephemeral, EphemeralError};
use schemas::ConversationId;
use serde::{Deserialize, Serialize};

/// How long a translation is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a failure answers for those who ask for the same.
const FAILED: Duration = Duration::from_secs(2);
/// Bytes of a translation, with room for what is escaped.
const MOST_BYTES: usize = MAX_BYTES / 2;

/// A text of a message as it was written or edited last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub conversation: ConversationId,
    pub seq: i64,
    /// Edits of the text so far.
    pub edits: i32,
}

impl Version {
    pub(crate) fn key(&self, to: Language) -> String {
        format!("translation:{}:{}:{}:{}", self.conversation, self.seq, self.edits, to.code())
    }
}

/// What is known of a translation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    #[serde(rename = "content")]
    Done(String),
    /// The provider failed a moment ago.
    #[serde(rename = "failed")]
    Failed,
}

impl Known {
    fn read(bytes: Option<&Bytes>) -> Option<Self> {
        // What another release has written is as good as absent.
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok())
    }

    fn encode(&self) -> Result<Bytes, EphemeralError> {
        serde_json::to_vec(self).map(Bytes::from).map_err(|error| EphemeralError::Refused(error.to_string()))
    }
}

/// Whether a translation can be kept.
pub fn fits(translation: &str) -> bool {
    translation.len() <= MOST_BYTES
}

pub async fn read(
    ephemeral: &dyn Ephemeral,
    of: &Version,
    to: Language,
) -> Result<Option<Known>, EphemeralError> {
    let known = ephemeral.get(&[of.key(to)]).await?;
    Ok(Known::read(known.first().and_then(Option::as_ref)))
}

/// The translations of versions in all languages, in the order of the versions.
pub async fn read_all(
    ephemeral: &dyn Ephemeral,
    of: &[Version],
) -> Result<Vec<Vec<(Language, String)>>, EphemeralError> {
    let mut found = Vec::with_capacity(of.len());
    for versions in of.chunks(MAX_KEYS / Language::ALL.len()) {
        let keys: Vec<String> =
            versions.iter().flat_map(|version| Language::ALL.map(|to| version.key(to))).collect();
        let known = ephemeral.get(&keys).await?;
        for known in known.chunks(Language::ALL.len()) {
            let done =
                Language::ALL.into_iter().zip(known).filter_map(|(language, bytes)| {
                    match Known::read(bytes.as_ref())? {
                        Known::Done(content) => Some((language, content)),
                        Known::Failed => None,
                    }
                });
            found.push(done.collect());
        }
    }
    Ok(found)
}

pub async fn keep(
    ephemeral: &dyn Ephemeral,
    of: &Version,
    to: Language,
    known: &Known,
) -> Result<(), EphemeralError> {
    let time_to_live = match known {
        Known::Done(_) => KEPT,
        Known::Failed => FAILED,
    };
    ephemeral.set(&of.key(to), known.encode()?, time_to_live).await
}
